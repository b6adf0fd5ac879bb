"""Functions over dates, moments, times of day and durations; parts of moments are those of UTC."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from amity.expressions import arithmetic
from amity.expressions import postgres as pg
from amity.expressions.functions.build import Way, function
from amity.expressions.scope import Function
from amity.expressions.types import DATE, DATETIME, DURATION, INT, TEXT, TIME

_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DURATION: Final = re.compile(r"(\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})(ns|us|µs|ms|s|m|h)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_OFFSET: Final = re.compile(r"([+-]?)(\d{2}):(\d{2})", re.ASCII)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS: Final = {
    "ns": Decimal("0.001"), "us": Decimal(1), "µs": Decimal(1), "ms": Decimal(1_000),
    "s": Decimal(1_000_000), "m": Decimal(60_000_000), "h": Decimal(3_600_000_000),
}  # fmt: skip
_SECOND: Final = 1_000_000
_LENGTHS: Final = {
    "seconds": _SECOND, "minutes": 60 * _SECOND, "hours": 3600 * _SECOND,
    "days": 86_400 * _SECOND, "weeks": 604_800 * _SECOND,
}  # fmt: skip


def to_moment(value: str | int | dt.date, *zone: str) -> dt.datetime | None:
    """Read RFC 3339, seconds since 1970, or take the midnight a date begins with in UTC or a zone."""
    try:
        if isinstance(value, dt.datetime):
            return value
        if isinstance(value, dt.date):
            found = _zone(zone[0]) if zone else dt.UTC
            return None if found is None else dt.datetime.combine(value, dt.time(), found).astimezone(dt.UTC)
        if isinstance(value, int):
            return _EPOCH + dt.timedelta(seconds=value)
        match = _MOMENT.fullmatch(value)
        if match is None:
            return None
        fraction = (match[3] or ".0")[:7]
        offset = "+00:00" if match[4] in "Zz" else match[4]
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2]}{fraction}{offset}").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def to_date(value: str | dt.date, *rest: int | str) -> dt.date | None:
    """Read 2026-01-31, take the date of a moment in UTC or a zone, or put year, month and day together."""
    try:
        if isinstance(value, int) and len(rest) == 2:
            return dt.date(value, int(rest[0]), int(rest[1]))
        if isinstance(value, dt.datetime):
            moment = _in_zone(value, str(rest[0])) if rest else value
            return None if moment is None else moment.date()
        if isinstance(value, dt.date):
            return value
        return dt.date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except (ValueError, OverflowError):
        return None


def to_time(value: str | dt.time | dt.datetime) -> dt.time | None:
    """Read 09:30 or 09:30:15.5, or take the time of day of a moment in UTC."""
    if isinstance(value, dt.datetime):
        return value.time()
    if isinstance(value, dt.time):
        return value
    try:
        return dt.time.fromisoformat(value) if _TIME.fullmatch(value) else None
    except ValueError:
        return None


def to_duration(value: str | int) -> int | None:
    """Read CEL's writing (1h30m, 90s, -1.5s) to microseconds."""
    if isinstance(value, int):
        return value
    sign, body = (-1, value[1:]) if value[:1] == "-" else (1, value[value[:1] == "+" :])
    if not body or len(body) > 100:
        return None
    total, position = Decimal(0), 0
    while position < len(body):
        match = _DURATION.match(body, position)
        if match is None:
            return 0 if body == "0" else None
        total += Decimal(match[1]) * _UNITS[match[2]]
        position = match.end()
    return arithmetic.duration(sign * int(total))


def _zone(name: str) -> dt.tzinfo | None:
    """Find an IANA zone or a fixed offset such as +02:00, None for an unknown one."""
    match = _OFFSET.fullmatch(name)
    try:
        if match is not None:
            offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
            return dt.timezone(-offset if match[1] == "-" else offset)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _in_zone(value: dt.datetime, name: str) -> dt.datetime | None:
    """Give the moment on the clocks of a zone, None for an unknown zone."""
    zone = _zone(name)
    try:
        return None if zone is None else value.astimezone(zone)
    except OverflowError:
        return None


def _part(read: Callable[[Any], int]) -> Callable[..., int | None]:
    def part(value: Any, *zone: str) -> int | None:
        if zone:
            value = _in_zone(value, zone[0])
        return None if value is None else read(value)

    return part


def _duration_part(read: Callable[[Any], int], length: int) -> Callable[..., int | None]:
    """A part of a moment, or of a duration the whole units in it, towards zero."""
    part = _part(read)

    def either(value: Any, *zone: str) -> int | None:
        if isinstance(value, int):
            whole = abs(value) // length
            return -whole if value < 0 else whole
        return part(value, *zone)

    return either


def _milliseconds(value: Any) -> int | None:
    return value.microsecond // 1000 if not isinstance(value, int) else _rest(value)


def _rest(value: int) -> int:
    rest = abs(value) % _SECOND // 1000
    return -rest if value < 0 else rest


def _year_day(value: dt.date) -> int:
    return value.timetuple().tm_yday - 1


def _extract(field: str, inner: str, less: int = 0) -> str:
    """The part of a date, a time of day or a clock reading, made an integer."""
    whole = f"CAST(floor(EXTRACT({field} FROM {inner})) AS BIGINT)"
    return f"({whole} - {less})" if less else whole


def _date_part(name: str, field: str, read: Callable[[Any], int], doc: str, less: int = 0) -> Function:
    ways: list[Way] = [
        ((DATETIME,), INT, _extract(field, pg.utc("{0}"), less)),
        ((DATE,), INT, _extract(field, "{0}", less)),
        ((DATETIME, TEXT), INT, None),
    ]
    return function(name, ways, _part(read), doc)


def _clock_part(name: str, field: str, doc: str, length: int = 0) -> Function:
    """A part of the time of day; with a length also the whole units of a duration."""
    ways: list[Way] = [
        ((DATETIME,), INT, _extract(field, pg.utc("{0}"))),
        ((TIME,), INT, _extract(field, "{0}")),
        ((DATETIME, TEXT), INT, None),
    ]
    if length:
        # PostgreSQL divides integers towards zero.
        ways.append(((DURATION,), INT, f"({{0}} / {length})"))
    return function(name, ways, _duration_part(lambda value: int(getattr(value, field)), length or 1), doc)


def _milliseconds_of(inner: str) -> str:
    return f"(mod({inner}, 1000000) / 1000)"


def _microseconds_in(inner: str) -> str:
    return f"CAST(EXTRACT(microseconds FROM {inner}) AS BIGINT)"


def _span(name: str, length: int) -> Function:
    """Make the function that gives a duration of so many units."""
    return function(
        name,
        [((INT,), DURATION, pg.duration(f"({pg.numeric('{0}')} * {length})"))],
        lambda count: arithmetic.duration(count * length),
        f"A duration of so many {name}: {name}(3).",
        method=False,
    )


FUNCTIONS: Final = (
    function(
        "date",
        [
            ((DATE,), DATE, "{0}"),
            ((TEXT,), DATE, None),
            ((DATETIME,), DATE, f"CAST({pg.utc('{0}')} AS DATE)"),
            ((DATETIME, TEXT), DATE, None),
            ((INT, INT, INT), DATE, None),
        ],
        to_date,
        "A date: date('2026-01-31'), date(2026, 1, 31), date(created_at, 'Europe/Berlin'); else UTC.",
        method=False,
    ),
    function(
        "timestamp",
        [
            ((DATETIME,), DATETIME, "{0}"),
            ((TEXT,), DATETIME, None),
            ((INT,), DATETIME, pg.moment(f"({pg.numeric('{0}')} * 1000000)")),
            ((DATE,), DATETIME, pg.utc("CAST({0} AS TIMESTAMP)")),
            ((DATE, TEXT), DATETIME, None),
        ],
        to_moment,
        "A moment: timestamp('2026-01-31T09:00:00Z'), seconds since 1970, or a date's midnight "
        "in UTC or a zone: timestamp(today(), 'Europe/Berlin').",
        method=False,
    ),
    function(
        "time",
        [
            ((TIME,), TIME, "{0}"),
            ((TEXT,), TIME, None),
            ((DATETIME,), TIME, f"CAST({pg.utc('{0}')} AS TIME)"),
        ],
        to_time,
        "A time of day: time('09:30'), or that of a moment in UTC.",
        method=False,
    ),
    function(
        "duration",
        [((DURATION,), DURATION, "{0}"), ((TEXT,), DURATION, None)],
        to_duration,
        "A duration as CEL writes it: duration('1h30m').",
        method=False,
    ),
    *(_span(name, length) for name, length in _LENGTHS.items()),
    _date_part("year", "year", lambda value: value.year, "The year: year(born)."),
    _date_part("month", "month", lambda value: value.month, "The month, 1 to 12."),
    _date_part("day", "day", lambda value: value.day, "The day of the month, 1 to 31."),
    _date_part("weekday", "isodow", lambda value: value.isoweekday(), "Monday is 1, Sunday 7."),
    _clock_part("hour", "hour", "The hour, 0 to 23."),
    _clock_part("minute", "minute", "The minute, 0 to 59."),
    _clock_part("second", "second", "The second, 0 to 59."),
    _date_part("getFullYear", "year", lambda value: value.year, "The year (CEL)."),
    _date_part("getMonth", "month", lambda value: value.month - 1, "The month, January is 0 (CEL).", 1),
    _date_part("getDate", "day", lambda value: value.day, "The day of the month from 1 (CEL)."),
    _date_part("getDayOfMonth", "day", lambda value: value.day - 1, "The day of the month from 0 (CEL).", 1),
    _date_part("getDayOfWeek", "dow", lambda value: value.isoweekday() % 7, "Sunday is 0 (CEL)."),
    _date_part("getDayOfYear", "doy", _year_day, "The day of the year from 0 (CEL).", 1),
    _clock_part("getHours", "hour", "The hour, or the whole hours of a duration (CEL).", 3600 * _SECOND),
    _clock_part(
        "getMinutes", "minute", "The minute, or the whole minutes of a duration (CEL).", 60 * _SECOND
    ),
    _clock_part("getSeconds", "second", "The second, or the whole seconds of a duration (CEL).", _SECOND),
    function(
        "getMilliseconds",
        [
            ((DATETIME,), INT, _milliseconds_of(_microseconds_in(pg.utc("{0}")))),
            ((TIME,), INT, _milliseconds_of(_microseconds_in("{0}"))),
            ((DATETIME, TEXT), INT, None),
            ((DURATION,), INT, _milliseconds_of("{0}")),
        ],
        lambda value, *zone: _milliseconds(value),
        "The milliseconds of the second, of a moment or a duration (CEL).",
    ),
)
