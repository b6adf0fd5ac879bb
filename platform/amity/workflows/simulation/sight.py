"""What a simulated step sees of the database: records of the moment, under what earlier steps would write.

The database finds those that have not changed since the moment, by their rows. What changed since, or would
have been changed, made or deleted by earlier steps, is looked at one by one, by what the log tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, exists, select

from amity.database.schema import event
from amity.entities.model import SYSTEM_FIELDS, Entity, Inverse
from amity.entities.scope import SYSTEM_NAMES
from amity.expressions import RecordValue
from amity.records.archive import Archive
from amity.records.caller import Caller
from amity.records.codec import FieldCodec
from amity.records.history import visible_ids
from amity.records.machine import Machine
from amity.records.moments import Moment
from amity.records.past import Level
from amity.records.referrers import Referrer, pointing
from amity.records.sorting import SortItem, parse_sort
from amity.workflows.documents.filters import Filter, check_sight, matching
from amity.workflows.simulation.shadows import Overlay

T = TypeVar("T")
MOST: Final = 20_000
"""Records of an entity that are looked at one by one."""
TOO_MANY: Final = (
    f"Where more than {MOST} records would have to be looked at one by one, they are found as they are today."
)


@dataclass(frozen=True, slots=True)
class Then:
    """A moment in the past, and the log from which it is read."""

    archive: Archive
    moment: Moment
    note: Callable[[str], None]
    """Told in a sentence what cannot be known."""


class Sight:
    """Finds records for one simulation (see `action.Finder`)."""

    def __init__(self, machine: Machine, caller: Caller, overlay: Overlay, then: Then | None) -> None:
        self.machine = machine
        self.caller = caller
        self._overlay = overlay
        self._then = then

    def find(self, entity: Entity, where: Filter | None, sort: str, limit: int) -> list[str]:
        """Give the ids of the records that would be found, in order. Raises like `filters.matching`."""
        order = parse_sort(self.caller, entity, sort)
        if where is not None:
            check_sight(self.caller, where.compiled)
        singly, everything = self._singly(entity, where)
        if not singly and not everything:
            return self._rows(entity, where, sort, limit, ())
        found: dict[str, RecordValue] = {}
        if not everything:
            untouched = sorted(self._overlay.ids(entity))
            found |= self._overlay.records(entity, self._rows(entity, where, sort, limit, untouched))
        for key, value in self._visible(entity, singly).items():
            if where is None or where.compiled.condition(_Beside(entity, value, where.env)):
                found[key] = value
        return _sorted(found, entity, order)[:limit]

    def holder(self, entity: Entity, group: Sequence[str], values: Mapping[str, Any], own: str) -> str | None:
        """Give another record that has these typed values of fields that are unique together."""
        wanted = _stored(entity, group, values)
        if wanted is None:
            return None
        singly, _ = self._singly(entity, None)
        for key, value in self._overlay.records(entity, sorted(singly - {own})).items():
            if _stored(entity, group, {name: _plain(value.get(name)) for name in group}) == wanted:
                return key
        columns = [entity.table.c[name] for name in wanted]
        statement = select(entity.table.c.id).where(
            entity.table.c.deleted_at.is_(None),
            entity.table.c.id != own,
            *(column == value for column, value in zip(columns, wanted.values(), strict=True)),
            *self._unchanged(entity, sorted(self._overlay.ids(entity))),
        )

        def work(caller: Caller, connection: Connection) -> str | None:
            return connection.execute(statement.limit(1)).scalar()

        return self._reading(work)

    def pointing(self, referrer: Referrer, target: Entity, key: str) -> dict[str, Any]:
        """Give the records whose relation points to a record, each with the JSON value without that link."""
        entity, name = referrer.entity, referrer.field.name
        ids = sorted({*self._pointing(referrer, target, key), *self._overlay.ids(entity)})
        found: dict[str, Any] = {}
        for source, record in self._overlay.records(entity, ids).items():
            value = record.get(name)
            linked = value if isinstance(value, list) else [] if value is None else [value]
            if any(item.id == key for item in linked):
                left = [item.id for item in linked if item.id != key]
                found[source] = (left or None) if referrer.field.kind.to_many else None
        return found

    def _pointing(self, referrer: Referrer, target: Entity, key: str) -> Iterable[str]:
        if self._then is None:
            return self._reading(lambda caller, connection: pointing(connection, referrer, [key]))
        archive, moment = self._then.archive, self._then.moment
        level = Level(archive, archive.caller.model.by_id[target.id], [key])
        facts = level.facts(key, moment, guarded=False)
        if facts is None:
            return ()
        seen = Inverse("", referrer.entity.name, referrer.field.name, True, "")
        return [item.id for item in level.pointing(facts.chronicle, seen, moment)]

    # -- which are looked at one by one ----------------------------------------------------------------
    def _singly(self, entity: Entity, where: Filter | None) -> tuple[set[str], bool]:
        """Those whose row may not tell what they would be, and whether they are all there are."""
        own, far = self._overlay.ids(entity), where is not None and _is_far(where)
        if self._then is None:
            changed: set[str] = set()
            whole = far and self._overlay.is_used
        else:
            archive = self._then.archive
            changed = archive.changed(entity, MOST + 1)
            whole = far or archive.eras(entity) is not None
            if len(changed) > MOST:
                self._then.note(TOO_MANY)
                return own, False
        if whole:
            everything = self._reading(lambda caller, connection: _ids(connection, entity))
            if len(everything) <= MOST:
                return everything | changed | own, True
            if self._then is not None:
                self._then.note(TOO_MANY)
        return changed | own, False

    def _rows(
        self, entity: Entity, where: Filter | None, sort: str, limit: int, but: Sequence[str]
    ) -> list[str]:
        """Ask the database for those that its rows tell of."""
        also = self._unchanged(entity, but)

        def work(caller: Caller, connection: Connection) -> list[str]:
            return matching(self.machine, caller, connection, entity, where, sort, limit, also)

        return self._reading(work)

    def _unchanged(self, entity: Entity, but: Sequence[str]) -> list[ColumnElement[bool]]:
        also: list[ColumnElement[bool]] = [entity.table.c.id.not_in(but)] if but else []
        if self._then is not None:
            archive = self._then.archive
            if len(archive.changed(entity, MOST + 1)) <= MOST:
                own = event.c.entity == entity.id, event.c.record == entity.table.c.id
                also.append(~exists(select(event.c.seq).where(*own, event.c.seq >= archive.floor)))
        return also

    def _visible(self, entity: Entity, ids: set[str]) -> Mapping[str, RecordValue]:
        made = self._overlay.made(entity)

        def work(caller: Caller, connection: Connection) -> set[str]:
            return visible_ids(self.machine, caller, connection, entity, sorted(ids - made))

        seen = self._reading(work)
        return self._overlay.records(entity, sorted(seen | (made & ids)))

    def _reading(self, work: Callable[[Caller, Connection], T]) -> T:
        if self._then is None:
            return self.machine.read(self.caller.ctx, work)
        return work(self.caller, self._then.archive.connection)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a condition over a record names: its fields, else what the run knows."""

    entity: Entity
    record: RecordValue
    outer: Mapping[str, Any]

    def get(self, name: str, /) -> Any:
        entity = self.entity
        own = (
            name in entity.by_name or name in SYSTEM_NAMES or name in {item.name for item in entity.inverses}
        )
        return self.record.get(name) if own else self.outer.get(name)


def _is_far(where: Filter) -> bool:
    """Whether a condition follows links, or asks for what no event of the record itself tells of."""
    for path in where.compiled.references:
        if len([hop for hop in path if hop[0] is not None]) > 1 or any(
            hop[1].startswith("<") for hop in path
        ):
            return True
    return False


def _ids(connection: Connection, entity: Entity) -> set[str]:
    return set(connection.execute(select(entity.table.c.id).limit(MOST + 1)).scalars())


# -- order ---------------------------------------------------------------------------------------------------
def _sorted(found: Mapping[str, RecordValue], entity: Entity, order: Sequence[SortItem]) -> list[str]:
    """The order that the database gives: nulls last either way, the id at the end."""
    ids = sorted(found)
    for item in reversed(order):
        keys = {key: _sort_key(entity, item.name, found[key]) for key in ids}
        there = [key for key in ids if keys[key] is not None]
        there.sort(key=lambda key: keys[key], reverse=item.descending)
        ids = there + [key for key in ids if keys[key] is None]
    return ids


def _sort_key(entity: Entity, name: str, record: RecordValue) -> Any:
    value = record.get(name)
    if name in SYSTEM_FIELDS or value is None:
        return value
    field = entity.by_name[name]
    if field.kind.is_relation:
        return _target_key(value)
    return field.kind.store(field, value).get(field.kind.sort_role(field))


def _target_key(value: Any) -> Any:
    """A relation sorts by what its target is called."""
    other: Entity | None = getattr(value, "entity", None)
    if other is None:
        return getattr(value, "id", None)
    for name in other.display:
        field = other.by_name.get(name)
        if field is not None and field.kind.sortable and not field.kind.is_relation and field.stored:
            return _sort_key(other, name, value)
    return value.id


# -- unique values -------------------------------------------------------------------------------------------
def _stored(entity: Entity, group: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values as rows hold them, by column; None where one is null: nulls are never equal here."""
    found: dict[str, Any] = {}
    for name in group:
        if values.get(name) is None:
            return None
        codec = FieldCodec(entity, entity.by_name[name])
        stored = codec.store(values[name])
        pairs = zip(codec.keys, codec.roles, strict=True)
        found.update({key: stored[key] for key, role in pairs if role != "fold"})
    return found


def _plain(value: Any) -> Any:
    """A linked record as the value of the relation."""
    return value.id if isinstance(value, RecordValue) else value
