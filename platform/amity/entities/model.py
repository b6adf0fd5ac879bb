"""The entities in force at one revision, as immutable objects.

A `Model` is the answer to "what entities are there": built once per revision by `amity.entities.loader`
and `amity.entities.tables`, shared by all requests, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Table

if TYPE_CHECKING:
    from amity.entities.kinds.base import Kind

SYSTEM_FIELDS: Final = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "owner")
"""Members of every record beside its own fields; `deleted_at` exists as a column only."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value of a choice field. `id` never changes, `value` is what records show."""

    id: str
    value: str
    title: str
    color: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class LinkField:
    """A field on the link of a many-to-many relation, described by a JSON Schema of its own."""

    name: str
    title: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rollup:
    """A figure of the records that point here."""

    over: str
    """Name of the inverse relation whose records are looked at."""
    do: str
    """count, sum, min, max or average."""
    of: str | None = None
    """Name of their field; None for a count."""
    where: str | None = None
    """Expression over them: only those for which it is true."""


@dataclass(frozen=True)
class Field:
    """One field of an entity. Across revisions compare by `id`."""

    id: str
    name: str
    title: str
    kind: Kind
    schema: Mapping[str, Any]
    """The property's JSON Schema without `x-amity`, `$ref`s into `$defs` resolved."""
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """The property's `x-amity`."""
    pointer: str = ""
    """JSON pointer of the property in the document."""
    required: bool = False
    read_only: bool = False
    help: str = ""
    default: Any = None
    """JSON value, or null for none."""
    choices: tuple[Choice, ...] = ()
    targets: tuple[str, ...] = ()
    """For relation kinds: ids of the entities that may be linked; empty means any (polymorphic)."""
    entity_names: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """For relations that say which entity they mean: the present names of all entities by id."""
    on_delete: str = "clear"
    """For relations: refuse, clear or cascade when the target is deleted."""
    inverse: str | None = None
    """For relations: name under which the target sees the records that point to it."""
    timeline: str | None = None
    """For relations: `same` (one party in two roles) or `part` (this record belongs to the target)."""
    link_fields: tuple[LinkField, ...] = ()
    parts: tuple[Field, ...] = ()
    """Fields inside (`Kind.part_schemas`): of a nested object, of the items of a list, on the link of a
    relation. Empty where the nested value has no form of its own and is edited as JSON."""
    visible: str | None = None
    """Expression: the form shows the field only while it is true."""
    required_when: str | None = None
    """Expression: required while it is true (server-side)."""
    formula: str | None = None
    """Expression over the record's other fields that gives the value; nobody sets it."""
    rollup: Rollup | None = None
    """The figure of the records that point here that is the value; nobody sets it."""

    @property
    def computed(self) -> bool:
        """Whether Amity makes the value: no input in forms, refused in bodies."""
        return self.formula is not None or self.rollup is not None or self.kind.computed

    @property
    def stored(self) -> bool:
        """Whether the entity's table has columns for it (many-to-many has a table of its own)."""
        return bool(self.kind.columns(self))

    @cached_property
    def choice_ids(self) -> Mapping[str, str]:
        """Ids of the choices by value."""
        return {choice.value: choice.id for choice in self.choices}

    @cached_property
    def choice_values(self) -> Mapping[str, str]:
        """Values of the choices by id."""
        return {choice.id: choice.value for choice in self.choices}

    @cached_property
    def entity_ids(self) -> Mapping[str, str]:
        """Ids of entities by name, the other way round than `entity_names`."""
        return {name: id_ for id_, name in self.entity_names.items()}

    @cached_property
    def choice_titles(self) -> Mapping[str, str]:
        """Titles by value."""
        return {choice.value: choice.title for choice in self.choices}


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that a record must meet when saved."""

    expression: str
    message: str
    field: str | None = None
    """Name of the field beside which the message stands."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form and of the record page."""

    title: str
    fields: tuple[str, ...]
    columns: int = 2
    visible: str | None = None
    children: tuple[str, ...] = ()
    """Names of inverse relations whose records are edited as rows inside this form."""


@dataclass(frozen=True, slots=True)
class View:
    """A shared, saved way to see an entity's records."""

    name: str
    title: str
    kind: str
    fields: tuple[str, ...]
    sort: str = ""
    where: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How records of an entity are entries of the timelines of those they name."""

    at: tuple[str, ...]
    """Dates and moments; the first filled one says when, `created_at` where none is."""
    relations: tuple[str, ...]
    """Relations whose targets have the entry on their timeline."""
    open: str | None = None
    """Expression: the entry is still ahead. None: while it lies in the future."""
    fields: tuple[str, ...] = ()
    """What is shown with the entry; empty for the first ones of the first view."""


@dataclass(frozen=True, slots=True)
class Inverse:
    """Seen from the target: the records of `entity` whose relation `field` points here."""

    name: str
    entity: str
    """Name of the entity that holds the relation."""
    field: str
    """Name of the relation field there."""
    many: bool
    """False for the other side of a one-to-one relation."""
    title: str


@dataclass(frozen=True, slots=True)
class Storage:
    """Where an entity's records lie."""

    table: Table
    columns: Mapping[tuple[str, str], Column[Any]]
    """By (field id, role); role "" is the value."""
    links: Mapping[str, Table]
    """Link tables by field id: columns id, source, target_entity, target, position, data."""


@dataclass(frozen=True)
class Entity:
    """One entity of the model."""

    id: str
    name: str
    title: str
    plural: str
    version: int
    document: Mapping[str, Any]
    """The applied JSON Schema as served and exported, ids written in."""
    fields: tuple[Field, ...]
    icon: str = "table"
    display: tuple[str, ...] = ()
    """Names of the fields that make the record's label, the first filled ones joined by a space."""
    unique: tuple[tuple[str, ...], ...] = ()
    checks: tuple[Check, ...] = ()
    layout: tuple[Section, ...] = ()
    views: tuple[View, ...] = ()
    timeline: Timeline | None = None
    """Set where the records are entries of timelines."""
    additional: bool = False
    """Whether unknown properties are kept (`additionalProperties: true`)."""
    description: str = ""
    inverses: tuple[Inverse, ...] = ()
    storage: Storage | None = None
    validate: Callable[[Mapping[str, Any]], Sequence[Any]] | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by their present name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def by_id(self) -> Mapping[str, Field]:
        """Fields by their id."""
        return {item.id: item for item in self.fields}

    @property
    def table(self) -> Table:
        """The table of the records; only a model that is in force has one."""
        assert self.storage is not None, f"{self.name} is not applied"
        return self.storage.table

    def column(self, field: Field, role: str = "") -> Column[Any]:
        """The column of `field` with the kind's role ("" is the value)."""
        assert self.storage is not None, f"{self.name} is not applied"
        return self.storage.columns[field.id, role]


@dataclass(frozen=True)
class Model:
    """All entities at one revision."""

    revision: int
    entities: Mapping[str, Entity] = field(default_factory=dict)
    """By name, in alphabetical order of the plural."""

    @cached_property
    def by_id(self) -> Mapping[str, Entity]:
        """Entities by their id."""
        return {entity.id: entity for entity in self.entities.values()}

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.entities.values())
