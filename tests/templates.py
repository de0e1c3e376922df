"""What a page was drawn with, for `answer.context`: the page itself, and none of the pieces that it includes.

Django's own watch copies everything that is in sight for each piece, and a page of ours has some two hundred.
"""

from typing import Any

from django.template import Context, RequestContext, Template
from django.test.utils import instrumented_test_render


def of_pages(self: Template, context: Context) -> Any:
    is_page = isinstance(context, RequestContext) and context.template is self
    return instrumented_test_render(self, context) if is_page else self.nodelist.render(context)


def watch_pages() -> None:
    """Once the test environment stands."""
    Template._render = of_pages  # type: ignore[method-assign]
