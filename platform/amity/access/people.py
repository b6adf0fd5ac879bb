"""The account as others see it, and what may stand in its fields."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Row

from amity.access.context import Actor
from amity.errors import Invalid

State = Literal["invited", "active", "deactivated"]
ROLES: Final[dict[str, str]] = {
    "admin": "Admin: shapes the workspace and works with all records",
    "staff": "Staff: works with all records",
}
THEMES: Final = ("auto", "light", "dark")
_NAME_LENGTH: Final = 200
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")


@dataclass(frozen=True, slots=True)
class Account:
    """A person who signs in, or was invited to."""

    id: str
    email: str
    name: str
    state: State
    roles: frozenset[str]
    employee: str | None
    """Id of the employee record that this person is."""
    language: str | None
    timezone: str | None
    theme: str | None
    created_at: dt.datetime
    last_seen_at: dt.datetime | None

    def actor(self, *, language: str = "en", timezone: str = "UTC") -> Actor:
        """Give the person as one who acts; the arguments stand in for preferences that are not set."""
        return Actor(
            account=self.id,
            name=self.name,
            email=self.email,
            roles=self.roles,
            employee=self.employee,
            language=self.language or language,
            timezone=self.timezone or timezone,
        )


def from_row(row: Row[Any]) -> Account:
    """Read a row of the table `account`."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        state=row.state,
        roles=frozenset(row.roles),
        employee=row.employee,
        language=row.locale,
        timezone=row.timezone,
        theme=row.theme,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


def email_key(email: str) -> str:
    """Give the form of an address under which an account is found; what no database stores becomes "?"."""
    return email.strip().casefold().encode("utf-8", "replace").decode().replace("\0", "?")


def checked_email(email: str) -> str:
    """Give the address without surrounding blanks; raises `Invalid` where it is none."""
    from email_validator import EmailNotValidError, validate_email  # heavy, and seldom needed

    try:
        # special-use domains such as .test and .local are real inside an organisation
        found = validate_email(
            email.strip(), check_deliverability=False, test_environment=True, allow_domain_literal=False
        )
    except EmailNotValidError as error:
        raise Invalid.at("/email", "email", f"This is not an e-mail address: {error}") from error
    return found.normalized


def checked_name(name: str, pointer: str = "/name") -> str:
    """Give the name without surrounding blanks; raises `Invalid` where it is empty, long or unprintable."""
    name = name.strip()
    if not name:
        raise Invalid.at(pointer, "required", "Please give a name.")
    if len(name) > _NAME_LENGTH:
        raise Invalid.at(pointer, "too_long", f"A name has at most {_NAME_LENGTH} characters.")
    if not name.isprintable():
        raise Invalid.at(pointer, "invalid", "A name is one line of printable characters.")
    return name


def checked_roles(roles: Iterable[str]) -> frozenset[str]:
    """Give the roles as a set; raises `Invalid` where one does not exist."""
    chosen = frozenset(roles)
    unknown = sorted(chosen - ROLES.keys())
    if unknown:
        raise Invalid.at(
            "/roles", "unknown_role", f"There is no role {unknown[0]!r}; there are {', '.join(ROLES)}."
        )
    return chosen


def checked_language(language: str | None) -> str | None:
    """Give a language tag such as "de" or "pt-BR"; raises `Invalid` where it is none."""
    if not language:
        return None
    if not _LANGUAGE.fullmatch(language):
        raise Invalid.at("/language", "language", "A language is written like en, de or pt-BR.")
    return language.replace("_", "-")


def checked_timezone(timezone: str | None) -> str | None:
    """Give the name of a time zone; raises `Invalid` where there is none of that name."""
    if not timezone:
        return None
    if timezone not in time_zones():
        raise Invalid.at("/timezone", "timezone", "A time zone is written like Europe/Berlin.")
    return ZoneInfo(timezone).key


def checked_theme(theme: str | None) -> str | None:
    """Give one of `THEMES`; raises `Invalid` for others."""
    if not theme:
        return None
    if theme not in THEMES:
        raise Invalid.at("/theme", "theme", f"A theme is one of {', '.join(THEMES)}.")
    return theme


@cache
def time_zones() -> frozenset[str]:
    """Give the names of all time zones (the same for every workspace, so kept)."""
    return frozenset(available_timezones())
