"""What a kind of trigger is: when a workflow starts, which options say so, and what its expressions see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["change", "saving", "clock", "asked"]


@dataclass(frozen=True, slots=True)
class TriggerKind:
    """One kind of trigger. `source` says who looks for it.

    `change`: the gate, when it has written an event of `events`; `saving`: the gate, inside the save (rules);
    `clock`: the worker, when a time has come; `asked`: a person, a form, a program or another workflow.
    """

    name: str
    title: str
    """What the builder shows: "When a record is created"."""
    description: str
    icon: str
    source: Source
    options: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema properties of what stands beside `on`; `x-amity.input` as for actions."""
    required: tuple[str, ...] = ()
    events: frozenset[str] = frozenset()
    """Kinds of events that it listens to."""
    entity: Literal["needed", "possible", "none"] = "needed"
    """Whether the workflow is about records of an entity."""
    sees: frozenset[str] = frozenset({"record"})
    """Names beside `steps` that its expressions may use: record, old, new, input."""
    person: bool = True
    """Whether somebody triggers it whose rights a run may have (`run_as`)."""


CHANGED_FIELDS: Mapping[str, Any] = {
    "type": "array",
    "items": {"type": "string"},
    "uniqueItems": True,
    "maxItems": 100,
    "title": "Fields",
    "description": "On changes only when one of these has changed; none: any change.",
    "x-amity": {"input": "field"},
}
"""Schema of the option `fields` of triggers that listen to changes."""

FORM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "title": "What is asked",
    "description": "Properties as in an entity; the answers are `input`.",
    "x-amity": {"input": "form"},
}
"""Schema of the option `form` of triggers that ask for something."""
