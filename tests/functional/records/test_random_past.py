"""Random work, a picture of everything after each step; later the past of each event equals its picture."""

from __future__ import annotations

import copy
import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from amity.access.context import SYSTEM
from amity.database.schema import event
from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.errors import AmityError
from amity.records import walking
from amity.records.facts import Batch
from amity.records.past import Past
from amity.records.walking import walk
from tests.factories.worlds import DOCUMENTS, NOW, World, build_model, empty_tables

Picture = dict[tuple[str, str], dict[str, Any]]
"""Live records by (entity id, record id): values by field id, system field or inverse."""


def picture_of(entity: Entity, get: Callable[[str], Any]) -> dict[str, Any]:
    """What expressions see of a record, by ids instead of names."""
    found: dict[str, Any] = {name: get(name) for name in SYSTEM_FIELDS}
    for field in entity.fields:
        value = get(field.name)
        if field.choices and value is not None:
            value = field.choice_ids[value]
        found[field.id] = _plain(value)
    return found | {inverse.name: _plain(get(inverse.name)) for inverse in entity.inverses}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(item.id for item in value)
    return value.id if hasattr(value, "get") else value


class Work:
    """One random history."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.steps = 0
        self.names = {"age": "age", "lead": "lead"}
        self.parked: set[str] = set()
        self.ids: dict[str, list[str]] = {"person": [], "company": [], "visit": [], "tag": []}
        self.pictures: list[tuple[int, Picture]] = [(0, {})]
        self.batches: set[int] = set()
        """Last events of steps that chose several records: between their events there is no picture."""
        self.apply()

    # -- definitions --------------------------------------------------------------------------------
    def apply(self) -> None:
        documents = copy.deepcopy(list(DOCUMENTS))
        properties = documents[0]["properties"]
        age = properties.pop("age")
        properties[self.names["age"]] = {**age, "x-amity": {"id": "age"}}
        properties["stage"]["oneOf"][0] = {
            "const": self.names["lead"],
            "title": "Lead",
            "x-amity": {"id": "lead"},
        }
        properties["stage"]["default"] = self.names["lead"]
        for name in self.parked:
            for document in documents:
                document["properties"].pop(name, None)
        self.world.definitions.model = build_model(documents)

    def rename(self) -> None:
        name = self.chance.choice(sorted(self.names))
        self.names[name] = f"{name}_{self.steps}"
        self.apply()

    def park(self) -> None:
        self.parked ^= {self.chance.choice(["company", "boss", "about", "tags", "born"])}
        self.apply()

    # -- records ------------------------------------------------------------------------------------
    def any_of(self, *entities: str) -> str | None:
        """One of the live records mostly, at times none."""
        live = self.pictures[-1][1]
        ids = [key for entity in entities for key in self.ids[entity] if (entity, key) in live]
        return self.chance.choice([*ids, None]) if ids else None

    def values(self, entity: str) -> dict[str, Any]:
        pick = self.chance.choice
        if entity in ("company", "tag"):
            return {"name": f"{pick('ABCDEF')}{self.steps}"}
        if entity == "person":
            return {
                "name": pick("ABC"),
                self.names["age"]: pick([None, 1, 2]),
                "stage": pick([self.names["lead"], "active", None]),
                "revenue": pick([None, 1, 2.5]),
                "born": pick([None, "2000-01-01"]),
                "boss": self.any_of("person"),
                "company": self.any_of("company"),
            }
        guests = {(kind, key) for kind in ("person", "company") if (key := self.any_of(kind))}
        tags = {key for _ in range(2) if (key := self.any_of("tag"))}
        about = pick(["person", "company", "tag"])
        target = self.any_of(about)
        return {
            "subject": pick("XYZ"),
            "person": self.any_of("person"),
            "guests": [{"entity": kind, "id": key, "role": pick("rs")} for kind, key in sorted(guests)],
            "tags": sorted(tags),
            "about": None if target is None else {"entity": about, "id": target},
        }

    def given(self, entity: str) -> dict[str, Any]:
        return {name: value for name, value in self.values(entity).items() if name not in self.parked}

    def create(self) -> None:
        entity = self.chance.choice(sorted(self.ids))
        self.ids[entity].append(self.world.records.create(self.ctx, entity, self.given(entity)).id)

    def update(self) -> None:
        entity = self.chance.choice(["person", "person", "visit", "visit", "company"])
        key = self.any_of(entity)
        if key is None:
            return
        version = self.world.records.get(self.ctx, entity, key).version
        values = self.given(entity)
        patch = {name: values[name] for name in self.chance.sample(sorted(values), min(2, len(values)))}
        self.world.records.update(self.ctx, entity, key, patch, version=version)

    def relink(self) -> None:
        """Point a link elsewhere: also one whose target was deleted meanwhile, so that it reads as null."""
        entity, name = self.chance.choice([("person", "boss"), ("visit", "about"), ("visit", "person")])
        key, target = self.any_of(entity), self.any_of("person")
        if key and name not in self.parked:
            value = {"entity": "person", "id": target} if target and name == "about" else target
            version = self.world.records.get(self.ctx, entity, key).version
            self.world.records.update(self.ctx, entity, key, {name: value}, version=version)

    def unhinge(self) -> None:
        """Delete what a link points to."""
        targets = sorted(values["boss"] for values in self.pictures[-1][1].values() if values.get("boss"))
        if targets:
            key = self.chance.choice(targets)
            version = self.world.records.get(self.ctx, "person", key).version
            self.world.records.delete(self.ctx, "person", key, version=version)

    def delete(self) -> None:
        entity = self.chance.choice(sorted(self.ids))
        if key := self.any_of(entity):
            version = self.world.records.get(self.ctx, entity, key).version
            self.world.records.delete(self.ctx, entity, key, version=version)

    def restore(self) -> None:
        live = self.pictures[-1][1]
        gone = [(entity, key) for entity, ids in self.ids.items() for key in ids if (entity, key) not in live]
        if gone:
            self.world.records.restore(self.ctx, *self.chance.choice(gone))

    def sweep(self) -> None:
        """Delete several at once, with what goes along."""
        entity = self.chance.choice(["person", "visit", "tag"])
        live = self.pictures[-1][1]
        found = [key for key in self.ids[entity] if (entity, key) in live]
        chosen = self.chance.sample(found, min(3, len(found)))
        if chosen:
            self.world.records.delete_many(self.ctx, entity, [(key, None) for key in chosen], mode="all")

    def bring_back(self) -> None:
        """Restore several at once."""
        live = self.pictures[-1][1]
        entity = self.chance.choice(["person", "visit", "tag"])
        gone = [key for key in self.ids[entity] if (entity, key) not in live]
        if gone:
            self.world.records.restore_many(self.ctx, entity, gone[-3:])

    # -- the walk -----------------------------------------------------------------------------------
    def step(self, what: str) -> None:
        self.steps += 1
        self.ctx = self.world.ctx(now=NOW + dt.timedelta(minutes=self.steps))
        try:
            getattr(self, what)()
        except AmityError:
            return
        seq, picture = self.take()
        if seq > self.pictures[-1][0]:
            self.pictures.append((seq, picture))
            if what in ("sweep", "bring_back"):
                self.batches.add(seq)

    def take(self) -> tuple[int, Picture]:
        """A picture of now, with the number of the last event."""
        machine, picture = self.world.records.machine, {}
        caller = machine.caller(self.world.ctx(SYSTEM))
        with self.world.database.read() as connection:
            for entity in self.world.model:
                batch = Batch(machine, caller, connection, entity)
                for facts in batch.read(sorted(self.ids[entity.id])):
                    picture[entity.id, facts.id or ""] = picture_of(entity, facts.get)
            seq = connection.execute(select(func.coalesce(func.max(event.c.seq), 0))).scalar_one()
        return seq, picture

    def finish(self) -> None:
        """Bring all fields back, under the names they have in the end."""
        self.parked.clear()
        self.apply()

    # -- what must hold -----------------------------------------------------------------------------
    def check(self) -> None:
        machine = self.world.records.machine
        caller = machine.caller(self.world.ctx(SYSTEM))
        with self.world.database.read() as connection:
            for (earlier, before), (seq, after) in zip(self.pictures, self.pictures[1:], strict=False):
                for past, expected in (
                    (Past(machine, caller, connection, seq), after),
                    (Past(machine, caller, connection, earlier + 1, before=True), before),
                ):
                    self.compare(self.past_picture(past), expected)
                    assert past.missing == set()

    def past_picture(self, past: Past) -> Picture:
        return {
            (entity.id, key): picture_of(entity, facts.get)
            for entity in self.world.model
            for key, facts in past.records(entity.name, self.ids[entity.id]).items()
        }

    def check_walks(self) -> None:
        """Each change shows what was before its step, and the last one of a step what was after."""
        machine = self.world.records.machine
        by_seq: dict[int, tuple[Picture | None, Picture | None]] = {}
        for (earlier, before), (seq, after) in zip(self.pictures, self.pictures[1:], strict=False):
            first = None if seq in self.batches else before
            for number in range(earlier + 1, seq + 1):
                by_seq[number] = (first, after if number == seq else None)
        seen = []
        for entity in self.world.model:
            for change in walk(machine, self.world.ctx(SYSTEM), entity.name, NOW, NOW + dt.timedelta(days=1)):
                seen.append(change.seq)
                before, after = by_seq[change.seq]
                key = (entity.id, change.record)
                if before is not None:
                    old = {} if change.old is None else {key: picture_of(entity, change.old.get)}
                    self.compare(old, {key: before[key]} if key in before else {})
                if after is not None:
                    new = {} if change.new is None else {key: picture_of(entity, change.new.get)}
                    self.compare(new, {key: after[key]} if key in after else {})
                assert change.missing == set()
        with self.world.database.read() as connection:
            every = connection.execute(select(event.c.seq).order_by(event.c.seq)).scalars().all()
        assert sorted(seen) == every

    def compare(self, told: Mapping[Any, Mapping[str, Any]], expected: Picture) -> None:
        assert told.keys() == expected.keys()
        for key, values in expected.items():
            shown = {
                name: told[key][name] for name in values
            }  # fields that were parked then are not compared
            assert shown == values, key


STEPS = [
    "create", "create", "create", "update", "update", "relink", "relink", "relink", "unhinge", "delete",
    "restore", "restore", "rename", "park", "sweep", "bring_back",
]  # fmt: skip


def play(world: World, seed: int, steps: Sequence[str]) -> None:
    empty_tables(world)
    work = Work(world, seed)
    for step in steps:
        work.step(step)
    work.finish()
    work.check()
    work.check_walks()
    world.definitions.model = build_model()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=40))
def test_the_past_is_what_it_was(world: World, seed: int, steps: list[str]) -> None:
    play(world, seed, steps)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_past_of_long_work(world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "CHUNK", 7)
    monkeypatch.setattr(walking, "MAX_KEPT", 60)
    chance = random.Random(seed)
    play(world, seed, [chance.choice(STEPS) for _ in range(250)])
