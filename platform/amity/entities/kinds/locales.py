"""The reader's language and time zone as babel and zoneinfo know them. Both are loaded when first needed."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale as BabelLocale

    from amity.entities.kinds.base import Locale


def babel_locale(locale: Locale) -> BabelLocale:
    """Give babel's locale of the reader's language; English where babel does not know it."""
    return language_locale(locale.language)


@lru_cache(maxsize=64)
def language_locale(language: str) -> BabelLocale:
    """Give babel's locale of a language tag such as `de` or `pt-BR`; English where babel does not know it."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale.parse("en")


@lru_cache(maxsize=64)
def zone(name: str) -> dt.tzinfo:
    """Give a time zone by its name; UTC where there is none of that name."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC
