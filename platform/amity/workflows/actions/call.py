"""Call another workflow."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, insert, select

from amity.database.schema_workflows import run, run_request, run_step
from amity.entities.model import Model
from amity.errors import NotFound
from amity.expressions import ID, TEXT, Type
from amity.expressions.types import DYN
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Done, Outcome, Preview, RecordAction, Waiting
from amity.workflows.documents.model import KIND
from amity.workflows.services import REQUESTED
from amity.workflows.subjects import Subject, own_record, subject

NAMESPACE: Final = uuid.UUID("0f6a6c9e-6d0e-5a42-8a3c-5c3c7f0b9b11")


class CallWorkflow(RecordAction):
    """Starts a run of another workflow and waits for its end."""

    name = "call"
    title = "Call another workflow"
    description = "Let another workflow do its part, and go on when it is finished."
    group = "Flow"
    icon = "arrow-forward-up"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["workflow"],
        "properties": {
            "workflow": {
                "type": "string",
                "title": "Workflow",
                "description": "One that starts when another workflow calls it.",
                "x-amity": {"input": "workflow"},
            },
            "record": {
                "type": "string",
                "title": "Which record",
                "description": "The record that it shall be about. Leave it empty for this one.",
                "x-amity": {"input": "expression", "type": "record"},
            },
            "input": {
                "type": "object",
                "title": "Input",
                "description": "What the other workflow sees as its input.",
                "x-amity": {"input": "value"},
            },
        },
    }

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the other run, how it ended, and what its steps gave."""
        return {"run": ID, "outcome": TEXT, "steps": DYN}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Ask for the run; the request and the wait are written inside the transaction."""
        row = _request(call, caller)
        title = call.services.definitions.get(KIND, call.params["workflow"]).document.get("title")

        def work(unit: Unit) -> Outcome:
            unit.connection.execute(insert(run_request).values(row))
            signal = call.services.signals.get(REQUESTED)
            if signal is not None:
                unit.after.append(signal)
            return Waiting(why=_("Waits for the end of '%(title)s'.", title=title), state={"run": row["id"]})

        return work

    def resume(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Take over what the other run gave."""
        return lambda unit: _ended(unit.connection, call)

    def preview(self, call: Call) -> Preview:
        """Say what would be called; what it would do is not looked into."""
        text = _("The workflow '%(workflow)s' would be called.", workflow=call.params["workflow"])
        return Preview(
            text,
            stops=_("What '%(workflow)s' would do is not worked out here.", workflow=call.params["workflow"]),
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the workflow."""
        return _("Call %(workflow)s", workflow=params.get("workflow") or "…")


def _request(call: Call, caller: Caller) -> dict[str, Any]:
    try:
        other = call.services.definitions.get(KIND, call.params["workflow"])
    except NotFound as error:
        raise ActionFailed(
            _("There is no workflow '%(workflow)s'.", workflow=call.params["workflow"]), again=False
        ) from error
    document = other.document
    on = document.get("trigger", {}).get("on")
    if on != "called":
        raise ActionFailed(
            _("The workflow '%(other)s' is not started by calls.", other=other.name), again=False
        )
    if not document.get("enabled"):
        raise ActionFailed(_("The workflow '%(other)s' is switched off.", other=other.name))
    found = _about(call, caller, document.get("entity"))
    return {
        "id": str(uuid.uuid5(NAMESPACE, call.idempotency_key)),
        "workflow": other.id,
        "version": other.version,
        "entity": found.entity.id if found else None,
        "record": found.id if found else None,
        "trigger": {
            "on": "called",
            "input": call.params.get("input"),
            "parent": call.run.id,
            "parent_key": call.key,
        },
        "actor": call.ctx.actor.account,
        "cause_id": call.ctx.cause_id,
        "depth": call.ctx.depth,
        "requested_at": call.ctx.now,
    }


def _about(call: Call, caller: Caller, entity: str | None) -> Subject | None:
    if entity is None:
        return None
    found = subject(call, caller) if "record" in call.params else own_record(call, caller)
    if found is None or found.entity.name != entity:
        raise ActionFailed(
            _("The workflow '%(workflow)s' is about another entity.", workflow=call.params["workflow"]),
            again=False,
        )
    return found


def _ended(connection: Connection, call: Call) -> Outcome:
    identity = call.state["run"]
    row = connection.execute(select(run.c.state, run.c.why).where(run.c.id == identity)).first()
    if row is None or row.state not in ("done", "failed", "cancelled"):
        return Waiting(why=_("Waits for the end of the other workflow."), state=call.state)
    if row.state != "done":
        how = _("failed") if row.state == "failed" else _("was cancelled")
        raise ActionFailed(
            _(
                "The workflow '%(workflow)s' %(how)s: %(why)s",
                workflow=call.params["workflow"],
                how=how,
                why=row.why or "",
            ).strip(),
            again=False,
        )
    statement = select(run_step.c.key, run_step.c.output).where(
        run_step.c.run == identity, run_step.c.state.in_(("done", "skipped"))
    )
    steps = {step.key: step.output for step in connection.execute(statement) if step.output is not None}
    return Done({"run": identity, "outcome": row.state, "steps": steps})
