"""Currencies and countries to choose from, named in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from amity.entities.kinds.locales import language_locale


@lru_cache(maxsize=32)
def currencies(language: str) -> tuple[tuple[str, str], ...]:
    """Give the currencies that are in use somewhere today: code and title, by title."""
    from babel.core import get_global
    from babel.numbers import get_territory_currencies

    names = language_locale(language).currencies
    used = {
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    }
    return _by_title((code, f"{names.get(code, code)} ({code})") for code in used)


@lru_cache(maxsize=32)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Give the countries that have phone numbers: ISO 3166 code and title, by title."""
    import phonenumbers

    names = language_locale(language).territories
    return _by_title((code, names.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS)


def _by_title(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pairs, key=lambda pair: pair[1].casefold()))
