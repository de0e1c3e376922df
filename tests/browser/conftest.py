"""The system's Chromium against the live processes, watched for foreign requests, policy reports and errors."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from notifications.sink import read_mailbox
from scheduler.services.demonstration import PASSWORD
from tests.live.conftest import Live, bare_environment, wait_until


def looks(narrow: int = 390) -> pytest.MarkDecorator:
    """Three widths, light and dark: all by `make browser`; narrow and light in every CI run."""
    always = {(narrow, False)}
    return pytest.mark.parametrize(
        ("width", "dark"),
        [
            pytest.param(
                width,
                dark,
                id=f"{width}-{'dark' if dark else 'light'}",
                marks=() if (width, dark) in always else pytest.mark.matrix,
            )
            for width in (narrow, 768, 1366)
            for dark in (False, True)
        ],
    )


FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Listens before any script of ours runs.
LISTENER = """
window.reports = [];
document.addEventListener("securitypolicyviolation", e =>
  window.reports.push(e.violatedDirective + " " + e.blockedURI));
"""


def seconds_to_a_working_morning() -> float:
    """To ten o'clock of a working day in the demonstration's zone: its cases of today stay today's all along."""
    now = datetime.now(ZoneInfo("America/New_York"))
    morning = now.replace(hour=10, minute=0, second=0, microsecond=0)
    while morning < now or morning.weekday() > 4:
        morning += timedelta(days=1)
    return morning.timestamp() - now.timestamp()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`make run` as it is, for the whole browser suite."""
    yield from demonstration(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Another one for the walks, which take its cases to their end."""
    yield from demonstration(tmp_path_factory.mktemp("walks"))


def demonstration(folder: Path) -> Iterator[Live]:
    data = folder / "var"
    live = Live({**bare_environment(data), "CLOCK_OFFSET": f"{seconds_to_a_working_morning():.0f}"}, data)
    try:
        live.start("run", "-m", "config.run")
        live.wait_until_healthy()
        yield live
    finally:
        live.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Its event loop would make Django refuse the database in this thread; no database is used here.
    with sync_playwright() as running:
        yield running


def chromium_program() -> str:
    """The path of the system's Chromium; LookupError with the remedy where there is none."""
    program = shutil.which("chromium")
    if program is None:
        raise LookupError("The pages need the system's Chromium: install the Debian package chromium.")
    return program


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    try:
        program = chromium_program()
    except LookupError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
    yield browser
    browser.close()


@dataclass
class Watched:
    """A page, and what it did that it should not."""

    page: Page
    base: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def sign_in(self, email: str = "desk@demo.example") -> None:
        self.open("/login/")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda address: "/login/" not in address)

    def complaints(self) -> list[str]:
        return [*self.foreign, *self.errors, *self.page.evaluate("window.reports || []")]


expect.set_options(timeout=15_000)  # a busy machine answers late; what never comes still fails
Open = Callable[..., Watched]


@pytest.fixture
def browse(chromium: Browser, site: Live) -> Iterator[Open]:
    """`browse(width=390, dark=True, javascript=False)`: a page in a browser of its own."""
    yield from opener(chromium, site)


@pytest.fixture
def roam(chromium: Browser, walked: Live) -> Iterator[Open]:
    """`browse` in the demonstration of the walks."""
    yield from opener(chromium, walked)


def opener(chromium: Browser, site: Live) -> Iterator[Open]:
    """`more`: what else Playwright's context takes, such as forced_colors."""
    contexts = []

    def make(*, width: int = 1366, dark: bool = False, javascript: bool = True, **more: Any) -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            **more,
        )
        contexts.append(context)
        context.add_init_script(LISTENER)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watched = Watched(page, f"http://127.0.0.1:{site.env['PORT']}")
        page.on(
            "request", lambda r: None if r.url.startswith((watched.base, "data:")) else watched.foreign.append(r.url)
        )
        page.on("console", lambda m: watched.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        return watched

    yield make
    for context in contexts:
        context.close()


def link_in_mail(site: Live, address: str) -> str:
    """The patient's link in the newest mail to this address that has one."""

    def links() -> list[str]:
        mails = [mail for mail in read_mailbox(site.mailbox) if address in mail.envelope_to]
        bodies = [mail.message.get_body(("plain",)) for mail in mails]
        return [word for body in bodies if body for word in body.get_content().split() if "/my/" in word]

    wait_until(lambda: bool(links()), f"a mail with a link to {address}", 30)
    return links()[-1]


@pytest.fixture
def screenshots() -> Path | None:
    """Where to keep pictures, when SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None
