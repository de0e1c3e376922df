"""The phone check in a real browser: with the keyboard, in both languages, on every width."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Watched, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]


def phone_check(watched: Watched, family: str = "HOLDER") -> None:
    watched.sign_in()
    watched.open("/desk/")
    watched.page.get_by_role("link", name=re.compile(family)).click()
    watched.page.get_by_role("button", name="Phone check").or_(
        watched.page.get_by_role("link", name="Phone check")
    ).first.click()
    watched.page.wait_for_url(re.compile("/phone/"))


@looks(320)
def test_phone_check_is_accessible_in_both_languages(width: int, dark: bool, browse: Open) -> None:
    watched = browse(width=width, dark=dark)
    phone_check(watched)
    found = {}
    for language in ("English", "Español"):
        watched.page.get_by_role("link", name=language).click()
        for folded in watched.page.locator("details").all():
            folded.locator("summary").click()
        for choice in watched.page.locator("input[value=stopped], input[value=yes][type=radio]").all():
            choice.check()
        found[language] = audit(watched)
    assert {language: complaints for language, complaints in found.items() if complaints} == {}


def test_phone_check_is_done_with_the_keyboard_and_says_what_now_blocks(browse: Open) -> None:
    watched = browse()
    phone_check(watched)
    page = watched.page
    keys = 0

    def press(*names: str) -> None:
        nonlocal keys
        for name in names:
            page.keyboard.press(name)
            keys += 1

    page.get_by_role("radio", name=re.compile("The patient")).focus()
    press("Space", "Tab", "Space")
    expect(page.get_by_role("checkbox", name=re.compile("full name"))).to_be_checked()
    press("Tab", "ArrowDown")
    expect(page.get_by_role("radio", name="I have no ride")).to_be_checked()
    assert keys <= 6
    press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your ride home")
    blocks = page.get_by_role("region", name="What blocks, and who acts")
    expect(blocks).to_contain_text("Nobody can take the patient home.")
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    assert watched.complaints() == []


def test_details_are_asked_only_by_the_answer_that_is_chosen(browse: Open) -> None:
    watched = browse(javascript=False)
    phone_check(watched)
    name = watched.page.get_by_label(re.compile("^Name of the adult"))
    expect(name).to_be_hidden()
    watched.page.get_by_role("radio", name="Yes, an adult will take me home").check()
    expect(name).to_be_visible()


def test_phone_check_that_was_refused_keeps_what_was_typed_and_says_where(browse: Open) -> None:
    watched = browse()
    phone_check(watched)
    page = watched.page
    page.get_by_role("radio", name=re.compile("The patient")).check()
    page.get_by_role("checkbox", name=re.compile("full name")).check()
    page.get_by_role("radio", name="Yes, an adult will take me home").check()
    number = page.get_by_label(re.compile("^Phone number of the adult"))
    number.fill("12")
    page.get_by_role("button", name="Save the answers").click()
    alert = page.get_by_role("alert").filter(has_text="Nothing was saved")
    expect(alert).to_contain_text("This phone number is too short.")
    expect(number).to_have_value("12")
    alert.get_by_role("link", name="Your ride home").last.click()
    expect(number).to_be_focused()
