"""How far a deletion reaches: what goes along with the chosen records, what is cleared, what refuses.

All chosen records are followed at once: the number of statements grows with the depth of the cascades and the
number of relations, not with the number of records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from amity.entities.model import Entity
from amity.records.batches import chunks
from amity.records.binding import Condition
from amity.records.caller import Caller
from amity.records.referrers import Referrer, pointing, referrers
from amity.records.shapes import Target

Owners = dict[Target, Target]
"""What is deleted -> the chosen record that takes it along (itself, where it was chosen)."""


@dataclass(frozen=True)
class Pointing:
    """Records of one relation that point to records which a deletion reaches."""

    target_entity: str
    referrer: Referrer
    found: dict[str, list[str]]
    """Record id -> the reached records that it points to."""

    def pairs(self) -> Iterator[tuple[Target, Target]]:
        """(the record that points, the record it points to)."""
        name = self.referrer.entity.name
        for key, targets in self.found.items():
            for target in targets:
                yield (name, key), (self.target_entity, target)


@dataclass
class Reach:
    """All that the deletion of some records of one entity may touch."""

    entity: Entity
    roots: dict[str, int] = field(default_factory=dict)
    """The chosen records that are there: id -> version."""
    versions: dict[Target, int] = field(default_factory=dict)
    """Everything that may be deleted -> its version, the chosen ones included, in the order found."""
    pointing: list[Pointing] = field(default_factory=list)
    _along: dict[Target, list[Target]] = field(default_factory=lambda: defaultdict(list))
    """Record -> the records that go along with it by a cascade."""

    def by_entity(self, targets: Iterable[Target] | None = None) -> dict[str, dict[str, int]]:
        """Entity name -> id -> version of what may be deleted, or of those `targets`."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for target in self.versions if targets is None else targets:
            found[target[0]][target[1]] = self.versions[target]
        return found

    def note(self, item: Pointing) -> None:
        """Take in what points to reached records; what a cascade deletes must be in `versions` already."""
        self.pointing.append(item)
        if item.referrer.effect == "cascade":
            for source, target in item.pairs():
                if source in self.versions:
                    self._along[target].append(source)

    def owners(self, chosen: Iterable[str]) -> Owners:
        """What goes when these are deleted, each record with the first chosen one that takes it along."""
        name = self.entity.name
        owners: Owners = {(name, key): (name, key) for key in chosen}
        for root in list(owners):
            waiting = [root]
            while waiting:
                for target in self._along.get(waiting.pop(), ()):
                    if target not in owners:
                        owners[target] = root
                        waiting.append(target)
        return owners

    def outside(self, effect: str, owners: Collection[Target]) -> Iterator[tuple[Pointing, Target, Target]]:
        """(relation, record that stays, record that goes) where the relation has this effect."""
        for item in self.pointing:
            if item.referrer.effect == effect:
                for source, target in item.pairs():
                    if source not in owners and target in owners:
                        yield item, source, target


def reach(
    caller: Caller,
    connection: Connection,
    entity: Entity,
    ids: Sequence[str],
    condition: Condition | None,
    *,
    lock: bool,
) -> Reach:
    """Follow the relations from the live ones among `ids` that meet the condition.

    With `lock` every record that goes is locked before its referrers are read: who links to it at the same
    time either comes before (and is seen) or finds it deleted.
    """
    result = Reach(entity)
    found = live_versions(connection, entity, ids, lock=lock, condition=condition)
    result.roots = {key: found[key] for key in ids if key in found}
    result.versions = {(entity.name, key): version for key, version in result.roots.items()}
    level = {entity.name: list(result.roots)}
    while level:
        level = _next_level(caller, connection, result, level, lock)
    return result


def _next_level(
    caller: Caller, connection: Connection, result: Reach, level: dict[str, list[str]], lock: bool
) -> dict[str, list[str]]:
    following: dict[str, list[str]] = defaultdict(list)
    for name, ids in level.items():
        for referrer in referrers(caller.model, caller.model.entities[name]):
            found = pointing(connection, referrer, ids)
            if not found:
                continue
            if referrer.effect == "cascade":
                other = referrer.entity
                fresh = [key for key in found if (other.name, key) not in result.versions]
                versions = live_versions(connection, other, fresh, lock=lock)
                result.versions.update({(other.name, key): number for key, number in versions.items()})
                following[other.name].extend(versions)
            result.note(Pointing(name, referrer, found))
    return {name: ids for name, ids in following.items() if ids}


def live_versions(
    connection: Connection,
    entity: Entity,
    ids: Sequence[str],
    *,
    lock: bool,
    condition: Condition | None = None,
) -> dict[str, int]:
    """Versions of the live records among `ids`; locked in the order of their ids, so that two queue."""
    table = entity.table
    found: dict[str, int] = {}
    for some in chunks(sorted(ids)):
        statement = select(table.c.id, table.c.version).where(
            table.c.id.in_(some), table.c.deleted_at.is_(None)
        )
        if condition is not None:
            statement = statement.where(condition)
        if lock:
            statement = statement.order_by(table.c.id).with_for_update(of=table)
        found.update({row.id: row.version for row in connection.execute(statement)})
    return found
