"""The forms of the settings."""

from typing import Any

from checklists.models import ProtocolVersion
from scheduler.pages.settings.erasing import TYPED
from scheduler.services.demonstration import PASSWORD
from scheduler.services.people import NewPatient, add_patient
from tests.checklists.protocols.test_clinics import BAY, MISSING
from tests.conftest import NOW
from tests.scheduler.pages.posts.scene import Make, Post, Scene
from tests.scheduler.pages.settings.test_filling import adopted, boxes
from tests.scheduler.pages.settings.test_moving import address as moving
from tests.scheduler.pages.settings.test_moving import ticked
from tests.scheduler.pages.settings.test_people import NEW
from tests.scheduler.pages.settings.test_practice import form
from tests.scheduler.pages.settings.test_texts import LINES
from tests.scheduler.versions import second_version


def _practice(scene: Scene) -> Post:
    scene.world.practice.refresh_from_db()
    body = {name: str(value) for name, value in form(scene.world.practice, fax="555-0190").items()}
    return Post("administrator", body, page="/settings/practice/")


def _place(scene: Scene) -> Post:
    room = scene.world.resources["Room 2"]
    return Post("administrator", {"is_active": "0"}, {"resource_id": room.pk}, page="/settings/places/")


def _person(scene: Scene, **body: Any) -> Post:
    scene.world.practice.refresh_from_db()
    nurse = scene.staff["nurse"]
    version = str(scene.world.practice.version)
    return Post(
        "administrator", {"version": version, **body}, {"user_id": nurse.pk}, page=f"/settings/people/{nurse.pk}/"
    )


def _texts(scene: Scene) -> Post:
    scene.world.practice.refresh_from_db()
    return Post("administrator", {"version": str(scene.world.practice.version), **LINES}, page="/settings/texts/")


def _search(scene: Scene) -> Post:
    return Post("administrator", {"text": scene.world.tell("opened").patient.family_name}, page="/settings/patients/")


def _handed_over(scene: Scene) -> Post:
    patient = scene.world.tell("booked").patient_id
    return Post("administrator", {"password": PASSWORD}, {"patient_id": patient}, page=f"/settings/patients/{patient}/")


def _erased(scene: Scene) -> Post:
    born_on = NOW.date().replace(year=1950)
    patient = add_patient(
        practice_id=scene.world.practice.pk, patient=NewPatient("Doe", "Jane", born_on), by="system", now=NOW
    )
    body = {"why": "mistaken", "reason": "Entered to try the form.", "typed": TYPED, "password": PASSWORD}
    page = f"/settings/patients/{patient.pk}/erase/"
    return Post("administrator", body, {"patient_id": patient.pk}, page=page)


def _of(version: ProtocolVersion, who: str, where: str = "", **body: Any) -> Post:
    return Post(who, body, {"version_id": version.pk}, page=f"/settings/protocols/{version.pk}/{where}")


def _fill(scene: Scene) -> Post:
    version = adopted(scene.signed_in("administrator"), scene.world.practice, BAY)
    return _of(version, "administrator", "fill/", **boxes(MISSING[BAY], **{".note": "as agreed"}))


def _move(scene: Scene) -> Post:
    scene.world.tell("booked")
    first, _ = scene.world.signed_version(), second_version(scene.world.practice)
    body = ticked(scene.signed_in("clinician"), first)
    return Post("clinician", body, {"version_id": first.pk}, page=moving(first))


SETTINGS: dict[str, Make] = {
    "settings-practice": _practice,
    "settings-places": lambda _: Post(
        "administrator", {"kind": "equipment", "name": "C-arm"}, page="/settings/places/"
    ),
    "settings-place": _place,
    "settings-people": lambda _: Post("administrator", NEW, page="/settings/people/"),
    "settings-person": lambda scene: _person(scene, roles=["nurse"], is_charge="on"),
    "settings-person-close": _person,
    "settings-texts": _texts,
    "settings-patients": _search,
    "settings-patient": _handed_over,
    "settings-patient-erase": _erased,
    "settings-protocols": lambda _: Post("clinician", {"name": "reference-asra"}, page="/settings/protocols/"),
    "settings-protocol-fill": _fill,
    "settings-protocol-move": _move,
    "settings-protocol-sign": lambda scene: _of(scene.world.unsigned_version(), "clinician", password=PASSWORD),
    "settings-protocol-withdraw": lambda scene: _of(
        scene.world.signed_version(), "clinician", reason="the limit is wrong", password=PASSWORD
    ),
}
