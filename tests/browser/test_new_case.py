"""A case for a patient who is known: found while the name is typed, with the keyboard alone, and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, looks
from tests.browser.test_desk import audit

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
KNOWN = "Family name or record number"


@looks()
def test_known_patient_is_found_while_the_name_is_typed(width: int, dark: bool, browse: Open) -> None:
    watched = browse(width=width, dark=dark)
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    page.get_by_label(KNOWN).press_sequentially("new", delay=40)
    nora = page.locator("#found").get_by_role("link", name=re.compile("NEWMAN, Nora"))
    expect(nora).to_be_visible()
    assert (page.url, audit(watched)) == (f"{watched.base}/desk/new/", [])
    page.get_by_label(KNOWN).fill("")
    expect(page.locator("#found")).to_contain_text("Type two letters")
    page.get_by_label(KNOWN).fill("Xyz")
    expect(page.locator("#found")).to_have_text("Nobody was found.")
    page.get_by_label(KNOWN).fill("newm")
    nora.click()
    page.wait_for_url(re.compile("/desk/new/[0-9a-f-]{36}/$"))
    expect(page.locator(".banner")).to_contain_text("NEWMAN, Nora · born 5 January 1961")
    expect(page.locator("main")).to_contain_text("open already")
    assert audit(watched) == []


def test_case_of_a_known_patient_is_opened_by_keyboard_alone(browse: Open) -> None:
    watched = browse()
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    page.get_by_label(KNOWN).focus()
    page.keyboard.type("homeb")
    link = page.locator("#found a")
    expect(link).to_contain_text("HOMEBOUND, Hugo")
    for _ in range(6):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.get_by_label("Levels").focus()
    page.keyboard.type("L3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/**")
    expect(page.locator(".banner")).to_contain_text("HOMEBOUND, Hugo")
    expect(page.locator("h1")).to_contain_text("Kyphoplasty L3")
    assert watched.complaints() == []


def test_known_patient_is_found_without_javascript(browse: Open) -> None:
    watched = browse(javascript=False)
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    page.get_by_label(KNOWN).fill("consul")
    page.get_by_role("button", name="Find").click()
    assert page.url == f"{watched.base}/desk/new/known/"
    page.get_by_role("link", name=re.compile("CONSULTED, Carl")).click()
    expect(page.locator(".banner")).to_contain_text("CONSULTED, Carl")
