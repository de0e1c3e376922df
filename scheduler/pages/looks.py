"""How a status looks: shape, word and colour, one row each; never colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """`sign` is read by eyes, `word` by everybody, `shape` names the CSS class."""

    sign: str
    word: str
    shape: str


READY = Look("✔", "ready", "circle")
DONE = Look("✔", "done", "circle")
BLOCKED = Look("✖", "blocked", "octagon")
REVIEW = Look("!", "needs review", "triangle")
UNKNOWN = Look("?", "not known yet", "square")
TOO_EARLY = Look("◷", "too early", "clock")
OVERRIDDEN = Look("⚑", "overridden", "flag")
NOT_APPLICABLE = Look("—", "not applicable", "dash")

LOOKS = {
    # states of a verdict
    "ready": READY,
    "blocked": BLOCKED,
    "needs_review": REVIEW,
    "pending": UNKNOWN,
    # statuses of a finding, words of a step
    "done": DONE,
    "satisfied": DONE,
    "waived": OVERRIDDEN,
    "overridden": OVERRIDDEN,
    "review": REVIEW,
    "failed": BLOCKED,
    "overdue": Look("✖", "overdue", "octagon"),
    "too_early": TOO_EARLY,
    "not_applicable": NOT_APPLICABLE,
}
