"""What every answer below /my/ carries, also where no page answers: wrong methods, forged forms, errors."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

BELOW = "/my/"
LIKE_A_TOKEN = re.compile(r"/my/[\w-]{20,}")


def kept_nowhere(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no cache and no index holds it, and an address with a token is named to nobody.

    The pages keep same-origin: under no-referrer a browser hides the Origin of a form too, and it would look forged.
    """

    def with_headers(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if request.path.startswith(BELOW):
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex, nofollow"
            response["Referrer-Policy"] = "no-referrer" if LIKE_A_TOKEN.match(request.path) else "same-origin"
        return response

    return with_headers
