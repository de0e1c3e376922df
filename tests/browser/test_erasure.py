"""Erasing one patient in the browser: found by name, what goes and stays is shown, typed and signed, and gone."""

import re

import pytest
from playwright.sync_api import expect

from scheduler.services.demonstration import PASSWORD
from tests.browser.conftest import Open, Watched, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
ADMIN = "admin@demo.example"


def over(watched: Watched, family_name: str) -> None:
    """A patient whose only case was cancelled and closed."""
    watched.sign_in()
    watched.open("/desk/new/")
    page, known = watched.page, {"given_name": "Gus", "born_on": "1938-01-02", "levels": "L2"}
    for name, value in {"family_name": family_name, **known}.items():
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="Open the case").click()
    page.wait_for_url("**/desk/cases/**")
    page.locator("summary", has_text="Cancel").click()
    page.get_by_label("What happens").select_option("cancelled")
    page.get_by_label("Reason").fill("not wanted any more")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("h1")).to_contain_text("cancelled")
    page.get_by_role("button", name="Close the case").click()
    expect(page.locator("h1")).to_contain_text("closed")


def to_erasure(watched: Watched, name: str) -> None:
    watched.sign_in(ADMIN)
    watched.open("/settings/patients/")
    watched.page.get_by_label("Family name, or record number").fill(name)
    watched.page.get_by_role("button", name="Find").click()
    watched.page.get_by_role("link", name=re.compile(name.upper())).click()
    watched.page.get_by_role("link", name="See what would go and what would stay").click()
    watched.page.wait_for_url("**/erase/")


@looks()
def test_what_goes_and_what_stays_is_shown_before(width: int, dark: bool, browse: Open) -> None:
    watched = browse(width=width, dark=dark)
    to_erasure(watched, "Booker")
    main = watched.page.locator("main")
    expect(main).to_contain_text("This patient cannot be erased yet:")
    expect(main).to_contain_text("Release it first.")
    expect(main.get_by_role("heading", name="What stays")).to_be_visible()
    expect(main.get_by_role("button", name="Erase")).to_have_count(0)
    assert audit(watched) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_patient_is_erased_by_a_word_typed_and_a_password_and_found_by_nobody(javascript: bool, browse: Open) -> None:
    name = "Gone" if javascript else "Away"
    desk, admin = browse(), browse(width=390, javascript=javascript)
    over(desk, name)
    to_erasure(admin, name)
    page = admin.page

    def erase(typed: str, password: str) -> None:
        page.get_by_label("Why", exact=True).select_option(index=1)
        page.get_by_label("What stands behind it").fill("Letter of 3 May")
        page.get_by_label("Type ERASE").fill(typed)
        page.get_by_label("Your own password").fill(password)
        page.get_by_role("button", name="Erase this patient's data for good").click()

    erase("erase", PASSWORD)
    expect(page.locator("main")).to_contain_text("Type ERASE in capital letters. It cannot be undone.")
    assert page.get_by_label("What stands behind it").input_value() == "Letter of 3 May"
    erase("ERASE", "not my password")
    expect(page.locator("main [role=alert]").first).to_contain_text("password")
    erase("ERASE", PASSWORD)
    page.wait_for_url("**/?done=erased")
    expect(page.locator("h1")).to_have_text("An erased patient")
    desk.open("/desk/new/")
    desk.page.get_by_label("Family name or record number").fill(name)
    expect(desk.page.locator("#found")).to_have_text("Nobody was found.")
