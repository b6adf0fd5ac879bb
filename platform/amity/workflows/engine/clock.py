"""Triggers that the clock pulls: schedules, and dates of records.

What was worked off is kept per workflow as one moment (`workflow_state.fired_at`); what lies between it and
now is due. Each run's id is made of the workflow, the record and the date: asking twice (a kill in the
middle, two workers) starts one run. Dates are looked up when they are due, by one query a workflow and day
(a date) or minute (a date-time): a date that changes costs nothing and is followed by itself.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.ids import new_id
from amity.database.schema import definition
from amity.database.schema_workflows import run, run_request, workflow_state
from amity.entities.model import Entity, Field
from amity.expressions.types import DATETIME
from amity.records.batches import chunks
from amity.records.shapes import Query, rfc3339
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.model import KIND
from amity.workflows.documents.timing import valid_moment
from amity.workflows.engine.interface import Catalog
from amity.workflows.service import EVERYTHING, put_state
from amity.workflows.services import Services

NAMESPACE: Final = uuid.UUID("0b9f2d0e-7a5b-5c53-8f0d-6c1e1f6f4f11")
ON_TIME: Final = dt.timedelta(minutes=2)
"""A schedule that is worked off so soon was not missed."""
LONGEST: Final = dt.timedelta(days=31)
"""What lies further back (nothing ran for so long) is not made up for."""
DAY: Final = 24 * 60 * 60 * 1_000_000
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due: for which record, and when it should begin."""

    record: str | None
    at: dt.datetime
    of: str
    """What makes it the only one: the moment of a schedule, the date of a record."""


@dataclass
class Clock:
    """Asks for the runs that are due; called every few seconds by one or several workers."""

    services: Services
    catalog: Catalog

    def tick(self, now: dt.datetime) -> int:
        """Ask for all that is due; give the number of runs.

        What falls into a pause is missed, as if nothing had run: it is made up for once, or skipped, as the
        workflow says. Collected, it would come as a flood when somebody resumes it.
        """
        number, paused = 0, self._paused()
        for item in self.catalog.clocks():
            if EVERYTHING in paused or item.workflow.id in paused:
                continue
            since = self._since(item, now)
            if since is None or since >= now:
                continue
            due = self._due(item, max(since, now - LONGEST), now)
            if due is None:
                continue
            for some in chunks(due, CHUNK):
                number += self._ask(item, some, now)
            self._keep(item, now)
        return number

    def _paused(self) -> set[str]:
        held = select(workflow_state.c.workflow).where(workflow_state.c.paused_at.is_not(None))
        with self.services.database.read() as connection:
            return set(connection.execute(held).scalars())

    def _since(self, item: CompiledWorkflow, now: dt.datetime) -> dt.datetime | None:
        """Up to when it was worked off; at first sight, and after each change of it, it starts from then."""
        key = item.workflow.id
        fired = select(workflow_state.c.fired_at).where(workflow_state.c.workflow == key)
        changed = select(definition.c.updated_at).where(definition.c.kind == KIND, definition.c.id == key)
        with self.services.database.read() as connection:
            found: dt.datetime | None = connection.execute(fired).scalar()
            applied = connection.execute(changed).scalar()
        if found is None:
            self._keep(item, now)
            return None
        return found if applied is None else max(found, applied)

    def _keep(self, item: CompiledWorkflow, now: dt.datetime) -> None:
        values = {"fired_at": now}
        self.services.database.run(lambda connection: put_state(connection, item.workflow.id, values))

    def _due(self, item: CompiledWorkflow, since: dt.datetime, now: dt.datetime) -> list[Due] | None:
        """What is due; None where not even a look is: the moment worked off then stays as it is."""
        if item.workflow.trigger.on == "schedule":
            return self._scheduled(item, since, now)
        return self._dated(item, since, now)

    # -- schedules ----------------------------------------------------------------------------------------
    def _scheduled(self, item: CompiledWorkflow, since: dt.datetime, now: dt.datetime) -> list[Due] | None:
        options = item.workflow.trigger.options
        zone = options.get("timezone") or self.services.locale()[1]
        moment = latest(str(options["cron"]), zone, since, now)
        if moment is None:
            return None
        if now - moment > ON_TIME and options.get("missed", "once") == "skip":
            return []
        where = options.get("where")
        records: Sequence[str | None] = [None]
        if where and item.entity is not None:
            records = list(self._meeting(item.entity, str(where)))
        return [Due(record, moment, rfc3339(moment)) for record in records]

    def _meeting(self, entity: Entity, where: str) -> Iterator[str]:
        ctx = self.services.context(kind="schedule")
        after: str | None = None
        while True:
            query = Query(where=where, fields=["id"], limit=500, after=after)
            page = self.services.records.find(ctx, entity.name, query)
            yield from (record.id for record in page.records)
            after = page.next
            if after is None:
                return

    # -- dates ----------------------------------------------------------------------------------------------
    def _dated(self, item: CompiledWorkflow, since: dt.datetime, now: dt.datetime) -> list[Due] | None:
        rule = date_rule(self.services, item)
        if rule is None or not rule.may_be_due(since, now):
            return None
        with self.services.database.read() as connection:
            rows = connection.execute(rule.statement(since, now)).all()
        found = [
            (row.id, value, moment) for row in rows for value, moment in rule.moments(row[1], since, now)
        ]
        return [Due(record, moment, value) for record, value, moment in found]

    # -- asking ---------------------------------------------------------------------------------------------
    def _ask(self, item: CompiledWorkflow, due: Sequence[Due], now: dt.datetime) -> int:
        workflow = item.workflow
        rows = {
            (key := request_id(workflow.id, one)): {
                "id": key,
                "workflow": workflow.id,
                "version": workflow.version,
                "entity": None if one.record is None or item.entity is None else item.entity.id,
                "record": one.record,
                "trigger": {"on": workflow.trigger.on, "at": rfc3339(one.at), "of": one.of},
                "actor": None,
                "cause_id": new_id(),
                "depth": 0,
                "requested_at": now,
            }
            for one in due
        }

        def work(connection: Connection) -> int:
            known = set(connection.execute(select(run.c.id).where(run.c.id.in_(list(rows)))).scalars())
            fresh = [row for key, row in rows.items() if key not in known]
            if fresh:
                made = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(run_request)
                connection.execute(made.on_conflict_do_nothing(), fresh)
            return len(fresh)

        return self.services.database.run(work)


def request_id(workflow: str, due: Due) -> str:
    """Id of the run for a record and date: the same whoever computes it."""
    return str(uuid.uuid5(NAMESPACE, f"{workflow}:{due.record or ''}:{due.of}"))


def date_rule(services: Services, item: CompiledWorkflow) -> DateRule | None:
    """When a workflow is due by a date of its records; None where the field is gone."""
    options = item.workflow.trigger.options
    field = item.entity.by_name.get(str(options.get("field"))) if item.entity is not None else None
    if item.entity is None or field is None:
        return None
    shift = _length(item, "after") - _length(item, "before")
    hour, minute = str(options.get("at", "08:00")).split(":")
    return DateRule(
        entity=item.entity,
        field=field,
        shift=shift,
        at=dt.time(int(hour), int(minute)),
        timezone=services.locale()[1],
        yearly=bool(options.get("yearly", False)),
        dialect=services.database.dialect,
    )


def _length(item: CompiledWorkflow, word: str) -> int:
    compiled: Any = item.trigger.get(word)
    found = None if compiled is None else compiled.evaluate({})
    return int(found or 0)


# -- cron -------------------------------------------------------------------------------------------------
def latest(cron: str, timezone: str, since: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """The latest moment of a schedule behind `since` and not behind `now`, None where there is none.

    Wall-clock times are counted: one in the hour that occurs twice means its first time, so it comes once;
    one in the hour that is skipped comes at the next moment that exists.
    """
    from croniter import CroniterBadDateError, croniter

    zone = ZoneInfo(timezone)
    wall = now.astimezone(zone).replace(tzinfo=None, microsecond=0) + dt.timedelta(seconds=1)
    times = croniter(cron, wall)
    try:
        while True:
            found: dt.datetime = times.get_prev(dt.datetime)
            moment = valid_moment(found.date(), found.time(), timezone)
            if moment <= now:
                return moment if moment > since else None
    except CroniterBadDateError:
        return None


def following(cron: str, timezone: str, after: dt.datetime, count: int = 5) -> list[dt.datetime]:
    """The next moments of a schedule, for people who write one."""
    from croniter import CroniterBadDateError, croniter

    times = croniter(cron, after.astimezone(ZoneInfo(timezone)).replace(tzinfo=None))
    found: list[dt.datetime] = []
    try:
        while len(found) < count:
            wall: dt.datetime = times.get_next(dt.datetime)
            moment = valid_moment(wall.date(), wall.time(), timezone)
            if moment > (found[-1] if found else after):
                found.append(moment)
    except CroniterBadDateError:
        pass
    return found


# -- dates of records --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DateRule:
    """Some time before, on or after a date of each record of an entity.

    Whole days of `shift` (microseconds, negative: before) are counted in the calendar, the rest by the clock:
    "3 days before" is at the same time of day also where the clocks change in between.
    """

    entity: Entity
    field: Field
    shift: int
    at: dt.time
    """Time of day, for dates without a time."""
    timezone: str
    yearly: bool
    dialect: str

    @property
    def has_time(self) -> bool:
        """Whether the field is a date-time."""
        return self.field.kind.expression_type(self.field) == DATETIME

    def moment(self, value: dt.date | dt.datetime, year: int | None = None) -> dt.datetime:
        """When it is due for a value, in a certain year of its anniversaries."""
        zone = ZoneInfo(self.timezone)
        local = value.astimezone(zone) if isinstance(value, dt.datetime) else None
        day = value if local is None else local.date()
        if year is not None:
            day = anniversary(day, year)
        days, rest = divmod(self.shift, DAY)
        time = self.at if local is None else local.time().replace(tzinfo=None)
        day += dt.timedelta(days=days)
        return valid_moment(day, time, self.timezone) + dt.timedelta(microseconds=rest)

    def may_be_due(self, since: dt.datetime, now: dt.datetime) -> bool:
        """Whether a moment may lie in the time between; for dates that is so once a day only."""
        if self.has_time:
            return now - since >= dt.timedelta(minutes=1)
        rest = dt.timedelta(microseconds=self.shift % DAY)
        day = (since - rest).astimezone(ZoneInfo(self.timezone)).date()
        while (moment := valid_moment(day, self.at, self.timezone) + rest) <= now:
            if moment > since:
                return True
            day += dt.timedelta(days=1)
        return False

    def statement(self, since: dt.datetime, now: dt.datetime) -> Select[Any]:
        """The records whose dates may be due: a range, or for anniversaries their days of the year."""
        table, column = self.entity.table, self.entity.column(self.field)
        condition = self._on_days(column, since, now) if self.yearly else self._between(column, since, now)
        return select(table.c.id, column).where(table.c.deleted_at.is_(None), condition)

    def _between(
        self, column: ColumnElement[Any], since: dt.datetime, now: dt.datetime
    ) -> ColumnElement[bool]:
        margin, shift = dt.timedelta(days=1), dt.timedelta(microseconds=self.shift)
        first, last = since - shift - margin, now - shift + margin
        if self.has_time:
            return column.between(first, last)
        return column.between(first.date(), last.date())

    def _on_days(
        self, column: ColumnElement[Any], since: dt.datetime, now: dt.datetime
    ) -> ColumnElement[bool]:
        days = sorted({day.strftime("%m-%d") for day in self._days(since, now)} | self._leap(since, now))
        written: ColumnElement[str] = (
            func.substr(column, 6, 5) if self.dialect == "sqlite" else func.to_char(column, "MM-DD")
        )
        return written.in_(days)

    def _days(self, since: dt.datetime, now: dt.datetime) -> Iterator[dt.date]:
        shift = dt.timedelta(microseconds=self.shift)
        day, last = (since - shift).date() - dt.timedelta(days=1), (now - shift).date() + dt.timedelta(days=1)
        while day <= last:
            yield day
            day += dt.timedelta(days=1)

    def _leap(self, since: dt.datetime, now: dt.datetime) -> set[str]:
        return {"02-29"} if any((day.month, day.day) == (2, 28) for day in self._days(since, now)) else set()

    def moments(
        self, value: dt.date | dt.datetime, since: dt.datetime, now: dt.datetime
    ) -> Iterator[tuple[str, dt.datetime]]:
        """What is due for a value in the time between: what it is due of, and when."""
        if not self.yearly:
            moment = self.moment(value)
            if since < moment <= now:
                yield value.isoformat(), moment
            return
        shift = dt.timedelta(microseconds=self.shift)
        for year in range((since - shift).year - 1, (now - shift).year + 2):
            if year <= value.year:
                continue  # the day itself is no anniversary
            moment = self.moment(value, year)
            if since < moment <= now:
                yield f"{value.isoformat()}:{year}", moment


def anniversary(day: dt.date, year: int) -> dt.date:
    """The same day in another year; the 29th of February is the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


__all__ = ["Clock", "DateRule", "Due", "anniversary", "date_rule", "following", "latest", "request_id"]
