"""The desk's pages as a scheduler meets them."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Open, Watched, looks

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGES = {
    "pathway": "/desk/",
    "blocked": "/desk/?show=blocked",
    "day": "/desk/day/",
    "tasks": "/desk/tasks/",
    "new-case": "/desk/new/",
    "mailbox": "/desk/mailbox/",
    "duplicates": "/desk/duplicates/",
}

BUTTONS = {"book": "Book|Move", "record": "Record", "plan": "Change plan", "refile": "Wrong patient"}
LINKS = {"end-contact": "^End… the contact of the patient", "language": "^Change the language"}


def visit(watched: Watched, name: str) -> None:
    if name in PAGES:
        watched.open(PAGES[name])
        return
    watched.open("/desk/mailbox/" if name == "mail" else "/desk/")
    link = watched.page.locator("main table a")
    (link.first if name == "mail" else link.filter(has_text="HOLDER, Hank")).click()
    if name in BUTTONS:
        watched.page.get_by_role("button", name=re.compile(BUTTONS[name])).first.click()
    if name in LINKS:
        watched.page.get_by_role("link", name=re.compile(LINKS[name])).first.click()
    watched.page.wait_for_load_state()


def audit(watched: Watched) -> list[str]:
    """Violations of WCAG, sideways scrolling, policy reports, foreign requests, errors."""
    result = Axe().run(watched.page, options=RULES)
    broken = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in result.response["violations"]]
    sideways = watched.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*broken, *(["scrolls sideways"] if sideways else []), *watched.complaints()]


@looks()
def test_every_page_is_accessible_and_keeps_to_itself(
    width: int, dark: bool, browse: Open, screenshots: Path | None
) -> None:
    watched = browse(width=width, dark=dark)
    watched.open("/login/")
    found = {"login": audit(watched)}
    watched.sign_in()
    for name in (*PAGES, "case", *BUTTONS, *LINKS, "mail"):
        visit(watched, name)
        found[name] = audit(watched)
        if screenshots:
            watched.page.screenshot(
                path=screenshots / f"{name}-{width}-{'dark' if dark else 'light'}.png", full_page=True
            )
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


@looks()
def test_auditors_page_is_accessible_and_keeps_to_itself(
    width: int, dark: bool, browse: Open, screenshots: Path | None
) -> None:
    watched = browse(width=width, dark=dark)
    watched.sign_in("auditor@demo.example")
    watched.open("/record/")
    assert audit(watched) == []
    if screenshots:
        shade = "dark" if dark else "light"
        watched.page.screenshot(path=screenshots / f"auditor-{width}-{shade}.png", full_page=True)


def test_scheduler_opens_a_case_and_is_told_what_booking_waits_for(browse: Open) -> None:
    watched = browse()
    page = watched.page
    watched.sign_in()
    page.click("text=New case")
    page.fill("[name=family_name]", "Browser")
    page.fill("[name=given_name]", "Bea")
    page.fill("[name=born_on]", "1950-04-05")
    page.fill("[name=email]", "bea@patients.example")
    page.fill("[name=levels]", "T12/L1")
    page.select_option("[name=cause]", "osteoporosis")
    page.fill("[name=medications]", "Eliquis")
    page.click("text=Open the case")
    expect(page.locator(".banner")).to_contain_text("BROWSER, Bea")
    expect(page.locator("main")).to_contain_text("Ask the prescriber of apixaban")
    page.get_by_role("button", name="Book…").click()
    page.fill("[name=day]", "2031-03-10")
    page.fill("[name=at]", "09:30")
    page.click("text=Book it")
    problem = page.locator("#problem")
    expect(problem).to_contain_text("The case cannot be booked: 3 item(s) do not allow it.")
    expect(page.locator("#id_at")).to_have_value(re.compile("09:30"))
    # The browser itself reports the answer 409 as an error in its console.
    assert [error for error in watched.complaints() if "409" not in error] == []


def test_outcome_of_a_task_can_be_read_while_it_is_typed_at_twice_the_size(browse: Open) -> None:
    watched = browse(width=683)
    watched.sign_in()
    watched.open("/desk/tasks/")
    outcome = watched.page.get_by_label(re.compile("^Outcome of:")).first
    box = outcome.bounding_box()
    assert box is not None and box["width"] >= 140
    assert audit(watched) == []


@pytest.mark.parametrize("dark", [False, True])
def test_button_under_the_pointer_is_readable(dark: bool, browse: Open) -> None:
    watched = browse(width=768, dark=dark)
    watched.open("/login/")
    button = watched.page.locator("main button[type=submit]")
    before = button.evaluate("button => getComputedStyle(button).backgroundColor")
    button.hover()
    watched.page.wait_for_timeout(1000)  # the colour changes slowly
    assert button.evaluate("button => getComputedStyle(button).backgroundColor") != before
    assert audit(watched) == []


def test_what_can_be_done_to_a_case_is_apart_and_large_enough_on_a_phone(browse: Open) -> None:
    watched = browse(width=360)
    watched.sign_in()
    visit(watched, "case")
    small, close = watched.page.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll(".desk-acts [role=button], .desk-acts button")]
            .filter(each => each.offsetParent).map(each => each.getBoundingClientRect());
          const apart = (one, other) => one.left >= other.right + 8 || other.left >= one.right + 8
            || one.top >= other.bottom + 8 || other.top >= one.bottom + 8;
          const pairs = boxes.flatMap((one, at) => boxes.slice(at + 1).map(other => apart(one, other)));
          return [boxes.filter(box => box.height < 44).length, pairs.filter(is => !is).length];
        }"""
    )
    assert (small, close) == (0, 0)


def test_desk_works_without_javascript(browse: Open) -> None:
    watched = browse(javascript=False)
    watched.sign_in()
    page = watched.page
    page.locator("main table a").first.click()
    expect(page.locator("h2", has_text="The seven steps")).to_be_visible()
    page.click("text=Tasks")
    expect(page.locator("h1")).to_have_text("What people owe")


def test_sign_in_and_first_case_by_keyboard_alone(browse: Open) -> None:
    watched = browse()
    watched.open("/login/")
    page = watched.page
    page.keyboard.press("Tab")
    page.keyboard.type("desk@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type("demonstration-only")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/")
    for _ in range(30):
        page.keyboard.press("Tab")
        if (page.evaluate("document.activeElement.id") or "").startswith("case-"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/**")
    assert outline != "none"


def test_what_is_sent_offline_is_said_to_be_not_saved_and_is_kept_until_it_is(browse: Open) -> None:
    watched = browse()
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    entered = {"family_name": "Offline", "given_name": "Olga", "born_on": "1952-02-02", "levels": "L3"}
    for name, value in entered.items():
        page.fill(f"[name={name}]", value)
    page.context.set_offline(True)
    page.click("text=Open the case")
    banner = page.locator("#not-saved")
    expect(banner).to_have_text(re.compile("^Not saved - no connection"))
    assert {name: page.input_value(f"[name={name}]") for name in entered} == entered
    page.context.set_offline(False)
    page.click("text=Open the case")
    page.wait_for_url("**/desk/cases/**")
    expect(page.locator(".banner")).to_contain_text("OFFLINE, Olga")
    expect(banner).to_be_hidden()
    expect(page.locator("nav [aria-current]")).to_have_count(0)
    watched.open("/desk/?show=unbooked")
    expect(page.locator("tbody a", has_text="OFFLINE, Olga")).to_have_count(1)


def test_refused_form_shows_its_reasons_and_keeps_what_was_typed(browse: Open) -> None:
    watched = browse()
    page = watched.page
    watched.sign_in()
    watched.open("/desk/new/")
    for name, value in (("family_name", "Refused"), ("given_name", "Rita"), ("born_on", "1952-02-03")):
        page.fill(f"[name={name}]", value)
    page.fill("[name=levels]", "Z9")
    page.click("text=Open the case")
    alert = page.locator("main [role=alert]")
    expect(alert).to_contain_text("Z9")
    expect(alert).to_be_focused()
    assert page.input_value("[name=family_name]") == "Refused"
    expect(page.locator("#not-saved")).to_be_hidden()


def test_board_that_hears_nothing_says_so_and_calls_nothing_ready(browse: Open) -> None:
    watched = browse()
    page = watched.page
    page.clock.install()
    watched.sign_in()
    stamp = page.locator("[data-stamp]")
    ready = page.locator("[data-ready]").first
    expect(ready).to_have_text(re.compile("^✔ ready$"))
    at = stamp.get_attribute("data-stamp")
    page.context.set_offline(True)
    page.clock.run_for(70_000)
    expect(stamp).to_have_class(re.compile("late"))
    page.clock.run_for(60_000)
    expect(stamp).to_contain_text("not checked since")
    expect(ready).to_have_text(f"? was ready {at}, not checked since")
    expect(page.locator("#board .status.circle", has_text="ready")).to_have_count(0)
    page.context.set_offline(False)
    page.clock.run_for(25_000)
    expect(stamp).not_to_contain_text("not checked since")
    expect(ready).to_have_text(re.compile("^✔ ready$"))


def test_board_brings_in_changes_by_itself_and_keeps_the_focus(browse: Open) -> None:
    watched, other = browse(), browse()
    page = watched.page
    page.clock.install()
    watched.sign_in()
    page.locator("main table a").nth(1).focus()
    focused = page.evaluate("document.activeElement.id")
    other.sign_in()
    other.open("/desk/new/")
    for name, value in (("family_name", "Lately"), ("given_name", "Lou"), ("born_on", "1951-01-01"), ("levels", "L2")):
        other.page.fill(f"[name={name}]", value)
    other.page.click("text=Open the case")
    other.page.wait_for_url("**/desk/cases/**")
    with page.expect_response("**/desk/rows/**"):
        page.clock.run_for(21_000)
    expect(page.locator("#board")).to_contain_text("LATELY, Lou")
    assert page.evaluate("document.activeElement.id") == focused


def test_audit_does_find_what_is_wrong(browse: Open) -> None:
    watched = browse(width=390)
    watched.open("/login/")
    watched.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", "<p>wide</p><img src='/x.png'>");
          document.querySelector("body > p").style.width = "900px";
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          fetch("http://127.0.0.1:9/").catch(() => {});
        }"""
    )
    watched.page.wait_for_timeout(300)
    found = " ".join(audit(watched))
    wanted = ("image-alt", "scrolls sideways", "script-src", "connect-src http://127.0.0.1:9/")
    assert [complaint for complaint in wanted if complaint not in found] == []
    assert watched.page.evaluate("window.ran") is None
