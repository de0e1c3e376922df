"""How a use case says no: a code, a sentence, and every reason at once. The API turns these into RFC 9457."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    detail: str
    field: str = ""
    item: str = ""
    owner: str = ""
    due: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}


class Problem(Exception):
    """Nothing was written, unless it `is_noted`: then its row in the record, in the transaction that is kept.

    `status` is the HTTP status that an API answers with.
    """

    status = 400
    code = "problem"
    is_noted = False

    def __init__(self, detail: str, *, code: str = "", errors: tuple[Reason, ...] = (), **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = errors
        self.extra = extra


class Invalid(Problem):
    """The input is wrong: each reason names field, value and remedy."""

    code = "invalid"


class Unauthenticated(Problem):
    status = 401
    code = "not_authenticated"


class NotPermitted(Problem):
    status = 403
    code = "not_permitted"


class NotFound(Problem):
    status = 404
    code = "not_found"


class Refused(Problem):
    """The input is right, the state is not."""

    status = 409
    code = "refused"


class Stale(Refused):
    """Somebody else wrote since the writer looked."""

    code = "stale"


class Erased(Refused):
    """What was asked for was about a patient whose data were erased."""

    status = 410
    code = "patient_erased"

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"This patient's data were erased on {at.date().isoformat()}. What is left is the record, and "
            "that a room and people were taken then; nothing can be added."
        )


class TooMany(Refused):
    """Asked too often from one place; later the same is answered."""

    status = 429
    code = "too_many"


class KeyReused(Problem):
    status = 422
    code = "idempotency_key_reused"


class Unavailable(Problem):
    status = 503
    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("The database does not answer just now. Nothing was written; try again.")
