"""`Workflows`: the door to the workflows of one workspace, for pages, REST, command line and extensions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from amity.access.context import Context
from amity.database.ids import new_id
from amity.database.schema_workflows import run, run_request, workflow_state
from amity.definitions.documents import StoredDefinition
from amity.errors import Invalid, NotFound, Problem
from amity.records.listeners import Listener
from amity.texts import gettext as _
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import KIND
from amity.workflows.live import Live, LiveWorkflows
from amity.workflows.registry import Registry
from amity.workflows.requesting import RunRequests, run_id
from amity.workflows.rules import Rules
from amity.workflows.services import REQUESTED, Services

EVERYTHING: Final = "*"
"""Key of the switch that pauses all workflows."""
MAX_STARTED: Final = 10_000
"""Records for which one call starts runs."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A workflow (or all, `EVERYTHING`) that starts and continues nothing at the moment."""

    workflow: str
    since: dt.datetime
    by: str | None
    """Account id; None for the loop guard."""
    why: str


class Workflows:
    """What a workspace knows about its workflows, and how they are started and paused."""

    def __init__(self, services: Services, live: LiveWorkflows) -> None:
        self.services = services
        self._live = live
        self.listeners: Sequence[Listener] = (
            Rules(live, services),
            RunRequests(live, self.wake),
        )

    @property
    def registry(self) -> Registry:
        """Actions and triggers that documents may name."""
        return self._live.registry

    @property
    def live(self) -> Live:
        """The workflows in force in this process, compiled."""
        return self._live.now()

    @property
    def compiler(self) -> LiveWorkflows:
        """Compiles documents of other versions, too."""
        return self._live

    def list(self) -> Sequence[StoredDefinition]:
        """Give all definitions in force, by name."""
        return self.services.definitions.list(KIND)

    def get(self, name: str) -> StoredDefinition:
        """Give a definition. Raises `NotFound`."""
        return self.services.definitions.get(KIND, name)

    def compiled(self, name: str) -> CompiledWorkflow:
        """Give a workflow in force, compiled, on or off. Raises `NotFound`, `Invalid` where it is broken."""
        known = self.get(name)
        found = self.live.all.get(known.id)
        if found is None:
            problems = self.live.broken.get(known.id, ())
            reason = problems[0].message if problems else "It is being changed."
            raise Invalid(
                _("The workflow %(name)s cannot be used: %(reason)s", name=f"{name!r}", reason=reason),
                problems=problems,
            )
        return found

    def draft(self, document: Mapping[str, Any], name: str) -> CompiledWorkflow:
        """Compile a document that is not applied, as a draft of the named workflow. Raises `Invalid`."""
        try:
            id_: str | None = self.get(name).id
        except NotFound:
            id_ = None
        registry = self.registry
        workflow = load(document, registry, name=name, id=id_)
        return compile_workflow(workflow, self.services.definitions.model, self.services.functions, registry)

    def wake(self) -> None:
        """Tell the worker in this process, if there is one, that runs were asked for."""
        signal = self.services.signals.get(REQUESTED)
        if signal is not None:
            signal()

    # -- starting ------------------------------------------------------------------------------------
    def start(
        self,
        ctx: Context,
        name: str,
        *,
        records: Sequence[str] = (),
        input: Any = None,
        on: Sequence[str] = ("manual", "called"),
    ) -> Sequence[str]:
        """Ask for a run, or for one a record. Gives the ids of the runs.

        Raises `NotFound`, and `Invalid` where the workflow is off, is not started like this (`on`: kinds of
        triggers that are), or a record cannot be read by the caller.
        """
        item = self._startable(name, on)
        found = self._readable(ctx, item, records)
        ids: list[str] = []
        with self.services.database.write() as connection:
            ids += self.request(connection, ctx, item, found, {"input": input})
        self.wake()
        return ids

    def ask(self, ctx: Context, item: CompiledWorkflow, input: Any, *, once: str = "") -> str:
        """Ask for a run that is about no record; gives its id.

        With `once` (what the sender calls the message) it is asked for only the first time.
        """
        id_ = run_id(once, item.workflow.id) if once else new_id()
        try:
            with self.services.database.write() as connection:
                if not once or not _known(connection, id_):
                    self.request(connection, ctx, item, [None], {"input": input}, ids=[id_])
        except IntegrityError:
            if not once:
                raise
            # Another process took the very same message at this moment: it has asked for the run.
        self.wake()
        return id_

    def request(
        self,
        connection: Connection,
        ctx: Context,
        item: CompiledWorkflow,
        records: Sequence[str | None],
        trigger: Mapping[str, Any],
        ids: Sequence[str] = (),
    ) -> Sequence[str]:
        """Insert requests inside a transaction of the caller's; gives their ids (`ids`, or new ones)."""
        workflow = item.workflow
        rows = [
            {
                "id": id_,
                "workflow": workflow.id,
                "version": workflow.version,
                "entity": None if item.entity is None else item.entity.id,
                "record": record,
                "trigger": {"on": workflow.trigger.on, **trigger},
                "actor": ctx.actor.account,
                "cause_id": ctx.cause_id,
                "depth": ctx.depth,
                "requested_at": ctx.now,
            }
            for record, id_ in zip(records, ids or [new_id() for _ in records], strict=True)
        ]
        if rows:
            connection.execute(insert(run_request), rows)
        return [str(row["id"]) for row in rows]

    def _startable(self, name: str, on: Sequence[str]) -> CompiledWorkflow:
        known = self.get(name)
        item = self.live.all.get(known.id)
        if item is None:
            reason = self.live.broken[known.id][0].message
            raise Invalid(
                _("The workflow %(name)s cannot be used: %(reason)s", name=f"{name!r}", reason=reason)
            )
        if item.workflow.trigger.on not in on:
            kind = self.registry.triggers[item.workflow.trigger.on]
            raise Invalid(
                _(
                    "The workflow %(name)s is not started by hand: it starts '%(kind)s'.",
                    name=f"{name!r}",
                    kind=_(kind.title),
                )
            )
        if not item.workflow.enabled:
            raise Invalid(
                _("The workflow %(name)s is switched off.", name=f"{name!r}"),
                hint=_("Switch it on in the builder."),
            )
        return item

    def _readable(self, ctx: Context, item: CompiledWorkflow, records: Sequence[str]) -> Sequence[str | None]:
        if item.entity is None:
            return [None]
        if not records:
            message = f"Say for which {item.entity.title} it shall run."
            raise Invalid(message, problems=[Problem("required", message, pointer="/record")])
        if len(records) > MAX_STARTED:
            raise Invalid(f"One call starts at most {MAX_STARTED} runs.")
        labels = self.services.records.labels(ctx, item.entity.name, records)
        missing = [id_ for id_ in records if id_ not in labels]
        if missing:
            raise NotFound(f"There is no {item.entity.title} {missing[0]!r}, or you may not see it.")
        return list(records)

    def raise_event(
        self, ctx: Context, name: str, payload: Any = None, *, record: tuple[str, str] | None = None
    ) -> Sequence[str]:
        """Say that something happened (extensions): starts each workflow whose trigger names the event.

        `record` is (entity name, id). Gives the ids of the runs.
        """
        ids: list[str] = []
        with self.services.database.write() as connection:
            for item in self.live.all.values():
                trigger = item.workflow.trigger
                if not item.workflow.enabled or trigger.on != "event" or trigger.options["event"] != name:
                    continue
                if item.entity is not None and (record is None or record[0] != item.entity.name):
                    continue
                about = [record[1] if record is not None and item.entity is not None else None]
                ids += self.request(connection, ctx, item, about, {"event_name": name, "input": payload})
        self.wake()
        return ids

    # -- pausing -------------------------------------------------------------------------------------
    def pauses(self) -> Mapping[str, Pause]:
        """Give what is paused, by workflow id (`EVERYTHING`: all)."""
        table = workflow_state
        with self.services.database.read() as connection:
            rows = connection.execute(select(table).where(table.c.paused_at.is_not(None))).all()
        return {
            row.workflow: Pause(row.workflow, row.paused_at, row.paused_by, row.paused_why or "")
            for row in rows
        }

    def pause(self, ctx: Context, name: str | None, why: str = "") -> None:
        """Pause a workflow, or all (None): requests are kept and wait. Raises `NotFound`."""
        id_ = EVERYTHING if name is None else self.get(name).id
        values = {"paused_at": ctx.now, "paused_by": ctx.actor.account, "paused_why": why}
        with self.services.database.write() as connection:
            put_state(connection, id_, values)

    def resume(self, name: str | None) -> None:
        """Go on. Raises `NotFound`."""
        id_ = EVERYTHING if name is None else self.get(name).id
        table = workflow_state
        values = {"paused_at": None, "paused_by": None, "paused_why": None}
        with self.services.database.write() as connection:
            connection.execute(update(table).where(table.c.workflow == id_).values(values))
        self.wake()


def _known(connection: Connection, id_: str) -> bool:
    """Whether that run was asked for already."""
    return any(
        connection.execute(select(table.c.id).where(table.c.id == id_)).first() is not None
        for table in (run_request, run)
    )


def put_state(connection: Connection, workflow: str, values: Mapping[str, Any]) -> None:
    """Change the row of a workflow that holds what is no part of its document; made where there is none."""
    into: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = into(workflow_state).values(workflow=workflow, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["workflow"], set_=dict(values)))
