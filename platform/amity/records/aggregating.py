"""Grouped figures: how many records there are, and sums, averages and extremes of their fields, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from amity.access.context import Context
from amity.entities.model import Entity, Field
from amity.errors import Invalid
from amity.expressions import DECIMAL, INT, nearest
from amity.records.binding import Joins, RecordBinding
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.codec import EntityCodec
from amity.records.conditions import Conditions
from amity.records.figures import average, figure_columns
from amity.records.listing import asked_condition, live
from amity.records.machine import Machine
from amity.records.shapes import Aggregate

MAX_GROUPS: Final = 1000
MAX_GROUP_FIELDS: Final = 3
MAX_MEASURES: Final = 10
FIGURES: Final = ("sum", "avg", "min", "max")


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: `count`, or `sum:revenue`."""

    figure: str
    field: Field | None

    @property
    def name(self) -> str:
        """As people write it."""
        return self.figure if self.field is None else f"{self.figure}:{self.field.name}"


def aggregate(
    machine: Machine,
    ctx: Context,
    name: str,
    group: Sequence[str],
    measures: Sequence[str],
    where: str | None,
) -> Aggregate:
    """Compute figures of the records that the caller may read. Raises `Invalid` with the parameter."""

    def work(caller: Caller, connection: Connection) -> Aggregate:
        entity = caller.entity(name)
        fields = _group_fields(caller, entity, group)
        asked = _measures(caller, entity, measures)
        compiler = Conditions(machine, caller)
        joins = Joins(entity.table)
        binding = compiler.binding(entity, joins)
        columns = [_group_column(binding, field) for field in fields]
        figures = [element for measure in asked for element in _figures(binding, measure)]
        conditions = [live(entity)]
        policy = compiler.policy(entity, "read")
        if policy is not None:
            conditions.append(policy)
        if where:
            conditions.append(asked_condition(compiler, entity, where, joins))
        statement = select(*columns, *figures).select_from(joins.clause()).where(*conditions)
        if columns:
            order = [column.asc().nulls_last() for column in columns]
            statement = statement.group_by(*columns).order_by(*order).limit(MAX_GROUPS + 1)
        with bounded(connection, machine.database.dialect, True):
            rows = connection.execute(statement).all()
        codec = machine.codec(caller, entity)
        found = [_group(codec, fields, asked, row) for row in rows[:MAX_GROUPS]]
        return Aggregate(found, complete=len(rows) <= MAX_GROUPS)

    return machine.read(ctx, work)


def _group_fields(caller: Caller, entity: Entity, names: Sequence[str]) -> list[Field]:
    if len(names) > MAX_GROUP_FIELDS:
        raise Invalid.parameter("group", "too_many", f"At most {MAX_GROUP_FIELDS} fields make the groups.")
    fields = [_readable(caller, entity, name, "group") for name in dict.fromkeys(names)]
    for field in fields:
        if field.kind.to_many or not field.kind.filterable or not _single(field):
            raise Invalid.parameter("group", "kind", f"Records cannot be grouped by '{field.title}'.")
    return fields


def _measures(caller: Caller, entity: Entity, texts: Sequence[str]) -> list[Measure]:
    if len(texts) > MAX_MEASURES:
        raise Invalid.parameter("measures", "too_many", f"At most {MAX_MEASURES} measures at a time.")
    return [_measure(caller, entity, text) for text in dict.fromkeys(texts or ["count"])]


def _measure(caller: Caller, entity: Entity, text: str) -> Measure:
    figure, _, name = text.partition(":")
    if text == "count":
        return Measure(figure, None)
    if figure not in FIGURES or not name:
        known = ", ".join(f"{item}:field" for item in FIGURES)
        raise Invalid.parameter(
            "measures", "choice", f"There is no measure {text[:64]!r}; there are count, {known}."
        )
    field = _readable(caller, entity, name, "measures")
    if (
        not _single(field)
        or field.kind.is_relation
        or field.kind.expression_type(field) not in (INT, DECIMAL)
    ):
        message = f"'{field.title}' is no number of one currency: it has no {figure}."
        raise Invalid.parameter("measures", "kind", message)
    return Measure(figure, field)


def _readable(caller: Caller, entity: Entity, name: str, parameter: str) -> Field:
    decision = caller.decide(entity, "read")
    field = entity.by_name.get(name)
    if field is None or not decision.can_read(name):
        close = nearest(name, [item for item in entity.by_name if decision.can_read(item)])
        hint = f" Did you mean '{close}'?" if close else ""
        raise Invalid.parameter(parameter, "unknown", f"{entity.title} has no field {name[:64]!r}.{hint}")
    return field


def _single(field: Field) -> bool:
    """Whether one column is the whole value (a shadow key aside)."""
    roles = [spec.role for spec in field.kind.columns(field) if spec.role != "fold"]
    return roles == [""]


def _group_column(binding: RecordBinding, field: Field) -> ColumnElement[Any]:
    """The stored value; a link to what may not be seen counts as none."""
    return binding.column(field.name) if field.kind.is_relation else binding.role(field)


def _figures(binding: RecordBinding, measure: Measure) -> list[ColumnElement[Any]]:
    if measure.field is None:
        return [func.count()]
    return figure_columns(measure.figure, binding.role(measure.field), binding.dialect)


def _group(
    codec: EntityCodec, fields: Sequence[Field], measures: Sequence[Measure], row: Any
) -> dict[str, Any]:
    cells = iter(row)
    found: dict[str, Any] = {}
    for field in fields:
        cell = next(cells)
        value = None if cell is None else field.kind.load(field, {"": cell})
        found[field.name] = codec.dump_one(field.name, value)
    for measure in measures:
        value = next(cells)
        if measure.figure == "avg":
            mean = average(value, next(cells))
            value = None if mean is None else mean.normalize()
        elif isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        found[measure.name] = value
    return found
