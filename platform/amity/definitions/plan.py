"""What a definition change would do, before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a change touches: `safe` metadata or empty storage, `converts` or `parks` data, `refused`."""

    SAFE = "safe"
    CONVERTS = "converts"
    PARKS = "parks"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a field, choice or entity is used."""

    kind: str
    """layout, view, check, unique, expression, display, inverse, saved filter, role, workflow, ..."""
    owner: str
    """Name of the document that holds it."""
    pointer: str
    """JSON pointer into that document."""
    text: str
    """What stands there, for people."""

    def as_json(self) -> dict[str, str]:
        """Give the form of the REST answer."""
        return {"kind": self.kind, "owner": self.owner, "pointer": self.pointer, "text": self.text}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan."""

    severity: Severity
    entity: str
    field: str | None
    what: str
    """One sentence for the admin."""
    code: str
    """Stable name: add_field, rename_field, remove_field, convert_field, add_entity, require_field, ..."""
    records: int = 0
    """How many records are touched (or, for `refused`, stand in the way)."""
    samples: Sequence[Mapping[str, Any]] = ()
    """At most ten `{"id", "label", "old", "new" or "reason"}`."""
    used_by: Sequence[Use] = ()
    details: Mapping[str, Any] = member(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer (see semantics: REST)."""
        answer: dict[str, Any] = {
            "severity": str(self.severity),
            "code": self.code,
            "entity": self.entity,
            "field": self.field,
            "what": self.what,
            "records": self.records,
            "samples": [dict(sample) for sample in self.samples],
            "used_by": [use.as_json() for use in self.used_by],
        }
        if self.details:
            answer["details"] = dict(self.details)
        return answer


@dataclass(frozen=True, slots=True)
class Question:
    """Something only the admin knows: a field vanished and another appeared, was it renamed?"""

    code: str
    entity: str
    field: str
    """The new name."""
    candidates: Sequence[str]
    """Names of the vanished."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {
            "code": self.code,
            "entity": self.entity,
            "field": self.field,
            "candidates": list(self.candidates),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one apply, computed on `revision`."""

    revision: int
    changes: Sequence[Change]
    questions: Sequence[Question] = ()

    @property
    def refused(self) -> tuple[Change, ...]:
        """The changes that live data or the rules forbid."""
        return tuple(change for change in self.changes if change.severity is Severity.REFUSED)

    @property
    def needs_confirmation(self) -> bool:
        """Whether data would be converted or parked, or a question is open."""
        touched = {Severity.CONVERTS, Severity.PARKS}
        return bool(self.questions) or any(change.severity in touched for change in self.changes)

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {
            "revision": self.revision,
            "changes": [change.as_json() for change in self.changes],
            "questions": [question.as_json() for question in self.questions],
            "needs_confirmation": self.needs_confirmation,
        }
