"""Walks that begin with an answer: a prescriber's, a patient's on the morning, and what a new plan asks again."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from notifications.sink import read_mailbox
from tests.browser.conftest import Open, Watched
from tests.browser.test_desk import audit
from tests.browser.test_my import small_targets
from tests.browser.test_ward import open_all
from tests.browser.walking import (
    CLINICIAN,
    DESK,
    NURSE,
    PHONE,
    TABLET,
    bedside,
    check_infection,
    desk_case,
    english_in,
    saved,
    send,
    signed_in,
    through_the_door,
)
from tests.live.conftest import Live, wait_until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
KEEP_TAKING = "Keep taking apixaban as you do now"


def keep(page: Page, folder: Path | None, name: str) -> None:
    if folder:
        page.screenshot(path=folder / f"walk-{name}.png", full_page=True, caret="initial")


def clearance(watched: Watched, who: str) -> Page:
    page = desk_case(watched, who)
    page.get_by_role("button", name="Ask, chase, record").first.click()
    page.wait_for_url("**/clearance/")
    return page


def medicine(watched: Watched, name: str = "Your medicine: apixaban") -> Page:
    watched.open("/my/")
    watched.page.get_by_role("link", name=name, exact=True).click()
    watched.page.wait_for_url("**/questions/**")
    return watched.page


@pytest.mark.matrix
def test_prescribers_refusal_is_the_clinicians_and_the_patient_goes_on_taking_it(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    desk = signed_in(roam, DESK)
    page = clearance(desk, "HOLDER, Hank")
    page.get_by_label("Name", exact=True).fill("Dr. Rita Refuse")
    page.locator("[name=email]").fill("rita.refuse@prescribers.example")
    page.get_by_label("Link by e-mail").check()
    send(page.get_by_role("button", name="Ask", exact=True))
    expect(page.locator(".steps-of-answer")).to_contain_text("Dr. Rita Refuse by link")
    prescriber = roam(width=PHONE)
    answer = through_the_door(prescriber, walked, "rita.refuse@prescribers.example", (1952, 8, 21))
    answer.get_by_label("I do not agree to a stop").check()
    answer.get_by_label("Your reason").fill("a stent in October")
    answer.get_by_role("button", name="Send the answer").click()
    expect(answer.get_by_role("status")).to_contain_text("before the patient is told anything")
    expect(answer.locator("main")).to_contain_text("reason a stent in October")
    keep(answer, screenshots, "refused-prescriber")
    nurse = signed_in(roam, NURSE, TABLET)
    told = desk_case(nurse, "HOLDER, Hank")
    expect(told.locator("main")).to_contain_text("The prescriber does not want apixaban stopped. Call the clinician")
    keep(told, screenshots, "refused-nurse")
    clinician = signed_in(roam, CLINICIAN, PHONE).page
    expect(clinician.locator("main")).to_contain_text("The prescriber does not want apixaban stopped.")
    phone = roam(width=PHONE)
    through_the_door(phone, walked, "hank.holder@patients.example", (1952, 8, 21))
    expect(medicine(phone).locator("main")).to_contain_text(KEEP_TAKING)
    assert audit(phone) == []


@pytest.mark.matrix
def test_prescribers_agreement_reaches_the_patient_once_a_nurse_verified_it(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    phone, prescriber = roam(width=PHONE), roam(width=PHONE)
    answer = through_the_door(prescriber, walked, "hilda.heart@prescribers.example", (1945, 5, 2))
    answer.get_by_label("It may be stopped", exact=True).check()
    answer.get_by_label("Bridging?").select_option("no")
    answer.get_by_role("button", name="Send the answer").click()
    expect(answer.get_by_role("status")).to_contain_text("Thank you")
    through_the_door(phone, walked, "walt.awaited@patients.example", (1945, 5, 2))
    expect(medicine(phone).locator("main")).to_contain_text(KEEP_TAKING)
    page = clearance(signed_in(roam, NURSE, TABLET), "AWAITED, Walt")
    send(page.get_by_role("button", name="I verified this answer"))
    expect(page.locator(".steps-of-answer")).to_contain_text("Verified: Nadia Nurse")
    hers = medicine(phone)
    expect(hers.locator("main")).to_contain_text("for the last time no later than")
    expect(hers.locator("main")).not_to_contain_text(KEEP_TAKING)
    hers.get_by_role("link", name="Español").click()
    expect(hers.locator("main")).to_contain_text("por última vez a más tardar el")
    assert english_in(hers.locator("main").inner_text()) == []
    keep(hers, screenshots, "agreed-spanish")


@pytest.mark.matrix
def test_other_number_than_the_protocols_is_signed_and_somebody_tells_the_patient(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    nurse, clinician, phone = signed_in(roam, NURSE, TABLET), signed_in(roam, CLINICIAN, PHONE), roam(width=PHONE)
    page = clearance(nurse, "CONTRARY, Cora")
    expect(page.locator("main")).to_contain_text("the protocol wants 72 hours (3 days): a clinician decides.")
    send(page.get_by_role("button", name="I verified this answer"))
    clinician.open("/sign/")
    entry = clinician.page.locator("article", has_text="CONTRARY, Cora")
    entry.get_by_label("Note").fill("as Dr. Vein says")
    keep(clinician.page, screenshots, "other-number-sign")
    send(entry.get_by_role("button", name=re.compile("^Sign prescriber clearance")))
    through_the_door(phone, walked, "cora.contrary@patients.example", (1951, 6, 19))
    expect(medicine(phone).locator("main")).to_contain_text(KEEP_TAKING)
    nurse.open("/desk/tasks/?queue=nurse")
    owed = page.locator("tr", has_text="CONTRARY, Cora")
    expect(owed).to_contain_text("Tell the patient when to take apixaban for the last time")
    expect(owed).to_contain_text("as Dr. Vein says")


@pytest.mark.matrix
def test_new_plan_asks_the_patient_again_only_what_it_changes(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    phone = roam(width=PHONE)
    hers = through_the_door(phone, walked, "stella.stopped@patients.example", (1947, 12, 12))
    hers.get_by_role("link", name="Your ride home", exact=True).click()
    hers.get_by_label("Yes, an adult will take me home").check()
    hers.get_by_label("Name of the adult").fill("Robin Rider")
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_role("status")).to_contain_text("Your ride home")
    desk = signed_in(roam, DESK)
    page = desk_case(desk, "STOPPED, Stella")
    page.get_by_role("button", name="Change plan").first.click()
    page.wait_for_url("**/plan/")
    page.fill("[name=levels]", "T12/L1")
    page.select_option("[name=anesthesia]", "local")
    page.fill("[name=medications]", "apixaban\nclopidogrel")
    fractured = date.fromisoformat(page.input_value("[name=fractured]"))
    page.fill("[name=worsened]", (fractured + timedelta(days=15)).isoformat())  # after the images, before today
    send(page.get_by_role("button", name="Show what changes"))
    shown = page.get_by_role("status", name="What changes")
    expect(shown).to_contain_text("Nothing is saved yet. Changed: levels, anesthesia, new fall, new pain or new")
    for told in (
        "The MRI does not show T12. Image it, or correct the levels.",
        "The assessment is older than the new fall, pain or deficit of",
        "This anesthesia plan needs no fasting.",
        "Ask the prescriber of clopidogrel whether it may be stopped or has to go on",
    ):
        expect(shown).to_contain_text(told)
    keep(page, screenshots, "plan-preview")
    hers.goto(f"{phone.base}/my/")
    expect(hers.locator("main")).not_to_contain_text("clopidogrel")  # nothing is saved yet
    send(page.get_by_role("button", name="Save this plan"))
    expect(page.locator("h1")).to_contain_text("T12 + L1")
    hers.reload()
    steps = hers.locator(".steps li")
    expect(steps.filter(has_text="Your ride home")).to_contain_text("Done")
    expect(steps.filter(has_text="clopidogrel")).to_contain_text("To do")
    expect(steps.filter(has_text="Food and drink")).to_have_count(0)
    keep(hers, screenshots, "plan-patient")
    assert [*audit(phone), *small_targets(hers)] == []


@pytest.mark.matrix
def test_review_that_was_signed_before_the_day_is_void_once_the_ride_changes(roam: Open) -> None:
    clinician, desk = signed_in(roam, CLINICIAN, PHONE), signed_in(roam, DESK)
    entry = clinician.page.locator("article", has_text="EXEMPT, Edna")
    send(entry.get_by_role("button", name="Sign ride"))
    expect(entry).to_have_count(0)
    page = desk_case(desk, "EXEMPT, Edna")
    ride = page.locator("main").get_by_text("A clinician reviewed and signed this.")
    expect(ride).to_be_visible()
    page.get_by_role("button", name="Phone check").or_(page.get_by_role("link", name="Phone check")).first.click()
    page.get_by_role("radio", name=re.compile("The patient")).check()
    page.get_by_role("checkbox", name=re.compile("full name")).check()
    page.get_by_role("radio", name="Only a taxi or a ride app, with no adult").check()
    send(page.get_by_role("button", name="Save the answers"))
    expect(page.get_by_role("region", name="What blocks")).to_contain_text("no responsible adult")
    desk_case(desk, "EXEMPT, Edna")
    expect(ride).to_have_count(0)
    expect(page.locator("h1 .status.octagon")).to_be_visible()


@pytest.mark.matrix
def test_sign_on_the_morning_blocks_is_asked_about_and_assessed(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    """In Spanish on the phone; nurse and clinician with the system's own colours."""
    phone = roam(width=PHONE)
    hers = through_the_door(phone, walked, "tessa.twin@patients.example", (1951, 3, 14))
    hers.get_by_role("link", name="Español").click()
    hers.get_by_role("link", name="Señales de enfermedad", exact=True).click()
    hers.get_by_label("Tengo uno o más de estos").check()
    hers.get_by_label("Fiebre", exact=True).check()
    assert english_in(hers.locator("main").inner_text()) == []
    hers.get_by_role("button", name="Guardar").click()
    expect(hers.locator("main")).to_contain_text("En espera por ahora - le llamaremos.")
    assert english_in(hers.locator("main").inner_text()) == []
    keep(hers, screenshots, "morning-patient")
    nurse = signed_in(roam, NURSE, TABLET, forced_colors="active")
    nurse.open("/desk/tasks/?queue=nurse")
    owed = nurse.page.locator("tr", has_text="TWIN, Tessa")
    expect(owed).to_contain_text("A nurse or clinician calls the patient.")
    page = bedside(nurse, "TWIN, Tessa")
    expect(page.locator("h1 .status.octagon")).to_be_visible()
    expect(page.locator(".next-steps")).to_contain_text("Ask the patient about the signs again")
    keep(page, screenshots, "morning-nurse-forced-colours")
    form = check_infection(page, ticked="fever")
    expect(form.get_by_role("button", name="Assessed: not an infection")).to_have_count(0)  # a clinician's alone

    clinician = signed_in(roam, CLINICIAN, TABLET, forced_colors="active")
    page = bedside(clinician, "TWIN, Tessa")
    form = check_infection(page, ticked="fever")
    send(form.get_by_role("button", name="Assessed: not an infection"))
    expect(page.locator("#problem")).to_contain_text("Give the reason why these signs are no infection.")
    form.locator("[name=reason]").fill("Warm from a hot bath, no fever since")
    send(form.get_by_role("button", name="Assessed: not an infection"))
    saved(page)
    page.get_by_role("button", name="Infection check").first.click()
    page.wait_for_url("**/infection/")
    open_all(clinician)
    again = page.locator("form[action$='/prescreen/']")
    again.get_by_label("None of these").check()
    again.get_by_label(re.compile("Answered yes: A fever")).check()
    send(again.get_by_role("button", name="Save the answers"))
    saved(page)
    expect(page.locator("h1 .status.octagon")).to_have_count(0)
    assert [each for each in audit(clinician) if "400" not in each] == []


def test_infection_releases_names_the_earliest_day_and_is_never_overridden(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    nurse, desk = signed_in(roam, NURSE, TABLET), signed_in(roam, DESK)
    page = bedside(nurse, "TWIN, Theresa")
    form = check_infection(page, ticked="fever", temperature="38.9")
    over = page.evaluate("new Date(Date.now() + 9 * 86400e3).toISOString().slice(0, 10)")
    form.locator("[name=over_on]").fill(over)
    send(form.get_by_role("button", name="It is an infection…"))
    keep(page, screenshots, "infection-confirm")
    send(page.get_by_role("button", name="Yes: infection, release the booking"))
    saved(page, "Saved: an infection was found. The booking is released.")
    expect(page.locator(".next-steps")).to_contain_text("Earliest new date:")
    open_all(nurse)
    asks = page.locator("form[action$='/ask-override/'] input[name=item]").all()
    assert "infection_check" not in [each.get_attribute("value") for each in asks]
    keep(page, screenshots, "infection-found")
    desk.open("/desk/tasks/?queue=scheduler")
    expect(desk.page.locator("tr", has_text="TWIN, Theresa").first).to_contain_text("Offer a new date, from")

    def cancelled() -> bool:
        mine = [m for m in read_mailbox(walked.mailbox) if "theresa.twin@patients.example" in m.envelope_to]
        return any("cancelled" in mail.message["Subject"] for mail in mine)

    wait_until(cancelled, "the cancellation in her mailbox", 30)
