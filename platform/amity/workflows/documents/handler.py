"""The handler of workflow documents: what `amity.definitions` asks of workflows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select, update

from amity.database.schema_workflows import workflow_document
from amity.definitions.documents import DefinitionChange, State, StoredDefinition, Write
from amity.definitions.handlers import DocumentHandler, Draft, Renames
from amity.definitions.plan import Change, Severity, Use
from amity.entities.model import Model
from amity.entities.names import did_you_mean, shown
from amity.errors import Invalid, NotFound, Problem
from amity.expressions import Function
from amity.workflows.documents.checking import Checking, compile_workflow
from amity.workflows.documents.letters import KIND as LETTER
from amity.workflows.documents.loader import load, with_ids
from amity.workflows.documents.model import KIND, Workflow
from amity.workflows.documents.people import warnings
from amity.workflows.documents.references import Rewriter, notes_of, secrets_of, uses
from amity.workflows.documents.values import Note, refuse
from amity.workflows.registry import Registry

CALL: Final = "call"
"""The action that starts another workflow."""


class WorkflowHandler(DocumentHandler):
    """Workflows: documents that are checked against the entities of the same state."""

    kind = KIND

    def __init__(
        self,
        sketch: Callable[[State], Model],
        functions: Mapping[str, Function],
        registry: Registry,
        secrets: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """`secrets` gives the names of those that are kept; None: nobody is warned of unknown ones."""
        self._sketch = sketch
        self._functions = functions
        self._registry = registry
        self._secrets = secrets

    # -- plan --------------------------------------------------------------------------------------
    def draft(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Draft:
        """See `DocumentHandler`. Raises `Invalid`, `NotFound`."""
        model = self._sketch(state)
        lines: list[Change] = []
        writes: list[Write] = []
        for change in changes:
            line, write = self._one(change, state, model)
            if line is not None and write is not None:
                lines += [line, *self._unknown_secrets(write)]
                writes.append(write)
                if write.document is not None:
                    workflow = self._trusted(write.document, write.id, write.name, 1)
                    found = [] if workflow is None else warnings(workflow, self._registry.actions, connection)
                    lines += found
        after = state.over(writes)
        self._refuse_unknown_calls(writes, after)
        self._refuse_cycles(after)
        return Draft(tuple(lines), writes=tuple(writes))

    def _one(
        self, change: DefinitionChange, state: State, model: Model
    ) -> tuple[Change | None, Write | None]:
        known = _known(change, state)
        if change.document is None:
            if known is None or known.removed:
                raise NotFound(f"There is no workflow called {change.name!r}.")
            what = f"The workflow '{_title(known.document)}' is removed; its runs stay and can be looked at."
            return (
                _line(Severity.PARKS, known.name, what, "remove_workflow", known.id),
                Write(KIND, known.id, known.name, None),
            )
        workflow = self._read(change, known, state)
        compile_workflow(workflow, model, self._functions, self._known(state))
        document = with_ids(change.document, workflow.id, workflow.name)
        write = Write(KIND, workflow.id, workflow.name, document)
        if known is None or known.removed:
            return _line(Severity.SAFE, workflow.name, _born(workflow), "add_workflow", workflow.id), write
        if known.document == document and known.name == workflow.name:
            return None, None
        return _line(
            Severity.SAFE, workflow.name, _changed(known, workflow), "change_workflow", known.id
        ), write

    def _read(self, change: DefinitionChange, known: StoredDefinition | None, state: State) -> Workflow:
        assert change.document is not None
        try:
            workflow = load(change.document, self._registry, name=change.name)
        except Invalid as error:
            raise _placed(error, change.source) from error
        if known is not None:
            return replace(workflow, id=known.id, version=known.version + 1)
        other = state.by_name(KIND, workflow.name)
        if other is not None:
            message = f"There is a workflow {workflow.name!r} already."
            raise Invalid(message, problems=[Problem("twice", message, pointer="/name")])
        return replace(workflow, id=_free_id(workflow.id, state))

    def _unknown_secrets(self, write: Write) -> Iterator[Change]:
        """Warn of secrets that nobody has entered yet."""
        if self._secrets is None or write.document is None:
            return
        workflow = self._trusted(write.document, write.id, write.name, 1)
        wanted = {} if workflow is None else secrets_of(workflow, self._registry)
        for name in sorted(set(wanted) - set(self._secrets())) if wanted else ():
            what = (
                f"It needs the secret '{name}', and there is none of that name yet. "
                "It can be applied; until an admin enters the secret, that part fails."
            )
            yield _line(Severity.SAFE, write.name, what, "unknown_secret", write.id)

    def _refuse_unknown_calls(self, writes: Sequence[Write], after: State) -> None:
        """Refuse calls of workflows that there are not."""
        names = [known.name for known in after.live(KIND)]
        problems = []
        for write in writes:
            workflow = None
            if write.document is not None:
                workflow = self._trusted(write.document, write.id, write.name, 1)
            for step in workflow.walk() if workflow is not None else ():
                called = step.params.get("workflow") if step.action == CALL else None
                if isinstance(called, str) and called not in names:
                    message = f"There is no workflow {shown(called)}.{did_you_mean(called, names)}"
                    problems.append(Problem("workflow", message, pointer=f"{step.pointer}/workflow"))
        refuse(problems, "A workflow calls one that is not there")

    def _refuse_cycles(self, state: State) -> None:
        """Refuse workflows that call each other in a circle."""
        calls = {known.name: set(_called(known.document)) for known in state.live(KIND)}
        for name in calls:
            path = _circle(name, calls)
            if path:
                message = f"These workflows call each other in a circle: {' → '.join(path)}."
                raise Invalid(message, problems=[Problem("cycle", message, pointer="/steps")])

    # -- names -------------------------------------------------------------------------------------
    def uses(self, state: State, connection: Connection, entity: str, field: str | None) -> Sequence[Use]:
        """See `DocumentHandler`."""
        model = self._sketch(state)
        known = model.by_id.get(entity)
        if known is None:
            return ()
        asked = None if field is None else known.by_id.get(field)
        return [
            use
            for workflow in self._workflows(state)
            for use in uses(workflow, self._notes(workflow, model, state), known, asked)
        ]

    def _notes(self, workflow: Workflow, model: Model, state: State) -> list[Note]:
        return notes_of(workflow, model, self._functions, self._known(state))

    def _known(self, state: State) -> Registry:
        """What documents may name, with the e-mail templates of a state."""
        return self._registry.with_letters(state.live(LETTER))

    def follow(self, renames: Renames, before: State, after: State) -> Sequence[Write]:
        """See `DocumentHandler`."""
        model, rewriter = self._sketch(before), Rewriter(renames)
        writes = []
        for workflow in self._workflows(before):
            document = rewriter.document(workflow.document, self._notes(workflow, model, before))
            if document is not None:
                writes.append(Write(KIND, workflow.id, workflow.name, document))
        return writes

    def follow_elsewhere(self, renames: Renames, before: State, connection: Connection) -> None:
        """See `DocumentHandler`: the documents that runs are pinned to."""
        model, rewriter = self._sketch(before), Rewriter(renames)
        table = workflow_document
        for row in connection.execute(select(table)).all():
            workflow = self._trusted(row.document, row.workflow, row.workflow, row.version)
            document = None
            if workflow is not None:
                document = rewriter.document(row.document, self._notes(workflow, model, before))
            if document is not None:
                place = (table.c.workflow == row.workflow, table.c.version == row.version)
                connection.execute(update(table).where(*place).values(document=document))

    def broken(self, before: State, after: State) -> Sequence[Use]:
        """See `DocumentHandler`: workflows that are switched on and would stop."""
        now, then = self._sketch(before), self._sketch(after)
        found = []
        for workflow in self._workflows(after):
            if workflow.enabled and (problems := self._problems(workflow, then, after)):
                was = self._trusted_now(workflow, before)
                if was is not None and not self._problems(was, now, before):
                    found.append(Use(KIND, workflow.name, problems[0].pointer or "", problems[0].message))
        return found

    def _trusted_now(self, workflow: Workflow, state: State) -> Workflow | None:
        known = state.by_id(KIND, workflow.id)
        return None if known is None else self._trusted(known.document, known.id, known.name, known.version)

    def _problems(self, workflow: Workflow, model: Model, state: State) -> list[Problem]:
        checking = Checking(workflow, model, self._functions, self._known(state))
        checking.examined()
        return checking.problems

    def _workflows(self, state: State) -> Iterator[Workflow]:
        for known in state.live(KIND):
            workflow = self._trusted(known.document, known.id, known.name, known.version)
            if workflow is not None:
                yield workflow

    def _trusted(self, document: Mapping[str, Any], id: str, name: str, version: int) -> Workflow | None:
        try:
            return load(document, self._registry, name=name, id=id, version=version, trusted=True)
        except Invalid:  # an action of an extension that is gone: nothing can be said about it
            return None


def _known(change: DefinitionChange, state: State) -> StoredDefinition | None:
    if change.restore is not None:
        return state.by_id(KIND, change.restore)
    found = state.by_name(KIND, change.name)
    own = change.document.get("id") if isinstance(change.document, Mapping) else None
    if found is None and isinstance(own, str):
        found = state.by_id(KIND, own)
    return found


def _free_id(wanted: str, state: State) -> str:
    id_, number = wanted, 2
    while state.by_id(KIND, id_) is not None:
        id_, number = f"{wanted[:95]}_{number}", number + 1
    return id_


def _placed(error: Invalid, source: str | None) -> Invalid:
    if source is None:
        return error
    problems = [replace(problem, message=f"{source}: {problem.message}") for problem in error.problems]
    return Invalid(f"{source}: {error.message}", problems=problems)


def _line(severity: Severity, name: str, what: str, code: str, id: str) -> Change:
    return Change(severity, name, None, what, code, details={"workflow_id": id})


def _title(document: Mapping[str, Any]) -> str:
    return str(document.get("title", ""))


def _born(workflow: Workflow) -> str:
    what = "rule" if workflow.is_rule else "workflow"
    state = "and switched on" if workflow.enabled else "switched off until somebody switches it on"
    return f"The {what} '{workflow.title}' is new, {state}."


def _changed(known: StoredDefinition, workflow: Workflow) -> str:
    was = bool(known.document.get("enabled", False))
    if was != workflow.enabled:
        return f"'{workflow.title}' is switched {'on' if workflow.enabled else 'off'}."
    if known.name != workflow.name:
        return f"The workflow {known.name!r} is called {workflow.name!r}."
    return f"The workflow '{workflow.title}' changes; runs that have begun go on as they are."


def _called(value: Any) -> Iterator[str]:
    """Names of the workflows that a document calls."""
    if isinstance(value, Mapping):
        if value.get("do") == CALL and isinstance(value.get("workflow"), str):
            yield value["workflow"]
        for item in value.values():
            yield from _called(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _called(item)


def _circle(start: str, calls: Mapping[str, set[str]]) -> list[str]:
    """A way from `start` back to itself."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in sorted(calls.get(way[-1], ())):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
