"""When a definition change replaced what a field holds, without an event of any record.

Between two such changes lies an *era*. What an event or the present row says of a field holds only for
moments of the same era. Renames of fields and choices begin none, nor does a field that went and came back.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, func, select

from amity.database.schema import event
from amity.definitions import store
from amity.definitions.documents import VersionInfo

_NEW: Final = frozenset({"add_field", "fill_field", "convert_field"})
_REWRITES: Final = frozenset({"require_field", "remove_choice"})
"""Lines that, where they convert, give records other values of the same kind."""


@dataclass(frozen=True, slots=True)
class Era:
    """`content` counts the field's kinds (0: it did not exist), `fill` rewrites within one."""

    content: int
    fill: int = 0


NOTHING: Final = Era(0)


class Eras:
    """The eras of all fields of one entity."""

    def __init__(
        self, entity_id: str, versions: Sequence[VersionInfo], spans: Mapping[int, tuple[int, int]]
    ) -> None:
        """`versions` oldest first; `spans`: first and last event number of each version."""
        self._applied: list[tuple[int, dt.datetime]] = [(info.version, info.at) for info in versions]
        self._spans = spans
        self._timelines = _timelines(entity_id, versions)

    def changed(self, field_id: str) -> bool:
        """Whether the field has had more than one era."""
        return len(self._timelines.get(field_id, ())) > 1

    def present(self, field_id: str) -> Era:
        """The era of now."""
        return self._timelines[field_id][-1][1]

    def of(self, field_id: str, version: int) -> Era:
        """The era in a version of the entity's definition."""
        line = self._timelines[field_id]
        index = bisect_right([known for known, _ in line], version)
        return line[max(index - 1, 0)][1]

    def then(self, field_id: str, seq: int, at: dt.datetime) -> Era:
        """The era when an event (of any entity) happened."""
        return self.of(field_id, self.version(seq, at))

    def version(self, seq: int, at: dt.datetime) -> int:
        """The version in force at an event.

        Events of the entity itself say it; where none is near enough, the clock decides.
        """
        lowest = max((known for known, (first, _) in self._spans.items() if first <= seq), default=0)
        highest = min((known for known, (_, last) in self._spans.items() if last >= seq), default=None)
        found = lowest
        for known, applied in self._applied:
            if known > found and (highest is None or known <= highest) and applied <= at:
                found = known
        return found or self._applied[0][0]


def read_eras(connection: Connection, entity_id: str, floor: int) -> Eras | None:
    """Read the eras of an entity; None where no field has more than one. Events from `floor` on are asked."""
    versions = store.versions(connection, "entity", entity_id)[::-1]
    eras = Eras(entity_id, versions, {})
    if not any(len(line) > 1 for line in eras._timelines.values()):
        return None
    spans = (
        select(event.c.definition_version, func.min(event.c.seq), func.max(event.c.seq))
        .where(event.c.entity == entity_id, event.c.seq >= floor)
        .group_by(event.c.definition_version)
    )
    rows = connection.execute(spans)
    return Eras(entity_id, versions, {row[0]: (row[1], row[2]) for row in rows})


def _timelines(entity_id: str, versions: Sequence[VersionInfo]) -> dict[str, list[tuple[int, Era]]]:
    lines: dict[str, list[tuple[int, Era]]] = {}
    gone: dict[str, list[tuple[object, Era]]] = {}
    before: Mapping[str, Any] = {}
    for number, info in enumerate(versions):
        fields = _fields(info.document)
        if number == 0:
            lines = {field_id: [(info.version, Era(1))] for field_id in fields}
        for code, field_id in _touched(entity_id, info) if number else ():
            line = lines.setdefault(field_id, [])
            if code == "remove_field":
                if line:
                    gone.setdefault(field_id, []).append((_shape(before.get(field_id)), line[-1][1]))
                continue
            era = _next(code, line, gone.get(field_id, ()), _shape(fields.get(field_id)))
            if not line:
                line.append((0, NOTHING))
            if line[-1][1] != era:
                line.append((info.version, era))
        before = fields
    return lines


def _next(
    code: str, line: Sequence[tuple[int, Era]], gone: Sequence[tuple[object, Era]], shape: object
) -> Era:
    """The era that a line of a plan begins (or goes back to)."""
    if code == "restore_field":
        for known, era in reversed(gone):
            if known == shape:
                return era
    if code in _REWRITES:
        return replace(line[-1][1], fill=line[-1][1].fill + 1) if line else Era(1)
    return Era(max((era.content for _, era in line), default=0) + 1)


def _touched(entity_id: str, info: VersionInfo) -> Iterator[tuple[str, str]]:
    for change in info.plan.get("changes", ()):
        details = change.get("details", {})
        field_id = details.get("field_id")
        code = change["code"]
        if details.get("entity_id") != entity_id or field_id is None:
            continue
        if code in _REWRITES:
            if change["severity"] == "converts":
                yield code, field_id
        elif code in _NEW or code in ("remove_field", "restore_field"):
            yield code, field_id


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, schema in document.get("properties", {}).items():
        options = schema.get("x-amity", {}) if isinstance(schema, Mapping) else {}
        found[options.get("id", name)] = schema
    return found


def _shape(schema: Any) -> object:
    """What tells two fields of one id apart: kind and target."""
    if not isinstance(schema, Mapping):
        return None
    options = schema.get("x-amity", {})
    return schema.get("type"), schema.get("format"), options.get("kind"), options.get("to")
