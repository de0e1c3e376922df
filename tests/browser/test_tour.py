"""README's tour through the pages: a newcomer sees a ready case being blocked, and what everybody is told."""

import re

import pytest
from playwright.sync_api import expect

from notifications.sink import Received, read_mailbox
from tests.browser.conftest import Open, Watched
from tests.live.conftest import Live, wait_until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
RITA = "rita.ready@patients.example"


def open_case(watched: Watched, board: str, name: str) -> None:
    watched.open(board)
    watched.page.locator("main a", has_text=name).first.click()
    watched.page.wait_for_url("**/cases/**")


def identify(watched: Watched) -> None:
    for label in ("full name", "date of birth"):
        watched.page.locator("#who label", has_text=label).locator("input").check()
    watched.page.click("text=It is this patient")
    expect(watched.page.locator("[role=status]", has_text="It is confirmed who this is.")).to_be_visible()


def mails_to(site: Live, address: str) -> list[Received]:
    return [mail for mail in read_mailbox(site.mailbox) if address in mail.envelope_to]


def test_newcomer_sees_a_ready_case_being_blocked_and_everybody_told(browse: Open, site: Live) -> None:
    nurse, desk = browse(width=768), browse()
    nurse.sign_in("nurse@demo.example")
    expect(nurse.page.locator("li.ward-row", has_text="READY, Rita").locator("[data-ready]")).to_be_visible()
    before = len(mails_to(site, RITA))

    open_case(nurse, "/ward/", "READY, Rita")
    identify(nurse)
    nurse.page.locator("main summary", has_text="infection check").click()
    nurse.page.locator("main details[open] a", has_text="Different: infection check").click()
    nurse.page.get_by_label("One or more, ticked below").first.check()
    nurse.page.get_by_label("Chills, shaking or night sweats").first.check()
    nurse.page.fill("[name=temperature]", "38.6")
    nurse.page.get_by_label("Not clear", exact=True).check()
    nurse.page.click("text=It is an infection…")
    nurse.page.click("text=Yes: infection, release the booking")
    expect(nurse.page.locator("h1")).to_contain_text("blocked")
    expect(nurse.page.locator("main")).to_contain_text("booking")

    desk.sign_in()
    row = desk.page.locator("tbody tr", has_text="READY, Rita")
    expect(row).to_have_class(re.compile("blocked"))
    expect(row).to_contain_text("not booked")
    desk.open("/desk/tasks/?queue=scheduler")
    expect(desk.page.locator("tbody tr", has_text="READY, Rita").first).to_contain_text("released")
    wait_until(lambda: len(mails_to(site, RITA)) > before, "the cancellation in the mailbox", 30)
    cancel = mails_to(site, RITA)[-1]
    assert b"METHOD:CANCEL" in b"".join(part.get_payload(decode=True) or b"" for part in cancel.message.walk())
    desk.open("/desk/mailbox/")
    expect(desk.page.locator("tbody tr", has_text=RITA).first).to_contain_text("CANCEL")


def test_start_is_refused_with_every_reason(browse: Open) -> None:
    nurse = browse(width=768)
    nurse.sign_in("nurse@demo.example")
    open_case(nurse, "/ward/", "FEVER, Frank")
    identify(nurse)
    nurse.page.click("text=Check in")
    nurse.page.click("text=Start the procedure")
    refusal = nurse.page.locator("main [role=alert]")
    expect(refusal).to_contain_text("cannot be started")
    expect(refusal).to_contain_text("38.4 C: fever. Call the clinician.")
