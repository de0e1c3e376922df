"""Protocol versions in the browser: numbers given, two versions compared, one case moved with the password."""

import pytest
from playwright.sync_api import expect

from scheduler.services.demonstration import PASSWORD
from tests.browser.conftest import Open, Watched
from tests.browser.test_desk import audit
from tests.browser.test_sign import CLINICIAN

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]


def adopt(watched: Watched, name: str) -> None:
    watched.open("/settings/protocols/")
    watched.page.get_by_label("Protocol", exact=True).select_option(name)
    watched.page.get_by_role("button", name="Adopt a copy").click()
    watched.page.get_by_role("link", name=f"{name}, version 1").click()


def test_clinician_gives_numbers_compares_and_moves_one_case(browse: Open) -> None:
    watched = browse(width=390)
    watched.sign_in(CLINICIAN)
    page, found = watched.page, {}
    adopt(watched, "bay-area-spine")
    page.get_by_role("button", name="Give the missing numbers").click()
    found["fill"] = audit(watched)
    page.get_by_label("minutes in recovery (minutes)").fill("90")
    page.get_by_label("Where the number comes from").fill("the practice's policy")
    page.get_by_label("How sure it is").select_option("medium")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.locator("[role=status]")).to_contain_text("Saved as a new version.")
    adopt(watched, "reference-asra")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign version 1").click()
    expect(page.locator("[role=status]")).to_contain_text("Signed.")
    watched.open("/settings/protocols/")
    page.get_by_role("link", name="demonstration, version 1").click()
    demonstration = page.url
    page.get_by_role("link", name="What this version changes, beside another one").click()
    expect(page.locator("table")).to_contain_text("minutes for each level")
    found["diff"] = audit(watched)
    page.goto(demonstration)
    page.get_by_role("button", name="to another version").click()
    expect(page.locator("main")).to_contain_text("Nothing is moved yet.")
    found["move"] = audit(watched)
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("checkbox", name="CONSULTED, Carl").check()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Move the chosen cases").click()
    expect(page.locator("[role=status]")).to_contain_text("1 case moved.")
    expect(page.get_by_role("checkbox", name="CONSULTED, Carl")).to_have_count(0)
    assert {name: complaints for name, complaints in found.items() if complaints} == {}
    assert watched.complaints() == []
