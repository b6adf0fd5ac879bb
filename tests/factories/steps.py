"""Steps of workflows for tests: one action on real records of the shipped entities, without the engine.

`Bench.run` does what the engine does with one step: checks it, computes the parameters, prepares and
writes; `Bench.preview` what a dry run does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from amity.access.context import SYSTEM, Actor, Context
from amity.database import schema, schema_workflows
from amity.database.ids import new_id
from amity.exchange.shipped import apply_shipped
from amity.paths import bundled
from amity.records.facts import Batch, Facts
from amity.records.me import bound_values
from amity.records.shapes import Record
from amity.settings import Settings
from amity.workflows.action import Action, Call, Outcome, OutsideAction, Preview, RecordAction, RunInfo
from amity.workflows.actions import core_actions
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledStep, CompiledWorkflow
from amity.workflows.documents.loader import load
from amity.workflows.registry import Registry
from amity.workflows.services import Services
from amity.workspace import Workspace

KEY = "a secret key of tests, long enough for all of them"
REGISTRY = Registry.of(core_actions())
PASSWORD = "four quiet lamps bend"


def prepare(url: str) -> None:
    """Fill an empty database: the shipped entities, Ada (admin), Sam and Mia (staff)."""
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key=KEY))
    try:
        apply_shipped(workspace.definitions, [bundled("entities").parent], workspace.context(SYSTEM))
        with workspace.database.write() as connection:
            schema_workflows.metadata.create_all(connection)
        for name, role in (("Ada", "admin"), ("Sam", "staff"), ("Mia", "staff")):
            workspace.accounts.create(f"{name.lower()}@example.test", name, [role], PASSWORD)
    finally:
        workspace.close()


def services_of(workspace: Workspace) -> Services:
    """What actions may use of a workspace."""
    return Services(
        settings=workspace.settings,
        database=workspace.database,
        definitions=workspace.definitions,
        records=workspace.records,
        accounts=workspace.accounts,
        files=workspace.files,
        functions=workspace.functions,
        actions=REGISTRY.actions,
        context=workspace.context,
        locale=lambda: ("en", "UTC"),
    )


@dataclass
class Bench:
    """A workspace, and steps that are run on it one by one."""

    workspace: Workspace
    services: Services
    run_id: str = field(default_factory=new_id)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def open(cls, url: str, home: Path, **settings: Any) -> Bench:
        """Open a prepared database."""
        workspace = Workspace.open(Settings(home=home, database_url=url, secret_key=KEY, **settings))
        return cls(workspace, services_of(workspace))

    # -- records and people --------------------------------------------------------------------------
    def ctx(self, actor: Actor = SYSTEM) -> Context:
        """A fresh context."""
        return self.workspace.context(actor)

    def make(self, entity: str, /, **values: Any) -> Record:
        """Create a record as the system."""
        return self.workspace.records.create(self.ctx(), entity, values)

    def get(self, record: Record) -> Record:
        """Read a record again."""
        return self.workspace.records.get(self.ctx(), record.entity, record.id)

    def account(self, name: str) -> str:
        """The id of Ada, Sam or Mia."""
        return self.workspace.accounts.by_email(f"{name.lower()}@example.test").id

    def actor(self, name: str) -> Actor:
        """Ada, Sam or Mia."""
        return self.workspace.accounts.by_email(f"{name.lower()}@example.test").actor()

    def own(self, record: Record, name: str | None) -> None:
        """Make a person the owner of a record."""
        from amity.records.ownership import give_to

        entity = self.workspace.definitions.model.entities[record.entity]
        account = self.account(name) if name else None
        self.workspace.records.machine.write(
            self.ctx(), lambda caller: lambda unit: give_to(unit, entity, record.id, account)
        )

    def rows(self, table: Table, **where: Any) -> list[Any]:
        """Rows of one of the platform's tables."""
        statement = select(table).where(*(table.c[name] == value for name, value in where.items()))
        with self.workspace.database.read() as connection:
            return list(connection.execute(statement).all())

    def contents(self) -> dict[str, list[Any]]:
        """Everything in the database, to see that nothing changed."""
        found = {}
        with self.workspace.database.read() as connection:
            for table in schema.metadata.sorted_tables:
                found[table.name] = sorted(map(repr, connection.execute(select(table)).all()))
            for entity in self.workspace.definitions.model:
                found[f"e:{entity.name}"] = sorted(map(repr, connection.execute(select(entity.table)).all()))
        return found

    # -- steps ---------------------------------------------------------------------------------------
    def workflow(
        self, *steps: Mapping[str, Any], entity: str | None = "customer", **more: Any
    ) -> CompiledWorkflow:
        """Check a workflow of these steps. Raises `Invalid`."""
        document = {"title": "Test", "trigger": {"on": "manual"}, "steps": list(steps), **more}
        if entity is None:
            document["trigger"] = {"on": "called"}
        else:
            document["entity"] = entity
        workflow = load(document, REGISTRY, name="test")
        model = self.workspace.definitions.refresh()
        return compile_workflow(workflow, model, self.workspace.functions, REGISTRY)

    @contextmanager
    def call(
        self,
        document: Mapping[str, Any],
        record: Record | None = None,
        *,
        actor: Actor = SYSTEM,
        before: tuple[Mapping[str, Any], ...] = (),
        **env: Any,
    ) -> Iterator[tuple[Action, Call]]:
        """Give a step's action and the call for it; what its expressions see lives as long as the block."""
        compiled = self.workflow(*before, document, entity=record.entity if record else None)
        step: CompiledStep = compiled.steps[-1]
        assert step.action is not None
        ctx = self.ctx(actor)
        machine = self.workspace.records.machine
        with self.workspace.database.read() as connection:
            caller = machine.caller(ctx)
            seen = {**bound_values(machine, caller), **env}
            if record is not None:
                seen["record"] = self._facts(connection, caller, record)
            info = RunInfo(
                id=self.run_id,
                workflow="test",
                workflow_id="test",
                title="Test",
                version=1,
                entity=compiled.entity.id if compiled.entity else None,
                record=record.id if record else None,
                depth=0,
            )
            key = f"{step.key}[{next(self._numbers)}]"
            params = step.params.evaluate(seen)
            yield step.action, Call(self.services, ctx, info, key, params, seen)

    def facts(self, *records: Record) -> list[Facts]:
        """Records as an earlier step gives them to expressions."""
        machine, ctx = self.workspace.records.machine, self.ctx()
        entity = self.workspace.definitions.model.entities[records[0].entity]
        with self.workspace.database.read() as connection:
            return Batch(machine, machine.caller(ctx), connection, entity).read([item.id for item in records])

    def _facts(self, connection: Any, caller: Any, record: Record) -> Facts | None:
        entity = caller.model.entities[record.entity]
        found = Batch(self.workspace.records.machine, caller, connection, entity).read([record.id])
        return found[0] if found else None

    def perform(self, action: Action, call: Call) -> Outcome:
        """Do what the engine does with one call."""
        if isinstance(action, OutsideAction):
            return action.perform(call)
        assert isinstance(action, RecordAction)
        machine = self.workspace.records.machine
        return machine.write(call.ctx, lambda caller: action.prepare(call, caller))

    def run(self, document: Mapping[str, Any], record: Record | None = None, **more: Any) -> Outcome:
        """Run one step."""
        with self.call(document, record, **more) as (action, call):
            return self.perform(action, call)

    def preview(self, document: Mapping[str, Any], record: Record | None = None, **more: Any) -> Preview:
        """Say what one step would do, and see that nothing changes."""
        before = self.contents()
        with self.call(document, record, **more) as (action, call):
            found = action.preview(call)
        assert self.contents() == before
        return found

    def close(self) -> None:
        """Close the workspace."""
        self.workspace.close()
