"""Every kind in the real pages: a form that nobody touched saves nothing, a copied one the same."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.testing.visitor import Visitor
from tests.contracts.test_kinds_in_the_gate import samples, schema_of
from tests.contracts.test_kinds_over_rest import own_kinds, post, put
from tests.factories.fields import CORE
from tests.support.forms import read_form

pytestmark = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
LINKS: dict[str, dict[str, Any]] = {
    "relation": {"type": "string", "x-amity": {"kind": "relation", "to": "customer"}},
    "relations": {"type": "array", "x-amity": {"kind": "relations", "to": "customer"}},
    "roles": {
        "type": "array",
        "x-amity": {
            "kind": "relations",
            "to": ["customer", "vendor"],
            "link_fields": {
                "role": {"enum": ["guest", "host"]},
                "since": {"type": "string", "format": "date"},
            },
        },
    },
    "any_relation": {"type": "object", "x-amity": {"kind": "any_relation"}},
}


@pytest.fixture
def thing(admin: Visitor, staff: Visitor) -> list[dict[str, Any]]:
    """An entity with a field of every kind; gives the URLs and values of some records."""
    for name in ("customer", "vendor"):
        put(admin, name, {"name": {"type": "string"}})
    put(admin, "thing", {**{kind.name: schema_of(kind) for kind in own_kinds()}, **LINKS})
    one, two = (post(staff, "customer", {"name": name}).get_json()["id"] for name in ("Ada", "Bob"))
    three = post(staff, "vendor", {"name": "Corp"}).get_json()["id"]
    links = {
        "relation": one,
        "relations": [two, one],
        "roles": [
            {"entity": "vendor", "id": three, "role": "host", "since": "2026-01-31"},
            {"entity": "customer", "id": one},
        ],
        "any_relation": {"entity": "vendor", "id": three},
    }
    bodies: list[dict[str, Any]] = [
        {**{kind.name: samples(kind)[index] for kind in own_kinds()}} for index in (0, 1, -1)
    ]
    made = []
    for body in [*(body | links for body in bodies), {}]:
        answer = post(staff, "thing", body)
        assert answer.status_code == 201, answer.text
        made.append(jsontext.loads(answer.data))
    return made


def sent_by(html: str) -> dict[str, list[str]]:
    """What a browser sends for the page, ready to be posted."""
    return dict(MultiDict(read_form(html).sent).lists())


def read(visitor: Visitor, record: dict[str, Any]) -> Any:
    return jsontext.loads(visitor.api("GET", f"/records/thing/{record['id']}").data)


def test_a_form_that_nobody_touched_saves_nothing(thing: list[dict[str, Any]], staff: Visitor) -> None:
    for record in thing:
        url = f"/e/thing/{record['id']}/edit"
        page = staff.get(url)
        assert page.status_code == 200, page.text
        saved = staff.post(url, sent_by(page.text))
        assert saved.status_code == 303, [line for line in saved.text.splitlines() if "problem" in line]
        after = read(staff, record)
        assert {name: after[name] for name in after if after[name] != record[name]} == {}


def test_a_copied_form_makes_the_same_record(thing: list[dict[str, Any]], staff: Visitor) -> None:
    for record in thing:
        page = staff.get(f"/e/thing/new?copy={record['id']}")
        saved = staff.post("/e/thing/new", sent_by(page.text))
        assert saved.status_code == 303, saved.text
        id_ = saved.headers["Location"].rpartition("/")[2]
        after = read(staff, {"id": id_})
        names = [kind.name for kind in CORE if not kind.is_relation] + list(LINKS)
        empty = (None, [])
        wrong = {name: (record[name], after[name]) for name in names if after[name] != record[name]}
        assert not {name for name, pair in wrong.items() if not (pair[0] in empty and pair[1] in empty)}, (
            wrong
        )


def test_every_page_shows_every_kind(thing: list[dict[str, Any]], staff: Visitor) -> None:
    for record in thing:
        page = staff.get(f"/e/thing/{record['id']}")
        assert page.status_code == 200
    listed = staff.get("/e/thing")
    assert listed.status_code == 200
    shown = staff.get(f"/e/thing/{thing[0]['id']}").text
    for text in ("Corp", "Ada", "mailto:", 'href="tel:', "★"):
        assert text in shown, text


def test_what_was_typed_wrongly_is_still_there(thing: list[dict[str, Any]], staff: Visitor) -> None:
    typed = {
        "integer": "12x",
        "decimal": "1,5",
        "percent": "much",
        "money": "1.234",
        "date": "tomorrow",
        "time": "noon",
        "datetime": "soon",
        "duration": "long",
        "email": "nobody",
        "url": "javascript:alert(1)",
        "phone": "x",
        "json": '{"a":',
        "rating": "9",
        "location.lat": "north",
        "list.0.count": "many",
        "object.amount": "few",
        "emails.0.value": "nobody",
        "choice": "third",
    }
    page = staff.get("/e/thing/new")
    form = sent_by(page.text)
    refused = staff.post("/e/thing/new", {**form, **typed})
    assert refused.status_code == 422
    again = read_form(refused.text)
    sent = MultiDict(again.sent)
    for name, text in typed.items():
        if name not in ("rating", "choice"):
            assert text in sent.getlist(name), name
    for name in typed:
        shown = {f"input-{name}-problems", f"input-{name.partition('.')[0]}-problems"}
        assert shown & set(again.ids), name


def test_yes_no_and_not_known(admin: Visitor, staff: Visitor) -> None:
    """Without a default a yes-or-no field can be emptied again; with one it is a switch."""
    put(admin, "answer", {"open": {"type": "boolean"}, "set": {"type": "boolean", "default": False}})
    page = read_form(staff.get("/e/answer/new").text)
    assert dict(page.sent)["open"] == "" and page.sent.count(("set", "false")) == 1
    for sent, wanted in (("true", True), ("", None), ("false", False)):
        saved = staff.post("/e/answer/new", {"open": sent, "set": ["false", "true"]})
        assert saved.status_code == 303
        id_ = saved.headers["Location"].rpartition("/")[2]
        record = staff.api("GET", f"/records/answer/{id_}").get_json()
        assert (record["open"], record["set"]) == (wanted, True)
