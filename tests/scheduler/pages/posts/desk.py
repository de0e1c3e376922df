"""The forms of the desk and of the auditor, and signing in and out."""

from datetime import timedelta
from typing import Any

from checklists.models import Evidence
from scheduler.models import Case
from scheduler.pages.answers import prefix_of
from scheduler.services.demonstration import PASSWORD
from scheduler.services.telling_apart import tell_apart
from tests.conftest import NOW, START
from tests.scheduler.api.calls import LATER, merged
from tests.scheduler.pages.my.visiting import add, link_of
from tests.scheduler.pages.posts.scene import Make, Post, Scene, of_case, seen
from tests.scheduler.pages.test_clearance import NEW as SOMEBODY_ELSE
from tests.scheduler.pages.test_new_case import NEW, OF_A_NEW_PATIENT
from tests.scheduler.pages.test_plan import typed
from tests.scheduler.pages.test_recording import SEEN
from tests.scheduler.services.steps import BY
from tests.scheduler.world import item_version

FORTNIGHT = START + timedelta(days=14)
APIXABAN = "prescriber_clearance:apixaban"
CHILLS = {"answers": {"chills": "yes"}}


def _login(scene: Scene) -> Post:
    email = scene.staff["scheduler"].email
    return Post("nobody", {"email": email, "password": PASSWORD, "next": "/desk/"}, page="/login/")


def _task_done(scene: Scene) -> Post:
    task = scene.world.released()
    body = {"version": str(task.version), "outcome": "Offered Thursday."}
    return Post("scheduler", body, {"task_id": task.pk}, page="/desk/tasks/")


def _new(scene: Scene) -> Post:
    return Post("scheduler", {**NEW, "record_number": "D-1", "phone": "555-0142"}, page="/desk/new/")


def _known(scene: Scene) -> Post:
    return Post("scheduler", {"find-text": scene.world.tell("opened").patient.family_name}, page="/desk/new/")


def _new_for_known(scene: Scene) -> Post:
    patient = scene.world.tell("opened").patient
    body = {name: value for name, value in NEW.items() if name not in OF_A_NEW_PATIENT}
    return Post("scheduler", body, {"patient_id": patient.pk}, page=f"/desk/new/{patient.pk}/")


def _book(scene: Scene) -> Post:
    case = scene.world.tell("imaged")
    return seen("scheduler", case, f"/desk/cases/{case.pk}/book/", **_slot(scene))


def _move(scene: Scene) -> Post:
    case = scene.world.tell("booked", start=LATER)
    return seen("scheduler", case, f"/desk/cases/{case.pk}/book/", **_slot(scene))


def _slot(scene: Scene) -> dict[str, Any]:
    slot = scene.world.slot(FORTNIGHT)
    places = {kind: slot[kind] for kind in ("room", "proceduralist", "bay")}
    return {"day": FORTNIGHT.date().isoformat(), "at": "10:00", **places}


def _end(scene: Scene, ending: str) -> Post:
    case = scene.world.tell("booked")
    return seen("scheduler", case, f"/desk/cases/{case.pk}/", ending=ending, reason="asked for it")


def _refile(scene: Scene) -> Post:
    case, other = scene.world.tell("booked"), scene.world.tell("opened")
    chosen = {"who": other.patient.family_name, "chosen": f"{other.patient_id} {case.version}"}
    return of_case("scheduler", case, f"/desk/cases/{case.pk}/refile/", reason="names mixed up", **chosen)


def _word(scene: Scene, case: Case, body: dict[str, str]) -> Post:
    word = Evidence.objects.get(checklist=case.checklist, item="ride")
    page = f"/desk/cases/{case.pk}/evidence/{word.public_id}/error/"
    return Post("nurse", body, {"case_id": case.pk, "evidence_id": word.public_id}, page=page)


def _struck(scene: Scene) -> Post:
    case = scene.world.tell("prepared")
    version = str(item_version(case, "ride"))
    return _word(scene, case, {"what": "strike", "version": version, "reason": "typed twice", "from": "ward"})


def _elsewhere(scene: Scene) -> Post:
    case, other = scene.world.tell("prepared"), scene.world.tell("opened")
    chosen = {"who": other.patient.family_name, "chosen": f"{other.pk} 0", "version": str(item_version(case, "ride"))}
    return _word(scene, case, {"what": "elsewhere", "reason": "names mixed up", "from": "desk", **chosen})


def _search(scene: Scene) -> Post:
    patient = scene.world.tell("opened").patient
    body = {"text": patient.family_name, "born_on": patient.born_on.isoformat()}
    return Post("scheduler", body, page="/desk/duplicates/")


def _merge(scene: Scene) -> Post:
    kept, other = (scene.world.tell("opened").patient for _ in range(2))
    columns = ("family_name", "given_name", "born_on", "sex", "language", "record_number")
    body = {"version": "1", "duplicate_version": "1", "contacts": "survivor", "reason": "Rang her."}
    ids = {"survivor_id": kept.pk, "duplicate_id": other.pk}
    page = f"/desk/duplicates/{kept.pk}/{other.pk}/"
    body |= dict.fromkeys(columns, "take")
    return Post("scheduler", {**body, "identifiers": ["name", "phone"]}, ids, page=page)


def _apart(scene: Scene) -> Post:
    kept, other = (scene.world.tell("opened").patient for _ in range(2))
    body = {"version": "1", "duplicate_version": "1", "reason": "Twins."}
    page = f"/desk/duplicates/{kept.pk}/{other.pk}/"
    return Post("scheduler", body, {"survivor_id": kept.pk, "duplicate_id": other.pk}, page=page)


def _apart_undo(scene: Scene) -> Post:
    kept, other = (scene.world.tell("opened").patient for _ in range(2))
    said = {"patient_ids": (kept.pk, other.pk), "reason": "Twins.", "seen_versions": (1, 1)}
    row = tell_apart(practice_id=kept.practice_id, by=BY, now=NOW, **said)
    body = {"version": "1", "reason": "One person."}
    return Post("scheduler", body, {"apart_id": row.pk}, page="/desk/duplicates/")


def _undo(scene: Scene) -> Post:
    made = merged(scene.world)
    body = {"version": str(made.version), "reason": "They are sisters."}
    return Post("scheduler", body, {"merge_id": made.pk}, page="/desk/duplicates/")


def _plan(scene: Scene) -> Post:
    """Saved as it was shown."""
    case, desk = scene.world.tell("booked", start=FORTNIGHT, drugs=("apixaban",)), scene.signed_in("scheduler")
    page = f"/desk/cases/{case.pk}/plan/"
    change = {"levels": "L2", "allergies": "latex", "more_conditions": "gout", "medications": "apixaban\nVitamin D"}
    shown = desk.post(page, {**typed(desk.get(page)), **change, "do": "preview"})
    return of_case("scheduler", case, page, **{**typed(shown), "do": "save"})


def _record(scene: Scene) -> Post:
    case = scene.world.tell("opened")
    said = {"outcome": "procedure", "at_levels": "L1", **SEEN}
    return of_case("clinician", case, f"/desk/cases/{case.pk}/record/", item="consult", seen_version="0", **said)


def _allergies(scene: Scene) -> Post:
    case = scene.world.tell("opened")
    said = dict.fromkeys(("cement", "contrast", "anesthetic"), "none")
    said |= {"antibiotic": "known", "substances": "cefazolin"}
    return of_case("clinician", case, f"/desk/cases/{case.pk}/record/", item="allergies", seen_version="0", **said)


def _indication(scene: Scene) -> Post:
    case = scene.world.tell("opened")
    said = {"indication": "painful fracture", "no_exclusion": "on", "pain_matches_imaging": "yes", **SEEN}
    more = {"item": "candidacy", "seen_version": "0", "can_lie_prone": "yes", **said}
    return of_case("clinician", case, f"/desk/cases/{case.pk}/record/", **more)


def _phone(scene: Scene, speaker: str = "patient") -> Post:
    """Somebody takes the patient home; asked of the patient, or of the caregiver whom the patient named."""
    case = scene.world.tell("tested", start=START + timedelta(days=5))
    who = "patient" if speaker == "patient" else str(add(case, "caregiver").pk)
    ride = {"choice": "yes", "yes-name": "Al Escort", "yes-phone": "555-0184", "version": "0"}
    said = {f"{prefix_of('ride')}-{name}": value for name, value in ride.items()}
    page = f"/desk/cases/{case.pk}/phone/"
    return of_case("scheduler", case, page, **{"act": "save", "who-speaker": who, "who-identified": "on", **said})


def _unreached(scene: Scene) -> Post:
    case = scene.world.tell("tested", start=START + timedelta(days=5))
    return of_case("scheduler", case, f"/desk/cases/{case.pk}/phone/", act="unreached", outcome="NO_ANSWER")


def _drug(scene: Scene) -> Case:
    return scene.world.tell("tested", start=FORTNIGHT, drugs=("apixaban",))


def _asked(scene: Scene, **whom: str) -> Post:
    case = _drug(scene)
    whom = whom or {"prescriber": str(add(case, "prescriber").pk)}
    page = f"/desk/cases/{case.pk}/clearance/"
    return of_case("scheduler", case, page, drugs=[f"{APIXABAN}=0"], how="letter", **whom)


def _answered(scene: Scene) -> Post:
    case = _drug(scene)
    said = {"answer": "agreed", "prescriber": "Dr. Cardio", "how": "phone", "last_dose_on": "2027-03-11"}
    said |= {"bridging": "yes", "bridging_how": "enoxaparin to the 13th", "reason": "low risk"}
    page = f"/desk/cases/{case.pk}/clearance/"
    return of_case("scheduler", case, page, item=APIXABAN, seen_version="0", **said)


def _verified(scene: Scene) -> Post:
    told = _answered(scene)
    page = told.page
    assert scene.signed_in("scheduler").post(f"{page}answer/", dict(told.body)).status_code == 302
    return Post("nurse", {"item": APIXABAN, "seen_version": "1"}, told.ids, page=page)


def _contact(scene: Scene, **body: str) -> Post:
    case = _drug(scene)
    contact = link_of(case).contact
    page = f"/desk/cases/{case.pk}/contacts/{contact.pk}/" if body else f"/desk/cases/{case.pk}/"
    return Post("scheduler", body, {"case_id": case.pk, "contact_id": contact.pk}, page=page)


def _contact_end(scene: Scene) -> Post:
    """The patient's only address."""
    case = scene.world.tell("booked")
    contact = case.patient.contacts.get()
    page = f"/desk/cases/{case.pk}/contacts/{contact.pk}/end/"
    body = {"version": str(case.patient.version), "why": "not_theirs"}
    return Post("scheduler", body, {"case_id": case.pk, "contact_id": contact.pk}, page=page)


def _language(scene: Scene) -> Post:
    case = scene.world.tell("booked")
    body = {"version": str(case.patient.version), "language": "es"}
    return of_case("scheduler", case, f"/desk/cases/{case.pk}/language/", **body)


def _person(scene: Scene) -> Post:
    case = scene.world.tell("booked")
    body = {"kind": "caregiver", "name": "Ann", "email": "ann@people.example", "phone": "555-0143"}
    told = {**body, "permission": "her daughter, by telephone"}
    return of_case("scheduler", case, f"/desk/cases/{case.pk}/contacts/", **told)


def _export(scene: Scene) -> Post:
    case, by = scene.world.tell("opened"), scene.staff["scheduler"].by
    asked = {"what": "record", "subject": str(case.pk), "by": by, "action": "case_opened", "since": "2027-01-01"}
    return Post("auditor", {**asked, "until": "2027-03-01"}, page="/record/")


DESK: dict[str, Make] = {
    "login": _login,
    "logout": lambda _: Post("scheduler", page="/desk/"),
    "desk-task-done": _task_done,
    "desk-new": _new,
    "desk-known": _known,
    "desk-new-known": _new_for_known,
    "desk-book": _book,
    "desk-book, moved": _move,
    "desk-end": lambda scene: _end(scene, "withdrew"),
    "desk-end, release": lambda scene: _end(scene, "release"),
    "desk-case-refile": _refile,
    "desk-evidence-error": _struck,
    "desk-evidence-error, elsewhere": _elsewhere,
    "desk-duplicates": _search,
    "desk-merge": _merge,
    "desk-merge-undo": _undo,
    "desk-tell-apart": _apart,
    "desk-tell-apart-undo": _apart_undo,
    "desk-plan": _plan,
    "desk-arrive": lambda scene: of_case("scheduler", scene.world.tell("booked")),
    "desk-close": lambda scene: seen("scheduler", scene.world.cancelled()),
    "desk-reopen": lambda scene: seen("scheduler", scene.world.cancelled()),
    "desk-record": _record,
    "desk-record, allergies": _allergies,
    "desk-record, candidacy": _indication,
    "desk-phone": _phone,
    "desk-phone, caregiver": lambda scene: _phone(scene, "caregiver"),
    "desk-phone, unreached": _unreached,
    "desk-clearance": _asked,
    "desk-clearance, somebody else": lambda scene: _asked(scene, **SOMEBODY_ELSE),
    "desk-clearance-answer": _answered,
    "desk-clearance-verify": _verified,
    "desk-link-send": _contact,
    "desk-contact-add": _person,
    "desk-contact-change": lambda scene: _contact(scene, name="Ann", email="ann@people.example", phone="555-0143"),
    "desk-contact-end": _contact_end,
    "desk-language": _language,
    "record-export": _export,
}
