"""Hundreds of random operations against a model in plain Python: after each, both say the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from amity.errors import Invalid, Stale
from amity.records.shapes import Query
from tests.factories.worlds import World

NAMES = ("Ada", "Bob", "Cyd", "Dan", "Eve")


@dataclass
class Shadow:
    """What the records should be: people with a unique e-mail, an age, a boss (cleared), visits (cascade)."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    bin: dict[str, set[str]] = field(default_factory=dict)
    """Deleted person -> the visits that went along."""
    visits: dict[str, str] = field(default_factory=dict)
    """Live visit -> person."""
    visit_owner: dict[str, str] = field(default_factory=dict)

    @property
    def live(self) -> list[str]:
        return [key for key in self.people if key not in self.bin]

    def email_taken(self, email: str | None, other_than: str | None = None) -> bool:
        mine = (self.people[key]["email"] for key in self.live if key != other_than)
        return email is not None and email in list(mine)

    def shown(self, key: str) -> dict[str, Any]:
        values = dict(self.people[key])
        if values["boss"] in self.bin:
            values["boss"] = None
        return values


class Walk:
    """One random walk."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.shadow = Shadow()

    def email(self) -> str | None:
        return self.chance.choice([None, None, *(f"{name.lower()}@example.org" for name in NAMES)])

    def values(self) -> dict[str, Any]:
        return {
            "name": self.chance.choice(NAMES),
            "email": self.email(),
            "age": self.chance.choice([None, 1, 2, 3]),
            "boss": self.chance.choice([None, *self.shadow.live]),
        }

    def version(self, entity: str, key: str) -> int:
        return self.world.records.get(self.world.ctx(), entity, key).version

    def create(self) -> None:
        values = self.values()
        taken = self.shadow.email_taken(values["email"])
        try:
            record = self.world.records.create(self.world.ctx(), "person", values)
        except Invalid as error:
            assert taken, error
            return
        assert not taken
        self.shadow.people[record.id] = values

    def update(self) -> None:
        if not self.shadow.live:
            return
        key = self.chance.choice(self.shadow.live)
        values = self.values()
        patch = {name: values[name] for name in self.chance.sample(sorted(values), 2)}
        version = self.version("person", key)
        taken = self.shadow.email_taken(patch.get("email"), key)
        if self.chance.random() < 0.2:
            with pytest.raises(Stale):
                self.world.records.update(self.world.ctx(), "person", key, patch, version=version + 1)
            return
        try:
            self.world.records.update(self.world.ctx(), "person", key, patch, version=version)
        except Invalid as error:
            assert taken, error
            return
        assert not taken
        if patch.get("boss", "") is None and self.shadow.people[key]["boss"] in self.shadow.bin:
            del patch["boss"]  # null is what was shown: the link stays in storage
        self.shadow.people[key].update(patch)

    def delete(self) -> None:
        if not self.shadow.live:
            return
        key = self.chance.choice(self.shadow.live)
        self.world.records.delete(self.world.ctx(), "person", key, version=self.version("person", key))
        gone = {visit for visit, person in self.shadow.visits.items() if person == key}
        for visit in gone:
            del self.shadow.visits[visit]
        self.shadow.bin[key] = gone

    def restore(self) -> None:
        if not self.shadow.bin:
            return
        key = self.chance.choice(sorted(self.shadow.bin))
        taken = self.shadow.email_taken(self.shadow.people[key]["email"])
        try:
            self.world.records.restore(self.world.ctx(), "person", key)
        except Invalid as error:
            assert taken, error
            return
        assert not taken
        for visit in self.shadow.bin.pop(key):
            self.shadow.visits[visit] = key

    def visit(self) -> None:
        if not self.shadow.live:
            return
        key = self.chance.choice(self.shadow.live)
        record = self.world.records.create(self.world.ctx(), "visit", {"subject": "Tea", "person": key})
        self.shadow.visits[record.id] = key

    def bulk(self) -> None:
        rows: list[dict[str, Any]] = [self.values() for _ in range(4)]
        result = self.world.records.bulk(self.world.ctx(), "person", rows, key="email")
        failed = {problem.index for problem in result.errors}
        seen: set[str] = set()
        for index, (row, key) in enumerate(zip(rows, result.ids, strict=True)):
            email = row["email"]
            repeated = email is not None and email in seen
            assert (index in failed) == repeated, result.errors
            if email is not None:
                seen.add(email)
            if key is None:
                continue
            known = self.shadow.people.get(key)
            if known is not None and row["boss"] is None and known["boss"] in self.shadow.bin:
                row["boss"] = known["boss"]
            self.shadow.people[key] = row

    def check(self) -> None:
        page = self.world.records.find(self.world.ctx(), "person", Query(limit=500, count="exact"))
        stored = {
            record.id: {name: record.get(name) for name in ("name", "email", "age", "boss")}
            for record in page.records
        }
        assert stored == {key: self.shadow.shown(key) for key in self.shadow.live}
        assert page.count is not None
        assert page.count.value == len(stored)
        visits = self.world.records.find(self.world.ctx(), "visit", Query(limit=500)).records
        assert {record.id: record.get("person") for record in visits} == self.shadow.visits
        name = self.chance.choice(NAMES)
        found = self.world.records.find(self.world.ctx(), "person", Query(q=name[:2], limit=500)).records
        expected = {
            key
            for key, values in stored.items()
            if values["name"] == name or (values["email"] or "").startswith(name.lower())
        }
        assert {record.id for record in found} == expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_three_hundred_operations(world: World, seed: int) -> None:
    walk = Walk(world, seed)
    steps: list[Callable[[], None]] = [
        walk.create, walk.create, walk.update, walk.update, walk.update, walk.delete, walk.restore,
        walk.visit, walk.visit, walk.bulk,
    ]  # fmt: skip
    for number in range(300):
        walk.chance.choice(steps)()
        if number % 5 == 0:
            walk.check()
    walk.check()
    check_history(world)


def check_history(world: World) -> None:
    """The log alone leads to the same values: each event's new values laid over the ones before."""
    told: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = world.records.feed(world.ctx(), after=after, limit=500)
        for item in page.events:
            if item.entity == "person":
                values = told.setdefault(item.record, {})
                values.update({name: new for name, (_, new) in item.changes.items()})
        if not page.events:
            break
        after = page.next
    for record in world.records.find(world.ctx(), "person", Query(limit=500)).records:
        json = record.as_json()
        for name in ("name", "email", "age", "boss", "stage"):
            assert told[record.id].get(name) == json[name], (name, told[record.id], json)
