"""Comments among the entries of a timeline: both in one order, page by page.

A page is cut where the longer of both lists ends. The next one goes on behind a moment (and, of the
comments of that moment, behind an id), as its address says: `said=2026-01-02T10:00:00+00:00~<id>`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from amity.errors import Invalid
from amity.records.shapes import Target
from amity.records.timeline import Entry
from amity.web.context import workspace
from amity.workflows.people import comments

LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""An id behind all ids: of the moment itself nothing was shown yet."""
HOUR_OF_A_DATE: Final = dt.time(11, tzinfo=dt.UTC)
"""Where a date stands among moments, as in `records.timeline`."""

Place = tuple[dt.datetime, str]
Item = Entry | Row[Any]


@dataclass(frozen=True, slots=True)
class Mixed:
    """Entries and comments, the latest first."""

    items: Sequence[Item]
    entries: int
    """How many of the entries are among them; fewer than there were where comments cut the page."""
    more: bool
    """Whether there are earlier comments."""
    last: Place | None
    """Where the next page goes on."""


def mix(
    entries: Sequence[Entry], goes_on: bool, members: Sequence[Target], before: Place | None, limit: int
) -> Mixed:
    """Put the comments of a party's members among its entries. `goes_on`: there are earlier entries."""
    floor = moment(entries[-1]) if goes_on and entries else None
    model = workspace().definitions.model
    about = [(model.entities[name].id, identity) for name, identity in members]
    rows = comments.of_records(workspace().database, about, before=before, since=floor, limit=limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    shown = [entry for entry in entries if not more or moment(entry) >= rows[-1].at]
    items: list[Item] = []
    left = list(rows)
    for entry in shown:
        while left and left[0].at > moment(entry):
            items.append(left.pop(0))
        items.append(entry)
    items += left
    last: Place | None = None
    if items:
        end = items[-1]
        last = (moment(end), LAST) if isinstance(end, Entry) else (end.at, end.id)
    return Mixed(items, len(shown), more, last)


def moment(entry: Entry) -> dt.datetime:
    """Give the moment of an entry; of a date, its hour among moments."""
    if isinstance(entry.at, dt.datetime):
        return entry.at
    return dt.datetime.combine(entry.at, HOUR_OF_A_DATE)


def written(place: Place) -> str:
    """Write a place for an address."""
    return f"{place[0].isoformat()}~{place[1]}"


def read(text: str) -> Place:
    """Read a place. Raises `Invalid`."""
    at, _tilde, identity = text.partition("~")
    try:
        when = dt.datetime.fromisoformat(at)
        return when if when.tzinfo else when.replace(tzinfo=dt.UTC), str(uuid.UUID(identity))
    except ValueError:
        raise Invalid.parameter("said", "place", "This is no place in a timeline.") from None
