"""The forms of the ward, each with the two identifiers that are matched beside it."""

from datetime import datetime, timedelta
from typing import Any

from checklists.models import Evidence
from scheduler.models import Case
from scheduler.pages.ward.screen_forms import CLEAR
from tests.conftest import NOW, START
from tests.scheduler.pages.posts.desk import CHILLS
from tests.scheduler.pages.posts.scene import Make, Post, Scene, of_case, seen
from tests.scheduler.pages.ward.conftest import BOTH
from tests.scheduler.pages.ward.test_paper import filled
from tests.scheduler.world import item_version

SOON = NOW + timedelta(minutes=20)
AFTERWARDS = START + timedelta(hours=3)


def _of(case: Case, at: datetime = NOW, where: str = "", /, **body: Any) -> Post:
    return of_case("nurse", case, f"/ward/cases/{case.pk}/{where}", at, **body, **BOTH)


def _seen(case: Case, at: datetime = NOW, /, **body: Any) -> Post:
    return seen("nurse", case, f"/ward/cases/{case.pk}/", at, **body, **BOTH)


def _item(case: Case, item: str, where: str = "", /, **body: Any) -> Post:
    return _of(case, NOW, where, item=item, seen_version=str(item_version(case, item)), **body)


def _check(scene: Scene) -> Post:
    case = scene.world.tell("arrived", infection_check=None)
    read = {"signs": "none", "temperature": "36.6", "unit": "C", "skin": "clear", "outcome": CLEAR}
    return _item(case, "infection_check", "infection/", **read)


def _prescreen(scene: Scene) -> Post:
    """The patient's yes is answered by naming it."""
    case = scene.world.tell("arrived", infection_prescreen=CHILLS)
    told = Evidence.objects.get(checklist=case.checklist, item="infection_prescreen")
    return _item(case, "infection_prescreen", "infection/", signs="none", replaces=[str(told.public_id)])


def _ride(scene: Scene) -> Post:
    """The patient's no is answered by naming it."""
    case = scene.world.tell("prepared", ride={"available": False})
    told = Evidence.objects.get(checklist=case.checklist, item="ride")
    return _item(case, "ride", answer="adult", replaces=[str(told.public_id)])


def _ask_override(scene: Scene) -> Post:
    case = scene.world.tell("arrived", ride={"available": False})
    return _of(case, item="ride", reason="the clinic bus")


def _paper(scene: Scene, **places: str) -> Post:
    case = scene.world.tell("checked_in", now=START)
    body = filled(case, scene.staff, second_email="", second_password="", **places)
    return of_case("nurse", case, f"/ward/cases/{case.pk}/paper/", AFTERWARDS, **body)


def _paper_elsewhere(scene: Scene) -> Post:
    slot = scene.world.slot(START)
    places = {kind: slot[kind] for kind in ("room", "proceduralist", "bay")}
    return _paper(scene, although_taken="on", **places)


def _paper_record(scene: Scene) -> Post:
    case = scene.world.tell("checked_in", now=START)
    page = f"/ward/cases/{case.pk}/paper/record/"
    query = f"?day={START.date().isoformat()}&at=09:40"
    body = {"item": "ride", "seen_version": str(item_version(case, "ride")), "answer": "driver"}
    return Post("nurse", body, {"case_id": case.pk}, at=AFTERWARDS, query=query, page=f"{page}{query}")


WARD: dict[str, Make] = {
    "ward-identity": lambda scene: _of(scene.world.tell("arrived")),
    "ward-verify": lambda scene: _item(scene.world.tell("prepared", start=SOON), "fasting"),
    "ward-record": _ride,
    "ward-infection": _check,
    "ward-prescreen": _prescreen,
    "ward-arrive": lambda scene: _of(scene.world.tell("prepared")),
    "ward-check-in": lambda scene: _seen(scene.world.tell("arrived")),
    "ward-start": lambda scene: _seen(scene.world.tell("checked_in", now=START), START),
    "ward-finish": lambda scene: _seen(scene.world.started(), START + timedelta(minutes=50)),
    "ward-discharge": lambda scene: _seen(scene.world.recovering(), START + timedelta(hours=2)),
    "ward-send-home": lambda scene: _seen(scene.world.tell("arrived"), reason="ate"),
    "ward-ask-override": _ask_override,
    "ward-paper": _paper,
    "ward-paper, elsewhere": _paper_elsewhere,
    "ward-paper-record": _paper_record,
}
