"""The third-party browser files work under our Content-Security-Policy: no inline style, no eval, no blob."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import hatch_build
from tests.support.needs import missing

pytestmark = pytest.mark.browser

STATIC = hatch_build.ROOT / hatch_build.STATIC
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vendor files</title>
<link rel="icon" href="data:,">
<meta name="htmx-config" content='{"allowEval": false, "includeIndicatorStyles": false}'>
<link rel="stylesheet" href="/vendor/tabler.min.css"><link rel="stylesheet" href="/vendor/tom-select.min.css">
<link rel="stylesheet" href="/vendor/ace/ace.css">
<link rel="stylesheet" href="/vendor/ace/theme/github_light_default.css"></head><body>
<svg width="24" height="24" id="icon"><use href="/vendor/icons.svg#user"/></svg>
<div class="dropdown"><button id="menu" class="btn" data-bs-toggle="dropdown">Menu</button>
<div class="dropdown-menu"><a class="dropdown-item" href="#">Entry</a></div></div>
<select id="choice" multiple><option value="a">Apple<option value="b">Pear</select>
<ul id="list"><li id="one">1<li id="two">2</ul>
<div id="fragment" hx-get="/fragment" hx-trigger="load"></div><div id="editor">{"a": [1,2</div>
<script src="/vendor/htmx.min.js"></script><script src="/vendor/tabler.min.js"></script>
<script src="/vendor/sortable.min.js"></script><script src="/vendor/tom-select.min.js"></script>
<script src="/vendor/ace/ace.js"></script><script src="/own.js"></script></body></html>"""
SCRIPT = """
new TomSelect("#choice", {plugins: ["remove_button"]});
new Sortable(document.getElementById("list"));
ace.config.set("useStrictCSP", true);
ace.config.set("loadWorkerFromBlob", false);
ace.config.set("basePath", "/vendor/ace");
window.editor = ace.edit("editor", {mode: "ace/mode/json", theme: "ace/theme/github_light_default"});
window.editor.setOptions({minLines: 5, maxLines: 9});
"""


class _Handler(SimpleHTTPRequestHandler):
    own = {
        "/": ("text/html", PAGE),
        "/own.js": ("text/javascript", SCRIPT),
        "/fragment": ("text/html", "<b>swapped in</b>"),
    }

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        if self.path not in self.own:
            return super().do_GET()
        kind, text = self.own[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A small server of the static files with our policy."""
    if not (STATIC / "vendor" / "htmx.min.js").is_file():
        missing("the browser files", "run make assets")

    def handler(*args: Any) -> _Handler:
        return _Handler(*args, directory=str(STATIC))

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_all_of_them_work_without_a_refusal(page: Page, address: str, console: list[str]) -> None:
    page.goto(address)
    expect(page.locator("#fragment")).to_have_text("swapped in")

    page.click("#menu")
    expect(page.locator(".dropdown-item")).to_be_visible()
    page.keyboard.press("Escape")

    page.click(".ts-control")
    page.click(".ts-dropdown .option >> text=Pear")
    assert page.eval_on_selector("#choice", "select => select.value") == "b"
    page.keyboard.press("Escape")

    page.drag_and_drop("#one", "#two")
    assert page.eval_on_selector("#list", "list => list.firstElementChild.id") == "two"

    # The worker says what is wrong with the JSON; the search box is loaded on demand.
    # (Not wait_for_function: it evaluates text inside the page, which our policy refuses.)
    expect(page.locator(".ace_gutter-cell.ace_error")).to_be_visible()
    page.evaluate("editor.focus(); editor.execCommand('find')")
    expect(page.locator(".ace_search")).to_be_visible()
    colour = page.eval_on_selector(".ace_gutter", "gutter => getComputedStyle(gutter).position")
    assert colour == "absolute", "ace.css is not in force"
    assert console == []


def test_the_policy_of_this_test_is_the_one_in_force() -> None:
    security = pytest.importorskip("amity.web.security")
    assert security.CONTENT_POLICY == POLICY


def test_style_sheets_name_no_file_that_is_missing() -> None:
    vendor = Path(STATIC) / "vendor"
    lost = [
        f"{sheet.name}: {target}"
        for sheet in vendor.rglob("*.css")
        for target in re.findall(r"""url\(["']?([^"')]+)""", sheet.read_text())
        if not target.startswith(("data:", "#")) and not (sheet.parent / target).is_file()
    ]
    assert lost == []
