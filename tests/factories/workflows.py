"""A workspace with workflows for tests of the engine, without the store of definitions.

Workflows are documents, as in real life, but they are held here; `Trace` is an action whose effects can be
counted, inside the database and outside.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import insert

from amity.access.accounts import Accounts
from amity.access.context import SYSTEM, Actor, Context
from amity.database.ids import new_id
from amity.database.schema_workflows import run_request
from amity.expressions import TEXT, Type
from amity.files import FileStore
from amity.records import changing
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.settings import Settings
from amity.workflows.action import (
    Action,
    ActionFailed,
    Call,
    Done,
    Outcome,
    OutsideAction,
    RecordAction,
    Waiting,
)
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import Limits
from amity.workflows.registry import Registry
from amity.workflows.services import Services
from tests.factories.worlds import FUNCTIONS, World

NOW_IN_ACTIONS: dict[str, Callable[[Call], Outcome]] = {}
"""What the action `call` does in this process, by name."""


class Create(RecordAction):
    """Makes a record."""

    name = "create"
    title = "Create"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["entity"],
        "properties": {
            "entity": {"type": "string", "x-amity": {"input": "entity"}},
            "values": {"type": "object", "x-amity": {"input": "values", "of": "entity"}},
        },
    }

    def result(self, params: Mapping[str, Any], model: Any) -> Mapping[str, Type]:
        return {"id": TEXT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        machine = call.services.records.machine
        work = changing.creation(machine, call.params["entity"], call.params.get("values") or {})(caller)

        def inside(unit: Unit) -> Outcome:
            return Done({"id": work(unit).id})

        return inside


class Update(RecordAction):
    """Changes the run's record."""

    name = "update"
    title = "Update"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"values": {"type": "object", "x-amity": {"input": "values"}}},
    }

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        machine, record = call.services.records.machine, call.run.record
        assert record is not None
        entity = caller.model.by_id[call.run.entity or ""]
        work = changing.change(machine, entity.name, record, call.params["values"], None)(caller)

        def inside(unit: Unit) -> Outcome:
            work(unit)
            return Done()

        return inside


class Trace(OutsideAction):
    """Writes a line into a file: an effect elsewhere."""

    name = "trace"
    title = "Trace"
    retries = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "file": {"type": "string"},
            "text": {"type": "string", "x-amity": {"input": "template"}},
            "sleep": {"type": "number"},
        },
    }

    def perform(self, call: Call) -> Outcome:
        if call.params.get("sleep"):
            time.sleep(float(call.params["sleep"]))
        line = f"{call.idempotency_key} {call.params.get('text', '')} {time.time():.6f}\n"
        handle = os.open(call.params["file"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)
        return Done({"text": call.params.get("text", "")})


class Do(OutsideAction):
    """Does what the test says, by name."""

    name = "call"
    title = "Call"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"what": {"type": "string"}, "with": {"x-amity": {"input": "value"}}},
    }

    def perform(self, call: Call) -> Outcome:
        return NOW_IN_ACTIONS[call.params["what"]](call)


class Die(OutsideAction):
    """Ends the process in the middle of the step, as a power cut does."""

    name = "die"
    title = "Die"
    schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}}

    def perform(self, call: Call) -> Outcome:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


class DieInside(RecordAction):
    """The same inside the transaction of the step, which then leaves no trace."""

    name = "die_inside"
    title = "Die inside"
    schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        def inside(unit: Unit) -> Outcome:
            os.kill(os.getpid(), signal.SIGKILL)
            return Done()

        return inside


class Ask(RecordAction):
    """Waits until somebody answers (here: until the test wakes it)."""

    name = "ask"
    title = "Ask"
    schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        return lambda unit: Waiting(why="waits for an answer", state={"asked": call.attempt})

    def resume(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        return lambda unit: Done({"asked": call.state["asked"]})


ACTIONS: Sequence[Action] = (Create(), Update(), Trace(), Do(), Die(), DieInside(), Ask())
REGISTRY = Registry.of(ACTIONS)


@dataclass
class Workflows:
    """A catalog (`engine.Catalog`) out of documents by name; the version is always 1."""

    world: World
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    _kept: dict[str, CompiledWorkflow] = field(default_factory=dict)

    def add(self, name: str, *steps: dict[str, Any], **more: Any) -> str:
        """Take a workflow in; give its id."""
        trigger = more.pop("trigger", {"on": "manual"})
        entity = more.pop("entity", "person")
        document = {"title": name, "trigger": trigger, "enabled": True, "steps": list(steps), **more}
        self.documents[name] = document if entity is None else {**document, "entity": entity}
        self._kept.pop(name, None)
        return name

    def pinned(self, workflow: str, version: int) -> CompiledWorkflow | None:
        """See `Catalog`."""
        return self.current(workflow)

    def current(self, workflow: str) -> CompiledWorkflow | None:
        """See `Catalog`."""
        if workflow not in self.documents:
            return None
        if workflow not in self._kept:
            read = load(self.documents[workflow], REGISTRY, name=workflow, id=workflow)
            self._kept[workflow] = compile_workflow(read, self.world.model, FUNCTIONS, REGISTRY)
        return self._kept[workflow]

    def limits(self, workflow: str) -> Limits | None:
        """See `Catalog`."""
        found = self.current(workflow)
        return None if found is None else found.workflow.limits

    def clocks(self) -> Sequence[CompiledWorkflow]:
        """See `Catalog`."""
        found = [self.current(name) for name in self.documents]
        return [item for item in found if item and item.workflow.trigger.on in ("schedule", "date")]


def make_services(world: World, home: Path) -> Services:
    """The services of a world."""

    def context(actor: Actor = SYSTEM, kind: str = "system", **cause: object) -> Context:
        return Context(actor, dt.datetime.now(dt.UTC), "UTC", new_id(), {"kind": kind, **cause})

    return Services(
        settings=Settings(home=home, database_url=str(world.database.url)),
        database=world.database,
        definitions=world.definitions,  # type: ignore[arg-type]
        records=world.records,
        accounts=Accounts(world.database),
        files=FileStore(home / "files"),
        functions=FUNCTIONS,
        actions=REGISTRY.actions,
        context=context,
        locale=lambda: ("en", "UTC"),
    )


def request(world: World, workflow: str, record: str | None = None, count: int = 1, **more: Any) -> list[str]:
    """Ask for runs, as a save does; give their ids."""
    rows = [
        {
            "id": new_id(),
            "workflow": workflow,
            "version": 1,
            "entity": None if record is None else "person",
            "record": record,
            "trigger": {"on": "manual"},
            "actor": None,
            "cause_id": new_id(),
            "depth": 0,
            "requested_at": dt.datetime.now(dt.UTC),
            **more,
        }
        for _ in range(count)
    ]
    with world.database.write() as connection:
        connection.execute(insert(run_request), rows)
    return [str(row["id"]) for row in rows]


__all__ = ["ACTIONS", "NOW_IN_ACTIONS", "REGISTRY", "ActionFailed", "Workflows", "make_services", "request"]
