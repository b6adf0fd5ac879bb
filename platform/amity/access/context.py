"""Who acts, and the moment in which they act: bound once per request."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) in whose name something happens."""

    account: str | None
    """Account id; None for the system."""
    name: str
    email: str = ""
    roles: frozenset[str] = frozenset()
    employee: str | None = None
    """Id of the employee record that the account is linked to."""
    language: str = "en"
    timezone: str = "UTC"
    is_system: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether the person may use the builder."""
        return self.is_system or "admin" in self.roles


SYSTEM: Final = Actor(account=None, name="Amity", is_system=True)


@dataclass(frozen=True, slots=True)
class Context:
    """One request: who, when, where, and by what cause.

    `now` is bound once; `today` is in the *workspace's* time zone. `cause_id` joins all events of the
    request, `cause` says what it was, e.g. `{"kind": "form"}` or `{"kind": "import", "file": "a.csv"}`.
    """

    actor: Actor
    now: dt.datetime
    timezone: str
    cause_id: str
    cause: dict[str, object] = field(default_factory=dict)
    depth: int = 0
    kept: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What layers work out once per request, such as the policy's answers; a replaced context starts anew."""

    @property
    def today(self) -> dt.date:
        """The date in the workspace's time zone."""
        return self.now.astimezone(ZoneInfo(self.timezone)).date()
