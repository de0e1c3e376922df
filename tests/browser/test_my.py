"""A patient on a phone: from the mail to the thanks, without JavaScript, at 320 px, in two languages."""

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from notifications.sink import read_mailbox
from tests.browser.conftest import Open, Watched
from tests.browser.test_desk import audit
from tests.live.conftest import Live, wait_until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
BELLA, STELLA = ("bella.booker", date(1944, 4, 17)), ("stella.stopped", date(1947, 12, 12))
TARGETS = "main a, main button, main label.pick, header a"
# Everything to be touched that is lower than a thumb needs.
SMALL = """() => [...document.querySelectorAll("%s")].filter(e => e.offsetParent !== null)
  .filter(e => e.getBoundingClientRect().height < 44 && getComputedStyle(e).display !== "inline")
  .map(e => e.outerHTML.slice(0, 90))"""
WORDS = {
    "en": {"go": "Go on", "save": "Save", "next": re.compile("^Next"), "right": "All of this is right"},
    "es": {"go": "Seguir", "save": "Guardar", "next": re.compile("^Sigue"), "right": "Todo esto está bien"},
}


def link_in_mail(site: Live, name: str) -> str:
    """The path of the link that the newest mail to this patient carries."""

    def found() -> list[str]:
        texts = [
            str(body.get_content())
            for mail in read_mailbox(site.mailbox)
            if mail.envelope_to == (f"{name}@patients.example",) and (body := mail.message.get_body(("plain",)))
        ]
        return [match[0] for text in texts if (match := re.search(r"/my/[\w-]{43}/", text))]

    wait_until(lambda: bool(found()), f"a mail with a link to {name}")
    return found()[-1]


def small_targets(page: Page) -> list[str]:
    return list(page.evaluate(SMALL % TARGETS))


class Walk:
    """One patient's way, each page looked at once; `found` holds what was wrong on which."""

    def __init__(self, watched: Watched, mirror: Watched, pictures: Path | None, name: str) -> None:
        self.watched, self.page, self.pictures, self.name = watched, watched.page, pictures, name
        self.mirror = mirror
        self.found: dict[str, list[str]] = {}
        mirror.open("/my/")

    def look(self, at: str) -> None:
        """axe needs JavaScript: it looks at the same page in a browser that has it."""
        self.mirror.page.set_content(self.page.content(), wait_until="networkidle")
        # A page that says no is an error in the browser's own console.
        complaints = [*audit(self.mirror), *self.watched.complaints()]
        wrong = [*(each for each in complaints if "status of 4" not in each), *small_targets(self.page)]
        if wrong:
            self.found[at] = wrong
        if self.pictures:
            self.page.screenshot(path=self.pictures / f"my-{self.name}-{at}.png", full_page=True)


@pytest.mark.parametrize(
    ("language", "patient", "dark"),
    [("en", BELLA, False), ("es", STELLA, True)],
    ids=["english-light", "spanish-dark"],
)
def test_patient_answers_everything_without_javascript_on_a_small_phone(
    language: str, patient: tuple[str, date], dark: bool, browse: Open, site: Live, screenshots: Path | None
) -> None:
    name, born_on = patient
    watched = browse(width=320, dark=dark, javascript=False)
    page, words = watched.page, WORDS[language]
    walk = Walk(watched, browse(width=320, dark=dark), screenshots, language)
    watched.open(link_in_mail(site, name))
    assert page.url == f"{watched.base}/my/"
    if language == "es":
        page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    walk.look("door")
    page.locator("[name=year]").fill("1901")
    page.get_by_role("button", name=words["go"]).click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("door-wrong")
    for box in ("month", "day", "year"):
        page.locator(f"[name={box}]").fill(str(getattr(born_on, box)))
    page.get_by_role("button", name=words["go"]).click()
    expect(page.locator("dl")).to_be_visible()
    walk.look("overview")
    answered = 0
    while page.get_by_role("link", name=words["next"]).count():
        page.get_by_role("link", name=words["next"]).first.click()
        answered += _answer_all(walk, words["save"])
    assert answered >= 1
    page.goto(f"{watched.base}/my/check/")
    walk.look("check")
    page.get_by_role("link", name=words["right"]).click()
    walk.look("done")
    assert walk.found == {}


def _answer_all(walk: Walk, save: str) -> int:
    """The first answer of each question that comes, with what it asks further; how many there were."""
    page, count = walk.page, 0
    while "/questions/" in page.url:
        walk.look(f"question-{count}")
        page.locator("input[type=radio]").first.check()
        further = page.locator(".answer").first.locator(".further input")
        for number in range(further.count()):
            field = further.nth(number)
            kind = field.get_attribute("type")
            field.fill({"date": "2020-01-01", "time": "08:00", "tel": "555-0123"}.get(kind or "", "Robin Rider"))
        page.get_by_role("button", name=save).click()
        count += 1
        assert count < 12
    return count


@pytest.mark.parametrize("width", [320, 390, 1366])
def test_dead_link_tells_whom_to_call_in_both_languages(width: int, browse: Open) -> None:
    watched = browse(width=width)
    watched.open(f"/my/{'x' * 43}/")
    expect(watched.page.locator("h1")).to_have_text("This link is closed")
    expect(watched.page.locator("[lang=es] h2")).to_have_text("Este enlace está cerrado")
    assert [each for each in audit(watched) if "404" not in each] == []


def test_pages_hold_at_twice_the_text_size(browse: Open, site: Live) -> None:
    watched = browse(width=320)
    watched.open(link_in_mail(site, BELLA[0]))
    watched.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_patient_reaches_the_overview_by_keyboard_alone(browse: Open, site: Live) -> None:
    watched = browse(width=390)
    page = watched.page
    watched.open(link_in_mail(site, BELLA[0]))
    page.locator("[name=month]").focus()
    for box in ("month", "day", "year"):
        page.keyboard.type(str(getattr(BELLA[1], box)))
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("dl")).to_be_visible()
