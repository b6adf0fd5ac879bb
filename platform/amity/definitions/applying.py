"""From wanted changes to definitions in force: drafts of all handlers, phases, what a killed apply leaves.

An apply that only touches metadata is one exclusive transaction. One that carries data over has three
phases: `stage` makes new columns and notes a job; `carry` fills them in batches while everybody goes on
working; the flip puts documents and columns in force. Killed before the flip, the old model is in force and
the job is gone on with by `run_jobs`; killed after it, the new one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from amity.database.engine import Database
from amity.definitions import jobs, store
from amity.definitions.documents import DefinitionChange, Occasion, State, StoredOccasion, Write
from amity.definitions.handlers import DocumentHandler, Draft, Renames
from amity.definitions.jobs import Heart, Job, JobProgress
from amity.definitions.plan import Change, Plan, Severity
from amity.errors import AmityError, Busy, Conflict, InUse, NeedsConfirmation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an apply would do, computed on one state."""

    asked: tuple[DefinitionChange, ...]
    state: State
    plan: Plan
    drafts: Mapping[str, Draft]
    writes: tuple[Write, ...]
    renames: Renames

    @property
    def long(self) -> bool:
        """Whether data must be carried over before the flip."""
        return any(draft.long for draft in self.drafts.values())

    def require(self, *, confirm: bool) -> None:
        """Raise `InUse` where the plan is refused, `NeedsConfirmation` where it needs a yes."""
        details = {"plan": self.plan.as_json()}
        if self.plan.refused:
            reasons = " ".join(change.what for change in self.plan.refused[:3])
            raise InUse(f"This cannot be applied: {reasons}", details=details)
        if self.plan.needs_confirmation and not confirm:
            raise NeedsConfirmation(
                "This change parks or converts data, or asks a question: look at the plan and confirm it.",
                hint="Send it again with the confirmation.",
                details=details,
            )


class Applier:
    """Runs applies and jobs of one workspace."""

    def __init__(self, database: Database, handlers: Mapping[str, DocumentHandler]) -> None:
        self._database = database
        self._handlers = handlers
        self.runners: dict[str, Callable[[Job], None]] = {}

    # -- plan --------------------------------------------------------------------------------------
    def propose(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Proposal:
        """Ask all handlers. Raises `Invalid`."""
        drafts: dict[str, Draft] = {}
        for kind, handler in self._handlers.items():
            mine = [change for change in changes if change.kind == kind]
            if mine:
                known = [item for draft in drafts.values() for item in draft.writes]
                drafts[kind] = handler.draft(mine, state.over(known) if known else state, connection)
        writes = {(item.kind, item.id): item for draft in drafts.values() for item in draft.writes}
        renames = _joined(drafts.values())
        if renames:
            for kind, handler in self._handlers.items():
                if kind in drafts and drafts[kind].renames:
                    continue  # it has rewritten its own documents already
                for item in handler.follow(renames, state, state.over(writes.values())):
                    writes.setdefault((item.kind, item.id), item)
        lines = [
            self._with_uses(change, kind, state, connection)
            for kind, draft in drafts.items()
            for change in draft.changes
        ]
        lines += self._broken(drafts, state, state.over(writes.values()))
        questions = [question for draft in drafts.values() for question in draft.questions]
        plan = Plan(state.revision, tuple(lines), tuple(questions))
        return Proposal(tuple(changes), state, plan, drafts, tuple(writes.values()), renames)

    def _broken(self, drafts: Mapping[str, Draft], before: State, after: State) -> list[Change]:
        """Refuse what would stop documents of other kinds that work today."""
        return [
            Change(
                Severity.REFUSED,
                use.owner,
                None,
                f"The {use.kind} '{use.owner}' would no longer work: {use.text}",
                "breaks",
                used_by=(use,),
            )
            for kind, handler in self._handlers.items()
            if kind not in drafts
            for use in handler.broken(before, after)
        ]

    def _with_uses(self, change: Change, kind: str, state: State, connection: Connection) -> Change:
        """Add to a change of a field or entity where documents of *other* kinds use it."""
        entity_id = change.details.get("entity_id")
        if entity_id is None:
            return change
        others = [
            use
            for other, handler in self._handlers.items()
            if other != kind
            for use in handler.uses(state, connection, entity_id, change.details.get("field_id"))
        ]
        return replace(change, used_by=(*change.used_by, *others)) if others else change

    # -- apply -------------------------------------------------------------------------------------
    def apply(self, proposal: Proposal, occasion: Occasion) -> bool:
        """Put a proposal in force; False where the revision moved meanwhile (propose again)."""
        if not proposal.long:
            return self._flip(proposal, {}, occasion, None)
        job = self._stage(proposal, occasion)
        if job is None:
            return False
        self._carry(proposal, job, occasion)
        return True

    def alter(self, work: Callable[[Connection, State], T]) -> T:
        """Run `work` on the registry while no apply and no other writer is inside."""

        def run(connection: Connection) -> T:
            self._alone(connection, None)
            return work(connection, store.load(connection))

        return self._database.flip(run)

    def _alone(self, connection: Connection, job: Job | None) -> None:
        for other in jobs.find(connection, jobs.APPLY):
            if other.state != "failed" and (job is None or other.id != job.id):
                raise Conflict(
                    f"Another change of definitions is being applied ({other.percent} % done).",
                    hint="Wait until it is finished, then try again.",
                    details={"job": other.id, "percent": other.percent},
                )

    def _stage(self, proposal: Proposal, occasion: Occasion) -> Job | None:
        def work(connection: Connection) -> Job | None:
            self._alone(connection, None)
            if store.revision(connection) != proposal.state.revision:
                return None
            staged = {
                kind: self._handlers[kind].stage(draft, connection)
                for kind, draft in proposal.drafts.items()
                if draft.long
            }
            payload = {
                "changes": [change.as_json() for change in proposal.asked],
                "staged": staged,
                "occasion": {"account": occasion.actor.account, "now": occasion.now.isoformat()},
            }
            return jobs.start(
                connection,
                jobs.APPLY,
                revision=proposal.state.revision,
                payload=payload,
                account=occasion.actor.account,
            )

        return self._database.flip(work)

    def _carry(self, proposal: Proposal, job: Job, occasion: Occasion) -> None:
        """Phases two and three of a staged job; on an error that will not pass, clean up."""
        progress = JobProgress(job)
        staged = job.payload["staged"]
        try:
            with Heart(self._database, job):
                for kind, draft in proposal.drafts.items():
                    if draft.long:
                        self._handlers[kind].carry(draft, staged[kind], progress, self._database)
            self._flip(proposal, staged, occasion, progress)
        except (jobs.TakenOver, Busy):
            raise  # somebody goes on with it: the other process, or `run_jobs`
        except Exception as error:
            self._give_up(job, staged, _reason(error))
            raise

    def _flip(
        self,
        proposal: Proposal,
        staged: Mapping[str, Mapping[str, Any]],
        occasion: Occasion,
        progress: JobProgress | None,
    ) -> bool:
        job = None if progress is None else progress.job

        def work(connection: Connection) -> bool:
            self._alone(connection, job)
            revision = store.bump(connection, proposal.state.revision)
            if revision is None:
                if job is not None:
                    raise AssertionError("the revision moved under a running apply")
                return False
            for kind, draft in proposal.drafts.items():
                made = {**staged.get(kind, {}), "progress": {} if progress is None else progress.state}
                handler = self._handlers[kind]
                handler.flip(draft, made, proposal.state, connection, revision, occasion)
            if proposal.renames:
                for handler in self._handlers.values():
                    handler.follow_elsewhere(proposal.renames, proposal.state, connection)
            plan = proposal.plan.as_json()
            store.write(connection, proposal.writes, revision=revision, plan=plan, occasion=occasion)
            state = store.load(connection)
            for handler in self._handlers.values():
                handler.settle(proposal.writes, state, connection, revision)
            if job is not None:
                jobs.remove(connection, job)
            return True

        try:
            return self._database.flip(work)
        except IntegrityError as error:
            raise InUse(
                "Records that were saved meanwhile stand in the way (a value is no longer unique). "
                "Nothing was applied.",
                hint="Make a new plan: it counts them.",
                details={"plan": proposal.plan.as_json()},
            ) from error

    def _give_up(self, job: Job, staged: Mapping[str, Mapping[str, Any]], reason: str) -> None:
        def work(connection: Connection) -> None:
            for kind, made in staged.items():
                self._handlers[kind].discard(made, connection)
            jobs.fail(connection, job, reason)

        self._database.flip(work)

    # -- upkeep ------------------------------------------------------------------------------------
    def recover(self) -> int:
        """Let go of the jobs of dead processes, so that the next `run_jobs` takes them."""
        with self._database.read() as connection:
            dead = [job for job in jobs.find(connection) if job.state == "running" and jobs.is_dead(job)]
        if dead:
            self._database.run(lambda connection: jobs.release(connection, dead))
        return len(dead)

    def run_jobs(self, stop: Callable[[], bool]) -> int:
        """Run each job that nobody runs, and those that come of them; gives how many were done."""
        done = 0
        while not stop():
            with self._database.read() as connection:
                found = jobs.find(connection)
            taken = next(filter(None, map(self._take, found)), None)
            if taken is None:
                break
            self._run(taken)
            done += 1
        return done

    def _take(self, job: Job) -> Job | None:
        idle = job.state == "waiting" or (job.state == "running" and jobs.is_dead(job))
        return self._database.run(partial(jobs.claim, job=job)) if idle else None

    def _run(self, job: Job) -> None:
        if job.kind == jobs.APPLY:
            self._resume(job)
            return
        progress = JobProgress(job)
        with Heart(self._database, job):
            for handler in self._handlers.values():
                handler.run_job(job, progress, self._database)
            if job.kind in self.runners:
                self.runners[job.kind](job)
        self._database.run(lambda connection: jobs.remove(connection, job))

    def _resume(self, job: Job) -> None:
        """Go on with an apply whose process died: the person confirmed it, the data wait half carried."""
        asked = [DefinitionChange.from_json(change) for change in job.payload["changes"]]
        try:
            with self._database.read() as connection:
                proposal = self.propose(asked, store.load(connection), connection)
            proposal.require(confirm=True)
        except AmityError as error:
            self._give_up(job, job.payload["staged"], _reason(error))
            return
        self._carry(proposal, job, StoredOccasion.from_json(job.payload["occasion"]))


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, AmityError) else f"{type(error).__name__}: {error}"


def _joined(drafts: Iterable[Draft]) -> Renames:
    entities: dict[str, str] = {}
    fields: dict[tuple[str, str], str] = {}
    choices: dict[tuple[str, str], Mapping[str, str]] = {}
    for draft in drafts:
        entities.update(draft.renames.entities)
        fields.update(draft.renames.fields)
        choices.update(draft.renames.choices)
    return Renames(entities, fields, choices)
