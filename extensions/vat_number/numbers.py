"""How VAT numbers of each country look, and the check digits of those whose rule is public.

The patterns are those that the European Commission publishes for VIES; "XI" is Northern Ireland.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Country:
    """A country: `pattern` is what follows the two letters, `check` says whether the digits fit."""

    name: str
    pattern: str
    example: str
    check: Callable[[str], bool] | None = None


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text]


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


def _doubled(digits: Sequence[int]) -> int:
    """Add up the digits, every second one doubled and its own digits added."""
    return sum(digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(digits))


def _luhn(text: str) -> bool:
    return _doubled(_digits(text)[::-1]) % 10 == 0


def _austria(text: str) -> bool:
    digits = _digits(text[1:])
    total = _doubled(digits[:7])
    return (6 - total) % 10 == digits[7]


def _belgium(text: str) -> bool:
    return 97 - int(text[:8]) % 97 == int(text[8:])


def _germany(text: str) -> bool:
    product = 10
    for digit in _digits(text[:8]):
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(text[8])


def _denmark(text: str) -> bool:
    return _weighted(_digits(text), (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _greece(text: str) -> bool:
    return _weighted(_digits(text[:8]), (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10 == int(text[8])


def _finland(text: str) -> bool:
    return _weighted(_digits(text), (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0


def _france(text: str) -> bool:
    if not text[:2].isdigit():  # the newer form with letters has no public rule
        return True
    return (12 + 3 * (int(text[2:]) % 97)) % 97 == int(text[:2])


def _luxembourg(text: str) -> bool:
    return int(text[:6]) % 89 == int(text[6:])


def _poland(text: str) -> bool:
    return _weighted(_digits(text[:9]), (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(text[9])


def _portugal(text: str) -> bool:
    return (11 - _weighted(_digits(text[:8]), range(9, 1, -1)) % 11) % 11 % 10 == int(text[8])


def _slovenia(text: str) -> bool:
    return (11 - _weighted(_digits(text[:7]), range(8, 1, -1)) % 11) % 10 == int(text[7])


def _sweden(text: str) -> bool:
    return _luhn(text[:10])


COUNTRIES: Final[dict[str, Country]] = {
    "AT": Country("Austria", r"U\d{8}", "ATU13585627", _austria),
    "BE": Country("Belgium", r"[01]\d{9}", "BE0428759497", _belgium),
    "BG": Country("Bulgaria", r"\d{9,10}", "BG175074752"),
    "CY": Country("Cyprus", r"\d{8}[A-Z]", "CY10259033P"),
    "CZ": Country("Czechia", r"\d{8,10}", "CZ25123891"),
    "DE": Country("Germany", r"[1-9]\d{8}", "DE136695976", _germany),
    "DK": Country("Denmark", r"\d{8}", "DK13585628", _denmark),
    "EE": Country("Estonia", r"\d{9}", "EE100931558"),
    "EL": Country("Greece", r"\d{9}", "EL094259216", _greece),
    "ES": Country("Spain", r"[A-Z0-9]\d{7}[A-Z0-9]", "ESA13585625"),
    "FI": Country("Finland", r"\d{8}", "FI20774740", _finland),
    "FR": Country("France", r"[A-HJ-NP-Z0-9]{2}\d{9}", "FR40303265045", _france),
    "HR": Country("Croatia", r"\d{11}", "HR33392005961"),
    "HU": Country("Hungary", r"\d{8}", "HU12892312"),
    "IE": Country("Ireland", r"\d[A-Z0-9+*]\d{5}[A-W][A-I]?", "IE6433435F"),
    "IT": Country("Italy", r"\d{11}", "IT00743110157", _luhn),
    "LT": Country("Lithuania", r"(\d{9}|\d{12})", "LT119511515"),
    "LU": Country("Luxembourg", r"\d{8}", "LU15027442", _luxembourg),
    "LV": Country("Latvia", r"\d{11}", "LV40003521600"),
    "MT": Country("Malta", r"\d{8}", "MT11679112"),
    "NL": Country("Netherlands", r"[A-Z0-9+*]{9}B\d{2}", "NL004495445B01"),
    "PL": Country("Poland", r"\d{10}", "PL8567346215", _poland),
    "PT": Country("Portugal", r"\d{9}", "PT501964843", _portugal),
    "RO": Country("Romania", r"[1-9]\d{1,9}", "RO18547290"),
    "SE": Country("Sweden", r"\d{12}", "SE123456789701", _sweden),
    "SI": Country("Slovenia", r"\d{8}", "SI50223054", _slovenia),
    "SK": Country("Slovakia", r"[1-9]\d{9}", "SK2022749619"),
    "XI": Country("Northern Ireland", r"(\d{9}|\d{12}|GD\d{3}|HA\d{3})", "XI980780684"),
}


def written(text: str) -> str:
    """Give what people type in the one form that is stored: capitals, no blanks, dots or hyphens."""
    return re.sub(r"[\s.\-/]", "", text[:100]).upper()


def fault(number: str) -> tuple[str, str] | None:
    """Say what is wrong with a number (code, message), None where nothing is."""
    country = COUNTRIES.get(number[:2])
    if country is None:
        known = ", ".join(COUNTRIES)
        return "country", f"A VAT number begins with the letters of its country: {known}."
    rest = number[2:]
    if not rest.isascii() or not re.fullmatch(country.pattern, rest):
        return "format", f"A VAT number of {country.name} looks like {country.example}."
    if country.check is not None and not country.check(rest):
        return "check_digits", "The check digits do not fit: one digit is wrong, or two are swapped."
    return None


def has_check(number: str) -> bool:
    """Say whether the check digits of this number's country are looked at."""
    country = COUNTRIES.get(number[:2])
    return country is not None and country.check is not None
