"""Sort orders: what people write, the columns behind it, and the way from one page to the next.

Nulls come last in both directions and the id ends every order. The page after a record is found by its sort
values ("keyset"), never by counting rows. Where the first key may be null, records with and without it are
read by two statements: only so can both databases walk an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, UnaryExpression, and_, bindparam, or_

from amity.entities.model import SYSTEM_FIELDS, Entity, Field
from amity.errors import Invalid
from amity.expressions import nearest
from amity.records.binding import RecordBinding
from amity.records.caller import Caller

Condition = ColumnElement[bool]
MAX_KEYS: Final = 8
_NEVER_NULL: Final = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class SortItem:
    """One part of a sort order as people write it."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order."""

    element: ColumnElement[Any]
    descending: bool
    nullable: bool


def parse_sort(caller: Caller, entity: Entity, text: str) -> list[SortItem]:
    """Read `-revenue,name`. Raises `Invalid` (parameter `sort`)."""
    items: list[SortItem] = []
    for part in text.split(","):
        name = part.strip()
        if not name:
            if text.strip():
                raise _wrong("syntax", f"The sort order {text[:80]!r} has an empty part.")
            continue
        descending = name.startswith("-")
        name = name.lstrip("+-") if name[:1] in "+-" else name
        _check_name(caller, entity, name)
        if name not in {item.name for item in items}:
            items.append(SortItem(name, descending))
    if len(items) > MAX_KEYS:
        raise _wrong("too_many", f"A sort order has at most {MAX_KEYS} fields; this one has {len(items)}.")
    return items


def _check_name(caller: Caller, entity: Entity, name: str) -> None:
    if name in SYSTEM_FIELDS:
        return
    field = entity.by_name.get(name)
    decision = caller.decide(entity, "read")
    if field is None or not decision.can_read(name):
        known = [*(item for item in entity.by_name if decision.can_read(item)), *SYSTEM_FIELDS]
        close = nearest(name, known)
        hint = f" Did you mean '{close}'?" if close else ""
        raise _wrong("unknown", f"{entity.title} has no field {name[:64]!r} to sort by.{hint}")
    if field.kind.to_many or not field.kind.sortable:
        raise _wrong("not_sortable", f"Records cannot be sorted by '{field.title}' ({field.kind.title}).")


def _wrong(code: str, message: str) -> Invalid:
    return Invalid.parameter("sort", code, message)


def keys_of(caller: Caller, binding: RecordBinding, items: Sequence[SortItem]) -> list[Key]:
    """The columns of an order, id last; a relation sorts by what its target is called."""
    keys: list[Key] = []
    for item in items:
        if item.name in SYSTEM_FIELDS:
            element = binding.source.c[item.name]
            keys.append(Key(element, item.descending, item.name not in _NEVER_NULL))
            if item.name == "id":
                return keys
            continue
        field = binding.entity.by_name[item.name]
        keys.extend(Key(element, item.descending, True) for element in _elements(caller, binding, field))
    keys.append(Key(binding.source.c.id, False, False))
    return keys


def _elements(caller: Caller, binding: RecordBinding, field: Field) -> list[ColumnElement[Any]]:
    if not field.kind.is_relation:
        return [binding.role(field, field.kind.sort_role(field))]
    if len(field.targets) != 1:
        return [binding.column(field.name)]
    target = binding.hop(field.name)
    decision = caller.decide(target.entity, "read")
    shown = [target.entity.by_name[name] for name in target.entity.display if decision.can_read(name)]
    found = [
        target.role(item, item.kind.sort_role(item))
        for item in shown
        if item.kind.sortable and item.stored and not item.kind.is_relation
    ]
    return found or [target.source.c.id]


def order_by(keys: Sequence[Key], *, first_is_null: bool) -> list[UnaryExpression[Any]]:
    """The ORDER BY of one of the two statements."""
    terms = []
    for index, key in enumerate(keys):
        if index == 0 and first_is_null:
            continue
        term = key.element.desc() if key.descending else key.element.asc()
        terms.append(term.nulls_last() if key.nullable and index > 0 else term)
    return terms


def follows(keys: Sequence[Key], nulls: Sequence[bool], start: int = 0) -> Condition:
    """What a record must meet to come after another one, whose sort values are the parameters `after_0`, ...

    `nulls` says which of them are null: these have no parameter.
    """
    key = keys[start]
    last = start == len(keys) - 1
    if nulls[start]:
        missing = key.element.is_(None)
        return missing if last else and_(missing, follows(keys, nulls, start + 1))
    bound: ColumnElement[Any] = bindparam(f"after_{start}", type_=key.element.type)
    beyond = key.element < bound if key.descending else key.element > bound
    if last:
        return beyond
    rest = and_(key.element == bound, follows(keys, nulls, start + 1))
    if start == 0:
        # The range on its own is what an index can use; the rest only tells equals apart.
        within = key.element <= bound if key.descending else key.element >= bound
        return and_(within, or_(beyond, rest))
    if key.nullable:
        return or_(beyond, key.element.is_(None), rest)
    return or_(beyond, rest)
