"""The big list of naughty strings in every input of the sign-in, settings and people pages."""

from __future__ import annotations

from contextlib import suppress

import pytest

from amity.access.context import SYSTEM
from amity.errors import Invalid, NotFound
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.support.apps import STAFF
from tests.support.naughty import naughty_strings

OWN = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x\udfff",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%s%n",
    "\r\nX: y",
]


def naughty() -> list[str]:
    """Our own, and the big list where it is at hand."""
    return [*OWN, *naughty_strings()]


def sendable(text: str) -> str:
    """As a browser can send it: a lone surrogate has no form in UTF-8."""
    return text.encode("utf-8", "replace").decode()


def test_no_text_breaks_an_account(workspace: Workspace) -> None:
    sam = workspace.accounts.by_email(STAFF)
    for text in naughty():
        with suppress(Invalid):
            workspace.accounts.credentials.update_profile(
                sam.id, name=text, language=text[:5], timezone=text, theme=None
            )
        with suppress(Invalid):
            workspace.accounts.credentials.update_profile(
                sam.id, name=text, language=None, timezone=None, theme=None
            )
        with pytest.raises((Invalid, NotFound)):
            workspace.accounts.invite(text, text, [text], by=SYSTEM)
        with pytest.raises(NotFound):
            workspace.accounts.get(text)
        assert workspace.accounts.credentials.by_token("amity_" + text) is None
        assert workspace.accounts.credentials.by_session(text) is None
    assert workspace.accounts.by_email(STAFF).name.isprintable()
    assert len(workspace.accounts.all()) == 2


def test_no_text_breaks_a_form(admin: Visitor, staff: Visitor, workspace: Workspace) -> None:
    for text in map(sendable, [*naughty()[::25], *OWN]):
        saved = staff.post("/auth/settings", {"name": text, "language": text[:5], "theme": "dark"})
        assert saved.status_code in (303, 422), text
        invited = admin.post("/builder/people/invite", {"name": text, "email": text, "roles": text})
        made = staff.post("/auth/tokens", {"token_name": text, "days": text})
        assert invited.status_code == made.status_code == 422, text
        for answer in (saved, invited, made):
            assert "<script>alert" not in answer.text and "Traceback" not in answer.text, text
    assert len(workspace.accounts.all()) == 2


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_no_text_breaks_an_address(staff: Visitor) -> None:
    for text in map(sendable, [*naughty()[::20], *OWN]):
        for url in ("/auth/link/", "/x/", "/x/vat_number/", "/static/x/", "/e/"):
            answer = staff.client.get(url + text)
            assert answer.status_code < 500, (url, text)
        assert staff.client.get("/auth/sign-in", query_string={"next": text}).status_code == 302, text
        headers = {"Accept": text, "HX-Request": text, "HX-Target": text, "X-CSRFToken": text}
        printable = {
            name: value for name, value in headers.items() if value.isascii() and value.isprintable()
        }
        assert staff.client.get("/auth/settings", headers=printable).status_code == 200, text


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_no_text_signs_in(nobody: Visitor) -> None:
    nobody.get("/auth/sign-in")
    for text in map(sendable, naughty()[::90]):
        answer = nobody.post("/auth/sign-in", {"email": text, "password": text, "next": text})
        assert answer.status_code in (422, 429), text
        assert "<script>alert" not in answer.text
