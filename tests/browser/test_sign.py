"""The clinician's signing list on a phone, and the settings of an administrator."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scheduler.services.demonstration import PASSWORD
from tests.browser.conftest import Open, Watched, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
CLINICIAN, ADMINISTRATOR = "clinician@demo.example", "admin@demo.example"
PAGES = {
    CLINICIAN: ("/sign/", "/settings/", "/settings/protocols/"),
    ADMINISTRATOR: ("/settings/", "/settings/practice/", "/settings/places/", "/settings/people/", "/settings/texts/"),
}


def keep(watched: Watched, screenshots: Path | None, name: str) -> None:
    if screenshots:
        watched.page.screenshot(path=screenshots / f"{name.strip('/').replace('/', '-')}.png", full_page=True)


@looks()
def test_signing_list_and_settings_are_accessible(
    width: int, dark: bool, browse: Open, screenshots: Path | None
) -> None:
    found = {}
    for email, addresses in PAGES.items():
        watched = browse(width=width, dark=dark)
        watched.sign_in(email)
        for address in addresses:
            watched.open(address)
            found[email, address] = audit(watched)
            keep(watched, screenshots, f"{address}-{width}-{'dark' if dark else 'light'}")
        inner = "h2 a" if email == CLINICIAN else ".settings-list a"
        watched.open("/settings/protocols/" if email == CLINICIAN else "/settings/people/")
        watched.page.locator(inner).first.click()
        watched.page.wait_for_load_state()
        found[email, inner] = audit(watched)
    assert {where: complaints for where, complaints in found.items() if complaints} == {}


def test_clinician_signs_a_review_on_a_phone_in_two_taps(browse: Open) -> None:
    watched = browse(width=390)
    watched.sign_in(CLINICIAN)
    page = watched.page
    expect(page.locator("h1")).to_contain_text("To sign")
    case = page.locator("article", has_text="EXEMPT, Edna")
    expect(case).to_contain_text("available no, exempt yes")
    case.get_by_label("Note").fill("her neighbour stays overnight")
    case.get_by_role("button", name="Sign ride").click()
    expect(page.locator("[role=status]")).to_have_text("Signed.")
    expect(case).to_have_count(0)
    assert watched.complaints() == []


def test_override_needs_the_password_and_then_shows_its_flag(browse: Open) -> None:
    watched = browse(width=390)
    watched.sign_in(CLINICIAN)
    page = watched.page
    case = page.locator("article", has_text="RIDELESS, Ron")
    case.get_by_label("Why the case goes on").fill("the clinic bus takes him home")
    case.get_by_label("Your password").fill("not this one")
    case.get_by_role("button", name="Override ride").click()
    expect(page.locator("#problem")).to_contain_text("Type your own password")
    expect(case.get_by_label("Why the case goes on")).to_have_value("the clinic bus takes him home")
    expect(case.get_by_label("Your password")).to_have_value("")
    case.get_by_label("Your password").fill(PASSWORD)
    case.get_by_role("button", name="Override ride").click()
    expect(page.locator("[role=status]")).to_contain_text("The item is overridden")
    expect(case).to_have_count(0)
    watched.open("/desk/")
    row = page.locator("tr", has_text="RIDELESS, Ron")
    expect(row.locator(".status.flag")).to_have_text(re.compile("⚑ *overridden"))
    # The browser itself reports the answer 403 as an error in its console.
    assert [error for error in watched.complaints() if "403" not in error] == []


def test_restart_is_decided_without_javascript(browse: Open) -> None:
    watched = browse(width=390, javascript=False)
    watched.sign_in(CLINICIAN)
    page = watched.page
    case = page.locator("article", has_text="PUTOFF, Paula")
    case.get_by_label("Restart it", exact=True).check()
    case.get_by_role("button", name="Record the decision on apixaban").click()
    expect(page.locator("#problem")).to_contain_text("Give the day on which the patient takes it again.")
    page.locator("#problem a").click()
    expect(case.get_by_label("Restart it", exact=True)).to_be_checked()
    case.get_by_label("Ask the prescriber").check()
    case.get_by_role("button", name="Record the decision on apixaban").click()
    expect(page.locator("[role=status]")).to_have_text("The restart decision is recorded.")
    expect(case).to_have_count(0)


def test_administrator_is_told_why_a_line_is_not_sent(browse: Open) -> None:
    watched = browse()
    watched.sign_in(ADMINISTRATOR)
    watched.open("/settings/texts/")
    page = watched.page
    page.get_by_role("textbox", name="Invitation, English").fill("Stop Eliquis three days before.")
    page.get_by_role("button", name="Save the lines").click()
    expect(page.locator("#problem")).to_contain_text("'eliquis' tells of a drug.")
    page.get_by_role("textbox", name="Invitation, English").fill("Park behind the building.")
    page.get_by_role("button", name="Save the lines").click()
    expect(page.locator("[role=status]")).to_have_text("Saved.")
    expect(page.get_by_label("Invitation, English line")).to_contain_text("Park behind the building.")
    assert [error for error in watched.complaints() if "400" not in error] == []
