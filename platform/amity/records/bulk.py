"""Many creates, updates or upserts in one call, in batches: never a loop over single writes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from amity.access.context import Context
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field
from amity.errors import AmityError, Forbidden, Invalid, Problem, Stale
from amity.records import gate
from amity.records.batches import chunks
from amity.records.before import Before, read_before
from amity.records.caller import Caller
from amity.records.checks import check_alone
from amity.records.computing import compute
from amity.records.draft import Draft, RowsRefused, invalid
from amity.records.identity import as_id
from amity.records.intake import Intake
from amity.records.machine import Machine
from amity.records.reading import ids_by_value
from amity.records.shapes import MAX_BULK, BulkMode, BulkResult
from amity.records.unit import Unit

CHUNK: Final = 500
"""Rows that mode `each` commits at a time, so that single saves of others get their turn."""

Row = tuple[int, object]
"""Position in the call, and what stands there."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the rows of a call are to be taken."""

    key: str | Sequence[str] | None = None
    """The field, or the fields that only together, tell which record a row is."""
    mode: BulkMode = "each"
    dry_run: bool = False
    """Do everything, say what would become of the rows, and write nothing."""
    any_version: bool = False
    """Rows with an id may leave out the version they saw: for imports, which speak for themselves."""


class _Rehearsed(Exception):
    """Carries the outcome of a dry run out of the transaction that is rolled back."""

    def __init__(self, drafts: list[Draft]) -> None:
        super().__init__("dry run")
        self.drafts = drafts


def bulk(machine: Machine, ctx: Context, name: str, rows: Sequence[object], options: Options) -> BulkResult:
    """Write the rows. Raises `Invalid` where the call is wrong, or, in mode `all`, where any row is."""
    _check_call(rows, options.mode)
    caller = machine.caller(ctx)
    _key_fields(caller, _entity(caller, name), options.key)
    result = BulkResult(ids=[None] * len(rows))
    numbered: list[Row] = list(enumerate(rows))
    for some in [numbered] if options.mode == "all" else chunks(numbered, CHUNK):
        try:
            drafts = machine.write(ctx, _preparation(machine, name, some, options))
        except _Rehearsed as rehearsed:
            drafts = rehearsed.drafts
        _count(result, drafts)
    result.errors.sort(key=lambda problem: problem.index or 0)
    return result


def _check_call(rows: object, mode: str) -> None:
    if not isinstance(rows, list | tuple):
        raise Invalid.at("/records", "type", "`records` must be a list of records.")
    if len(rows) > MAX_BULK:
        raise Invalid.at(
            "/records", "too_many", f"There are {len(rows)} records; one call takes at most {MAX_BULK}."
        )
    if mode not in ("all", "each"):
        raise Invalid.at("/mode", "choice", f"mode is {str(mode)[:40]!r}; allowed are all and each.")


def _preparation(
    machine: Machine, name: str, rows: Sequence[Row], options: Options
) -> Callable[[Caller], Callable[[Unit], list[Draft]]]:
    together = options.mode == "all"

    def prepare(caller: Caller) -> Callable[[Unit], list[Draft]]:
        entity = _entity(caller, name)
        key = _key_fields(caller, entity, options.key)
        with machine.database.read() as connection:
            drafting = Drafting(machine, caller, connection, entity, key, options.any_version)
            drafts = drafting.run(rows)
        compute(machine, caller, entity, drafts)
        check_alone(machine, caller, entity, drafts)
        if together and any(draft.failed for draft in drafts):
            raise _all_refused(drafts)

        def work(unit: Unit) -> list[Draft]:
            written = _save(unit, entity, drafts, together)
            if options.dry_run:
                raise _Rehearsed(written)
            return written

        return work

    return prepare


def _entity(caller: Caller, name: str) -> Entity:
    try:
        return caller.entity(name, "create")
    except Forbidden:
        return caller.entity(name, "update")


def _key_fields(caller: Caller, entity: Entity, key: str | Sequence[str] | None) -> tuple[Field, ...]:
    names = (key,) if isinstance(key, str) else tuple(key or ())
    return tuple(_key_field(caller, entity, name) for name in names)


def _key_field(caller: Caller, entity: Entity, key: str) -> Field:
    found = entity.by_name.get(key) if isinstance(key, str) else None
    if found is None or not caller.decide(entity, "read").can_read(found.name):
        raise Invalid.at("/key", "unknown", f"{entity.title} has no field {str(key)[:64]!r}.")
    if found.kind.to_many or not found.stored or not found.kind.filterable:
        raise Invalid.at("/key", "kind", f"Records cannot be told apart by '{found.title}'.")
    return found


def _save(unit: Unit, entity: Entity, drafts: list[Draft], together: bool) -> list[Draft]:
    """Write what is good. A refusal inside takes the savepoint back, and the rest goes again."""
    if together:
        try:
            gate.save(unit, entity, drafts)
        except RowsRefused as refused:
            raise _all_refused(refused.drafts) from None
        return drafts
    while True:
        good = [draft for draft in drafts if not draft.failed]
        savepoint = unit.connection.begin_nested()
        written = len(unit.events)
        try:
            gate.save(unit, entity, good)
        except RowsRefused:
            savepoint.rollback()
            del unit.events[written:]
            continue
        savepoint.commit()
        return drafts


def _all_refused(drafts: Sequence[Draft]) -> AmityError:
    problems = [problem for draft in drafts for problem in _problems(draft)]
    error = invalid(problems)
    return Invalid(error.message, problems=problems, hint="Nothing was written.")


def _problems(draft: Draft) -> list[Problem]:
    if draft.error is not None:
        return [Problem(draft.error.code, draft.error.message, pointer="", index=draft.index)]
    return draft.problems


def _count(result: BulkResult, drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        if draft.failed:
            result.errors.extend(_problems(draft))
            continue
        result.ids[draft.index] = draft.id
        if draft.is_new:
            result.created += 1
        elif draft.changed:
            result.updated += 1
        else:
            result.unchanged += 1


@dataclass
class Drafting:
    """Turns rows into drafts: which record each one is, read in batches."""

    machine: Machine
    caller: Caller
    connection: Connection
    entity: Entity
    key: tuple[Field, ...]
    """The fields that tell which record a row is; empty for none."""
    any_version: bool = False
    taken: set[str] = field(default_factory=set)
    """Ids of records that an earlier row changes."""
    keys_seen: set[Any] = field(default_factory=set)

    def run(self, rows: Sequence[Row]) -> list[Draft]:
        """One draft for each row, in their order."""
        self.intake = Intake(self.caller, self.entity, self.machine.codec(self.caller, self.entity))
        keys = {index: self._key_value(body) for index, body in rows}
        by_key = self._lookup([value for value in keys.values() if value is not None])
        ids = {index: self._id_of(body, by_key.get(keys[index])) for index, body in rows}
        patches = {ids[index]: body for index, body in rows if ids[index] and isinstance(body, Mapping)}
        names = {key: set(body) for key, body in patches.items() if key}
        before = read_before(self.machine, self.caller, self.connection, self.entity, names)
        return [self._draft(index, body, keys[index], ids[index], before) for index, body in rows]

    def _key_value(self, body: object) -> Any:
        """The stored values of the key fields, None where the row lacks one (or has a wrong one)."""
        if not self.key or not isinstance(body, Mapping):
            return None
        values = []
        for part in self.key:
            if body.get(part.name) is None:
                return None
            try:
                typed = part.kind.parse(part, body[part.name])
            except ValueProblem:
                return None
            codec = self.intake.codec.fields[part.name]
            values.append(codec.store(typed)[codec.keys[0]])
        if not all(isinstance(value, Hashable) for value in values):
            return None
        return values[0] if len(values) == 1 else tuple(values)

    def _lookup(self, values: Sequence[Any]) -> dict[Any, list[str]]:
        """Live and readable records by key."""
        if not self.key or not values:
            return {}
        return ids_by_value(
            self.machine,
            self.caller,
            self.connection,
            self.entity,
            [self.entity.column(part) for part in self.key],
            list(dict.fromkeys(values)),
        )

    def _id_of(self, body: object, by_key: Sequence[str] | None) -> str | None:
        if isinstance(body, Mapping) and body.get("id") is not None:
            return as_id(body["id"]) or ""
        return by_key[0] if by_key and len(by_key) == 1 else ("" if by_key else None)

    def _draft(
        self, index: int, body: object, key: Any, identity: str | None, before: Mapping[str, Before]
    ) -> Draft:
        if not isinstance(body, Mapping):
            return self.intake.create(index, body)
        values = {name: value for name, value in body.items() if name not in ("id", "version")}
        if identity is None:
            return self._new(index, body, values, key)
        if identity == "" and body.get("id") is None:
            return self._refused(
                index, "ambiguous", "Several records have this key; name one by its id.", "key"
            )
        old = before.get(identity)
        if old is None:
            return self._refused(index, "not_found", f"There is no {self.entity.title} with this id.", "id")
        return self._changed(index, body, values, identity, old)

    def _new(self, index: int, body: Mapping[str, Any], values: dict[str, Any], key: Any) -> Draft:
        if key is not None:
            if key in self.keys_seen:
                return self._refused(index, "duplicate", "An earlier row has the same key.", self.key[0])
            self.keys_seen.add(key)
        if body.get("version") is not None:
            return self._refused(index, "read_only", "A new record has no version yet.", "version")
        draft = self.intake.create(index, values)
        if not self.caller.decide(self.entity, "create").allowed:
            draft.error = Forbidden(f"You may not create records of {self.entity.plural}.")
        return draft

    def _changed(
        self, index: int, body: Mapping[str, Any], values: dict[str, Any], identity: str, old: Before
    ) -> Draft:
        version = body.get("version")
        if body.get("id") is not None and version is None and not self.any_version:
            return self._refused(
                index, "required", "A row with an id also names the version it saw.", "version"
            )
        if identity in self.taken:
            return self._refused(index, "duplicate", "An earlier row changes the same record.", "id")
        self.taken.add(identity)
        draft = self.intake.update(index, values, old)
        if not self.caller.decide(self.entity, "update").allowed:
            draft.error = Forbidden(f"You may not change records of {self.entity.plural}.")
        elif version is not None and version != old.values["version"]:
            draft.error = Stale(f"This {self.entity.title} was changed meanwhile.")
        return draft

    def _refused(self, index: int, code: str, message: str, name: Field | str | None) -> Draft:
        draft = Draft(
            index=index,
            entity=self.entity,
            codec=self.intake.codec,
            id="",
            version=1,
            old=None,
            values={},
            changed=set(),
        )
        place = name.name if isinstance(name, Field) else name
        if place == "key":
            place = self.key[0].name if self.key else None
        draft.refuse(code, message, place)
        return draft
