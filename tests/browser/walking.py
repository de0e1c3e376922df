"""What the walks of patient, nurse, clinician and desk share: doors, forms, and which words are English."""

import re

from playwright.sync_api import Locator, Page, expect

from scheduler.services.demonstration import PASSWORD
from tests.browser.conftest import Open, Watched, link_in_mail
from tests.browser.test_ward import identify, open_all, open_case
from tests.live.conftest import Live

NURSE, DESK = "nurse@demo.example", "desk@demo.example"
CLINICIAN, SECOND = "clinician@demo.example", "second@demo.example"
TABLET, PHONE = 768, 390
ENGLISH = re.compile(
    r"\b(the|you|your|we|and|with|call|visit|next|done|save|please|food|drink|later|change|answer|yes|when|where)\b",
    re.I,
)
# What a demonstration itself is called and where it lives.
NAMES = re.compile(r"DEMONSTRATION Spine Clinic|1 Demonstration Way, Springfield")


def signed_in(roam: Open, email: str, width: int = 1366, **more: object) -> Watched:
    watched = roam(width=width, **more)
    watched.sign_in(email)
    return watched


def through_the_door(watched: Watched, site: Live, address: str, born_on: tuple[int, int, int]) -> Page:
    """The newest link in this person's mail, opened with the date of birth (year, month, day)."""
    page = watched.page
    page.goto(link_in_mail(site, address))
    for box, value in zip(("year", "month", "day"), born_on, strict=True):
        page.locator(f"[name={box}]").fill(str(value))
    page.locator("form:has([name=year]) button[type=submit]").click()
    expect(page.locator("form:has([name=year])")).to_have_count(0)
    return page


def bedside(watched: Watched, name: str) -> Page:
    open_case(watched, name)
    identify(watched)
    return watched.page


def desk_case(watched: Watched, name: str) -> Page:
    watched.open("/desk/")
    watched.page.locator("main table a").filter(has_text=name).first.click()
    watched.page.wait_for_url("**/desk/cases/**")
    return watched.page


def form_of(watched: Watched, item: str) -> Locator:
    """The form that records this item at the bedside, unfolded."""
    open_all(watched)
    return watched.page.locator(f"form:has(input[name=item][value='{item}']):has(input[name=seen_version])").last


def send(button: Locator) -> None:
    """Press it, and go on once the page that answers is there."""
    page = button.page
    page.evaluate("document.querySelector('main').dataset.before = 'sending'")
    button.click()
    expect(page.locator("main[data-before]")).to_have_count(0)


def saved(page: Page, told: str = "Saved.") -> None:
    expect(page.locator("main [role=status]").first).to_have_text(told)


def check_infection(page: Page, *, ticked: str = "", temperature: str = "36.7") -> Locator:
    """The form of the check on arrival, filled in and not yet sent."""
    page.get_by_role("button", name="Infection check").first.click()
    page.wait_for_url("**/infection/")
    form = page.locator("form:has([name=temperature])")
    form.get_by_label("One or more, ticked below" if ticked else "None of these").check()
    if ticked:
        form.locator(f"[name=ticked][value={ticked}]").check()
    form.locator("[name=temperature]").fill(temperature)
    form.get_by_label("°C").check()
    form.get_by_label("Clear", exact=True).check()
    return form


def ask_override(watched: Watched, item: str, reason: str) -> None:
    open_all(watched)
    form = watched.page.locator(f"form[action$='/ask-override/']:has(input[name=item][value='{item}'])")
    form.locator("[name=reason]").fill(reason)
    send(form.get_by_role("button", name="Ask the clinician"))
    saved(watched.page, "Saved: the clinician is asked for an override.")


def override(page: Page, who: str, item: str, reason: str, second: str = "") -> None:
    """On the signing list, with one's own password and the second person's where there is one."""
    entry = page.locator("article", has_text=who)
    entry.get_by_label("Why the case goes on").fill(reason)
    entry.get_by_label("Your password").fill(PASSWORD)
    if second:
        entry.get_by_label("Second person's e-mail").fill(second)
        entry.get_by_label("Second person's password").fill(PASSWORD)
    send(entry.get_by_role("button", name=f"Override {item}"))


def english_in(text: str) -> list[str]:
    return ENGLISH.findall(NAMES.sub("", text))
