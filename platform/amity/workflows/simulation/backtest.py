"""Dry run on one record, and back-test over a past period: what a workflow would do and would have done.

Both work for a document that is switched off, or not applied yet: they take it compiled. A back-test decides
as `requesting` and `rules` do which changes start it, with the values that the records, and those that they
lead to, had at that moment. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from sqlalchemy import Connection, select

from amity.access.context import SYSTEM, Actor, Context
from amity.database.ids import new_id
from amity.database.schema import event
from amity.entities.model import Entity
from amity.errors import Invalid, NotFound
from amity.expressions import RecordValue
from amity.records.archive import Archive
from amity.records.me import bound_values
from amity.records.moments import Moment, PastMe
from amity.records.past import Level, Past, PastFacts
from amity.records.targets import label_of
from amity.records.walking import PastChange, count, walk
from amity.texts import gettext as _
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.environment import Reading
from amity.workflows.requesting import MUTE, run_id
from amity.workflows.services import Services
from amity.workflows.simulation.dryrun import Scene, Simulation, acting, simulate
from amity.workflows.simulation.pastclock import PastClock
from amity.workflows.simulation.shadows import label_values
from amity.workflows.simulation.sight import Then
from amity.workflows.simulation.trials import LIMIT, SAMPLES, SECONDS, BackTest, Enough, Sample, Trial
from amity.workflows.triggers import TRIGGERS

SAVES: Final = frozenset({"created", "updated"})
"""Kinds of events that rules look after."""
CONSEQUENCES: Final = frozenset({"cascade", "restore"})
"""Causes of events that are no saves of their own."""
ASKED: Final = (
    "It starts when somebody or something asks for it: the history does not tell when that would be."
)


# -- dry run --------------------------------------------------------------------------------------------
def dry_run(
    services: Services, ctx: Context, compiled: CompiledWorkflow, record_id: str | None, input: Any = None
) -> Simulation:
    """Say what it would do for a live record now, as if its trigger had just happened.

    The change that it is tried with is the record's last one: `old` is the record before it. Raises `Invalid`
    where a record is needed, `NotFound` where there is none that the caller may see.
    """
    entity = compiled.entity
    if entity is None:
        return _without_record(services, ctx, compiled, input)
    if not record_id:
        raise Invalid(_("Choose a %(entity)s to try it with.", entity=entity.title))
    if record_id not in services.records.labels(ctx, entity.name, [record_id]):
        raise NotFound(
            _(
                "There is no %(entity)s %(record_id)s, or you may not see it.",
                entity=entity.title,
                record_id=f"{record_id!r}",
            )
        )
    machine = services.records.machine
    acts = acting(_as_whom(compiled, ctx), services, compiled, "", ctx.now)
    with Reading(machine, machine.caller(replace(acts, actor=SYSTEM))) as reading:
        record = reading.record(entity, record_id)
        if record is None:
            raise NotFound(
                _("There is no %(entity)s %(record_id)s.", entity=entity.title, record_id=f"{record_id!r}")
            )
        change = _last_change(reading, compiled, entity, record_id)
        scene = Scene(
            services,
            compiled,
            acts,
            lambda kind, ids: reading.records(kind, ids),
            record=None if compiled.workflow.trigger.on == "deleted" else record,
            old=record if compiled.workflow.trigger.on == "deleted" else change.old,
            new=record,
            me=lambda: bound_values(machine, machine.caller(acts))["me"],
            input=input,
            record_id=record_id,
            run=new_id(),
        )
        found = simulate(scene)
        found.starts, found.why_not = _starts(
            compiled, scene, change, bound_values(machine, machine.caller(ctx))
        )
        found.missing = sorted(change.missing, key=lambda gap: (gap.entity, gap.field or ""))
    return found


def _without_record(services: Services, ctx: Context, compiled: CompiledWorkflow, input: Any) -> Simulation:
    machine = services.records.machine
    acts = acting(_as_whom(compiled, ctx), services, compiled, "", ctx.now)
    with Reading(machine, machine.caller(replace(acts, actor=SYSTEM))) as reading:
        me = bound_values(machine, machine.caller(acts))["me"]
        return simulate(Scene(services, compiled, acts, reading.records, me=lambda: me, input=input))


def _as_whom(compiled: CompiledWorkflow, ctx: Context) -> Context:
    return ctx if compiled.workflow.run_as == "person" else replace(ctx, actor=SYSTEM)


@dataclass(frozen=True, slots=True)
class _LastChange:
    """The last change of a record of the kind that a trigger waits for."""

    kind: str = ""
    old: PastFacts | None = None
    fields: frozenset[str] = frozenset()
    past: Past | None = None

    @property
    def missing(self) -> Collection[Any]:
        return () if self.past is None else self.past.missing


def _last_change(reading: Reading, compiled: CompiledWorkflow, entity: Entity, key: str) -> _LastChange:
    kinds = _kinds(compiled) - {"deleted"}
    if not kinds:
        return _LastChange()
    statement = (
        select(event.c.seq, event.c.kind, event.c.changes)
        .where(event.c.entity == entity.id, event.c.record == key, event.c.kind.in_(sorted(kinds)))
        .order_by(event.c.seq.desc())
        .limit(1)
    )
    row = reading.execute(statement).first()
    if row is None:
        return _LastChange()
    names = frozenset(entity.by_id[name].name for name in row.changes if name in entity.by_id)
    if row.kind != "updated":
        return _LastChange(row.kind, None, names)
    past = Past(reading.machine, reading.caller, cast(Connection, reading), row.seq, before=True)
    return _LastChange(row.kind, past.record(entity.name, key), names, past)


def _starts(
    compiled: CompiledWorkflow, scene: Scene, change: _LastChange, bound: Mapping[str, Any]
) -> tuple[bool, str]:
    if _kinds(compiled) - {"deleted"}:
        if not change.kind:
            return False, _("The record was not changed in this way yet.")
        if not touches(compiled, change.kind, change.fields):
            return False, _("Its last change was of other fields than those that start it.")
    env = {"record": scene.new, "new": scene.new, "old": scene.old, "input": scene.input, **bound}
    if compiled.when is not None and not compiled.when.condition(env):
        return False, _("The condition of the workflow does not hold for it.")
    return True, ""


# -- which changes --------------------------------------------------------------------------------------
def _kinds(compiled: CompiledWorkflow) -> frozenset[str]:
    return SAVES if compiled.workflow.is_rule else TRIGGERS[compiled.workflow.trigger.on].events


def touches(compiled: CompiledWorkflow, kind: str, fields: Collection[str]) -> bool:
    """Tell whether a change of a kind and of these fields starts it (see `requesting` and `rules`)."""
    options = compiled.workflow.trigger.options
    if kind != "updated":
        return kind != "created" or not compiled.workflow.is_rule or bool(options.get("on_create", True))
    if compiled.workflow.is_rule and not options.get("on_update", True):
        return False
    names = options.get("fields")
    return not names or any(name in fields for name in names)


class _Kept(PastFacts):
    """An old state as a save shows it to a condition: its own values of before, all else of after."""

    __slots__ = ("_after",)

    def __init__(self, old: PastFacts, after: Moment) -> None:
        super().__init__(old.level, old.chronicle, old.moment)
        self._after = after

    def _read(self, name: str) -> Any:
        entity = self.level.entity
        if any(inverse.name == name for inverse in entity.inverses):
            return PastFacts(self.level, self.chronicle, self._after).get(name)
        value = super()._read(name)
        if isinstance(value, list):
            return [found for item in value if (found := self._later(item)) is not None]
        return self._later(value) if isinstance(value, PastFacts) else value

    def _later(self, facts: Any) -> Any:
        return facts.level.facts(facts.id, self._after) if isinstance(facts, PastFacts) else facts


# -- back-test ------------------------------------------------------------------------------------------
def back_test(
    services: Services,
    ctx: Context,
    compiled: CompiledWorkflow,
    since: dt.datetime,
    until: dt.datetime,
    *,
    limit: int = LIMIT,
    samples: int = SAMPLES,
    seconds: float = SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> BackTest:
    """Say what it would have done from `since` until before `until`; ends early at a limit and says so.

    It works through chunks of the log, with samples and counts in memory only; `cancelled` is asked often.
    Raises `Invalid` where the period is none.
    """
    trial = Trial(BackTest(since, until), limit, samples, seconds, cancelled)
    prepare(services, ctx, compiled, trial)
    work_through(services, ctx, compiled, trial)
    return trial.found


def prepare(services: Services, ctx: Context, compiled: CompiledWorkflow, trial: Trial) -> None:
    """Check the period, end it now at the latest, and find out how much there is to look at."""
    found = trial.found
    if found.since >= found.until:
        raise Invalid(_("The period ends before it begins."))
    found.until = min(found.until, ctx.now)
    if TRIGGERS[compiled.workflow.trigger.on].source in ("change", "saving") and compiled.entity is not None:
        with services.database.read() as connection:
            trial.total = count(connection, compiled.entity, found.since, found.until, _kinds(compiled))


def work_through(services: Services, ctx: Context, compiled: CompiledWorkflow, trial: Trial) -> None:
    """Go through the whole period, or up to a limit of the trial."""
    source = TRIGGERS[compiled.workflow.trigger.on].source
    runner = _Runner(services, ctx, compiled, trial)
    try:
        if source in ("change", "saving") and compiled.entity is not None:
            _Changes(runner).run()
        elif source == "clock":
            PastClock(runner).run()
        else:
            trial.found.notes.append(_(ASKED))
    except Enough as enough:
        trial.found.early = enough.why
    trial.found.took = trial.seconds_so_far


@dataclass
class _Runner:
    """Works out the runs that there would have been (see `pastclock.Runner`)."""

    services: Services
    ctx: Context
    compiled: CompiledWorkflow
    trial: Trial
    _actors: dict[str, Actor | None] = field(default_factory=dict)
    _levels: tuple[Archive, dict[str, Level]] | None = None

    @property
    def all_seeing(self) -> Context:
        """The context in which the past is read: that of the system, as conditions of workflows are."""
        return replace(self.services.context(SYSTEM), now=self.ctx.now)

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
    ) -> None:
        """Simulate one run and count it."""
        self.trial.room()
        run = run_id(event, self.compiled.workflow.id) if event else new_id()
        simulation = self._simulated(moment, record, old, new, key, run, archive)
        simulation.missing = sorted(
            moment.missing, key=lambda gap: (gap.entity, gap.record, gap.field or "", gap.why)
        )
        shown = next((item for item in (record, new, old) if item is not None), None)
        self.trial.take(
            lambda: Sample(event, run, moment.at, key, self._label(shown), kind, simulation),
            moment.at,
            simulation,
        )

    def _simulated(
        self,
        moment: Moment,
        record: PastFacts | None,
        old: PastFacts | None,
        new: PastFacts | None,
        key: str | None,
        run: str,
        archive: Archive,
    ) -> Simulation:
        actor = self._actor(moment)
        if actor is None:
            why = _("It runs as somebody who may not sign in any more.")
            return Simulation(stopped=why, end="failed")
        acts = acting(replace(self.ctx, actor=actor), self.services, self.compiled, run, moment.at)
        me = PastMe(moment if actor is not SYSTEM else replace(moment, actor=None))
        scene = Scene(
            self.services, self.compiled, acts, self._finder(archive, moment), record, old, new,
            lambda: me, None, key, run, Then(archive, moment, self.trial.found.note),
        )  # fmt: skip
        return simulate(scene, check=self.trial.check)

    def _actor(self, moment: Moment) -> Actor | None:
        if self.compiled.workflow.run_as == "system" or moment.actor is None:
            return SYSTEM
        if moment.actor not in self._actors:
            account = self.services.accounts.get(moment.actor)
            self._actors[moment.actor] = account.actor() if account.state == "active" else None
        return self._actors[moment.actor]

    def _finder(
        self, archive: Archive, moment: Moment
    ) -> Callable[[Entity, Sequence[str]], Mapping[str, RecordValue]]:
        """Reads records as they were, out of the archive that is open."""
        if self._levels is None or self._levels[0] is not archive:
            self._levels = archive, {}
        levels = self._levels[1]

        def find(entity: Entity, ids: Sequence[str]) -> Mapping[str, RecordValue]:
            level = levels.get(entity.id)
            if level is None:
                level = levels[entity.id] = Level(archive, archive.caller.model.by_id[entity.id])
            level.add(ids)
            facts = ((key, level.facts(key, moment)) for key in ids)
            return {key: item for key, item in facts if item is not None}

        return find

    def _label(self, facts: PastFacts | None) -> str:
        if facts is None:
            return ""
        machine, entity = self.services.records.machine, facts.level.entity
        codec = machine.codec(facts.level.archive.caller, entity)
        return label_of(codec, label_values(facts, entity))


class _Changes:
    """Goes over the changes of the entity."""

    def __init__(self, runner: _Runner) -> None:
        self.runner = runner
        self.compiled = runner.compiled
        self.trial = runner.trial

    def run(self) -> None:
        assert self.compiled.entity is not None
        machine, found = self.runner.services.records.machine, self.trial.found
        entity = machine.caller(self.runner.all_seeing).model.by_id[self.compiled.entity.id]
        changes = walk(
            machine, self.runner.all_seeing, entity.name, found.since, found.until, _kinds(self.compiled)
        )
        with closing(cast(Generator[PastChange], changes)):
            for change in changes:
                self.trial.look(change.at)
                if self._is_asked(change):
                    self._try(change)

    def _is_asked(self, change: PastChange) -> bool:
        if self.compiled.workflow.is_rule:
            if change.cause.get("kind") in CONSEQUENCES:
                return False
        elif change.cause.get(MUTE):
            self.trial.found.muted += 1
            return False
        return touches(self.compiled, change.kind, change.fields)

    def _try(self, change: PastChange) -> None:
        old = None if change.old is None else _Kept(change.old, change.moment)
        new = old if change.kind == "deleted" else change.new
        if new is None:  # it was removed for good, or its first events are not there
            self.trial.found.unknown += 1
            self.trial.gaps(change.missing)
            return
        env = {"record": new, "new": new, "old": old, **change.moment.bound}
        if self.compiled.when is None or self.compiled.when.condition(env):
            self.runner.work_out(
                change.moment,
                None if change.kind == "deleted" else change.new,
                key=change.record,
                kind=change.kind,
                old=old,
                new=new,
                event=change.id,
                archive=new.level.archive,
            )
        self.trial.gaps(change.missing)


__all__ = ["back_test", "dry_run", "touches"]
