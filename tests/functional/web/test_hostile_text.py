"""The big list of naughty strings as data: each page that shows them answers, escapes, changes nothing."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from markupsafe import escape

from amity import jsontext
from amity.definitions.documents import DefinitionChange
from amity.records.shapes import Query
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.functional.web.test_naughty import naughty, sendable
from tests.support.apps import Visitor

# Pages are the same on both databases; that these keep the texts alike, the tests of the gate show.
pytestmark = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)

THING: dict[str, Any] = {
    "title": "Thing",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "note": {"type": "string", "title": "Note", "x-amity": {"kind": "long_text"}},
        "parent": {
            "type": "string", "format": "uuid", "title": "Parent",
            "x-amity": {"kind": "relation", "to": "thing", "inverse": "parts", "timeline": "part"},
        },
    },
    "x-amity": {
        "name": "thing", "display": "name", "timeline": {"with": ["parent"], "fields": ["note"]},
        "views": [{"name": "all", "fields": ["name", "note"], "sort": "created_at"}],
    },
}  # fmt: skip


def texts() -> list[str]:
    """What can be kept at all: no text is empty, has U+0000 or half a pair."""
    found = dict.fromkeys(sendable(text) for text in naughty())
    return [text for text in found if text.strip() and "\0" not in text]


def shown(text: str, page: str, *, line: bool = False) -> bool:
    """Whether a page shows the text escaped, and nowhere as markup; a `line` has one space between words."""
    wanted = " ".join(text.split()) if line else text.strip()
    return str(escape(wanted)) in page and not ("<" in text and len(text) > 8 and text in page)


@pytest.fixture
def things(workspace: Workspace, made: Made) -> dict[str, str]:
    """One record for each text, in its name and its note; gives ids by text."""
    change = DefinitionChange("entity", "thing", THING)
    workspace.definitions.apply([change], made.ctx, revision=None, confirm=True)
    wanted = texts()
    root = workspace.records.create(made.ctx, "thing", {"name": "root"}).id
    rows = [{"name": text, "note": text, "parent": root} for text in wanted]
    result = workspace.records.bulk(made.ctx, "thing", rows, mode="all")
    assert not result.errors
    ids = {text: str(identity) for text, identity in zip(wanted, result.ids, strict=True)}
    return {**ids, "root": root}


def pages(visitor: Visitor, address: str) -> str:
    """The text of a list with all its further pages."""
    found = []
    while address:
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        found.append(answer.text)
        more = re.search(r'(?:rel="next"|class="btn btn-sm") href="([^"]*after=[^"]+)"', answer.text)
        address = more[1].replace("&amp;", "&") if more else ""
    return "\n".join(found)


def test_lists_show_every_text(staff: Visitor, things: dict[str, str]) -> None:
    for address in ("/e/thing", f"/e/thing/{things['root']}/related/parts",
                    f"/e/thing/{things['root']}/timeline"):  # fmt: skip
        page = pages(staff, address)
        lost = [text for text in things if text != "root" and not shown(text[:200], page, line=True)]
        assert lost == [], address


def test_the_pages_of_a_record_show_its_text(staff: Visitor, things: dict[str, str]) -> None:
    for text, identity in list(things.items())[::9]:
        for page in ("", "/edit", "/history", "/delete", "/timeline"):
            answer = staff.get(f"/e/thing/{identity}{page}")
            assert answer.status_code == 200, (page, text)
            if page != "/history":
                assert shown(text, answer.text), (page, text)
        copied = staff.get("/e/thing/new", query_string={"copy": identity})
        assert copied.status_code == 200 and shown(text, copied.text), text


def test_forms_give_back_what_was_typed(staff: Visitor, workspace: Workspace, made: Made) -> None:
    change = DefinitionChange("entity", "thing", THING)
    workspace.definitions.apply([change], made.ctx, revision=None, confirm=True)
    for text in texts()[::9]:
        refused = staff.post("/e/thing/new", {"name": text, "note": text, "parent": "nobody"})
        assert refused.status_code == 422 and shown(text, refused.text), text
        saved = staff.post("/e/thing/new", {"name": text, "note": text})
        assert saved.status_code == 303, text
        record = workspace.records.get(made.ctx, "thing", saved.location.rpartition("/")[2])
        assert record.get("name") == text
        # A browser sends the lines of a text area with \r\n; they are kept as they came.
        assert record.get("note") == text
        edited = staff.post(f"/e/thing/{record.id}/edit", {"name": text, "note": text, "amity-version": "1"})
        assert edited.status_code == 303
        assert workspace.records.get(made.ctx, "thing", record.id).version == 1, f"{text!r} is unchanged"


def test_search_and_pickers_take_every_text(staff: Visitor, things: dict[str, str]) -> None:
    for text in list(things)[::6]:
        for address in ("/search", "/search/palette", "/e/thing", "/e/thing/picker", "/picker"):
            answer = staff.get(address, query_string={"q": text, "entities": "thing"})
            assert answer.status_code == 200, (address, text)
            if answer.mimetype == "text/html" and "<" in text and len(text) > 8:
                assert text not in answer.text, (address, text)
    options = staff.get("/e/thing/picker", query_string={"q": "alert"}).json["options"]
    assert options and {option["title"] for option in options} <= {text.strip() for text in things}


def test_parameters_take_every_text(staff: Visitor, things: dict[str, str]) -> None:
    record = f"/e/thing/{things['root']}"
    for text in list(things)[::12]:
        for address, names in (
            ("/e/thing", ("where", "sort", "columns", "view", "after")),
            ("/e/thing/filter", ("field", "op", "value", "where")),
            (f"{record}/timeline", ("kind", "after", "ahead")),
            (f"{record}/history", ("after",)),
            ("/e/thing/new", ("set-name", "set-parent", "back", "copy")),
            ("/e/thing/export", ("where", "q")),
            ("/e/thing/bin", ("after", "where")),
        ):
            for name in names:
                answer = staff.get(address, query_string={name: text})
                assert answer.status_code in (200, 303, 404, 422), (address, name, text)
                if answer.mimetype == "text/html" and "<" in text and len(text) > 8:
                    assert text not in answer.text, (address, name, text)


def test_exports_hold_every_text_unchanged(
    staff: Visitor, things: dict[str, str], token: dict[str, str]
) -> None:
    wanted = set(things)
    raw = staff.get("/e/thing/export").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw, newline="")))
    column = next(name for name in rows[0] if name.casefold() == "name")
    assert {row[column] for row in rows} == wanted
    found: set[str] = set()
    after: str | None = None
    while True:
        query = {"limit": "500", "fields": "name", **({"after": after} if after else {})}
        answer = staff.client.get("/api/v1/records/thing", query_string=query, headers=token)
        body = jsontext.loads(answer.data)
        found |= {record["name"] for record in body["records"]}
        after = body["next"]
        if after is None:
            break
    assert found == wanted


def test_the_bin_and_mass_changes_show_every_text(
    staff: Visitor, things: dict[str, str], workspace: Workspace, made: Made
) -> None:
    some = [text for text in things if text != "root"][::11]
    chosen = [f"{things[text]}:1" for text in some]
    for action in ("edit", "delete"):
        answer = staff.post("/e/thing/bulk", {"action": action, "record": chosen})
        assert answer.status_code == 200
    assert staff.post("/e/thing/bulk/delete", {"record": chosen}).status_code == 303
    page = pages(staff, "/e/thing/bin")
    assert [text for text in some if not shown(text, page, line=True)] == []
    assert len(workspace.records.bin(made.ctx, "thing", Query(limit=500)).records) == len(some)


def test_names_of_views_are_shown_as_they_are(staff: Visitor, things: dict[str, str]) -> None:
    kept = []
    for text in texts()[::25]:
        answer = staff.post("/e/thing/views", {"name": text, "where": "name != null"})
        assert answer.status_code == 303, text
        page = staff.get(answer.location)
        assert page.status_code == 200, text
        kept += [text] if "is saved" in page.text else []
    page_text = staff.get("/e/thing").text
    assert kept and [text for text in kept if not shown(text, page_text, line=True)] == []


def test_titles_of_fields_and_choices_are_shown_as_they_are(
    admin: Visitor, staff: Visitor, workspace: Workspace, made: Made
) -> None:
    titles = [text for text in texts() if len(text) <= 200 and text == text.strip()]
    fields = {f"f{number}": {"type": "string", "title": text} for number, text in enumerate(titles[::6])}
    choices = [{"const": f"c{number}", "title": text} for number, text in enumerate(titles)]
    document = {
        "title": titles[3],
        "description": titles[4],
        "type": "object",
        "properties": {"name": {"type": "string"}, "kind": {"title": "Kind", "oneOf": choices}, **fields},
        "x-amity": {"name": "odd", "plural": titles[1], "views": [{"name": "all", "title": titles[2]}]},
    }
    workspace.definitions.apply(
        [DefinitionChange("entity", "odd", document)], made.ctx, revision=None, confirm=True
    )
    values = dict.fromkeys(fields, "x") | {"name": "n", "kind": "c0"}
    record = workspace.records.create(made.ctx, "odd", values)
    form = staff.get("/e/odd/new").text
    assert [text for text in titles if not shown(text, form)] == []
    columns = ",".join(list(fields)[:29])
    for visitor, address, wanted in (
        (staff, f"/e/odd?columns={columns}", titles[::6][:29]),
        (staff, f"/e/odd/{record.id}", titles[::6]),
        (staff, f"/e/odd/{record.id}/history", titles[::6]),
        (admin, "/builder/entities/odd", titles[::6]),
        (admin, "/builder/entities/odd/versions", []),
        (admin, "/builder/entities", [titles[1]]),
    ):
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        assert [text for text in wanted if not shown(text, answer.text)] == [], address
    removed = {**document, "properties": {key: document["properties"][key] for key in ("name", "kind")}}  # type: ignore[index]
    plan = admin.post("/builder/plan", {"original": "odd", "document": jsontext.dumps(removed)})
    assert plan.status_code in (200, 422)
    assert not [text for text in titles if "<" in text and len(text) > 8 and text in plan.text]


def test_names_of_files_are_shown_as_they_are(staff: Visitor, workspace: Workspace, made: Made) -> None:
    document = {
        "title": "Paper",
        "type": "object",
        "properties": {"name": {"type": "string"}, "file": {"type": "object", "x-amity": {"kind": "file"}}},
        "x-amity": {"name": "paper"},
    }
    workspace.definitions.apply(
        [DefinitionChange("entity", "paper", document)], made.ctx, revision=None, confirm=True
    )
    for text in texts()[::30]:
        sent = {"name": "n", "file": (io.BytesIO(b"content"), text)}
        answer = staff.post("/e/paper/new", sent, content_type="multipart/form-data")
        assert answer.status_code in (303, 422), text
        if answer.status_code == 303:
            page = staff.get(answer.location)
            assert page.status_code == 200, text
            assert not ("<" in text and len(text) > 8 and text in page.text), text
            content = staff.get(f"{answer.location}/files/file")
            assert content.status_code in (200, 404), text
            assert "\n" not in content.headers.get("Content-Disposition", "")
