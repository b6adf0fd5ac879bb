"""The store with a second kind of document beside entities: it joins plans, renames and where-used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, select

from amity.database.engine import Database
from amity.database.schema import workspace
from amity.definitions import store
from amity.definitions.documents import DefinitionChange, State, Write
from amity.definitions.handlers import DocumentHandler, Draft, Renames
from amity.definitions.plan import Change, Severity, Use
from amity.definitions.service import DefinitionService
from amity.entities.handler import EntityHandler
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Model
from amity.errors import Invalid, NotFound, SetupError
from amity.expressions import core_functions
from tests.factories.definitions import Desk, codes, line, occasion, schema


class HintHandler(DocumentHandler):
    """Hints for a field: `{"entity": id, "field": id, "name": the field's name, "text"}`."""

    kind = "hint"

    def __init__(self) -> None:
        self.settled: list[tuple[int, int]] = []

    def draft(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Draft:
        writes, lines = [], []
        for change in changes:
            known = state.by_name(self.kind, change.name)
            if change.document is not None and "text" not in change.document:
                raise Invalid.at("/text", "required", "A hint needs a text.")
            if known is not None and known.document == change.document:
                continue
            severity = Severity.PARKS if change.document is None else Severity.SAFE
            lines.append(Change(severity, change.name, None, f"The hint {change.name!r} changes.", "hint"))
            writes.append(Write(self.kind, change.name, change.name, change.document))
        return Draft(tuple(lines), (), tuple(writes))

    def follow(self, renames: Renames, before: State, after: State) -> Sequence[Write]:
        found = []
        for known in after.live(self.kind):
            new = renames.fields.get((known.document["entity"], known.document["field"]))
            if new is not None:
                found.append(Write(self.kind, known.id, known.name, {**known.document, "name": new}))
        return found

    def uses(self, state: State, connection: Connection, entity: str, field: str | None) -> Sequence[Use]:
        return [
            Use("hint", known.name, "/field", known.document["text"])
            for known in state.live(self.kind)
            if known.document["entity"] == entity and field in (None, known.document["field"])
        ]

    def settle(self, writes: Sequence[Write], state: State, connection: Connection, revision: int) -> None:
        self.settled.append((len(writes), revision))


@pytest.fixture
def hints() -> HintHandler:
    """The second kind."""
    return HintHandler()


@pytest.fixture
def two(desk_url: str, hints: HintHandler) -> Iterator[Desk]:
    """Definitions of both kinds."""
    database = Database(desk_url)
    functions = {function.name: function for function in core_functions()}
    service: DefinitionService[Model] = DefinitionService(
        database, EntityHandler(KindRegistry(amity_kinds()), functions), [hints]
    )
    yield Desk(database, service)
    database.close()


def hint(**more: Any) -> Mapping[str, Any]:
    """A hint for the name of things."""
    return {"entity": "thing", "field": "name", "name": "name", "text": "As on the box", **more}


def both() -> list[DefinitionChange]:
    """An entity and its hint in one go."""
    document = schema({"name": {"type": "string"}, "size": {"type": "integer"}})
    return [DefinitionChange("hint", "box", hint()), DefinitionChange("entity", "thing", document)]


def test_all_kinds_are_one_apply(two: Desk, hints: HintHandler) -> None:
    plan = two.definitions.apply(both(), occasion())
    assert sorted(codes(plan)) == [("safe", "add_entity"), ("safe", "hint")]
    assert two.definitions.revision == 1
    assert hints.settled == [(2, 1)]
    assert two.definitions.get("hint", "box").document == hint()
    assert [item.name for item in two.definitions.list("hint")] == ["box"]


def test_one_wrong_document_stops_them_all(two: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        two.definitions.apply([*both(), DefinitionChange("hint", "bad", {})], occasion())
    assert caught.value.problems[0].pointer == "/text"
    assert two.definitions.list("entity") == []
    assert two.definitions.revision == 0


def test_a_rename_takes_other_kinds_along(two: Desk) -> None:
    two.definitions.apply(both(), occasion())
    document = two.document("thing")
    document["properties"]["label"] = document["properties"].pop("name")
    plan = two.apply("thing", document, confirm=False)
    assert two.definitions.get("hint", "box").document["name"] == "label"
    assert two.definitions.get("hint", "box").version == 2
    assert [use.kind for use in line(plan, "rename_field").used_by][-1] == "hint"


def test_a_removed_field_says_which_other_kinds_use_it(two: Desk) -> None:
    two.definitions.apply(both(), occasion())
    document = two.document("thing")
    del document["properties"]["name"]
    found = line(two.plan("thing", document), "remove_field")
    assert ("hint", "box") in [(use.kind, use.owner) for use in found.used_by]
    assert ("hint", "box") in [(use.kind, use.owner) for use in two.definitions.where_used("thing", "name")]


def test_versions_say_who_did_what(two: Desk) -> None:
    two.definitions.apply(both(), occasion())
    two.definitions.apply([DefinitionChange("hint", "box", hint(text="Look below"))], occasion())
    two.definitions.apply([DefinitionChange("hint", "box", None)], occasion(), confirm=True)
    newest, *older = two.definitions.versions("hint", "box")
    assert newest.removed
    assert [(info.version, info.revision) for info in (newest, *older)] == [(3, 3), (2, 2), (1, 1)]
    assert older[0].plan["changes"][0]["code"] == "hint"
    assert [item.name for item in two.definitions.removed("hint")] == ["box"]
    with pytest.raises(NotFound):
        two.definitions.get("hint", "box")


def test_an_unknown_kind_names_those_there_are(two: Desk) -> None:
    with pytest.raises(Invalid, match="there are: entity, hint"):
        two.definitions.plan([DefinitionChange("widget", "x", {})])


def test_what_is_as_it_was_is_no_version(two: Desk) -> None:
    two.definitions.apply(both(), occasion())
    assert two.definitions.apply(both(), occasion()).empty
    assert two.definitions.revision == 1


def test_names_may_swap_in_one_apply(two: Desk) -> None:
    text = {"type": "string"}
    changes = [DefinitionChange("entity", name, schema({"name": text}, name=name)) for name in ("a", "b")]
    two.definitions.apply(changes, occasion())
    first, second = two.document("a"), two.document("b")
    first["x-amity"]["name"], second["x-amity"]["name"] = "b", "a"
    two.definitions.apply(
        [DefinitionChange("entity", "a", first), DefinitionChange("entity", "b", second)], occasion()
    )
    assert (two.entity("a").id, two.entity("b").id) == ("b", "a")


def test_the_same_document_twice_in_one_apply_is_refused(two: Desk) -> None:
    with pytest.raises(Invalid):
        two.definitions.apply([*both(), both()[1]], occasion())


def test_the_workspace_is_made_once(desk_url: str) -> None:
    database = Database(desk_url)
    assert store.initialise(database, name="Other") is False
    with database.read() as connection:
        assert connection.execute(select(workspace.c.name)).scalars().all() == ["Amity"]
        assert store.revision(connection) == 0
    database.close()


def test_a_database_without_a_workspace_says_so(database_url: str) -> None:
    from amity.database.migrate import migrate

    database = Database(database_url)
    migrate(database)
    with database.read() as connection, pytest.raises(SetupError, match="no workspace"):
        store.revision(connection)
    database.close()
