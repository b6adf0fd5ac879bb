"""The past of records across changes of their definitions: renames do no harm, what is not known is said."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from amity.database.schema import event
from amity.definitions.documents import DefinitionChange
from amity.records.past import Past, PastFacts
from amity.settings import Settings
from amity.workspace import Workspace
from tests.factories.definitions import schema

TEXT = {"type": "string"}
STAGE = {"oneOf": [{"const": name, "title": name.title()} for name in ("lead", "active", "lost")]}


class Desk:
    """A workspace with things, and a look at their past."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.put(schema({"name": TEXT, "size": TEXT, "stage": STAGE}, display="name"))

    def put(self, document: dict[str, Any], **answers: Any) -> None:
        change = DefinitionChange("entity", "thing", document, **answers)
        self.workspace.definitions.apply([change], self.workspace.context(), confirm=True)

    def edit(self, edit: Callable[[dict[str, Any]], object], **answers: Any) -> None:
        document = copy.deepcopy(dict(self.workspace.definitions.get("entity", "thing").document))
        edit(document["properties"])
        self.put(document, **answers)

    def create(self, **values: Any) -> str:
        return self.workspace.records.create(self.workspace.context(), "thing", values).id

    def change(self, key: str, **values: Any) -> None:
        ctx = self.workspace.context()
        version = self.workspace.records.get(ctx, "thing", key).version
        self.workspace.records.update(ctx, "thing", key, values, version=version)

    def now(self) -> int:
        with self.workspace.database.read() as connection:
            return int(connection.execute(select(func.max(event.c.seq))).scalar_one())

    def look(self, key: str, seq: int, name: str) -> tuple[Any, list[str]]:
        """The value of a field after an event, and what is said to be missing."""
        machine = self.workspace.records.machine
        with self.workspace.database.read() as connection:
            past = Past(machine, machine.caller(self.workspace.context()), connection, seq)
            facts = past.record("thing", key)
            assert isinstance(facts, PastFacts)
            return facts.get(name), [gap.why for gap in past.missing]


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    workspace = Workspace.open(settings)
    yield Desk(workspace)
    workspace.close()


def test_renames_change_nothing(desk: Desk) -> None:
    box = desk.create(name="Box", stage="lead")
    seq = desk.now()
    desk.change(box, name="Crate", stage="active")
    desk.edit(lambda fields: fields.update(title=fields.pop("name")))
    desk.edit(lambda fields: fields["stage"]["oneOf"][0].update(const="prospect"))
    assert desk.look(box, seq, "title") == ("Box", [])
    assert desk.look(box, seq, "stage") == ("prospect", [])
    assert desk.look(box, desk.now(), "title") == ("Crate", [])


def test_a_field_that_went_and_came_back_is_whole(desk: Desk) -> None:
    box = desk.create(name="Box", size="10")
    seq = desk.now()
    desk.change(box, size="20")
    desk.edit(lambda fields: fields.pop("size"))
    desk.change(box, name="Crate")
    between = desk.now()
    desk.workspace.definitions.restore_field("thing", "size", desk.workspace.context())
    desk.change(box, size="30")
    assert [desk.look(box, at, "size") for at in (seq, between, desk.now())] == [
        ("10", []), ("20", []), ("30", []),
    ]  # fmt: skip


def test_a_converted_field_says_so(desk: Desk) -> None:
    box, empty = desk.create(name="Box", size="10"), desk.create(name="Empty")
    seq = desk.now()
    desk.change(box, size="11")
    desk.edit(lambda fields: fields.update(size={"type": "integer", "x-amity": {"id": "size"}}))
    converted = desk.create(name="Bag", size=7)
    after = desk.now()
    desk.change(box, size=12)
    assert desk.look(box, seq, "size") == (None, ["converted"])
    assert desk.look(empty, seq, "size") == (None, [])
    assert desk.look(box, after, "size") == (11, [])
    assert desk.look(converted, after, "size") == (7, [])
    assert desk.look(box, seq, "name") == ("Box", [])


def test_a_new_field_did_not_exist(desk: Desk) -> None:
    box = desk.create(name="Box")
    seq = desk.now()
    desk.edit(lambda fields: fields.update(color=TEXT))
    desk.change(box, color="red")
    assert desk.look(box, seq, "color") == (None, ["added"])
    assert desk.look(box, desk.now(), "color") == ("red", [])


def test_another_field_of_the_same_id_is_another(desk: Desk) -> None:
    box = desk.create(name="Box", size="10")
    seq = desk.now()
    desk.edit(lambda fields: fields.pop("size"))
    desk.edit(lambda fields: fields.update(size={"type": "integer"}))
    desk.change(box, size=3)
    assert desk.look(box, seq, "size") == (None, ["converted"])
    assert desk.look(box, desk.now(), "size") == (3, [])


def test_choices_that_went_are_told_by_events_only(desk: Desk) -> None:
    """A definition change gave records another choice without an event."""
    told, untold, made_late = desk.create(stage="lost"), desk.create(stage="active"), desk.create(name="X")
    seq = desk.now()
    desk.edit(lambda fields: fields["stage"]["oneOf"].pop(), choices={"stage": {"lost": "lead"}})
    assert desk.look(told, seq, "stage") == ("lost", ["unfit"])
    assert desk.look(untold, seq, "stage") == ("active", [])
    assert desk.look(made_late, seq, "stage") == (None, [])
    desk.change(told, stage="active")
    assert desk.look(told, seq, "stage") == ("lost", ["unfit"])
    assert desk.look(told, desk.now(), "stage") == ("active", [])


def test_gaps_that_were_filled_were_gaps(desk: Desk) -> None:
    box = desk.create(stage="lead")
    seq = desk.now()
    document = copy.deepcopy(dict(desk.workspace.definitions.get("entity", "thing").document))
    document["required"] = ["name"]
    desk.put(document, fill={"name": "unknown"})
    other = desk.create(name="Bag")
    assert desk.look(box, seq, "name") == (None, [])
    assert desk.look(box, desk.now(), "name") == ("unknown", [])
    assert desk.look(other, desk.now(), "name") == ("Bag", [])
