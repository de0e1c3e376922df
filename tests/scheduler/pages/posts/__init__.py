"""A POST of every form of the pages that is taken: from the address of a form to what somebody sends there."""

from tests.scheduler.pages.posts.desk import DESK
from tests.scheduler.pages.posts.links import LINKED, SIGNED
from tests.scheduler.pages.posts.scene import Make
from tests.scheduler.pages.posts.settings import SETTINGS
from tests.scheduler.pages.posts.ward import WARD

POSTS: dict[str, Make] = {**DESK, **WARD, **LINKED, **SIGNED, **SETTINGS}
