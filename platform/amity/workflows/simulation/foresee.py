"""What the rules that are on would make of a simulated write: fields that they set, refusals, further writes.

The order is that of a save: all rules set and refuse first, then they reach out to other records, whose rules
follow. Nothing is written.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity
from amity.expressions import RecordValue
from amity.workflows.action import Call, Preview
from amity.workflows.documents.compiled import CompiledStep, CompiledWorkflow
from amity.workflows.predicting import json_of
from amity.workflows.rules import REFUSE, SET, Rules, taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from amity.workflows.simulation.shadows import Overlay

Write = Mapping[str, Any]
RULES: Final = "Rules that are on today are taken to have been on."


class Refused(Exception):
    """A rule refuses the save, or the preview of one of its steps fails; the message is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass
class Foresight:
    """Lays writes over what a simulation sees, and what rules add to them."""

    overlay: Overlay
    rules: Rules | None
    call: Callable[[CompiledWorkflow, CompiledStep, Mapping[str, Any], int], Call]
    """Makes the call of a rule's step within an environment."""
    env: Callable[[], Mapping[str, Any]]
    max_depth: int
    """How often a rule may start a rule (setting `max_depth`)."""
    passes: Callable[[Write], bool] = lambda write: False
    """Whether rules leave a write alone (it is the save in which the simulated rule itself stands)."""
    used: bool = False
    """Whether a rule did anything."""

    def take(self, writes: Sequence[Write], depth: int = 0) -> list[tuple[dict[str, Any], str]]:
        """Lay writes over, one after the other; give all there are then, with the ids of the records.

        Raises `Refused`, with nothing laid over.
        """
        before = self.overlay.copied()
        try:
            return [pair for write in writes for pair in self._take(write, depth)]
        except Refused:
            self.overlay.reset(before)
            raise

    def _take(self, write: Write, depth: int) -> list[tuple[dict[str, Any], str]]:
        entity = self.overlay.model.entities[write["entity"]]
        rules = () if self.rules is None or self.passes(write) else self.rules.of(self.overlay.model, entity)
        if write["verb"] == "delete" or not rules:
            return [(dict(write), self.overlay.take(write))]
        if depth >= self.max_depth:
            raise Refused("Rules would start each other again and again.")
        save = _Save(self, entity, write, rules)
        return save.run(depth)


class _Save:
    """One save of one record, with its rules."""

    def __init__(
        self, foresight: Foresight, entity: Entity, write: Write, rules: Sequence[CompiledWorkflow]
    ) -> None:
        self.foresight = foresight
        self.overlay = foresight.overlay
        self.entity = entity
        self.write: dict[str, Any] = {**write, "values": dict(write["values"])}
        self.rules = rules
        self.is_new = write["verb"] == "create"
        self.old: _Old | None = None

    def run(self, depth: int) -> list[tuple[dict[str, Any], str]]:
        if not self.is_new:
            known = self.overlay.records(self.entity, [self.write["record"]]).get(self.write["record"])
            if known is None:
                return [(self.write, self.overlay.take(self.write))]
            self.old = _Old(known, self.entity)
        key = self.overlay.take(self.write)
        record = self.overlay.records(self.entity, [key])[key]
        env = self._env(record)
        for rule in self.rules:
            if self._concerns(rule) and self._holds(rule, env):
                self._decide(rule, env, key, record)
        further: list[tuple[dict[str, Any], str]] = []
        for rule in self.rules:
            if self._concerns(rule) and self._holds(rule, env):
                further += self._reach_out(rule, env, depth)
        return [(self.write, key), *further]

    def _env(self, record: RecordValue) -> Mapping[str, Any]:
        own = {"record": record, "new": record, "old": self.old}
        return ChainMap(own, cast(Any, self.foresight.env()))  # what nobody asks for is not worked out

    def _concerns(self, rule: CompiledWorkflow) -> bool:
        options, names = rule.workflow.trigger.options, rule.workflow.trigger.options.get("fields")
        if self.is_new:
            return bool(options.get("on_create", True))
        return bool(options.get("on_update", True)) and (
            not names or any(name in self.write["values"] for name in names)
        )

    def _holds(self, rule: CompiledWorkflow, env: Mapping[str, Any]) -> bool:
        return rule.when is None or rule.when.condition(env)

    def _decide(self, rule: CompiledWorkflow, env: Mapping[str, Any], key: str, record: RecordValue) -> None:
        for step in taken(rule.steps, env):
            if step.step.action == REFUSE:
                message = step.params.evaluate(env).get("message")
                raise Refused(str(message or rule.workflow.title))
            if step.step.action == SET:
                values = step.params.evaluate(env).get("values") or {}
                self._set(self._different(values, record), key)

    def _different(self, values: Mapping[str, Any], record: RecordValue) -> dict[str, Any]:
        found = {}
        for name, value in values.items():
            field = self.entity.by_name[name]
            try:
                typed = None if value is None else field.kind.parse(field, value)
            except ValueProblem as problem:
                raise Refused(f"{field.title}: {problem.message}") from None
            told = None if typed is None else field.kind.dump(field, typed)
            if told != self._json(name, record):
                found[name] = told
        return found

    def _json(self, name: str, record: RecordValue) -> Any:
        return json_of(self.entity.by_name[name], record, self.overlay.model)

    def _set(self, values: Mapping[str, Any], key: str) -> None:
        if values:
            self.foresight.used = True
            for name, value in values.items():
                if self.old is None or value != self._json(name, self.old):
                    self.write["values"][name] = value
                else:  # as it was before the save: that is no change
                    self.write["values"].pop(name, None)
            self.overlay.amend(self.entity, key, values)

    def _reach_out(
        self, rule: CompiledWorkflow, env: Mapping[str, Any], depth: int
    ) -> list[tuple[dict[str, Any], str]]:
        found: list[tuple[dict[str, Any], str]] = []
        for step in taken(rule.steps, env):
            if step.action is None or step.step.action in (SET, REFUSE):
                continue
            made: Preview = step.action.preview(self.foresight.call(rule, step, env, depth))
            if made.outcome == "failed":
                raise Refused(made.stops or made.text)
            self.foresight.used = True
            found += self.foresight.take(made.writes, depth + 1)
        return found


class _Old:
    """A record as it was before a simulated write: its own values are read at once."""

    __slots__ = ("_known", "_values", "entity", "id")

    def __init__(self, record: RecordValue, entity: Entity) -> None:
        self._known = record
        self._values = {field.name: record.get(field.name) for field in entity.fields}
        self.entity = entity
        self.id = record.id

    def get(self, name: str, /) -> Any:
        """Give a typed value, linked records for relations."""
        return self._values[name] if name in self._values else self._known.get(name)


def later(
    waiting: Collection[CompiledWorkflow], writes: Sequence[Write], entities: Mapping[str, Entity]
) -> str:
    """Say which workflows the writes may start, by entity and kind of change; empty where none."""
    kinds = {"create": "created", "update": "updated", "delete": "deleted"}
    wrote = {(entities[write["entity"]].id, kinds[write["verb"]], tuple(write["values"])) for write in writes}
    titles = sorted({item.workflow.title for item in waiting if any(_starts(item, *one) for one in wrote)})
    named = ", ".join(titles[:5]) + (", …" if len(titles) > 5 else "")
    return f"What its changes may start in turn is not worked out: {named}." if titles else ""


def _starts(item: CompiledWorkflow, entity: str, kind: str, names: tuple[str, ...]) -> bool:
    trigger, own = item.workflow.trigger, item.entity
    if own is None or own.id != entity or item.workflow.is_rule or not item.workflow.enabled:
        return False
    if trigger.on != kind and (trigger.on != "saved" or kind == "deleted"):
        return False
    fields = trigger.options.get("fields")
    return kind != "updated" or not fields or any(name in names for name in fields)
