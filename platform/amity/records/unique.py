"""Unique among live records: checked before the write, so that the message can name field and record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_

from amity.entities.model import Entity
from amity.records.batches import chunks
from amity.records.draft import Draft
from amity.records.targets import read_labels
from amity.records.unit import Unit


def unique_groups(entity: Entity) -> list[tuple[str, ...]]:
    """Names of the fields that are unique together: declared ones and one-to-one relations."""
    groups = [tuple(group) for group in entity.unique]
    for field in entity.fields:
        if field.kind.is_relation and field.options.get("unique") and (field.name,) not in groups:
            groups.append((field.name,))
    return groups


def check_unique(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Refuse drafts whose unique values another live record (or an earlier row) has."""
    for group in unique_groups(entity):
        keys: dict[tuple[Any, ...], Draft] = {}
        for draft in drafts:
            if draft.failed or not draft.changed.intersection(group):
                continue
            key = _key(draft, group)
            if key is None:
                continue
            if key in keys:
                _refuse(draft, group, "an earlier row of the same call has it, too")
            else:
                keys[key] = draft
        if keys:
            _against_stored(unit, entity, group, keys, {draft.id for draft in drafts})


def _key(draft: Draft, group: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Stored values of the group; None where one is null: nulls are never equal here."""
    key: list[Any] = []
    for name in group:
        value = draft.values.get(name)
        if value is None:
            return None
        codec = draft.codec.fields[name]
        key.extend(codec.store(value)[key_] for key_ in _compared(codec.keys, codec.roles))
    return tuple(key)


def _compared(keys: Sequence[str], roles: Sequence[str]) -> list[str]:
    return [key for key, role in zip(keys, roles, strict=True) if role != "fold"]


def _against_stored(
    unit: Unit, entity: Entity, group: tuple[str, ...], keys: dict[tuple[Any, ...], Draft], own: set[str]
) -> None:
    codec = next(iter(keys.values())).codec
    table = entity.table
    columns = [
        table.c[key] for name in group for key in _compared(codec.fields[name].keys, codec.fields[name].roles)
    ]
    for some in chunks(list(keys)):
        matches: ColumnElement[bool]
        if len(columns) == 1:
            matches = columns[0].in_([key[0] for key in some])
        else:
            matches = tuple_(*columns).in_(some)
        statement = select(table.c.id, *columns).where(matches, table.c.deleted_at.is_(None))
        taken = {tuple(row[1:]): row[0] for row in unit.connection.execute(statement)}
        _report(unit, entity, group, [(keys[key], other) for key, other in taken.items() if key in keys], own)


def _report(
    unit: Unit, entity: Entity, group: tuple[str, ...], clashes: list[tuple[Draft, str]], own: set[str]
) -> None:
    clashes = [(draft, other) for draft, other in clashes if draft.id != other]
    if not clashes:
        return
    labels = read_labels(
        unit.machine, unit.caller, unit.connection, [(entity.name, other) for _, other in clashes]
    )
    for draft, other in clashes:
        label = labels.get((entity.name, other))
        if label is None:
            _refuse(draft, group, "a record that you cannot see has it already")
        else:
            _refuse(draft, group, f"{label} ({other}) has it already")


def _refuse(draft: Draft, group: tuple[str, ...], why: str) -> None:
    titles = " and ".join(draft.entity.by_name[name].title for name in group)
    for name in group:
        draft.refuse("unique", f"{titles} must be unique: {why}.", name)
