"""The gate's steps inside the transaction, each for a whole batch of drafts of one entity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Update, bindparam, insert, select, update

from amity.access.policy import Verb
from amity.entities.model import Entity
from amity.errors import Forbidden, Stale
from amity.records import events
from amity.records.batches import chunks
from amity.records.checks import check_alone, check_drafts
from amity.records.computing import compute, settle
from amity.records.conditions import policy_condition
from amity.records.draft import Draft, RowsRefused
from amity.records.intake import recheck
from amity.records.links import links_of, write_links
from amity.records.listeners import Change
from amity.records.rolling import computed
from amity.records.search import index_drafts
from amity.records.targets import missing_targets
from amity.records.unique import check_unique
from amity.records.unit import Unit


def save(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Write all drafts, or none: raises `RowsRefused` with every draft that cannot be written.

    Drafts that change nothing are left alone. The caller's transaction (or savepoint) must be rolled
    back after a refusal, because the last checks look at the written rows.
    """
    moving = [draft for draft in drafts if draft.is_new or draft.changed or draft.failed]
    if not moving:
        return
    _refuse_failed(moving)
    settle(unit, entity, moving)
    _let_listeners(unit, entity, moving)
    check_drafts(unit.machine, unit.caller, unit.connection, entity, moving)
    _check_rows(unit, entity, [draft for draft in moving if not draft.is_new], "update")
    check_targets(unit, entity, moving)
    check_unique(unit, entity, moving)
    _refuse_failed(moving)
    _write(unit, entity, moving)
    _check_results(unit, entity, moving)
    _tell(unit, entity, moving)


def _let_listeners(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Rules, and formulas after them; what they set must meet what everybody's values must meet."""
    listeners = unit.listening(entity)
    if not listeners:
        return
    before = [set(draft.changed) for draft in drafts]
    values = [dict(draft.values) for draft in drafts]
    for listener in listeners:
        listener.saving(unit, entity, drafts)
    moved = [
        draft
        for draft, names, known in zip(drafts, before, values, strict=True)
        if draft.changed != names or draft.values != known
    ]
    compute(unit.machine, unit.caller, entity, moved)
    for draft in moved:
        recheck(draft)
    check_alone(unit.machine, unit.caller, entity, moved)


def _refuse_failed(drafts: Sequence[Draft]) -> None:
    bad = [draft for draft in drafts if draft.failed]
    if bad:
        raise RowsRefused(bad)


def check_targets(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Refuse links to what does not exist, is deleted, or cannot be seen by the caller."""
    relations = [field for field in entity.fields if field.kind.is_relation]
    asked: list[tuple[Draft, str, Any]] = []
    for field in relations:
        for draft in drafts:
            if field.name not in draft.changed or draft.failed:
                continue
            old = {link.target for link in links_of(unit.model, field, (draft.old or {}).get(field.name))}
            for link in links_of(unit.model, field, draft.values.get(field.name)):
                if link.target not in old:
                    asked.append((draft, field.name, link))
    if not asked:
        return
    missing = missing_targets(unit.machine, unit.caller, unit.connection, [link for _, _, link in asked])
    for draft, name, link in asked:
        field = entity.by_name[name]
        target = unit.model.entities.get(link.entity)
        if target is not None and field.targets and target.id not in field.targets:
            allowed = ", ".join(
                unit.model.by_id[key].name for key in field.targets if key in unit.model.by_id
            )
            draft.refuse("target", f"{field.title} links {allowed}, not {link.entity}.", name)
        elif link.target in missing:
            what = target.title if target is not None else f"record {link.entity[:64]!r}"
            draft.refuse("unknown_target", f"{field.title}: there is no {what} {link.id}.", name)


def _check_rows(unit: Unit, entity: Entity, drafts: Sequence[Draft], verb: Verb) -> None:
    """Refuse drafts whose rows, as they are stored now, do not meet the caller's condition."""
    condition = policy_condition(unit.machine, unit.caller, entity, verb) if drafts else None
    if condition is None:
        return
    table = entity.table
    allowed: set[str] = set()
    for some in chunks([draft.id for draft in drafts]):
        statement = select(table.c.id).where(table.c.id.in_(some), condition)
        allowed.update(unit.connection.execute(statement).scalars())
    for draft in drafts:
        if draft.id not in allowed:
            draft.error = Forbidden(
                f"You may not {'create' if draft.is_new else 'change'} this {entity.title}"
                " with these values.",
                hint="Your role covers only some records; ask an administrator.",
            )


def _check_results(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Refuse what the written rows would be, where the caller may not make them so."""
    _check_rows(unit, entity, [draft for draft in drafts if draft.is_new], "create")
    _check_rows(unit, entity, [draft for draft in drafts if not draft.is_new], "update")
    _refuse_failed(drafts)


def _write(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    new = [draft for draft in drafts if draft.is_new]
    changed = [draft for draft in drafts if not draft.is_new]
    if new:
        statement = unit.machine.revision(unit.model).keep(
            ("insert", entity.id), lambda: insert(entity.table)
        )
        unit.connection.execute(statement, [_new_row(unit, draft) for draft in new])
    if changed:
        _write_changes(unit, entity, changed)
    write_links(unit.connection, unit.model, entity, drafts)
    index_drafts(unit, entity, drafts)


def _new_row(unit: Unit, draft: Draft) -> dict[str, Any]:
    ctx = unit.ctx
    draft.system = {
        "id": draft.id,
        "version": draft.version,
        "created_at": ctx.now,
        "created_by": ctx.actor.account,
        "updated_at": ctx.now,
        "updated_by": ctx.actor.account,
        "owner": ctx.actor.account,
    }
    row = dict(draft.system)
    for name, codec in draft.codec.fields.items():
        codec.store_in(row, draft.values.get(name))
    if draft.codec.extra:
        row["extra"] = draft.extra or None
    return row


def _write_changes(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """One UPDATE for all rows that change the same fields; a row whose version moved is stale."""
    # Formulas always: what is stored may have been computed anew since the record was read.
    always = computed(unit.machine, unit.model, entity).formula_names
    groups: dict[frozenset[str], list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[frozenset(draft.changed | always)].append(draft)
    for names, group in groups.items():
        _update_group(unit, entity, names, group)


def _update_group(unit: Unit, entity: Entity, names: frozenset[str], drafts: Sequence[Draft]) -> None:
    table = entity.table
    ctx = unit.ctx
    rows = []
    for draft in drafts:
        assert draft.old is not None
        draft.system = {
            **{name: draft.old[name] for name in ("id", "created_at", "created_by", "owner")},
            "version": draft.version,
            "updated_at": ctx.now,
            "updated_by": ctx.actor.account,
        }
        row: dict[str, Any] = {
            "b_id": draft.id,
            "b_version": draft.version - 1,
            "version": draft.version,
            "updated_at": ctx.now,
            "updated_by": ctx.actor.account,
        }
        for name, codec in draft.codec.fields.items():
            if name in names:
                codec.store_in(row, draft.values.get(name))
        if draft.codec.extra:
            row["extra"] = draft.extra or None
        rows.append(row)
    columns = tuple(key for key in rows[0] if not key.startswith("b_"))

    def make() -> Update:
        found = update(table).where(
            table.c.id == bindparam("b_id"),
            table.c.version == bindparam("b_version"),
            table.c.deleted_at.is_(None),
        )
        return found.values({key: bindparam(key) for key in columns})

    statement = unit.machine.revision(unit.model).keep(("update", entity.id, columns), make)
    result = unit.connection.execute(statement, rows)
    if result.rowcount != len(rows):
        _mark_stale(unit, entity, drafts)


def _mark_stale(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Find the rows that did not have the expected version; at least one did not."""
    table = entity.table
    versions: dict[str, int] = {}
    for some in chunks([draft.id for draft in drafts]):
        statement = select(table.c.id, table.c.version).where(
            table.c.id.in_(some), table.c.deleted_at.is_(None)
        )
        versions.update({row[0]: row[1] for row in unit.connection.execute(statement)})
    late = [draft for draft in drafts if versions.get(draft.id) != draft.version]
    for draft in late or drafts:
        draft.error = Stale(
            f"This {entity.title} was changed meanwhile.", details={"version": versions.get(draft.id)}
        )
    raise RowsRefused(late or list(drafts))


def _tell(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Write the events and let the listeners know."""
    rows = [
        events.event_row(
            unit,
            entity,
            "created" if draft.is_new else "updated",
            draft.id,
            draft.version,
            events.changes_of(draft.codec, draft),
        )
        for draft in drafts
    ]
    events.write_events(unit, rows)
    listeners = unit.listening(entity)
    if not listeners:
        return
    changes = [
        Change(row["id"], row["kind"], draft.id, draft.old, {**draft.system, **draft.values}, draft.dead)
        for row, draft in zip(rows, drafts, strict=True)
    ]
    for listener in listeners:
        listener.written(unit, entity, changes)
