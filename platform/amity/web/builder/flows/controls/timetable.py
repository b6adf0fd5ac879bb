"""The control of a schedule: every day, certain weekdays, a day of the month; written as cron."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding, sent
from amity.web.builder.rows import Form, put
from amity.web.context import locale
from amity.web.formatting import babel_locale
from amity.web.texts import gettext as _
from amity.workflows.engine.clock import following

OWN: Final = "~"
EVERY: Final = ("5", "10", "15", "20", "30")
NEXT: Final = 3


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule in parts; `mode` says which count."""

    mode: str = "daily"
    every: str = "15"
    minute: str = "0"
    time: str = "08:00"
    weekdays: frozenset[str] = frozenset({"1"})
    """0 is Sunday."""
    day: str = "1"
    """Of the month; L is the last."""
    month: str = "1"


@dataclass(frozen=True, slots=True)
class View:
    """What the template needs."""

    table: Timetable
    modes: Sequence[tuple[str, str]]
    every: Sequence[str]
    weekdays: Sequence[tuple[str, str]]
    days: Sequence[tuple[str, str]]
    months: Sequence[tuple[str, str]]
    following: Sequence[dt.datetime]


# -- cron ------------------------------------------------------------------------------------------------
def parse(text: str) -> Timetable:
    """Read a cron expression; mode `OWN` where it is more than the inputs can say."""
    parts = text.split()
    own = Timetable(OWN)
    if len(parts) != 5:
        return own
    minute, hour, day, month, weekday = parts
    if [hour, day, month, weekday] == ["*"] * 4:
        if minute.startswith("*/"):
            return Timetable("minutes", every=minute[2:]) if minute[2:] in EVERY else own
        return Timetable("hourly", minute=str(int(minute))) if _is(minute, 0, 59) else own
    if not (_is(minute, 0, 59) and _is(hour, 0, 23)):
        return own
    time = f"{int(hour):02}:{int(minute):02}"
    days = _weekdays(weekday)
    if weekday != "*":
        return Timetable("weekly", time=time, weekdays=days) if days and day == month == "*" else own
    if day == "*":
        return Timetable("daily", time=time) if month == "*" else own
    if day != "L" and not _is(day, 1, 31):
        return own
    day = day if day == "L" else str(int(day))
    if month == "*":
        return Timetable("monthly", time=time, day=day)
    return Timetable("yearly", time=time, day=day, month=str(int(month))) if _is(month, 1, 12) else own


def build(table: Timetable) -> str:
    """Write a cron expression."""
    hour, _colon, minute = table.time.partition(":")
    at = f"{int(minute)} {int(hour)}"
    match table.mode:
        case "minutes":
            return f"*/{table.every} * * * *"
        case "hourly":
            return f"{table.minute} * * * *"
        case "weekly":
            return f"{at} * * {','.join(sorted(table.weekdays, key=_from_monday))}"
        case "monthly":
            return f"{at} {table.day} * *"
        case "yearly":
            return f"{at} {table.day} {table.month} *"
    return f"{at} * * *"


def _is(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 3 and least <= int(text) <= most


def _weekdays(text: str) -> frozenset[str]:
    found: set[str] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (_is(first, 0, 7) and _is(last, 0, 7) and int(first) <= int(last)):
            return frozenset()
        found |= {str(day % 7) for day in range(int(first), int(last) + 1)}
    return frozenset(found)


def in_words(text: str) -> str:
    """Say when a schedule comes; the expression itself where it is more than the inputs can say."""
    table = parse(text)
    match table.mode:
        case "minutes":
            return _("every %(number)s minutes", number=table.every)
        case "hourly":
            return _("every hour at minute %(minute)s", minute=table.minute)
        case "daily":
            return _("every day at %(time)s", time=table.time)
        case "weekly":
            names = get_day_names("wide", locale=babel_locale(locale().language))
            days = [names[_from_monday(day)] for day in sorted(table.weekdays, key=_from_monday)]
            return _("%(days)s at %(time)s", days=", ".join(days), time=table.time)
        case "monthly" | "yearly":
            day = _("the last day") if table.day == "L" else _("day %(number)s", number=table.day)
            months = get_month_names("wide", locale=babel_locale(locale().language))
            month = _("every month") if table.mode == "monthly" else months[int(table.month)]
            return _("%(day)s of %(month)s at %(time)s", day=day, month=month, time=table.time)
    return text


def _from_monday(day: str) -> int:
    return (int(day) - 1) % 7


# -- the form --------------------------------------------------------------------------------------------
def _sent(form: Form, name: str, now: Timetable) -> Timetable | None:
    """Give what the form says; what it does not have, or not rightly, stays."""
    mode = form.get(f"{name}-mode")
    if mode is None:
        return None
    if mode == OWN:
        return Timetable(OWN)
    made: dict[str, Any] = {"mode": mode}
    part = form.get(f"{name}-every", "")
    made["every"] = part if part in EVERY else now.every
    part = form.get(f"{name}-minute", "").strip()
    made["minute"] = str(int(part)) if _is(part, 0, 59) else now.minute
    hour, _colon, minute = form.get(f"{name}-time", "").partition(":")
    made["time"] = f"{int(hour):02}:{int(minute):02}" if _is(hour, 0, 23) and _is(minute, 0, 59) else now.time
    chosen = frozenset(item for item in form.getlist(f"{name}-weekday") if _is(item, 0, 6))
    made["weekdays"] = chosen or now.weekdays
    part = form.get(f"{name}-day", "")
    made["day"] = part if part == "L" or _is(part, 1, 31) else now.day
    part = form.get(f"{name}-month", "")
    made["month"] = part if _is(part, 1, 12) else now.month
    return Timetable(**made)


def _read(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    text = value if isinstance(value, str) else ""
    form, name = around.form, f"{PREFIX}-{word}"
    table = parse(text) if text else Timetable("")
    if form is not None and form.get(f"{name}-mode") == OWN:
        table = Timetable(OWN)
    return {"text": text, "own": _view(table, _next(text, around.holder.get("timezone")))}


def _next(text: str, named: Any) -> Sequence[dt.datetime]:
    from croniter import croniter

    if not text or len(text.split()) != 5 or not croniter.is_valid(text):
        return ()
    zone = named if isinstance(named, str) and named else locale().timezone
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return ()
    return following(text, zone, dt.datetime.now(dt.UTC), NEXT)


def _view(table: Timetable, times: Sequence[dt.datetime]) -> View:
    language = babel_locale(locale().language)
    names = get_day_names("wide", locale=language)
    months = get_month_names("wide", locale=language)
    return View(
        table,
        [
            ("minutes", _("every few minutes")), ("hourly", _("every hour")), ("daily", _("every day")),
            ("weekly", _("on certain weekdays")), ("monthly", _("once a month")),
            ("yearly", _("once a year")), (OWN, _("otherwise, as a cron expression …")),
        ],
        EVERY,
        [(str((number + 1) % 7), names[number]) for number in range(7)],
        [*((str(day), str(day)) for day in range(1, 32)), ("L", _("the last day"))],
        [(str(number), months[number]) for number in range(1, 13)],
        times,
    )  # fmt: skip


def _write(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    name = f"{PREFIX}-{word}"
    now = around.holder.get(word)
    known = parse(now) if isinstance(now, str) else Timetable()
    found = _sent(around.form, name, known)
    if found is None or not found.mode:
        return
    if found.mode == OWN:
        text = sent(around, word)
        if text is not None and text.strip() != now:
            put(around.holder, word, text.strip())
    elif not isinstance(now, str) or found != known:
        text = build(found)
        if not isinstance(now, str) or parse(text) != known:
            around.holder[word] = text


KINDS: Final = {"cron": Kind(_read, _write)}
