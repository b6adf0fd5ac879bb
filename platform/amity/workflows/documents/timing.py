"""Moments: what a duration, a date or a date-time of an expression means for the clock."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

LATEST: Final = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)


def shortest(begun: dt.datetime, microseconds: int) -> dt.datetime:
    """The moment so long after another one; what lies beyond all calendars is `LATEST`."""
    try:
        return min(begun + dt.timedelta(microseconds=max(microseconds, 0)), LATEST)
    except OverflowError:
        return LATEST


def moment_of(value: dt.date | dt.datetime, timezone: str) -> dt.datetime:
    """The moment of a date-time, or the first one of a date in a time zone."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC)
    return valid_moment(value, dt.time(), timezone)


def valid_moment(day: dt.date, time: dt.time, timezone: str) -> dt.datetime:
    """The moment of a wall-clock time, in UTC.

    An hour that occurs twice means its first time; one that is skipped, the next moment that exists.
    """
    zone = ZoneInfo(timezone)
    local = dt.datetime.combine(day, time, zone)
    moment = local.astimezone(dt.UTC)
    back = moment.astimezone(zone)
    if back.replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # In the gap: fold=1 uses the offset from before the jump backwards, so the later of both is behind it.
    before = local.replace(fold=0).utcoffset() or dt.timedelta()
    after = local.replace(fold=1).utcoffset() or dt.timedelta()
    return _first_after_gap(local, before, after, zone)


def _first_after_gap(
    local: dt.datetime, before: dt.timedelta, after: dt.timedelta, zone: ZoneInfo
) -> dt.datetime:
    wall = local.replace(tzinfo=None)
    low, high = (wall - max(before, after)), (wall - min(before, after))
    start, end = low.replace(tzinfo=dt.UTC), high.replace(tzinfo=dt.UTC)
    old = start.astimezone(zone).utcoffset()
    while end - start > dt.timedelta(seconds=1):
        middle = start + (end - start) / 2
        if middle.astimezone(zone).utcoffset() == old:
            start = middle
        else:
            end = middle
    return end.replace(microsecond=0)
