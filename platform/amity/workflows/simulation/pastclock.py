"""Back-test of what the clock would have started: schedules, and dates of records, as of each moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Connection, exists, func, select

from amity.access.context import Context
from amity.database.schema import event
from amity.entities.model import Entity
from amity.entities.scope import EntityScope
from amity.expressions import BOOL, Compiled, compile
from amity.records.archive import Archive
from amity.records.moments import Moment
from amity.records.past import Level, PastFacts, Staff
from amity.texts import gettext as _
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.engine.clock import DateRule, date_rule, following
from amity.workflows.services import Services
from amity.workflows.simulation.trials import Trial

CHUNK: Final = 200
"""Records that are looked at together."""
MAX_MOMENTS: Final = 1_000
DOWN: Final = "When Amity was not running, nobody knows: the clock is taken to have run all the time."


class Runner(Protocol):
    """What works out a run at a moment (see `backtest`)."""

    services: Services
    compiled: CompiledWorkflow
    trial: Trial

    @property
    def all_seeing(self) -> Context: ...

    def work_out(
        self,
        moment: Moment,
        record: PastFacts | None,
        *,
        key: str | None,
        kind: str,
        old: PastFacts | None = None,
        new: PastFacts | None = None,
        event: str = "",
        archive: Archive,
    ) -> None: ...


class PastClock:
    """Goes over the moments of a period, and over the records as they were at them."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.compiled = runner.compiled
        self.services = runner.services
        self.trial = runner.trial
        self.ctx = runner.all_seeing
        self._cuts: dict[dt.datetime, int] = {}

    def run(self) -> None:
        """Count what would have been started."""
        self.trial.found.notes.append(_(DOWN))
        if self.compiled.workflow.trigger.on == "schedule":
            self._schedule()
        else:
            self._dates()

    # -- schedules ----------------------------------------------------------------------------------------
    def _schedule(self) -> None:
        moments = self._moments()
        options = self.compiled.workflow.trigger.options
        if not options.get("where") or self.compiled.entity is None:
            self.trial.total = len(moments)
            for at in moments:
                self._alone(at)
            return
        self.trial.total = len(moments) * self._count(entity := self._entity())
        scope = EntityScope(self.compiled.model, entity, self.services.functions)
        where = compile(str(options["where"]), scope, expect=BOOL)
        for chunk in self._chunks(entity, moments[0] if moments else self.trial.found.until):
            for at in moments:
                self._at(chunk, at, where)

    def _moments(self) -> Sequence[dt.datetime]:
        options, found = self.compiled.workflow.trigger.options, self.trial.found
        zone = options.get("timezone") or self.services.locale()[1]
        moments: list[dt.datetime] = []
        after = found.since - dt.timedelta(microseconds=1)
        while some := following(str(options["cron"]), zone, after, 100):
            moments += [at for at in some if at < found.until]
            after = some[-1]
            if after >= found.until:
                break
            if len(moments) >= MAX_MOMENTS:
                found.notes.append(
                    _("Only the first %(number)s moments of the schedule were looked at.", number=MAX_MOMENTS)
                )
                break
        return moments[:MAX_MOMENTS]

    def _alone(self, at: dt.datetime) -> None:
        self.trial.look(at)
        with self.services.database.read() as connection:
            archive = self._archive(connection, at)
            self.runner.work_out(self._moment(archive, at), None, key=None, kind="schedule", archive=archive)

    def _at(self, chunk: Chunk, at: dt.datetime, where: Compiled) -> None:
        """Look at the records of a chunk as they were at a moment."""
        for key in chunk.ids:
            self.trial.look(at)
            moment = self._moment(chunk.level.archive, at)
            facts = chunk.level.facts(key, moment)
            if facts is not None and where.condition(facts) and self._holds(facts, moment):
                self.runner.work_out(
                    moment, facts, key=key, kind="schedule", new=facts, archive=chunk.level.archive
                )
            self.trial.gaps(moment.missing)

    # -- dates --------------------------------------------------------------------------------------------
    def _dates(self) -> None:
        rule = date_rule(self.services, self.compiled)
        if rule is None:
            return
        self.trial.counts_looks = False
        self.trial.total = self._count(rule.entity)
        for chunk in self._chunks(rule.entity, self.trial.found.since):
            for key in chunk.ids:
                self.trial.check()
                self._dated(rule, chunk, key)
                self.trial.done += 1

    def _dated(self, rule: DateRule, chunk: Chunk, key: str) -> None:
        """Look at one record at the moments of all dates that it ever had in the period."""
        found = self.trial.found
        for at in sorted(self._candidates(rule, chunk, key)):
            if at >= found.until:
                continue
            self.trial.look(at)
            moment = self._moment(chunk.level.archive, at)
            facts = chunk.level.facts(key, moment)
            value = None if facts is None else facts.get(rule.field.name)
            just = dt.timedelta(microseconds=1)
            due = value is not None and any(True for _ in rule.moments(value, at - just, at))
            if facts is not None and due and self._holds(facts, moment):
                self.runner.work_out(
                    moment, facts, key=key, kind="date", new=facts, archive=chunk.level.archive
                )
            self.trial.gaps(moment.missing)

    def _candidates(self, rule: DateRule, chunk: Chunk, key: str) -> set[dt.datetime]:
        found = self.trial.found
        values: set[Any] = set()
        for cut in chunk.cuts(key, rule.field.id):
            moment = self._moment_after(chunk.level.archive, cut)
            facts = chunk.level.facts(key, moment)
            value = None if facts is None else facts.get(rule.field.name)
            if value is not None:
                values.add(value)
            self.trial.gaps(moment.missing)
        just = dt.timedelta(microseconds=1)
        return {at for value in values for _of, at in rule.moments(value, found.since - just, found.until)}

    # -- moments ------------------------------------------------------------------------------------------
    def _holds(self, facts: PastFacts, moment: Moment) -> bool:
        when = self.compiled.when
        return when is None or when.condition({"record": facts, "new": facts, **moment.bound})

    def _entity(self) -> Entity:
        assert self.compiled.entity is not None
        return self.compiled.entity

    def _chunks(self, entity: Entity, floor: dt.datetime) -> Iterator[Chunk]:
        """All records that are there or in the bin, some at a time, each time in another transaction."""
        table, after = entity.table, ""
        machine = self.services.records.machine
        self._count_purged(entity)
        while True:
            with self.services.database.read() as connection:
                caller = machine.caller(self.ctx)
                own = caller.model.by_id[entity.id]
                statement = select(table.c.id).order_by(table.c.id).limit(CHUNK)
                ids = list(
                    connection.execute(statement.where(table.c.id > after) if after else statement).scalars()
                )
                if not ids:
                    return
                archive = Archive(machine, caller, connection, self._cut(connection, floor) + 1)
                yield Chunk(Level(archive, own, ids), ids)
                after = ids[-1]

    def _count(self, entity: Entity) -> int:
        with self.services.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(entity.table)).scalar_one())

    def _count_purged(self, entity: Entity) -> None:
        """Say how many records of the period are not there any more to be looked at."""
        found = self.trial.found
        gone = ~exists(select(entity.table.c.id).where(entity.table.c.id == event.c.record))
        statement = select(func.count(event.c.record.distinct())).where(
            event.c.entity == entity.id, event.c.at >= found.since, gone
        )
        with self.services.database.read() as connection:
            number = int(connection.execute(statement).scalar() or 0)
        if number:
            found.unknown += number
            found.missing[entity.name, None, "purged"] += number

    def _archive(self, connection: Connection, at: dt.datetime) -> Archive:
        machine = self.services.records.machine
        return Archive(machine, machine.caller(self.ctx), connection, self._cut(connection, at) + 1)

    def _moment(self, archive: Archive, at: dt.datetime) -> Moment:
        cut = self._cut(archive.connection, at)
        return Moment(cut, cut, at, None, self.ctx.timezone, Staff(archive, []))

    def _moment_after(self, archive: Archive, cut: int) -> Moment:
        return Moment(cut, cut, self.trial.found.until, None, self.ctx.timezone, Staff(archive, []))

    def _cut(self, connection: Connection, at: dt.datetime) -> int:
        """The number of the last event up to a moment, by halving: numbers follow the clock."""
        if at not in self._cuts:
            if len(self._cuts) > 10 * MAX_MOMENTS:
                self._cuts.clear()
            self._cuts[at] = _last_up_to(connection, at)
        return self._cuts[at]


class Chunk:
    """Some records and their chronicles since the beginning of the period."""

    def __init__(self, level: Level, ids: Sequence[str]) -> None:
        self.level = level
        self.ids = ids

    def cuts(self, key: str, field_id: str) -> list[int]:
        """After which events a field may have had another value, by number; first, before all of them."""
        chronicle = self.level.archive.load(self.level.entity, [key])[key]
        first = self.level.archive.floor - 1
        told = [
            entry.seq for entry in chronicle.entries if field_id in entry.changes or entry.kind != "updated"
        ]
        return [first, *told]


def _last_up_to(connection: Connection, at: dt.datetime) -> int:
    low, high = 0, int(connection.execute(select(func.max(event.c.seq))).scalar() or 0)
    while low < high:
        middle = (low + high + 1) // 2
        statement = select(event.c.seq, event.c.at).where(event.c.seq <= middle).order_by(event.c.seq.desc())
        row = connection.execute(statement.limit(1)).first()
        if row is None or row.at <= at:
            low = middle
        else:
            high = row.seq - 1
    return low
