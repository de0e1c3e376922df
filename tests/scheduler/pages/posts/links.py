"""The forms that a link opens, and those of the signing list."""

from datetime import timedelta
from typing import Any

from scheduler.models import Case, Task
from scheduler.pages.answers import prefix_of
from scheduler.services import bookings
from scheduler.services.demonstration import PASSWORD
from tests.conftest import NOW, START
from tests.scheduler.pages.my.test_pick_up import name as named_as_escort
from tests.scheduler.pages.my.test_prescriber import AGREED
from tests.scheduler.pages.my.test_prescriber import ask as ask_by_link
from tests.scheduler.pages.my.visiting import add, birth_date, give_link
from tests.scheduler.pages.posts.desk import FORTNIGHT
from tests.scheduler.pages.posts.scene import Make, Post, Scene
from tests.scheduler.pages.posts.ward import AFTERWARDS
from tests.scheduler.pages.signing.acts import EXEMPT, NO_RIDE, SOON, ask, entries, review_form
from tests.scheduler.pages.ward.test_paper import filled
from tests.scheduler.world import booking_of

RIDE = prefix_of("ride")


def _tested(scene: Scene) -> Case:
    return scene.world.tell("tested", start=START + timedelta(days=5))


def _birth_date(scene: Scene) -> Post:
    case = _tested(scene)
    return Post("patient", birth_date(case.patient.born_on), case=case, page="/my/")


def _question(scene: Scene) -> Post:
    case = _tested(scene)
    phone = scene.client(Post("patient", case=case))
    step = next(step for step in phone.get("/my/").context["steps"] if step.question.item == "ride")
    said = {"choice": "yes", "yes-name": "Al Escort", "yes-phone": "555-0184", "version": str(step.asked.version)}
    page = f"/my/questions/{step.address}/"
    body = {f"{RIDE}-{name}": value for name, value in said.items()}
    return Post("patient", body, {"question_id": step.address}, case, page=page)


def _pick_up(scene: Scene) -> Post:
    case = _tested(scene)
    give_link(case, "escort")
    named_as_escort(case, case.patient.contacts.get(kind="escort"))
    form = scene.client(Post("escort", case=case)).get("/my/").context["form"]
    choice = form.question.choices[0].code
    body = {f"{RIDE}-choice": choice, f"{RIDE}-version": str(form["version"].value())}
    return Post("escort", body, case=case, page="/my/")


def _clearance(scene: Scene) -> Post:
    case = scene.world.tell("tested", drugs=("apixaban",), start=FORTNIGHT)
    ask_by_link(case, contact=add(case, "prescriber"))
    said = {**AGREED, "bridging": "yes", "bridging_how": "enoxaparin", "reason": "low risk", "version": "1"}
    body = {"prescriber": "Dr. Cardio", **{f"drug0-{key}": value for key, value in said.items()}}
    return Post("prescriber", body, case=case, page="/my/")


def _entry(scene: Scene) -> Any:
    (entry,) = entries(scene.signed_in("clinician").get("/sign/"))
    return entry


def _review(scene: Scene) -> Post:
    scene.world.tell("prepared", start=SOON, ride=EXEMPT)
    entry = _entry(scene)
    form = {name: str(value) for name, value in review_form(entry).items()}
    return Post("clinician", form, {"case_id": entry.case.pk}, page="/sign/")


def _restart(scene: Scene) -> Post:
    """A case whose drug was stopped and whose booking is released."""
    case = scene.world.tell("held", start=START + timedelta(days=4), drugs=("apixaban",))
    bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=booking_of(case).pk,
        reason="room closed",
        seen_version=case.version,
        by=scene.staff["scheduler"].by,
        now=NOW - timedelta(hours=1),
    )
    entry = _entry(scene)
    form = {"entry": entry.slug, "version": str(entry.task.version), "item_version": str(entry.item_version)}
    form |= {"decision": "restart", "restart_on": "2027-03-02"}
    return Post("clinician", form, {"task_id": entry.task.pk}, page="/sign/")


def _override(scene: Scene) -> Post:
    ask(scene.world.tell("prepared", start=SOON, ride=NO_RIDE), "ride", scene.world.practice, scene.staff)
    entry = _entry(scene)
    form = {"entry": entry.slug, "inputs": entry.finding.inputs, "version": str(entry.case.version)}
    form |= {"reason": "the clinic bus", "password": PASSWORD, "second_email": "", "second_password": ""}
    return Post("clinician", form, {"task_id": entry.task.pk}, page="/sign/")


def _decline(scene: Scene) -> Post:
    ask(scene.world.tell("prepared", start=SOON, ride=NO_RIDE), "ride", scene.world.practice, scene.staff)
    entry = _entry(scene)
    form = {"entry": entry.slug, "version": str(entry.task.version), "outcome": "find a driver"}
    return Post("clinician", form, {"task_id": entry.task.pk}, page="/sign/")


def _reviewed(scene: Scene) -> Post:
    """By a clinician who neither decided nor signed what was done on paper."""
    case, other = scene.world.tell("checked_in", now=START), "clinician@demo.example"
    scene.at(AFTERWARDS)
    sheet = filled(case, scene.staff, decided_by=other, clinician_email=other)
    assert scene.signed_in("nurse").post(f"/ward/cases/{case.pk}/paper/", sheet).status_code == 302
    task = Task.objects.get(case=case, key__startswith="downtime:")
    form = {"entry": "x", "version": str(task.version), "outcome": "Read; nothing to be done."}
    return Post("clinician", form, {"task_id": task.pk}, at=AFTERWARDS, page="/sign/")


LINKED: dict[str, Make] = {
    "my-home": _birth_date,
    "my-not-me": lambda scene: Post("patient", case=_tested(scene), page="/my/"),
    "my-question": _question,
    "my-pick-up": _pick_up,
    "my-clearance": _clearance,
}
SIGNED: dict[str, Make] = {
    "sign-review": _review,
    "sign-restart": _restart,
    "sign-override": _override,
    "sign-decline": _decline,
    "sign-paper": _reviewed,
}
