"""A past moment: which events are done, and what `now`, `today` and `me` are in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from amity.expressions.types import RecordValue
from amity.records.gaps import Gap


class Staff(Protocol):
    """Finds the employee records of accounts."""

    def employee(self, account: str, moment: Moment) -> RecordValue | None:
        """Give an account's employee record as it was; None where there is none."""
        ...


@dataclass(frozen=True)
class Moment:
    """The state after the event number `cut`, looked at because of the event `seq`."""

    cut: int
    seq: int
    at: dt.datetime
    """When the event `seq` happened."""
    actor: str | None
    """Account that caused it."""
    timezone: str
    """Of the workspace."""
    staff: Staff
    missing: set[Gap] = field(default_factory=set, compare=False)
    """What expressions asked for and the log does not tell."""

    def earlier(self, cut: int) -> Moment:
        """The same event, seen from before; gaps are noted together."""
        return replace(self, cut=cut)

    @cached_property
    def bound(self) -> Mapping[str, Any]:
        """`now`, `today` (in the workspace's time zone) and `me` of the moment."""
        today = self.at.astimezone(ZoneInfo(self.timezone)).date()
        return {"now": self.at, "today": today, "me": PastMe(self)}


class PastMe:
    """`me` of a moment: the account that acted, and its employee record as it was."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    @property
    def id(self) -> str | None:
        """The account."""
        return self._moment.actor

    def get(self, name: str, /) -> Any:
        """Give a field of the employee record; null where there is none."""
        return None if self._employee is None else self._employee.get(name)

    @cached_property
    def _employee(self) -> RecordValue | None:
        account = self._moment.actor
        return None if account is None else self._moment.staff.employee(account, self._moment)
