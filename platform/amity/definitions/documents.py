"""What the store knows of a kind of document; entities, and later roles and workflows, register here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition as it is (or was) in force."""

    kind: str
    id: str
    name: str
    version: int
    document: Mapping[str, Any]
    updated_at: dt.datetime
    updated_by: str | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """What somebody wants: a new document under a name, or none (`document` null removes it)."""

    kind: str
    name: str
    document: Mapping[str, Any] | None
    renamed_from: Mapping[str, str | None] = field(default_factory=dict)
    """Answers to the plan's questions: new field name -> old field name, or null for "it is new"."""
    source: str | None = None
    """File it came from, for messages."""
