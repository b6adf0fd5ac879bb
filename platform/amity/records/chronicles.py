"""One record as it is now and the events that led there: the evidence for what it was.

A moment is a *cut*: the state after all events whose number is at most the cut. Everything here goes by
numbers of events, ids of fields and ids of choices; nothing depends on what is called how today.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from amity.records.links import Link

State = Literal["absent", "live", "deleted"]

LIFE: Final[Mapping[str, State]] = {"created": "absent", "deleted": "live", "restored": "deleted"}
"""What a record was just before an event of this kind."""
KINDS: Final = frozenset({*LIFE, "updated"})
"""Kinds of events that can be undone; any other one took values out of the log."""

_LIFE: Final = "<life>"
_STRANGE: Final = "<strange>"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the record."""

    seq: int
    kind: str
    version: int
    """Of the record, after the event."""
    definition: int
    """Version of the entity's definition."""
    at: dt.datetime
    actor: str | None
    changes: Mapping[str, Any]
    echo: bool
    """The event tells that a link reads differently because its target was deleted or came back; what is
    stored did not change."""

    def pair(self, field_id: str) -> tuple[Any, Any] | None:
        """Old and new value of a field that it changed; None where they were taken out."""
        found = self.changes[field_id]
        return (found[0], found[1]) if isinstance(found, list) and len(found) == 2 else None


class Chronicle:
    """A record: its row, its links, its events from some number on (in order)."""

    __slots__ = ("_series", "deleted", "earlier", "entries", "id", "last", "links", "row", "visible")

    def __init__(
        self, id_: str, row: dict[str, Any] | None, *, deleted: bool, visible: bool, entries: Sequence[Entry]
    ) -> None:
        self.id = id_
        self.row = row
        """Typed values by field name as they are stored now; None where the record is gone for good."""
        self.links: dict[str, list[Link]] = {}
        """To-many links as they are stored now, by field name."""
        self.deleted = deleted
        self.visible = visible
        """Whether the caller may see the record."""
        self.entries = entries
        self.last = entries[-1].seq if entries else 0
        """Number of the last event: after it, all is as now."""
        self.earlier: dict[str, Entry | None] = {}
        """The last event before `entries` that tells of a field, by field id ("": of anything)."""
        self._series: dict[str, tuple[list[int], list[Entry]]] = {}

    @property
    def complete(self) -> bool:
        """Whether nothing happened before `entries`."""
        return bool(self.entries) and self.entries[0].kind == "created"

    def state(self, cut: int) -> State:
        """What the record was at a cut, as far as its events tell."""
        entry = None
        if self.last > cut:
            entry = _following(self._entries(_LIFE, lambda entry: entry.kind in LIFE), cut)
        if entry is None:
            return "deleted" if self.deleted else "live"
        return LIFE[entry.kind]

    def redacted(self, cut: int) -> bool:
        """Whether something other than a change happened after a cut."""
        strange = self._entries(_STRANGE, lambda entry: entry.kind not in KINDS)
        return _following(strange, cut) is not None

    def touching(self, field_id: str) -> list[Entry]:
        """The events that changed what is stored in a field."""
        return self._touching(field_id)[1]

    def following(self, field_id: str, cut: int) -> Entry | None:
        """The first event after a cut that changed a field."""
        return _following(self._touching(field_id), cut)

    def preceding(self, field_id: str, cut: int) -> Entry | None:
        """The last known event up to a cut that tells of a field: it changed it, or made the record."""
        entry = _preceding(self._touching(field_id), cut)
        if entry is None and self.complete and self.entries[0].seq <= cut:
            entry = self.entries[0]
        return entry if entry is not None else self.earlier.get(field_id)

    def event_after(self, cut: int) -> Entry | None:
        """The first event after a cut."""
        return _following(self._entries("", lambda entry: True), cut)

    def event_upto(self, cut: int) -> Entry | None:
        """The last known event up to a cut."""
        return _preceding(self._entries("", lambda entry: True), cut) or self.earlier.get("")

    def _touching(self, field_id: str) -> tuple[list[int], list[Entry]]:
        return self._entries(field_id, lambda entry: field_id in entry.changes and not entry.echo)

    def _entries(self, key: str, wanted: Callable[[Entry], bool]) -> tuple[list[int], list[Entry]]:
        series = self._series.get(key)
        if series is None:
            entries = [entry for entry in self.entries if wanted(entry)]
            series = self._series[key] = ([entry.seq for entry in entries], entries)
        return series


def _following(series: tuple[list[int], list[Entry]], cut: int) -> Entry | None:
    seqs, entries = series
    index = bisect_right(seqs, cut)
    return entries[index] if index < len(entries) else None


def _preceding(series: tuple[list[int], list[Entry]], cut: int) -> Entry | None:
    seqs, entries = series
    index = bisect_right(seqs, cut)
    return entries[index - 1] if index else None
