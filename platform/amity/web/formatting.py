"""Dates, times and numbers as the reader writes them: language and time zone bound once per request."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal

from amity.records.shapes import Count
from amity.web.texts import gettext as _


@lru_cache(maxsize=64)
def babel_locale(language: str) -> Locale:
    """Give Babel's locale for "de" or "en-GB"; plain English where it knows none."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Give a time zone by its name; UTC where there is none by that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Formatter:
    """Writes values for one reader. `now` is the moment of the request."""

    language: str
    timezone: str
    now: dt.datetime

    @property
    def _locale(self) -> Locale:
        return babel_locale(self.language)

    @property
    def today(self) -> dt.date:
        """The date where the reader is."""
        return self.local(self.now).date()

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Move a moment into the reader's time zone."""
        return moment.astimezone(zone(self.timezone))

    def date(self, day: dt.date) -> str:
        """Write a date: 5 Nov 2026."""
        return format_date(day, "medium", locale=self._locale)

    def time(self, moment: dt.datetime) -> str:
        """Write the time of day of a moment: 14:05."""
        return format_time(self.local(moment), "short", locale=self._locale)

    def moment(self, moment: dt.datetime) -> str:
        """Write a moment: 5 Nov 2026, 14:05."""
        return format_datetime(self.local(moment), "medium", locale=self._locale).replace(":00 ", " ")

    def day(self, day: dt.date) -> str:
        """Write a date as people say it: today, tomorrow, Friday, else the date."""
        away = (day - self.today).days
        if away == 0:
            return _("Today")
        if away == 1:
            return _("Tomorrow")
        if away == -1:
            return _("Yesterday")
        if 1 < away < 7:
            return format_date(day, "EEEE", locale=self._locale)
        if day.year == self.today.year:
            return format_skeleton("MMMd", day, locale=self._locale)
        return format_date(day, "medium", locale=self._locale)

    def ago(self, moment: dt.datetime) -> str:
        """Write how long ago it was: 3 minutes ago; older than a week: the date."""
        span = moment - self.now
        if abs(span) < dt.timedelta(seconds=45):
            return _("just now")
        if abs(span) > dt.timedelta(days=7):
            return self.date(self.local(moment).date())
        return format_timedelta(span, add_direction=True, locale=self._locale)

    def number(self, value: int | Decimal) -> str:
        """Write a number with the reader's separators."""
        return format_decimal(value, locale=self._locale)

    def count(self, count: Count | None) -> str:
        """Write a count of records; a capped one says "more than"."""
        if count is None:
            return ""
        if not count.exact:
            return _("more than %(number)s", number=self.number(count.value))
        return self.number(count.value)
