"""Where the past of a record cannot be told, and why: said instead of a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Why = Literal["purged", "redacted", "added", "converted", "rewritten", "unfit", "derived", "unlogged"]

REASONS: Final[dict[Why, str]] = {
    "purged": "The record was removed for good.",
    "redacted": "Values were taken out of the log.",
    "added": "The field did not exist yet.",
    "converted": "The field has had another kind since.",
    "rewritten": "A definition change filled or replaced values since.",
    "unfit": "What it held then does not fit the field as it is today.",
    "derived": "The value is computed, and the log does not hold it.",
    "unlogged": "The record was there before its first event.",
}
"""One sentence of each reason, for people."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One value (or, without a field, one record) of which the log does not tell what it was."""

    entity: str
    """Name of the entity."""
    record: str
    field: str | None
    """Name of the field."""
    why: Why

    def as_json(self) -> dict[str, str | None]:
        """Give the form that reports keep."""
        return {"entity": self.entity, "record": self.record, "field": self.field, "why": self.why}
