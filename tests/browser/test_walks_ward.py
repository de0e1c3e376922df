"""Walks to their end on the ward: from paper, by two people's override, and home after the procedure."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from notifications.sink import read_mailbox
from scheduler.services.demonstration import PASSWORD
from tests.browser.conftest import Open
from tests.browser.test_desk import audit
from tests.browser.test_my import small_targets
from tests.browser.test_ward import identify, open_case, quiet
from tests.browser.walking import (
    CLINICIAN,
    DESK,
    NURSE,
    PHONE,
    SECOND,
    TABLET,
    ask_override,
    bedside,
    check_infection,
    desk_case,
    english_in,
    form_of,
    override,
    saved,
    send,
    signed_in,
    through_the_door,
)
from tests.live.conftest import Live, wait_until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]


def keep(page: Page, folder: Path | None, name: str) -> None:
    if folder:
        page.screenshot(path=folder / f"walk-{name}.png", full_page=True, caret="initial")


def tab_to(page: Page, name: str) -> None:
    """With the keyboard alone, to the field or button of this name."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"Tab never came to {name}")


@pytest.mark.matrix
def test_start_on_paper_is_entered_by_keyboard_and_reviewed_by_another_clinician(
    roam: Open, screenshots: Path | None
) -> None:
    nurse = signed_in(roam, NURSE, TABLET)
    page = nurse.page
    nurse.open("/ward/print/")
    sheet = page.locator("main").inner_text().partition("FEVER, Frank")[2]
    reference = re.search(r"Sheet (\S+)", sheet)
    assert reference is not None
    bedside(nurse, "FEVER, Frank")
    page.get_by_role("link", name="Enter from paper").click()
    page.wait_for_url("**/paper/")
    keep(page, screenshots, "paper")
    typed = {
        "paper": reference[1],
        "reason": "The server was down",
        "checked_in_at": "0952AM",
        "started_at": "0954AM",
        "finished_at": "0958AM",
        "decided_by": "Sam",
        "clinician_email": SECOND,
        "clinician_password": PASSWORD,
    }
    for name, value in typed.items():
        tab_to(page, name)
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("a second clinician or nurse signs for it")
    expect(page.locator("#problem")).to_contain_text("38.4 C: fever")
    expect(page.locator("#problem")).to_be_focused()
    keep(page, screenshots, "paper-refused")
    for name, value in (("clinician_password", PASSWORD), ("second_email", NURSE), ("second_password", PASSWORD)):
        tab_to(page, name)
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    saved(page, "Saved: entered from paper. A clinician reviews it.")
    expect(page.locator("main")).to_contain_text(f"Entered from paper {reference[1]}")
    assert quiet(audit(nurse)) == []

    own = signed_in(roam, SECOND, PHONE).page.locator("article", has_text="FEVER, Frank")
    expect(own).to_contain_text("You decided, signed or entered this yourself")
    clinician = signed_in(roam, CLINICIAN, PHONE)
    entry = clinician.page.locator("article", has_text="FEVER, Frank")
    expect(entry).to_contain_text("the start gate would have refused")
    keep(clinician.page, screenshots, "paper-review")
    entry.locator("[name=outcome]").fill("Seen with Dr. Second: a wrong reading")
    send(entry.get_by_role("button", name="Record the review"))
    saved(clinician.page, "The review of the entry from paper is recorded.")
    expect(entry).to_have_count(0)
    desk = desk_case(signed_in(roam, DESK), "FEVER, Frank")
    expect(desk.locator("h1")).to_contain_text("recovering")
    expect(desk.locator("main")).to_contain_text(f"from paper {reference[1]}")


def test_override_of_two_people_opens_the_gate_and_is_void_when_its_inputs_change(
    roam: Open, screenshots: Path | None
) -> None:
    """The nurse at 200 % zoom: half the width of a tablet."""
    nurse, clinician = signed_in(roam, NURSE, TABLET // 2), signed_in(roam, CLINICIAN, PHONE)
    page = bedside(nurse, "LATTE, Lars")
    ask_override(nurse, "fasting", "A sip only, the list ends at one")
    expect(page.locator("#item-3, .item", has_text="fasting").first).to_contain_text("has not decided yet")
    clinician.open("/sign/")
    override(clinician.page, "LATTE, Lars", "fasting", "A sip only")
    expect(clinician.page.locator("#problem")).to_contain_text("needs a second signed-in clinician or nurse")
    override(clinician.page, "LATTE, Lars", "fasting", "A sip only", CLINICIAN)
    expect(clinician.page.locator("#problem")).to_contain_text("somebody else of this practice")
    keep(clinician.page, screenshots, "override-refused")
    override(clinician.page, "LATTE, Lars", "fasting", "A sip only", NURSE)
    expect(clinician.page.locator("[role=status]").first).to_contain_text("The item is overridden")

    open_case(nurse, "LATTE, Lars")
    send(check_infection(page).get_by_role("button", name="No infection found: save"))
    saved(page)
    expect(page.locator("h1 .status.flag")).to_be_visible()
    expect(page.locator("main")).to_contain_text("A sip only (Chris Clinician with Nadia Nurse")
    keep(page, screenshots, "overridden-at-200-percent")
    desk = signed_in(roam, DESK)
    for address in ("/desk/", "/desk/day/", "/ward/", "/ward/?wall=1"):
        desk.open(address)
        expect(desk.page.locator("main .status.flag").first).to_be_visible()
    send(page.get_by_role("button", name="Check in"))
    saved(page, "Saved: checked in.")

    send(page.get_by_role("button", name="Start the procedure"))
    expect(page.locator("#problem")).to_contain_text("Non-human milk needs 6 hours before the start")
    expect(page.locator("main")).to_contain_text("Carries a start from 12:")
    form = form_of(nurse, "fasting")
    for select in form.locator("select").all():
        select.select_option("")
    form.get_by_label("Nobody can say what was taken").check()
    send(form.get_by_role("button", name="Save"))
    saved(page)
    expect(page.locator("h1 .status.flag")).to_have_count(0)
    send(page.get_by_role("button", name="Start the procedure"))
    expect(page.locator("#problem")).to_contain_text("fasting")
    page.goto(page.url)  # a reload after the refusal shows the case again
    expect(page.locator("h1")).to_contain_text("checked in")

    ask_override(nurse, "fasting", "She was found on the floor, nobody knows what she drank")
    clinician.open("/sign/")
    override(clinician.page, "LATTE, Lars", "fasting", "With a tube, by the anesthetist", NURSE)
    expect(clinician.page.locator("[role=status]").first).to_contain_text("The item is overridden")
    open_case(nurse, "LATTE, Lars")
    expect(page.locator("h1 .status.flag")).to_be_visible()
    expect(page.locator("main")).to_contain_text("With a tube, by the anesthetist (Chris Clinician with Nadia Nurse")
    assert page.evaluate("document.documentElement.scrollWidth") <= TABLET // 2
    auditor = signed_in(roam, "auditor@demo.example")
    desk_case(auditor, "LATTE, Lars").get_by_role("link", name=re.compile("What was done to this case")).click()
    expect(auditor.page.locator("main")).to_contain_text("fasting")
    keep(auditor.page, screenshots, "overridden-record")


@pytest.mark.matrix
def test_patient_goes_home_and_reads_what_to_do_in_both_languages(
    roam: Open, walked: Live, screenshots: Path | None
) -> None:
    """With reduced motion. The observation is cut short by the clinician: no clock of a demonstration waits for it."""
    nurse, clinician = signed_in(roam, NURSE, TABLET, reduced_motion="reduce"), signed_in(roam, CLINICIAN, PHONE)
    page = bedside(nurse, "UNDERWAY, Uma")
    send(page.get_by_role("button", name="Procedure finished"))
    saved(page, "Saved: the procedure is finished.")
    for minutes, told in (("90", "90 minutes are given, and"), ("1", "")):
        form = form_of(nurse, "recovery_observation")
        form.locator("[name=observed_minutes]").fill(minutes)
        form.locator("[name=flat_minutes]").fill("1")
        form.get_by_label("Stable", exact=True).check()
        form.get_by_label("None seen").check()
        form.locator("[name=pain]").fill("2")
        send(form.get_by_role("button", name="Save"))
        if told:
            expect(page.locator("#problem")).to_contain_text(told)
            keep(page, screenshots, "home-too-long")
    saved(page)
    expect(page.locator("main")).to_contain_text("The patient was observed for 1 of 90 minutes.")
    send(page.get_by_role("button", name="Discharge"))
    expect(page.locator("#problem li")).to_have_count(3)
    keep(page, screenshots, "home-refused")
    form = form_of(nurse, "after_care")
    for topic in ("driving", "lifting", "alcohol", "red_flags"):
        form.locator(f"[value={topic}]").check()
    send(form.get_by_role("button", name="Save"))
    saved(page)
    form_of(nurse, "responsible_adult").locator("[value=yes]").check()
    send(form_of(nurse, "responsible_adult").get_by_role("button", name="Save"))
    saved(page)
    ask_override(nurse, "recovery_observation", "Her own nurse watches her at home")
    clinician.open("/sign/")
    override(clinician.page, "UNDERWAY, Uma", "recovery observation", "A nurse is with her")
    expect(clinician.page.locator("[role=status]").first).to_contain_text("The item is overridden")
    open_case(nurse, "UNDERWAY, Uma")
    identify(nurse)
    send(page.get_by_role("button", name="Discharge"))
    saved(page, "Saved: discharged.")

    address = "uma.underway@patients.example"

    def told_of() -> bool:
        hers = [mail for mail in read_mailbox(walked.mailbox) if address in mail.envelope_to]
        return any("After your appointment" in mail.message["Subject"] for mail in hers)

    wait_until(told_of, "the mail that says what to do at home", 30)
    phone = roam(width=PHONE)
    hers = through_the_door(phone, walked, address, (1953, 6, 6))
    expect(hers.locator("h1")).to_have_text("After the procedure")
    expect(hers.locator("main")).to_contain_text("Do not drive for 24 hours after the sedation.")
    keep(hers, screenshots, "home-english")
    assert [*audit(phone), *small_targets(hers)] == []
    hers.get_by_role("link", name="Español").click()
    expect(hers.locator("h1")).to_have_text("Después del procedimiento")
    expect(hers.locator("main")).to_contain_text("No maneje en las 24 horas después de la sedación.")
    keep(hers, screenshots, "home-spanish")
    assert english_in(hers.locator("main").inner_text()) == []
