"""One attempt at an action: its values, its effect together with the checkpoint, and what a failure means."""

from __future__ import annotations

import datetime as dt
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from amity.entities.model import Model
from amity.errors import AmityError, Busy, Invalid, Stale
from amity.expressions.types import BOOL, DATETIME, INT
from amity.texts import gettext as _
from amity.workflows.action import (
    Action,
    ActionFailed,
    Call,
    Done,
    Outcome,
    OutsideAction,
    RecordAction,
    RunInfo,
    Skipped,
    Stop,
    Waiting,
)
from amity.workflows.documents.model import Retry
from amity.workflows.engine.journal import LeaseLost, StepRow, Wait, kept

if TYPE_CHECKING:
    from amity.expressions import Type
    from amity.records.caller import Caller
    from amity.records.unit import Unit
    from amity.workflows.documents.compiled import CompiledStep
    from amity.workflows.documents.environment import Reading
    from amity.workflows.engine.interpreter import Walk

STALE_TRIES: Final = 6
UNKNOWN: Final = "Something went wrong that this step is not prepared for."

_RESULTS: Final[Mapping[str, Mapping[str, Type]]] = {
    "wait": {"met": BOOL, "at": DATETIME},
    "for_each": {"count": INT},
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepFailed(Exception):
    """Why an attempt failed: for people, and for those who look deeper."""

    message: str
    cause: str
    again: bool

    @property
    def error(self) -> dict[str, str]:
        """As it is stored."""
        return {"message": self.message, "cause": self.cause}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt. `ended`: the run ended in the same transaction."""

    state: Literal["finished", "waiting", "stopped"]
    why: str = ""
    failed: bool = False
    error: Mapping[str, Any] | None = None
    ended: bool = False


def result_types(step: CompiledStep, model: Model) -> Mapping[str, Type]:
    """Types of what a step gives to later ones."""
    if step.action is not None:
        return step.action.result(step.step.params, model)
    return _RESULTS.get(step.step.kind, {})


@dataclass(slots=True)
class Attempt:
    """The next try of a step; `row` is what the tries before left."""

    walk: Walk
    step: CompiledStep
    key: str
    loops: Mapping[str, Any]
    row: StepRow | None
    last: bool = False
    """Whether the run is at its end behind this step, so that both may be one transaction."""

    @property
    def resumes(self) -> bool:
        """Whether the action itself waited, and now goes on."""
        row = self.row
        return row is not None and row.state == "waiting" and (row.wait or {}).get("kind") == "action"

    @property
    def number(self) -> int:
        """Of this try, from 1."""
        if self.row is None:
            return 1
        return self.row.attempts if self.resumes else self.row.attempts + 1

    @property
    def action(self) -> Action:
        """The action of the step."""
        assert self.step.action is not None
        return self.step.action


def perform(attempt: Attempt) -> Result:
    """Try it once. Raises `LeaseLost`; everything else becomes the step's failure or its next try."""
    walk, row = attempt.walk, attempt.row
    if row is not None and row.state == "running" and row.attempts >= walk.interpreter.bounds.killed:
        message = _("Amity was ended %(attempts)s times in the middle of this step.", attempts=row.attempts)
        return _failed(attempt, StepFailed(message, "", again=False), row.input)
    call, reading = None, walk.reading(attempt.key)
    handed = False
    try:
        env = walk.env(reading, attempt.loops)
        call = _call(attempt, reading, env)
        if isinstance(attempt.action, RecordAction):
            reading.close()
            return _in_transactions(attempt, attempt.action, call)
        assert isinstance(attempt.action, OutsideAction)
        seconds = _limit(attempt, env)
        _note(attempt, call, "running")
        walk.journal.save()
        reading.close()
        handed = True
        outcome = _within(seconds, attempt.action, call, reading.close)
        return _settled(attempt, call, outcome)
    except LeaseLost:
        raise
    except Exception as error:
        return _failed(attempt, _why(error), None if call is None else call.params)
    finally:
        if not handed:
            reading.close()


def _call(attempt: Attempt, reading: Reading, env: Any) -> Call:
    walk, run = attempt.walk, attempt.walk.journal.run
    workflow = walk.compiled.workflow
    info = RunInfo(
        id=run.id,
        workflow=workflow.name,
        workflow_id=run.workflow,
        title=workflow.title,
        version=run.version,
        entity=run.entity,
        record=run.record,
        depth=run.depth,
    )
    return Call(
        services=walk.services,
        ctx=reading.caller.ctx,
        run=info,
        key=attempt.key,
        params=attempt.step.params.evaluate(env),
        env=env,
        attempt=attempt.number,
        state=(attempt.row.wait or {}).get("state", {}) if attempt.row is not None else {},
    )


def _limit(attempt: Attempt, env: Any) -> float:
    timeout = attempt.step.expressions.get("timeout")
    length = None if timeout is None else timeout.evaluate(env)
    return attempt.action.timeout if length is None else max(length / 1_000_000, 0.001)


# -- inside this database -------------------------------------------------------------------------------
def _in_transactions(attempt: Attempt, action: RecordAction, call: Call) -> Result:
    """Do it, again at once where somebody else changed the same record in between."""
    for number in range(STALE_TRIES):
        try:
            return _in_transaction(attempt, action, call)
        except Stale:
            if number == STALE_TRIES - 1:
                raise
        time.sleep(random.uniform(0.0, 0.01 * 2**number))
    raise AssertionError("unreachable")


def _in_transaction(attempt: Attempt, action: RecordAction, call: Call) -> Result:
    journal = attempt.walk.journal
    written = 0

    def prepare(caller: Caller) -> Callable[[Unit], Result]:
        work = action.resume(call, caller) if attempt.resumes else action.prepare(call, caller)

        def inside(unit: Unit) -> Result:
            nonlocal written
            before = len(unit.events)
            outcome = work(unit)
            written = len(unit.events) - before
            result = _take(attempt, call, outcome)
            if attempt.last and result.state == "finished":
                now = attempt.walk.interpreter.clock()
                journal.end(unit.connection, "done", now, "", None, writes=written)
                attempt.walk.interpreter.ended(unit.connection, journal, "done", "")
                return Result("finished", ended=True)
            journal.flush(unit.connection, writes=written)
            return result

        return inside

    result = attempt.walk.services.records.machine.write(call.ctx, prepare)
    journal.flushed()
    journal.writes += written
    return result


# -- elsewhere ------------------------------------------------------------------------------------------
def _within(seconds: float, action: OutsideAction, call: Call, close: Callable[[], None]) -> Outcome:
    """Do it in a thread of its own, which is left alone when its time is over."""
    answers: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(action.perform(call))
        except BaseException as error:
            answers.put(error)
        finally:
            close()

    spoken = copy_context()  # its messages are in the language that this thread speaks
    threading.Thread(target=spoken.run, args=(work,), name=f"amity-step-{call.key}", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise ActionFailed(_("It took longer than %(seconds)s seconds.", seconds=f"{seconds:g}")) from None
    if isinstance(found, BaseException):
        raise found
    return found


def _settled(attempt: Attempt, call: Call, outcome: Outcome) -> Result:
    result = _take(attempt, call, outcome)
    if result.state != "stopped":
        attempt.walk.journal.save()
    return result


# -- what came out ----------------------------------------------------------------------------------------
def _take(attempt: Attempt, call: Call, outcome: Outcome) -> Result:
    """Note an outcome; it is written with the transaction at hand."""
    journal = attempt.walk.journal
    journal.wait_is_over(attempt.key)
    match outcome:
        case Done(output=output):
            _note(attempt, call, "done", output=output)
        case Skipped(reason=reason, output=output):
            _note(attempt, call, "skipped", output=output, error={"message": reason})
        case Waiting(until=until, records=records, why=why, state=state):
            journal.wait(attempt.key, Wait(until, watch=records))
            _note(attempt, call, "waiting", wait={"kind": "action", "state": dict(state), "why": why})
            return Result("waiting", why)
        case Stop(reason=reason, failed=failed):
            _note(attempt, call, "failed" if failed else "done")
            error = {"step": attempt.key, "message": reason} if failed else None
            return Result("stopped", reason, failed, error)
    return Result("finished")


def _note(
    attempt: Attempt,
    call: Call,
    state: Any,
    *,
    output: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    wait: Mapping[str, Any] | None = None,
) -> None:
    now = attempt.walk.interpreter.clock()
    attempt.walk.journal.note(
        _row(attempt, now, state, params=call.params, output=output, error=error, wait=wait)
    )


def _row(
    attempt: Attempt,
    now: dt.datetime,
    state: Any,
    *,
    params: Mapping[str, Any] | None,
    output: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    wait: Mapping[str, Any] | None = None,
) -> StepRow:
    old = attempt.row
    return StepRow(
        run=attempt.walk.journal.run.id,
        key=attempt.key,
        step=attempt.step.key,
        action=attempt.step.step.action,
        state=state,
        attempts=attempt.number,
        started_at=now if old is None else old.started_at,
        input=kept(params),
        output=kept(output),
        error=error,
        wait=wait,
        ended_at=now if state in ("done", "skipped", "failed") else None,
    )


# -- failures -----------------------------------------------------------------------------------------------
def _why(error: Exception) -> StepFailed:
    if isinstance(error, StepFailed):
        return error
    if isinstance(error, ActionFailed):
        return StepFailed(error.message, _technical(error.__cause__), error.again)
    if isinstance(error, AmityError):
        return StepFailed(_worded(error), _technical(error.__cause__), isinstance(error, Busy | Stale))
    log.warning("a step failed", exc_info=error)
    return StepFailed(_(UNKNOWN), _technical(error), again=True)


def _worded(error: AmityError) -> str:
    if isinstance(error, Invalid) and error.problems:
        return " ".join(dict.fromkeys([error.message, *(item.message for item in error.problems[:5])]))
    return error.message


def _technical(error: BaseException | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"[:2000]


def _failed(attempt: Attempt, failure: StepFailed, params: Mapping[str, Any] | None) -> Result:
    """Let it be tried again after a while, or give it up."""
    walk, journal = attempt.walk, attempt.walk.journal
    now = walk.interpreter.clock()
    retry = attempt.step.step.retry or (Retry() if attempt.action.retries else Retry(times=0))
    journal.wait_is_over(attempt.key)
    if failure.again and attempt.number <= retry.times:
        due = now + dt.timedelta(seconds=retry.delay(attempt.number))
        why = _("Tries again: %(message)s", message=failure.message)
        wait = {"kind": "retry", "why": why}
        if attempt.resumes:
            wait = {**(attempt.row.wait or {}), "why": why} if attempt.row is not None else wait
        journal.wait(attempt.key, Wait(due))
        journal.note(_row(attempt, now, "waiting", params=params, error=failure.error, wait=wait))
        return Result("waiting", why)
    journal.note(_row(attempt, now, "failed", params=params, error=failure.error))
    return Result("finished")
