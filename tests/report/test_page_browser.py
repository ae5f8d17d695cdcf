"""The page in headless Chromium: quiet, self-contained, readable by everybody, at every width."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from pagecase import RUN
from pagecases import CASES
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that reports to nobody."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of the page of each sort of run, which lies in a folder of its own."""
    found = {}
    for name, make in CASES.items():
        path: Path = tmp_path_factory.mktemp(name) / "report.html"
        path.write_bytes(make().page().encode())
        found[name] = path.as_uri()
    return found


@pytest.fixture
def visit(browser: Browser, pages: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """Return a way to open a page of a sort of run."""
    contexts = []

    def go(name: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.goto(pages[name])
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", CASES)
def test_quiet_and_alone(browser: Browser, pages: dict[str, str], name: str) -> None:
    """Opening the page asks for the page and for nothing else, and nothing is complained of."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    heard: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(pages[name])
    page.emulate_media(media="print")
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").is_visible()
    assert asked == [pages[name]]
    assert heard == []
    context.close()


@pytest.mark.parametrize(
    ("name", "look"),
    [
        *(("bad", look) for look in LOOKS),
        ("clean", "light"),
        ("stopped", "dark"),
        ("tiny", "phone"),
        ("empty", "light"),
        ("resumed", "dark"),
        ("foreign", "phone"),
        ("million", "light"),
    ],
)
def test_accessible(visit: Callable[..., Page], name: str, look: str) -> None:
    """Nothing serious stands in anybody's way: not in the dark, not on a phone, nor unfolded."""
    # The page itself permits no script, so that the checker has to be let past its policy.
    page = visit(name, bypass_csp=True, **LOOKS[look])
    page.evaluate(OPEN_ALL)
    found = Axe().run(page).response["violations"]
    grave = [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    assert grave == []


@pytest.mark.parametrize("name", CASES)
def test_nothing_sticks_out(visit: Callable[..., Page], name: str) -> None:
    """At 360 pixels, and at 1280, the page does not scroll sideways, whatever is unfolded."""
    for width in (360, 1280):
        page = visit(name, viewport={"width": width, "height": 740}, bypass_csp=True)
        assert not page.evaluate(TOO_WIDE), f"{width} pixels"
        page.evaluate(OPEN_ALL)
        assert not page.evaluate(TOO_WIDE), f"{width} pixels, unfolded"


def test_dark_and_light(visit: Callable[..., Page]) -> None:
    """The page follows the reader's choice, and printed it is light."""
    ground = "getComputedStyle(document.body).backgroundColor"
    page = visit("clean", color_scheme="light")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(16, 20, 24)"
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_folded_without_a_script(visit: Callable[..., Page]) -> None:
    """What is folded opens with a click where scripts are switched off."""
    page = visit("clean", java_script_enabled=False)
    caption = page.get_by_text("Control checks, each with both of its sides")
    assert not caption.is_visible()
    page.get_by_text("checks agree").click()
    assert caption.is_visible()


def test_the_command_is_taken_whole(visit: Callable[..., Page]) -> None:
    """One click selects the next command, the whole of it and nothing else."""
    page = visit("stopped")
    page.locator(".command code").click()
    assert page.evaluate("getSelection().toString()") == f"bulkcancel resume {RUN}"


def test_printed_with_all_that_is_folded(visit: Callable[..., Page]) -> None:
    """On paper nothing is folded away, since nobody can click there."""
    page = visit("clean", viewport={"width": 700, "height": 1000})
    page.emulate_media(media="print")
    seen = page.get_by_text("Control checks, each with both of its sides").bounding_box()
    assert seen is not None
    assert seen["height"] > 0
    assert not page.evaluate(TOO_WIDE)


def test_printed_on_a_few_sheets(visit: Callable[..., Page]) -> None:
    """A run with breaks of every sort takes a dozen sheets of A4, a clean one half of that."""
    for name, most in (("clean", 6), ("bad", 12)):
        printed = visit(name).pdf(prefer_css_page_size=True)
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= most
        assert re.search(rb"/MediaBox \[0 0 59[45]\S* 84[12]", printed)
