"""Change plan as the desk meets it: what reopens is shown, then it is saved, by mouse or by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Watched, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
SHOW, SAVE = "Show what changes", "Save this plan"


def opened(watched: Watched, who: str) -> Page:
    """The form of a case on the pathway board."""
    watched.open("/desk/")
    watched.page.locator("main table a").filter(has_text=who).first.click()
    watched.page.get_by_role("button", name="Change plan").first.click()
    watched.page.wait_for_url("**/plan/")
    return watched.page


def picture(page: Page, screenshots: Path | None, name: str) -> None:
    if screenshots:
        page.screenshot(path=screenshots / f"{name}.png", full_page=True)


@looks()
def test_preview_shows_what_reopens_and_saves_nothing(
    width: int, dark: bool, browse: Open, screenshots: Path | None
) -> None:
    watched = browse(width=width, dark=dark)
    watched.sign_in()
    page = opened(watched, "HOLDER, Hank")
    was = page.input_value("[name=levels]")
    page.fill("[name=levels]", "L4")
    page.select_option("[name=has_mri_contraindicated]", "yes")
    expect(page.get_by_label("MRI contraindicated?")).to_have_value("yes")
    page.get_by_role("button", name=SHOW).click()
    shown = page.get_by_role("status", name="What changes")
    expect(shown).to_contain_text("Nothing is saved yet. Changed: levels, conditions.")
    expect(shown).to_contain_text("L4")
    expect(shown).to_be_focused()
    expect(shown.get_by_role("button", name=SAVE)).to_be_visible()
    picture(page, screenshots, f"plan-preview-{width}-{'dark' if dark else 'light'}")
    assert audit(watched) == []
    page.reload()
    watched.open("/desk/")
    assert opened(watched, "HOLDER, Hank").input_value("[name=levels]") == was


def test_plan_is_changed_by_keyboard_alone(browse: Open) -> None:
    watched = browse()
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    for name, value in (("family_name", "Planned"), ("given_name", "Pia"), ("born_on", "1951-03-01"), ("levels", "L2")):
        page.fill(f"[name={name}]", value)
    page.click("text=Open the case")
    page.wait_for_url("**/desk/cases/**")
    page.get_by_role("button", name="Change plan").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan/")
    page.get_by_label("Levels").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("T12/L1")
    page.keyboard.press("Enter")
    shown = page.get_by_role("status", name="What changes")
    expect(shown).to_contain_text("Nothing is saved yet. Changed: levels.")
    expect(shown).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=SAVE)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/desk/cases/[^/]+/\?saved=plan$"))
    expect(page.locator("h1")).to_contain_text("T12 + L1")
    assert audit(watched) == []
