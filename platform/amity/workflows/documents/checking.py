"""Checks a workflow against the entities: names exist, expressions have their types, or it says where not."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from amity.entities.model import Entity, Model
from amity.entities.names import did_you_mean, listed, shown
from amity.entities.scope import EntityScope
from amity.errors import Problem
from amity.expressions import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    INT,
    TEXT,
    Compiled,
    ExpressionError,
    Function,
    ListType,
    RecordType,
    Type,
    compile,
)
from amity.expressions.types import DYN
from amity.workflows.documents.compiled import CompiledBranch, CompiledStep, CompiledWorkflow, Params
from amity.workflows.documents.decisions import compile_table
from amity.workflows.documents.filters import compile_filter
from amity.workflows.documents.letters import compile_addresses, compile_html, compile_letter
from amity.workflows.documents.model import Branch, Step, Workflow
from amity.workflows.documents.scope import WorkflowScope, item_type
from amity.workflows.documents.values import (
    Computed,
    ListOf,
    Literal,
    Note,
    ObjectOf,
    Value,
    ValueCompiler,
    refuse,
)
from amity.workflows.registry import Registry
from amity.workflows.triggers import TriggerKind

TYPES: Final[Mapping[str, Type]] = {
    "boolean": BOOL,
    "integer": INT,
    "decimal": DECIMAL,
    "text": TEXT,
    "date": DATE,
    "date-time": DATETIME,
    "duration": DURATION,
}
"""Types that a parameter of input `expression` may ask for."""
YEAR_MICROSECONDS: Final = 366 * 24 * 3600 * 1_000_000
MAX_WAIT_YEARS: Final = 20


def compile_workflow(
    workflow: Workflow, model: Model, functions: Mapping[str, Function], registry: Registry
) -> CompiledWorkflow:
    """Compile a workflow. Raises `Invalid` with the place of everything that is wrong."""
    return Checking(workflow, model, functions, registry).compiled()


@dataclass
class Checking:
    """One workflow on its way; `problems` gathers what is wrong."""

    workflow: Workflow
    model: Model
    functions: Mapping[str, Function]
    registry: Registry
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    """Where it names fields and entities."""

    def compiled(self) -> CompiledWorkflow:
        """Compile all, or raise `Invalid`."""
        found = self.examined()
        refuse(self.problems, f"The workflow '{self.workflow.title}' cannot be used")
        return found

    def examined(self) -> CompiledWorkflow:
        """Compile as far as it goes; `problems` says what is missing."""
        workflow = self.workflow
        kind = self.registry.triggers[workflow.trigger.on]
        entity = self._entity(kind)
        self._run_as(kind)
        scope = WorkflowScope.of(self.model, self.functions, entity, kind.sees)
        trigger = self._trigger(kind, entity, scope)
        when = None
        if workflow.when:
            when = self._values(scope).expression(workflow.when, "/when", BOOL)
        steps, _ = self._steps(workflow.steps, scope)
        return CompiledWorkflow(workflow, self.model, entity, when, steps, trigger)

    def _run_as(self, kind: TriggerKind) -> None:
        """Refuse the rights of a person where nobody is there: it would silently have the system's."""
        if self.workflow.run_as == "person" and not kind.person:
            message = (
                f"Nobody triggers '{kind.title}', so there is no person whose rights it could have. "
                "Let it run with the system's rights."
            )
            self._note("run_as", message, "/run_as")

    def _entity(self, kind: TriggerKind) -> Entity | None:
        name = self.workflow.entity
        if name is None:
            if kind.entity == "needed":
                self._note("required", "Say which entity it is about.", "/entity")
            return None
        if kind.entity == "none":
            self._note("entity", f"The trigger '{kind.title}' is not about records.", "/entity")
        return self._known_entity(name, "/entity")

    def _known_entity(self, name: Any, at: str) -> Entity | None:
        found = self.model.entities.get(name) if isinstance(name, str) else None
        if found is None:
            near = did_you_mean(name, self.model.entities) if isinstance(name, str) else ""
            self._note("unknown_entity", f"There is no entity {shown(name)}.{near}", at)
        else:
            self.notes.append(Note(at, found.name, "entity", origin=(found.id, None)))
        return found

    # -- trigger -------------------------------------------------------------------------------------
    def _trigger(
        self, kind: TriggerKind, entity: Entity | None, scope: WorkflowScope
    ) -> Mapping[str, Value | Compiled]:
        found: dict[str, Value | Compiled] = {}
        for name, value in self.workflow.trigger.options.items():
            at = f"/trigger/{name}"
            match _input(kind.options.get(name, {})):
                case "field":
                    self._fields(value, entity, at)
                case "expression":
                    compiled = self._values(scope).expression(value, at, DURATION)
                    if compiled is not None:
                        found[name] = compiled
                case "filter":
                    self._filter(value, entity, at)
                case "cron":
                    self._cron(value, at)
        options = self.workflow.trigger.options
        if "timezone" in options and options["timezone"] not in zoneinfo.available_timezones():
            self._note(
                "timezone", f"There is no time zone {shown(options['timezone'])}.", "/trigger/timezone"
            )
        if kind.name == "date":
            self._date(entity)
        return found

    def _date(self, entity: Entity | None) -> None:
        options = self.workflow.trigger.options
        if "before" in options and "after" in options:
            self._note("both", "Say either before or after.", "/trigger/after")
        known = entity.by_name.get(options.get("field", "")) if entity is not None else None
        if known is not None and known.kind.expression_type(known) not in (DATE, DATETIME):
            self._note("type", f"{known.title} is no date.", "/trigger/field")

    def _fields(self, value: Any, entity: Entity | None, at: str) -> None:
        if entity is None:
            return
        for index, name in enumerate(value if isinstance(value, list) else [value]):
            place = f"{at}/{index}" if isinstance(value, list) else at
            if name in entity.by_name:
                origin = (entity.id, entity.by_name[name].id)
                self.notes.append(Note(place, name, "name", origin=origin))
            else:
                near = did_you_mean(str(name), entity.by_name)
                self._note("unknown_field", f"{entity.title} has no field {shown(name)}.{near}", place)

    def _filter(self, text: Any, entity: Entity | None, at: str) -> None:
        if entity is None:
            self._note("entity", "A condition needs an entity whose records it looks at.", at)
            return
        scope = EntityScope(self.model, entity, self.functions)
        try:
            compiled = compile(str(text), scope, expect=BOOL, sql=True)
        except ExpressionError as error:
            self.problems.append(error.problem(pointer=at))
        else:
            self.notes.append(Note(at, str(text), "expression", scope, compiled))

    def _cron(self, text: Any, at: str) -> None:
        from croniter import croniter

        if len(str(text).split()) != 5 or not croniter.is_valid(str(text)):
            message = (
                f"{shown(text)} is no valid time: write minute, hour, day, month and weekday, "
                "such as 0 8 * * 1 for Mondays at 8."
            )
            self._note("cron", message, at)

    # -- steps ---------------------------------------------------------------------------------------
    def _steps(
        self, steps: tuple[Step, ...], scope: WorkflowScope
    ) -> tuple[tuple[CompiledStep, ...], WorkflowScope]:
        """Compile steps in order; what each gives is seen by those behind it, in other arms, too."""
        found = []
        for step in steps:
            compiled, scope = self._step(step, scope)
            found.append(compiled)
        return tuple(found), scope

    def _step(self, step: Step, scope: WorkflowScope) -> tuple[CompiledStep, WorkflowScope]:
        values = self._values(scope)
        expressions = self._expressions(step, values)
        action = self.registry.actions.get(step.action) if step.kind == "do" else None
        params, result = Params(), _RESULTS.get(step.kind, {})
        if action is not None:
            place = "rule" if self.workflow.is_rule else "workflow"
            if place not in action.places:
                where = "a rule (while saving)" if place == "rule" else "a workflow that runs after the save"
                self._note("place", f"'{action.title}' cannot stand in {where}.", f"{step.pointer}/do")
            params = self._params(step, action.schema, values)
            self.problems += [
                _below(problem, step.pointer) for problem in action.check(step.params, self.model)
            ]
            result = action.result(step.params, self.model)
        elif self.workflow.is_rule and step.kind not in ("if", "switch"):
            self._note("place", "A rule cannot wait or loop: it runs inside the save.", step.pointer)
        branches, scope = self._branches(step, scope, expressions)
        failure = None
        if isinstance(step.on_failure, Branch):
            steps, scope = self._steps(step.on_failure.steps, scope)
            failure = CompiledBranch("on_failure", None, steps)
        compiled = CompiledStep(step, action, params, expressions, branches, failure)
        return compiled, scope.with_step(step.key, result)

    def _branches(
        self, step: Step, scope: WorkflowScope, expressions: Mapping[str, Compiled]
    ) -> tuple[tuple[CompiledBranch, ...], WorkflowScope]:
        inner, found = scope, []
        loop = str(step.params.get("as", "item"))
        if step.kind == "for_each" and "for_each" in expressions:
            item = item_type(expressions["for_each"].type)
            if item is None:
                self._note("type", "This is no list.", f"{step.pointer}/for_each")
            if loop in scope.own:
                self._note("twice", f"{loop!r} is taken; call it otherwise.", f"{step.pointer}/as")
            inner = scope.with_name(loop, item or DYN)
        for branch in step.branches:
            condition = None
            if branch.condition:
                condition = expressions.get("if") or self._case(step, branch, inner)
            steps, inner = self._steps(branch.steps, inner)
            found.append(CompiledBranch(branch.name, condition, steps))
        if step.kind == "for_each":
            return tuple(found), scope  # what happens in a loop has no single result
        return tuple(found), inner

    def _case(self, step: Step, branch: Branch, scope: WorkflowScope) -> Compiled | None:
        """The condition of a case is made from its values: its notes are those values."""
        if step.kind == "if":
            return None  # what is wrong with it has been said
        at = f"{step.pointer}/{branch.name.removesuffix('/steps')}/is"
        made = ValueCompiler(scope, scope.field_of, self.problems, [])
        compiled = made.expression(branch.condition, at, BOOL)
        if compiled is not None:
            self.notes += [
                Note(at, item.text, "case", origin=item.origin)  # type: ignore[arg-type]
                for item in compiled.occurrences
                if item.choice
            ]
        return compiled

    def _expressions(self, step: Step, values: ValueCompiler) -> dict[str, Compiled]:
        found: dict[str, Compiled] = {}
        texts = {word: step.params[word] for word in _EXPRESSIONS if word in step.params}
        if step.timeout:
            texts["timeout"] = step.timeout
        if step.kind == "do":
            texts = {word: text for word, text in texts.items() if word == "timeout"}
        for word, text in texts.items():
            compiled = values.expression(text, f"{step.pointer}/{word}", _EXPRESSIONS[word])
            if compiled is not None:
                found[word] = compiled
        self._possible(step, found)
        return found

    def _possible(self, step: Step, found: Mapping[str, Compiled]) -> None:
        """Refuse waits that can never be what was meant."""
        until = found.get("wait_until")
        if until is not None and until.type not in (DATE, DATETIME):
            self._note(
                "type",
                f"This must be a date or a date and time, not {until.type}.",
                f"{step.pointer}/wait_until",
            )
        for word in ("wait", "at_most", "timeout"):
            compiled = found.get(word)
            if compiled is None or compiled.references or compiled.bound:
                continue
            length = compiled.evaluate({})
            if length is None or length <= 0 or length > MAX_WAIT_YEARS * YEAR_MICROSECONDS:
                message = f"A wait is longer than nothing and at most {MAX_WAIT_YEARS} years."
                self._note("wait", message, f"{step.pointer}/{word}")

    # -- parameters ----------------------------------------------------------------------------------
    def _params(self, step: Step, schema: Mapping[str, Any], values: ValueCompiler) -> Params:
        rules: Mapping[str, Any] = schema.get("properties", {})
        found = {name: self._param(name, value, rules, step, values) for name, value in step.params.items()}
        for name, rule in rules.items():
            if name not in found and "default" in rule:
                found[name] = Literal(rule["default"])
        return Params(found)

    def _param(
        self, name: str, value: Any, rules: Mapping[str, Any], step: Step, values: ValueCompiler
    ) -> Value:
        at = f"{step.pointer}/{name}"
        options = rules.get(name, {}).get("x-amity", {})
        match options.get("input", ""):
            case "template" if options.get("holds") == "addresses":
                return compile_addresses(value, values, at)
            case "template":
                return values.template(value, at)
            case "value":
                return values.value(value, at)
            case "expression":
                return self._expression(value, str(options.get("type", "")), values, at)
            case "expressions":
                items = value if isinstance(value, list) else []
                return ListOf(
                    tuple(
                        self._expression(item, "", values, f"{at}/{index}")
                        for index, item in enumerate(items)
                    )
                )
            case "table":
                return compile_table(value, values, at)
            case "html":
                return compile_html(value, values, at)
            case "mail_template":
                return compile_letter(value, values, at, self.registry.letters)
            case "values":
                entity = self._target(step, str(options.get("of", "entity")), rules, values)
                return self._of_entity(value, entity, values, at)
            case "filter":
                entity = self._target(step, str(options.get("of", "entity")), rules, values)
                found = compile_filter(value, entity, self.model, values, at) if entity else None
                return Literal(None) if found is None else found
            case "entity":
                self._known_entity(value, at)
            case "field":
                of = str(options.get("of", ""))
                entity = self._target(step, of, rules, values) if of else self._own()
                self._fields(value, entity, at)
                self._of_kind(value, entity, options.get("kinds"), at)
        return Literal(value)

    def _expression(self, value: Any, wanted: str, values: ValueCompiler, at: str) -> Value:
        compiled = values.expression(value, at, TYPES.get(wanted))
        if compiled is None:
            return Literal(None)
        item = compiled.type.item if isinstance(compiled.type, ListType) else compiled.type
        right = {"record": compiled.type, "records": item}.get(wanted)
        if right is not None and not isinstance(right, RecordType) and right != DYN:
            what = "a record" if wanted == "record" else "a record or a list of records"
            self._note("type", f"This must be {what}, such as record.manager, not {compiled.type}.", at)
        return Computed(compiled)

    def _of_kind(self, name: Any, entity: Entity | None, kinds: Any, at: str) -> None:
        field = entity.by_name.get(name) if entity is not None and isinstance(name, str) else None
        if kinds and field is not None and field.kind.name not in kinds:
            self._note("kind", f"{field.title} is not of the kind that is needed ({listed(kinds)}).", at)

    def _own(self) -> Entity | None:
        return self.model.entities.get(self.workflow.entity or "")

    def _target(self, step: Step, of: str, rules: Mapping[str, Any], values: ValueCompiler) -> Entity | None:
        """The entity that a parameter names, or that of the record that an expression gives."""
        named = step.params.get(of)
        if named is None:
            return self._own()
        if _input(rules.get(of, {})) != "expression":
            return self.model.entities.get(named) if isinstance(named, str) else None
        # What is wrong with the expression is said where the parameter itself is compiled.
        compiled = replace(values, problems=[]).expression(named, step.pointer)
        given = compiled.type if compiled is not None else None
        return self.model.by_id.get(given.entity) if isinstance(given, RecordType) else None

    def _of_entity(self, value: Any, entity: Entity | None, values: ValueCompiler, at: str) -> Value:
        if not isinstance(value, Mapping):
            self._note("type", "Values are an object: field and value.", at)
            return Literal({})
        if entity is None:
            return Literal({})
        found: dict[str, Value] = {}
        for name, item in value.items():
            known = entity.by_name.get(name)
            if known is None:
                near = did_you_mean(name, entity.by_name)
                message = (
                    f"{entity.title} has no field {shown(name)}.{near} It has {listed(entity.by_name, 30)}."
                )
                self._note("unknown_field", message, f"{at}/{name}")
            elif known.read_only or known.kind.computed:
                self._note("read_only", f"{known.title} cannot be set.", f"{at}/{name}")
            else:
                self.notes.append(Note(f"{at}/{name}", name, "key", origin=(entity.id, known.id)))
                found[name] = values.for_field(item, known, f"{at}/{name}")
        return ObjectOf(found)

    # -- bits ----------------------------------------------------------------------------------------
    def _values(self, scope: WorkflowScope) -> ValueCompiler:
        return ValueCompiler(scope, scope.field_of, self.problems, self.notes)

    def _note(self, code: str, message: str, at: str) -> None:
        self.problems.append(Problem(code, message, pointer=at))


_EXPRESSIONS: Final[Mapping[str, Type | None]] = {
    "if": BOOL,
    "switch": None,
    "for_each": None,
    "wait": DURATION,
    "wait_until": None,
    "wait_for": BOOL,
    "at_most": DURATION,
    "timeout": DURATION,
}
"""Words of steps that hold an expression, and the type it must have."""
_RESULTS: Final[Mapping[str, Mapping[str, Type]]] = {
    "wait": {"met": BOOL, "at": DATETIME},
    "for_each": {"count": INT},
}
"""What steps that are no actions give to later ones."""


def _input(rule: Mapping[str, Any]) -> str:
    return str(rule.get("x-amity", {}).get("input", ""))


def _below(problem: Problem, at: str) -> Problem:
    return Problem(problem.code, problem.message, pointer=at + (problem.pointer or ""))
