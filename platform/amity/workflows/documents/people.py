"""The accounts that a document names, and what the plan says where nobody has one of them.

They are checked when a workflow is saved, and only warned of: documents travel between workspaces, and an
account may be made after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from amity.access.people import email_key
from amity.database.schema import account
from amity.definitions.plan import Change, Severity
from amity.workflows.action import Action
from amity.workflows.documents.model import Step, Workflow

INPUT = "account"


def accounts_named(
    workflow: Workflow, actions: Mapping[str, Action]
) -> Iterator[tuple[str, str, Step | None]]:
    """Give (JSON pointer, e-mail, step) of each account that is named; no step for `tell`."""
    if workflow.tell:
        yield "/tell", workflow.tell, None
    for step in workflow.walk():
        action = actions.get(step.action)
        properties = {} if action is None else action.schema.get("properties", {})
        for name, schema in properties.items():
            for at, email in _values(schema, step.params.get(name)):
                yield f"{step.pointer}/{name}{at}", email, step


def _values(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    if _is_account(schema) and isinstance(value, str):
        yield "", value
    if _is_account(schema.get("items")) and isinstance(value, list):
        yield from ((f"/{index}", item) for index, item in enumerate(value) if isinstance(item, str))


def _is_account(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("x-amity", {}).get("input") == INPUT


@dataclass(frozen=True, slots=True)
class Missing:
    """An account that a document names and that cannot act. `state` is None where there is none."""

    pointer: str
    email: str
    state: str | None
    step: Step | None


def missing(workflow: Workflow, actions: Mapping[str, Action], states: Mapping[str, str]) -> list[Missing]:
    """Give the accounts that are not there or may not sign in any more; `states` by e-mail key."""
    found = []
    for pointer, email, step in accounts_named(workflow, actions):
        state = states.get(email_key(email))
        if state not in ("active", "invited"):
            found.append(Missing(pointer, email, state, step))
    return found


def warnings(workflow: Workflow, actions: Mapping[str, Action], connection: Connection) -> list[Change]:
    """Say in lines of a plan which accounts are not there, or may not sign in any more."""
    states = _states(connection, (email for _, email, _ in accounts_named(workflow, actions)))
    lines = []
    for item in missing(workflow, actions, states):
        code = "unknown_account" if item.state is None else "inactive_account"
        problem = (
            "nobody has the account"
            if item.state is None
            else "somebody is named who may not sign in any more:"
        )
        place = (
            "as the one who is told of failures" if item.step is None else f"in the step '{item.step.key}'"
        )
        what = f"Look at '{workflow.title}': {place}, {problem} {item.email}."
        details = {"workflow_id": workflow.id, "pointer": item.pointer}
        lines.append(Change(Severity.SAFE, workflow.name, None, what, code, details=details))
    return lines


def _states(connection: Connection, emails: Iterable[str]) -> dict[str, str]:
    keys = sorted({email_key(email) for email in emails})
    if not keys:
        return {}
    found = select(account.c.email_key, account.c.state).where(account.c.email_key.in_(keys))
    return {row.email_key: row.state for row in connection.execute(found)}
