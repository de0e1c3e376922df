"""A prescriber answers on a phone from the mail; the desk prints the letter and reads the answer."""

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, link_in_mail
from tests.browser.test_desk import audit
from tests.browser.test_my import small_targets
from tests.live.conftest import Live

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
WALT = date(1945, 5, 2)


def keep(page: Page, folder: Path | None, name: str) -> None:
    if folder:
        page.screenshot(path=folder / f"prescriber-{name}.png", full_page=True)


def test_prescriber_answers_from_the_mail_and_the_desk_prints_and_reads(
    browse: Open, site: Live, screenshots: Path | None
) -> None:
    phone = browse(width=390)
    page, found = phone.page, dict[str, list[str]]()
    page.goto(link_in_mail(site, "hilda.heart@prescribers.example"))
    found["door"] = [*audit(phone), *small_targets(page)]
    keep(page, screenshots, "door")
    for box in ("month", "day", "year"):
        page.locator(f"[name={box}]").fill(str(getattr(WALT, box)))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("apixaban")
    found["question"] = [*audit(phone), *small_targets(page)]
    keep(page, screenshots, "question")
    page.get_by_label("It must go on").check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["refused"] = [each for each in audit(phone) if "status of 400" not in each]
    page.get_by_label("It may be stopped", exact=True).check()
    page.get_by_label("Bridging?").select_option("no")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    keep(page, screenshots, "thanks")

    desk = browse(width=390, dark=True)  # whose letter is black on white all the same
    desk.sign_in()
    desk.open("/desk/")
    desk.page.get_by_role("link", name=re.compile("AWAITED")).first.click()
    expect(desk.page.get_by_text("agreed by Dr. Hilda Heart, link")).to_be_visible()
    found["case"] = audit(desk)
    desk.page.get_by_role("button", name="Ask, chase, record").click()
    found["asking"] = audit(desk)
    keep(desk.page, screenshots, "asking")
    desk.page.get_by_role("link", name=re.compile("^Letter")).click()
    found["letter"] = audit(desk)
    desk.page.set_viewport_size({"width": 794, "height": 1123})
    desk.page.emulate_media(media="print")
    expect(desk.page.locator(".letter .demo")).to_have_text("DEMONSTRATION - not for the care of patients")
    expect(desk.page.get_by_role("navigation")).to_have_count(0)
    assert desk.page.locator(".letter").bounding_box()["height"] < 1123  # type: ignore[index]
    inks = "[...new Set([...document.querySelectorAll('.letter *')].map(e => getComputedStyle(e).color))]"
    assert desk.page.evaluate(inks) == ["rgb(0, 0, 0)"]
    keep(desk.page, screenshots, "letter")
    assert {at: wrong for at, wrong in found.items() if wrong} == {}
