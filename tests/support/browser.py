"""Fixtures with a real browser: Debian's chromium, accessibility checks and pictures for the docs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.support.needs import missing
from tests.support.servers import ADMIN, PASSWORD, LiveServer

# Two cores serve the browsers, the servers and the databases of two tests at once.
expect.set_options(timeout=20_000)

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
IMAGES = ROOT / "docs" / "images"
MAX_IMAGE_BYTES = 250_000

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's own chromium; playwright's download is never used."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("chromium", "install it with the system's packages (Debian: apt-get install chromium)")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """One size and language for all tests and pictures."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def axe() -> Callable[..., None]:
    """Check a page with axe-core: `axe(page)` fails with every violation, its rule, place and help.

    The script comes in over the debugging protocol, so the page's own Content-Security-Policy stays as it is.
    """
    if not AXE.is_file():
        missing("axe-core", "run python hatch_build.py --force")
    source = AXE.read_text(encoding="utf-8")

    def check(page: Page, *, within: str | None = None) -> None:
        page.evaluate(source)
        context: Any = {"include": [[within]]} if within else None
        result = page.evaluate(
            "([context, tags]) => axe.run(context || document, {runOnly: tags, resultTypes: ['violations']})",
            [context, AXE_TAGS],
        )
        lines = [
            f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
            + "\n".join(f"    {node['target'][0]}: {node['html'][:160]}" for node in violation["nodes"][:5])
            for violation in result["violations"]
        ]
        assert not lines, f"axe-core on {page.url}:\n" + "\n".join(lines)

    return check


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.fixture
def inspect(axe: Callable[..., None]) -> Callable[[Page], None]:
    """Check the page as it stands, then once more in the dark on a phone: accessible, nothing sideways."""
    looks: tuple[tuple[int, int, Literal["light", "dark"]], ...] = ((1280, 800, "light"), (390, 844, "dark"))

    def check(page: Page) -> None:
        for width, height, scheme in looks:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLE)
            wide = page.evaluate(_WIDEST) if overflow(page) > 0 else ""
            assert not wide, f"{page.url} scrolls sideways at {width} pixels because of {wide}"
            axe(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")

    return check


SETTLE = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    document.getAnimations().forEach(one => one.finish()); done() })))"""
"""Colours fade into those of the other theme; half-way they are nobody's choice."""

_WIDEST = """[...document.querySelectorAll('body *')]
    .filter(part => part.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .slice(0, 3).map(part => part.outerHTML.slice(0, 160)).join(' | ') || 'something'"""


@pytest.fixture
def screenshot() -> Callable[..., None]:
    """Take a picture for the docs: `screenshot(page, "list")` writes docs/images/list.png.

    Only with AMITY_SCREENSHOTS=1 (`make screenshots`); otherwise nothing happens.
    """

    def take(page: Page, name: str, *, full_page: bool = False) -> None:
        if os.environ.get("AMITY_SCREENSHOTS") != "1":
            return
        IMAGES.mkdir(parents=True, exist_ok=True)
        # To stop animations and hide the caret, playwright would write styles into the page: our policy
        # refuses them, and the tests that watch for refusals would see it.
        picture = page.screenshot(full_page=full_page, animations="allow", caret="initial")
        assert len(picture) < MAX_IMAGE_BYTES, f"{name}.png has {len(picture)} bytes; show less on it"
        (IMAGES / f"{name}.png").write_bytes(picture)

    return take


@pytest.fixture(scope="session")
def _signed_in() -> dict[tuple[str, str], Any]:
    """Cookies of those who signed in during this session, by server and e-mail."""
    return {}


@pytest.fixture
def sign_in(new_context: Any, _signed_in: dict[tuple[str, str], Any]) -> Callable[..., Page]:
    """Open a page as a signed-in person: `sign_in(server)`, `sign_in(server, STAFF)`.

    Each call is a browser of its own, so two people can work beside each other in one test. The form is
    filled in once per person and server; later calls bring its cookies along.
    """

    def enter(server: LiveServer, email: str = ADMIN, *, password: str = "", **context: Any) -> Page:
        known = _signed_in.get((server.url, email))
        page: Page = new_context(base_url=server.url, storage_state=known, **context).new_page()
        if known is None:
            if not password:
                server.add_account(email, "admin" if email == ADMIN else "staff")
            page.goto("/auth/sign-in")
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Password").fill(password or PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/auth/" not in url)
            _signed_in[server.url, email] = page.context.storage_state()
        page.goto("/")
        return page

    return enter


@pytest.fixture
def watch() -> Callable[[Page], list[str]]:
    """Collect what goes wrong in a page from now on: script errors, refused styles and scripts."""

    def begin(page: Page) -> list[str]:
        found: list[str] = []
        page.on("pageerror", lambda error: found.append(f"{page.url}: script error: {error}"))
        page.on(
            "console",
            lambda message: (
                found.append(f"{page.url}: {message.text}") if message.type in ("error", "warning") else None
            ),
        )
        return found

    return begin


@pytest.fixture
def console(page: Page, watch: Callable[[Page], list[str]]) -> list[str]:
    """What goes wrong in the fixture `page`."""
    return watch(page)
