"""Row <-> typed <-> JSON, worked out once per entity version so that a record costs little.

A *row* is what a SELECT of `Selection.columns` gives; *typed* values are keyed by field name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

from sqlalchemy import Column

from amity.entities.kinds import relations
from amity.entities.kinds.any_relation import AnyRelationKind
from amity.entities.kinds.base import Kind
from amity.entities.kinds.boolean import BooleanKind
from amity.entities.kinds.choice import ChoiceKind
from amity.entities.kinds.integer import IntegerKind
from amity.entities.kinds.relation import RelationKind
from amity.entities.kinds.relations import RelationsKind
from amity.entities.kinds.text import TextKind
from amity.entities.model import SYSTEM_FIELDS, Entity, Field, Model
from amity.records.shapes import rfc3339

EXTRA = "extra"
"""Column of the properties that an entity with `additionalProperties: true` keeps."""

Dump = Callable[[Any], Any]


class FieldCodec:
    """One stored field: its columns, and the way of a value through its four shapes."""

    __slots__ = ("_places", "columns", "field", "identity", "keys", "kind", "plain", "roles")

    def __init__(self, entity: Entity, field: Field) -> None:
        self.field = field
        self.kind = field.kind
        self.roles = tuple(spec.role for spec in field.kind.columns(field))
        self.columns: tuple[Column[Any], ...] = tuple(entity.column(field, role) for role in self.roles)
        self.keys = tuple(column.key for column in self.columns)
        self._places = tuple(zip(self.keys, self.roles, strict=True))
        kind = type(field.kind)
        self.plain = kind.load is Kind.load
        """Whether the value column alone, as it comes, is the typed value."""
        self.identity = self.plain and kind.store is Kind.store and len(self.columns) == 1

    @property
    def read_columns(self) -> tuple[Column[Any], ...]:
        """The columns that reading needs (shadow keys are left out)."""
        return self.columns[:1] if self.plain else self.columns

    def store(self, value: Any) -> dict[str, Any]:
        """Typed (or None) -> values by column key."""
        if value is None:
            return dict.fromkeys(self.keys)
        if self.identity:
            return {self.keys[0]: value}
        stored = self.kind.store(self.field, value)
        return {key: stored.get(role) for key, role in self._places}

    def store_in(self, row: dict[str, Any], value: Any) -> None:
        """Put a typed value (or None) into a row, as `store` would."""
        if self.identity:
            row[self.keys[0]] = value
        elif value is None:
            for key in self.keys:
                row[key] = None
        else:
            stored = self.kind.store(self.field, value)
            for key, role in self._places:
                row[key] = stored.get(role)

    def load(self, cells: Sequence[Any]) -> Any:
        """Cells of `read_columns` -> typed or None."""
        if len(cells) == 1:
            return None if cells[0] is None else self.kind.load(self.field, {self.roles[0]: cells[0]})
        if cells[0] is None and all(cell is None for cell in cells):
            return None
        return self.kind.load(self.field, dict(zip(self.roles, cells, strict=True)))

    def parse(self, value: Any) -> Any:
        """JSON -> typed. Raises `ValueProblem`."""
        return None if value is None else self.kind.parse(self.field, value)

    def dump(self, value: Any) -> Any:
        """Typed -> JSON."""
        return None if value is None else self.kind.dump(self.field, value)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns a query reads and how a row becomes typed values."""

    columns: tuple[Column[Any], ...]
    names: tuple[str, ...]
    """Names of the plain values, in the order of the first columns."""
    spread: tuple[tuple[str, FieldCodec, int, int], ...]
    """Values that need work: (name, codec, first cell, cell after the last)."""
    to_many: tuple[Field, ...]
    """Fields that live in link tables."""
    relations: tuple[Field, ...]
    """To-one relations among the selected."""
    extra: int | None = None
    """Cell of the unknown properties that the entity keeps."""

    def load(self, row: Sequence[Any]) -> dict[str, Any]:
        """Give typed values by name; to-many fields are still missing."""
        values = dict(zip(self.names, row, strict=False))
        for name, codec, start, end in self.spread:
            values[name] = codec.load(row[start:end])
        if self.extra is not None and row[self.extra]:
            values.update({name: item for name, item in row[self.extra].items() if name not in values})
        return values


SAME_IN_JSON: Final = frozenset(
    {TextKind.dump, IntegerKind.dump, BooleanKind.dump, ChoiceKind.dump, RelationKind.dump}
)
"""Ways of writing JSON that give the typed value back; a test says so."""

_SYSTEM_DUMPS: Mapping[str, Dump] = {"created_at": rfc3339, "updated_at": rfc3339}


class EntityCodec:
    """All fields of one entity version."""

    def __init__(self, entity: Entity, model: Model) -> None:
        self.entity = entity
        self.model = model
        self.fields: dict[str, FieldCodec] = {}
        self.to_many: dict[str, Field] = {}
        for field in entity.fields:
            if field.kind.to_many:
                self.to_many[field.name] = field
            elif field.stored:
                self.fields[field.name] = FieldCodec(entity, field)
        self.names = (*self.fields, *self.to_many)
        self.relations = tuple(
            field for field in entity.fields if field.kind.is_relation and not field.kind.to_many
        )
        self.searchable = tuple(field for field in entity.fields if field.kind.searchable)
        self.extra = entity.additional and EXTRA in entity.table.c
        self._event_values = {
            field.id: {choice.value: choice.id for choice in field.choices}
            for field in entity.fields
            if field.choices
        }
        self._choice_values = {
            field.id: {choice.id: choice.value for choice in field.choices}
            for field in entity.fields
            if field.choices
        }

    @cached_property
    def known(self) -> frozenset[str]:
        """Names of the entity's own fields."""
        return frozenset(self.entity.by_name)

    def selection(self, names: Iterable[str] | None, *, full: bool = True) -> Selection:
        """Plan the reading of the fields `names` (None: all); id and version are always there."""
        asked = None if names is None else set(names)
        table = self.entity.table
        plain: list[tuple[str, Column[Any]]] = []
        for name in SYSTEM_FIELDS:
            if asked is None or name in asked or name in ("id", "version"):
                plain.append((name, table.c[name]))
        spread: list[tuple[str, FieldCodec]] = []
        for name, codec in self.fields.items():
            if asked is not None and name not in asked:
                continue
            if codec.plain:
                plain.append((name, codec.columns[0]))
            else:
                spread.append((name, codec))
        columns: list[Column[Any]] = [column for _, column in plain]
        placed = []
        for name, codec in spread:
            placed.append((name, codec, len(columns), len(columns) + len(codec.columns)))
            columns.extend(codec.columns)
        extra = None
        if self.extra and asked is None and full:
            extra = len(columns)
            columns.append(table.c[EXTRA])
        return Selection(
            columns=tuple(columns),
            names=tuple(name for name, _ in plain),
            spread=tuple(placed),
            to_many=tuple(field for name, field in self.to_many.items() if asked is None or name in asked),
            relations=tuple(field for field in self.relations if asked is None or field.name in asked),
            extra=extra,
        )

    @cached_property
    def _dumps(self) -> dict[str, Dump]:
        dumps: dict[str, Dump] = dict(_SYSTEM_DUMPS)
        for field in self.entity.fields:
            dumps[field.name] = partial(field.kind.dump, field)
        return dumps

    @cached_property
    def _work(self) -> tuple[tuple[str, Dump], ...]:
        """The fields whose JSON differs from the typed value."""
        own = self.entity.by_name
        return tuple(
            (name, dump)
            for name, dump in self._dumps.items()
            if name not in own or type(own[name].kind).dump not in SAME_IN_JSON
        )

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Typed values by name -> JSON by name; the order is kept."""
        json = dict(values)
        for name, dump in self._work:
            value = json.get(name)
            if value is not None:
                json[name] = dump(value)
        return json

    def dump_one(self, name: str, value: Any) -> Any:
        """Typed -> JSON of one field."""
        return None if value is None else self._dumps[name](value)

    def event_value(self, field: Field, value: Any) -> Any:
        """Typed -> what an event keeps: JSON, with ids of choices and entities for their names."""
        if value is None:
            return None
        json = self._dumps[field.name](value)
        if field.kind.is_relation:
            return with_ids(self.model, json)
        return _mapped(json, self._event_values.get(field.id))

    @cached_property
    def _as_they_are(self) -> frozenset[str]:
        """Names of the fields whose typed values stand in events unchanged."""
        return frozenset(
            field.name
            for field in self.entity.fields
            if type(field.kind).dump in SAME_IN_JSON and not field.kind.is_relation and not field.choices
        )

    def new_values(self, values: Mapping[str, Any], changed: Set[str]) -> dict[str, list[Any]]:
        """`{field id: [None, new]}` of a new record, in the order of the definition."""
        same = self._as_they_are
        return {
            field.id: [
                None,
                values[field.name] if field.name in same else self.event_value(field, values[field.name]),
            ]
            for field in self.entity.fields
            if field.name in changed
        }

    def told_value(self, field: Field, value: Any) -> Any:
        """What an event keeps -> JSON as records show it today."""
        if field.kind.is_relation:
            return with_names(self.model, value)
        return _mapped(value, self._choice_values.get(field.id))


def with_ids(model: Model, value: Any) -> Any:
    """Put ids of entities in the place of their names, in links that say their entity."""
    return _renamed(value, lambda name: model.entities[name].id if name in model.entities else name)


def with_names(model: Model, value: Any) -> Any:
    """Put names of entities in the place of their ids."""
    return _renamed(value, lambda key: model.by_id[key].name if key in model.by_id else key)


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, rename) for item in value]
    if isinstance(value, Mapping) and isinstance(value.get("entity"), str):
        return {**value, "entity": rename(value["entity"])}
    return value


def is_polymorphic(field: Field) -> bool:
    """Tell whether each link of a relation says its entity."""
    if isinstance(field.kind, RelationsKind):
        return relations.is_polymorphic(field)
    return isinstance(field.kind, AnyRelationKind)


def _mapped(value: Any, names: Mapping[str, str] | None) -> Any:
    if not names or value is None:
        return value
    if isinstance(value, list):
        return [names.get(item, item) if isinstance(item, str) else item for item in value]
    return names.get(value, value) if isinstance(value, str) else value
