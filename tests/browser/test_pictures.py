"""The README's pictures: `make pictures` keeps them in docs/pictures, a test run throws them away."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, link_in_mail
from tests.live.conftest import ROOT, Live

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(420)]
NAMES = ("desk", "ward", "my", "sign")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = Path(os.environ.get("PICTURES") or tmp_path)
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def test_pictures_of_the_workplaces_can_be_taken(browse: Open, site: Live, folder: Path) -> None:
    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    desk = browse(width=1280)
    desk.sign_in("desk@demo.example")
    desk.open("/desk/")
    keep(desk.page, "desk")
    ward = browse(width=900)
    ward.sign_in("nurse@demo.example")
    ward.open("/ward/")
    keep(ward.page, "ward")
    my = browse(width=390)
    my.page.goto(link_in_mail(site, "bella.booker@patients.example"))
    for name, value in (("month", "4"), ("day", "17"), ("year", "1944")):
        my.page.fill(f"[name={name}]", value)
    my.page.get_by_role("button", name="Go on").click()
    expect(my.page.locator("h1")).to_have_text("Your visit")
    keep(my.page, "my")
    sign = browse(width=390)
    sign.sign_in("clinician@demo.example")
    sign.open("/sign/")
    keep(sign.page, "sign")
    assert [name for name in NAMES if (folder / f"{name}.png").stat().st_size < 10_000] == []


def test_readme_shows_every_picture() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in NAMES if f"docs/pictures/{name}.png" not in readme] == []
    assert [name for name in NAMES if not (ROOT / f"docs/pictures/{name}.png").exists()] == []
