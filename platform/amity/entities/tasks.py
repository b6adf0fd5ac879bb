"""What an apply does to storage, as data: the planner writes tasks, `amity.entities.apply` does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amity.entities.model import Entity, Field


@dataclass(frozen=True, slots=True)
class MakeTable:
    """A new entity gets its table."""

    entity: Entity


@dataclass(frozen=True, slots=True)
class SetTableState:
    """An entity's table is parked with its entity, or comes back."""

    entity: str
    state: str


@dataclass(frozen=True, slots=True)
class MakeField:
    """A new field gets its columns or its link table, empty."""

    entity: Entity
    field: Field


@dataclass(frozen=True, slots=True)
class ParkField:
    """A removed field's columns or links are kept aside."""

    entity: str
    field: str
    searchable: bool


@dataclass(frozen=True, slots=True)
class UnparkField:
    """A removed field comes back with what was parked at `revision`."""

    entity: str
    field: str
    revision: int
    searchable: bool


@dataclass(frozen=True, slots=True)
class CarryField:
    """A field's values are carried into new columns: converted, mapped or filled.

    Runs in batches before the flip; the flip parks the old columns and puts the new ones in force.
    """

    before: Entity
    """The entity in force, with its storage."""
    after: Entity
    old: Field | None
    """None where the field is new and only gets a value for the records that are there."""
    new: Field
    fill: Any = None
    """JSON value for live records in which the field would be empty; None for none."""
    mapping: Mapping[str, str | None] | None = None
    """For choices: old value -> new value, None to clear it."""
    originals: int | None = None
    """Revision of the parked values that this conversion brings back."""
    earlier: Field | None = None
    """The field as it was when they were parked."""


@dataclass(frozen=True, slots=True)
class Recompute:
    """Formulas of an entity give other values now: all records get them, in batches after the flip."""

    entity: str


def is_long(task: Task) -> bool:
    """Whether data must be carried before the flip."""
    return isinstance(task, CarryField)


Task = MakeTable | SetTableState | MakeField | ParkField | UnparkField | CarryField | Recompute
