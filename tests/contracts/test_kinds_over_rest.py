"""Every kind through the public doors: defined, written, read and described over REST, out and in as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from amity import jsontext
from amity.entities.kinds.base import Kind
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.contracts.test_kinds import BLNS
from tests.contracts.test_kinds_in_the_gate import samples, schema_of
from tests.factories.fields import CORE


def put(admin: Visitor, name: str, properties: dict[str, Any]) -> None:
    document = {"title": name.title(), "type": "object", "properties": properties}
    answer = admin.api("PUT", f"/entities/{name}", document)
    assert answer.status_code == 201, answer.text


def post(visitor: Visitor, entity: str, body: Any) -> Any:
    visitor._need_key()
    headers = {"X-CSRFToken": visitor.csrf, "Content-Type": "application/json"}
    return visitor.client.post(f"/api/v1/records/{entity}", data=jsontext.dumps_bytes(body), headers=headers)


def own_kinds() -> list[Kind]:
    """Kinds whose values need no other record."""
    return [kind for kind in CORE if not kind.is_relation]


def test_every_kind_over_rest(admin: Visitor, staff: Visitor) -> None:
    put(admin, "thing", {kind.name: schema_of(kind) for kind in own_kinds()})
    for index in (0, 1):
        body = {kind.name: samples(kind)[index] for kind in own_kinds()}
        made = post(staff, "thing", body)
        assert made.status_code == 201, made.text
        url = made.headers["Location"]
        read = jsontext.loads(staff.get(url).data)
        assert {name: read[name] for name in body} == body
    cleared = staff.api(
        "PATCH", url.removeprefix("/api/v1"), dict.fromkeys(body), headers={"If-Match": made.headers["ETag"]}
    )
    assert cleared.status_code == 200, cleared.text
    assert {value for name, value in cleared.get_json().items() if name in body} == {None}
    described = staff.api("GET", "/openapi.json")
    assert described.status_code == 200 and all(f'"{kind.name}"' in described.text for kind in own_kinds())


@pytest.mark.skipif(not BLNS.exists(), reason="the big list of naughty strings is not at hand")
@pytest.mark.parametrize("database_server", ["sqlite", "postgresql"], indirect=True)
def test_naughty_strings_over_rest(admin: Visitor, staff: Visitor) -> None:
    """In one call per kind of text: each comes back to the letter, or is refused by its place."""
    names = ("text", "long_text", "email", "url", "phone", "choice", "json", "duration", "date")
    put(admin, "thing", {**{name: schema_of(CORE.get(name)) for name in names}, "text": {"type": "string"}})
    strings = jsontext.loads(BLNS.read_bytes())
    for name in names:
        body = {"mode": "each", "records": [{name: text} for text in strings]}
        answer = staff.api("POST", "/records/thing/bulk", body)
        assert answer.status_code == 200, answer.text
        result = answer.get_json()
        failed = {error["index"]: error for error in result["errors"]}
        assert all(error["pointer"].startswith(f"/{name}") for error in failed.values())
        assert result["created"] + len(failed) == len(strings)
        if name in ("text", "long_text", "json"):
            assert not failed
        kept = [text for index, text in enumerate(strings) if index not in failed]
        ids = [id_ for id_ in result["ids"] if id_]
        assert everything(staff, name) == dict(zip(ids, kept, strict=True))


def everything(visitor: Visitor, name: str) -> dict[str, Any]:
    """All values of one field by record id, page by page."""
    found: dict[str, Any] = {}
    url = f"/records/thing?where={name}!=null&fields={name}&limit=500"
    after = ""
    while True:
        page = visitor.api("GET", url + after).get_json()
        found |= {record["id"]: record[name] for record in page["records"]}
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def test_csv_out_and_in(workspace: Workspace, admin: Visitor) -> None:
    """What the text of each kind writes into a CSV cell is read back as the same value."""
    put(admin, "thing", {kind.name: schema_of(kind) for kind in own_kinds()})
    entity = workspace.definitions.refresh().entities["thing"]
    for kind in own_kinds():
        field = entity.by_name[kind.name]
        for value in samples(kind):
            target = io.StringIO(newline="")
            csv.writer(target).writerow([kind.to_text(field, kind.parse(field, value))])
            cell = next(csv.reader(io.StringIO(target.getvalue(), newline="")))[0]
            assert kind.from_text(field, cell) == value, kind.name
