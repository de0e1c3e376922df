"""The ward's pages as nurses meet them, on a phone, a tablet and a wall."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Watched, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
NURSE = "nurse@demo.example"


def open_case(watched: Watched, name: str) -> None:
    """Through the board of today, or of tomorrow where the demonstration began late in the evening."""
    watched.open("/ward/")
    link = watched.page.get_by_role("link", name=re.compile(name))
    if not link.count():
        watched.page.click("text=Day after")
    link.click()
    watched.page.wait_for_url("**/ward/cases/**")


def identify(watched: Watched) -> None:
    page = watched.page
    if page.locator("#who").count():
        page.get_by_label("The full name matches").check()
        page.get_by_label("The date of birth matches").check()
        page.get_by_role("button", name="It is this patient").click()
        expect(page.locator("main [role=status]")).to_have_text("It is confirmed who this is.")


def open_all(watched: Watched) -> None:
    watched.page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true; })")


def quiet(complaints: list[str]) -> list[str]:
    """The browser itself reports an answer of 409 as an error in its console."""
    return [complaint for complaint in complaints if "409" not in complaint]


@looks()
def test_every_page_of_the_ward_is_accessible_and_keeps_to_itself(
    width: int, dark: bool, browse: Open, screenshots: Path | None
) -> None:
    watched, page = (made := browse(width=width, dark=dark)), made.page
    watched.sign_in(NURSE)
    found = {}

    def look(name: str) -> None:
        found[name] = audit(watched)
        if screenshots:
            shade = "dark" if dark else "light"
            page.screenshot(path=screenshots / f"ward-{name}-{width}-{shade}.png", full_page=True)

    watched.open("/ward/")
    look("board")
    watched.open("/ward/?wall=1")
    look("wall")
    open_case(watched, "LATTE, Lars")
    look("who")
    identify(watched)
    open_all(watched)
    look("case")
    bedside = page.url.removeprefix(watched.base).partition("?")[0]
    for name, address in (("paper", f"{bedside}paper/"), ("print", "/ward/print/")):
        watched.open(address)
        look(name)
    watched.open(bedside)
    open_all(watched)
    page.get_by_role("button", name="Infection check").first.click()
    page.wait_for_url("**/infection/")
    look("infection")
    page.reload()  # a screenshot leaves style attributes behind, which the swap would carry over
    page.get_by_role("button", name="No infection found").click()
    expect(page.locator("#problem")).to_be_visible()
    found["refused"] = [complaint for complaint in audit(watched) if "400" not in complaint]
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def test_everything_to_tap_is_large_enough(browse: Open) -> None:
    watched, page = (made := browse(width=768)), made.page
    watched.sign_in(NURSE)
    open_case(watched, "LATTE, Lars")
    identify(watched)
    open_all(watched)
    small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main summary, main [role=button], main fieldset label")]
          .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
          .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_nothing_scrolls_sideways_on_the_narrowest_phone(browse: Open) -> None:
    watched, page = (made := browse(width=320)), made.page
    watched.sign_in(NURSE)
    wide = {}
    for name in ("board", "wall", "case", "infection"):
        if name == "case":
            open_case(watched, "LATTE, Lars")
            identify(watched)
        elif name == "infection":
            page.get_by_role("button", name="Infection check").first.click()
            page.wait_for_url("**/infection/")
        else:
            watched.open("/ward/?wall=1" if name == "wall" else "/ward/")
        open_all(watched)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(wide, 320)


def test_nurse_lets_in_identifies_finds_a_fever_and_sees_the_block(browse: Open) -> None:
    watched, page = (made := browse(width=768)), made.page
    watched.sign_in(NURSE)
    open_case(watched, "TWIN, Tessa")
    expect(page.locator(".banner")).to_contain_text("TWIN, Tessa · born 14 March 1951 · record D-510314")
    expect(page.locator(".look-alike")).to_contain_text("TWIN, Theresa")
    expect(page.get_by_role("button", name="The patient is here")).to_have_count(0)
    identify(watched)
    page.get_by_role("button", name="The patient is here").click()
    expect(page.locator("main [role=status]")).to_have_text("Saved: the patient is here.")
    page.get_by_role("button", name="Verify: nothing eaten or drunk since").click()
    expect(page.locator("main [role=status]")).to_have_text("Saved: verified.")
    page.get_by_role("button", name="Infection check").first.click()
    page.get_by_label("None of these").first.check()
    page.get_by_label("Temperature", exact=True).fill("100.9")
    page.get_by_label("°F").check()
    page.get_by_label("Clear", exact=True).check()
    page.get_by_role("button", name="No infection found: save").click()
    page.wait_for_url("**/?saved=recorded")
    expect(page.locator("h1 .status")).to_have_text(re.compile("blocked"))
    expect(page.locator(".next-steps")).to_contain_text("Call the clinician.")
    expect(page.locator("ul.items > li").first).to_contain_text("The temperature is 100.9 F: fever.")
    watched.open("/ward/")
    first = page.locator(".ward-row.now", has_text="TWIN, Tessa")
    expect(first.locator(".status.octagon")).to_be_visible()
    assert quiet(watched.complaints()) == []


def test_two_nurses_on_one_item_and_the_failure_stands(browse: Open) -> None:
    one, two = browse(width=768), browse(width=768)
    for nurse in (one, two):
        nurse.sign_in(NURSE)
        open_case(nurse, "TWIN, Theresa")
        identify(nurse)
    item = one.page.locator("details.item", has_text="ride")
    item.locator("summary").click()  # three taps: open, choose, save
    item.get_by_label("Nobody can take the patient home").check()
    item.get_by_role("button", name="Save").click()
    expect(one.page.locator("main [role=status]")).to_have_text("Saved.")
    expect(one.page.locator(".next-steps")).to_contain_text("The desk has been told.")

    item = two.page.locator("details.item", has_text="ride")
    item.locator("summary").click()
    item.get_by_label("An adult goes along").check()
    item.get_by_role("button", name="Save").click()
    expect(two.page.locator("#problem")).to_contain_text("Nothing was saved")
    expect(two.page.locator("#problem")).to_contain_text("available no")
    expect(two.page.locator("#problem")).to_be_focused()
    expect(two.page.get_by_label("An adult goes along")).to_be_checked()
    expect(two.page.locator("ul.items > li").first).to_contain_text("Nobody can take the patient home.")
    assert quiet(one.complaints() + two.complaints()) == []


def test_too_early_is_blue_with_its_time_and_a_check_in_says_so(browse: Open) -> None:
    watched, page = (made := browse(width=768)), made.page
    watched.sign_in(NURSE)
    open_case(watched, "LATTE, Lars")
    identify(watched)
    expect(page.locator("h1 .status.clock")).to_be_visible()
    expect(page.locator("h1 .ready-at")).to_have_text(re.compile("not before|ready at"))
    page.get_by_role("button", name="Check in").click()
    expect(page.locator("#problem .ready-at")).to_have_text(re.compile("ready at"))
    assert quiet(watched.complaints()) == []


def test_ward_works_without_javascript(browse: Open) -> None:
    watched, page = (made := browse(javascript=False)), made.page
    watched.sign_in(NURSE)
    open_case(watched, "LATTE, Lars")
    identify(watched)
    page.locator("summary", has_text="Send home").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.locator("#problem")).to_contain_text("The case cannot be checked in")


def test_tap_without_connection_says_not_saved_and_changes_nothing(browse: Open) -> None:
    watched, page = (made := browse(width=768)), made.page
    watched.sign_in(NURSE)
    open_case(watched, "LATTE, Lars")
    identify(watched)
    item = page.locator("details.item", has_text="ride")
    item.locator("summary").click()
    item.get_by_label("Nobody can take the patient home").check()
    page.context.set_offline(True)
    item.get_by_role("button", name="Save").click()
    expect(page.locator("#not-saved")).to_contain_text("Not saved - no connection")
    expect(item.get_by_label("Nobody can take the patient home")).to_be_checked()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("details.item", has_text="ride")).to_contain_text("A responsible adult takes the patient home.")
