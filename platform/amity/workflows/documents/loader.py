"""From a document to a `Workflow`: its words are checked, steps get keys, names are not looked up."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from jsonschema.protocols import Validator

from amity import jsontext
from amity.entities.keywords import make_validator
from amity.entities.names import did_you_mean, listed, pointer, shown, suggested
from amity.entities.wording import problems_of
from amity.errors import Invalid, Problem
from amity.workflows.action import Action
from amity.workflows.documents import metaschema
from amity.workflows.documents.metaschema import HEADS
from amity.workflows.documents.model import Branch, Limits, Retry, Step, Trigger, Workflow
from amity.workflows.registry import Registry

MAX_STEPS: Final = 500
MAX_DEPTH: Final = 20
_RESERVED: Final = frozenset({"record", "old", "new", "steps", "input", "now", "today", "me", "in"})


def load(
    document: Mapping[str, Any],
    registry: Registry,
    *,
    name: str | None = None,
    id: str | None = None,
    version: int = 1,
    trusted: bool = False,
) -> Workflow:
    """Read a document. Raises `Invalid` with every problem and its place.

    A document that was applied before is `trusted`: only what must be known is looked at.
    """
    loading = _Loading(registry, trusted)
    workflow = loading.workflow(document, name, id, version)
    if loading.problems:
        raise Invalid(
            f"The workflow cannot be used: {loading.problems[0].message}", problems=loading.problems
        )
    assert workflow is not None
    return workflow


def with_ids(document: Mapping[str, Any], id: str, name: str) -> dict[str, Any]:
    """Give the document as it is kept: its name and id, and an id for each step that has none."""
    kept: dict[str, Any] = copy.deepcopy(_plain(document))
    head = {"name": name, "id": id}
    kept = {**head, **{key: value for key, value in kept.items() if key not in head}}
    steps = list(_documents(kept.get("steps")))
    taken = {step["id"] for step in steps if isinstance(step.get("id"), str)}
    for step in steps:
        if "id" not in step:
            step["id"] = _free(_base(step), taken)
            taken.add(step["id"])
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _base(step: Mapping[str, Any]) -> str:
    head = next((word for word in HEADS if word in step), "step")
    return (suggested(str(step["do"]), entity=True) or "do") if head == "do" else head


def _free(base: str, taken: set[str]) -> str:
    base = f"{base}_step" if base in _RESERVED else base[:50]
    number = 1
    while (found := base if number == 1 else f"{base}_{number}") in taken:
        number += 1
    return found


def _documents(steps: Any) -> Iterator[dict[str, Any]]:
    """All steps of a document, in order, nested ones after the step that holds them."""
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            yield step
            for _, inner in arms(step):
                yield from _documents(inner)


def arms(step: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The lists of steps inside a step of a document, each with its path."""
    for word in ("then", "else", "default", "steps"):
        if word in step:
            yield (word,), step[word]
    for word in ("cases", "parallel"):
        for index, item in enumerate(step.get(word) or ()) if isinstance(step.get(word), list) else ():
            if word == "parallel":
                yield (word, index), item
            elif isinstance(item, Mapping) and "steps" in item:
                yield (word, index, "steps"), item["steps"]
    if isinstance(step.get("on_failure"), list):
        yield ("on_failure",), step["on_failure"]


@cache
def _validator(head: str, action: Action | None) -> Validator:
    return make_validator(metaschema.step_schema(head, action))


@cache
def _top() -> Validator:
    return make_validator(metaschema.top())


@dataclass
class _Loading:
    registry: Registry
    trusted: bool
    problems: list[Problem] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    count: int = 0

    def workflow(
        self, document: Mapping[str, Any], name: str | None, id: str | None, version: int
    ) -> Workflow | None:
        if not self.trusted:
            self.problems += problems_of(_top().iter_errors(document))
            if self.problems:
                return None
        own_name = str(document.get("name") or name or suggested(str(document["title"]), entity=True) or "")
        trigger = self._trigger(document["trigger"])
        steps = self._steps(document.get("steps") or [], "/steps", 0)
        limits = document.get("limits") or {}
        return Workflow(
            id=id or str(document.get("id") or own_name),
            name=own_name,
            title=str(document["title"]),
            version=version,
            trigger=trigger,
            document=document,
            entity=document.get("entity"),
            description=str(document.get("description", "")),
            enabled=bool(document.get("enabled", False)),
            when=str(document.get("when", "")),
            steps=steps,
            run_as=document.get("run_as", "system"),
            limits=Limits(int(limits.get("concurrent", 5)), int(limits.get("per_hour", 10_000))),
            on_deleted=document.get("on_deleted", "cancel"),
            tell=str(document.get("tell", "")),
        )

    def _trigger(self, found: Mapping[str, Any]) -> Trigger:
        on = found.get("on")
        kind = self.registry.triggers.get(on) if isinstance(on, str) else None
        if kind is None:
            known = list(self.registry.triggers)
            hint = did_you_mean(on, known) if isinstance(on, str) else ""
            message = f"There is no trigger {shown(on)}.{hint} There are {listed(known, 30)}."
            self.problems.append(Problem("trigger", message, pointer="/trigger/on"))
            return Trigger("", {})
        if not self.trusted:
            errors = make_validator(metaschema.trigger_schema(kind)).iter_errors(found)
            self.problems += problems_of(errors, "/trigger")
        return Trigger(kind.name, {name: value for name, value in found.items() if name != "on"})

    # -- steps -------------------------------------------------------------------------------------
    def _steps(self, found: Any, at: str, depth: int) -> tuple[Step, ...]:
        if not isinstance(found, list):
            self._note("type", "Steps are a list.", at)
            return ()
        if depth > MAX_DEPTH:
            self._note("too_deep", f"Steps may stand in each other {MAX_DEPTH} levels deep at most.", at)
            return ()
        steps = [self._step(step, f"{at}/{index}", depth) for index, step in enumerate(found)]
        return tuple(step for step in steps if step is not None)

    def _step(self, found: Any, at: str, depth: int) -> Step | None:
        self.count += 1
        if self.count == MAX_STEPS + 1:
            self._note("too_many", f"A workflow has {MAX_STEPS} steps at most.", at)
        if self.count > MAX_STEPS or not isinstance(found, Mapping):
            if not isinstance(found, Mapping):
                self._note("type", f"{shown(found)} is no step: a step is an object.", at)
            return None
        heads = [word for word in HEADS if word in found]
        if len(heads) != 1:
            self._heads(heads, found, at)
            return None
        head = heads[0]
        action = self._action(found["do"], at) if head == "do" else None
        if head == "do" and action is None:
            return None
        if not self.trusted:
            before = len(self.problems)
            self.problems += problems_of(_validator(head, action).iter_errors(found), at)
            if len(self.problems) > before:
                return None
        return self._made(found, head, at, depth)

    def _heads(self, heads: Sequence[str], found: Mapping[str, Any], at: str) -> None:
        if heads:
            self._note("step", f"A step does one thing; this one says {listed(heads)}.", at)
            return
        near = next((hint for word in found if (hint := did_you_mean(str(word), HEADS))), "")
        self._note("step", f"This step does not say what it does: it needs one of {listed(HEADS)}.{near}", at)

    def _action(self, name: Any, at: str) -> Action | None:
        action = self.registry.actions.get(name) if isinstance(name, str) else None
        if action is None:
            known = sorted(self.registry.actions)
            hint = did_you_mean(name, known) if isinstance(name, str) else ""
            message = f"There is no action {shown(name)}.{hint} There are {listed(known, 40)}."
            self._note("action", message, f"{at}/do")
        return action

    def _made(self, found: Mapping[str, Any], head: str, at: str, depth: int) -> Step:
        own = metaschema.step_schema(head)["properties"]
        params = {name: value for name, value in found.items() if name not in own} if head == "do" else {}
        if head != "do":
            words = set(own) - {"id", "title"}
            params = {name: value for name, value in found.items() if name in words}
        failure: Any = found.get("on_failure", "stop")
        if isinstance(failure, list):
            failure = Branch("on_failure", self._steps(failure, f"{at}/on_failure", depth + 1))
        return Step(
            kind="wait" if head.startswith("wait") else head,
            key=self._key(found, at),
            pointer=at,
            action=str(found.get("do", "")),
            params=params,
            branches=tuple(self._branches(found, at, depth)),
            title=str(found.get("title", "")),
            retry=_retry(found.get("retry")),
            timeout=str(found.get("timeout", "")),
            on_failure=failure,
        )

    def _branches(self, found: Mapping[str, Any], at: str, depth: int) -> Iterator[Branch]:
        for path, inner in arms(found):
            if path != ("on_failure",):
                name = "/".join(map(str, path))
                yield Branch(
                    name, self._steps(inner, at + pointer(*path), depth + 1), _condition(found, path)
                )

    def _key(self, found: Mapping[str, Any], at: str) -> str:
        key = str(found.get("id") or _free(_base(found), self.keys))
        if key in self.keys:
            self._note("twice", f"Two steps are called {key!r}; give one another name.", f"{at}/id")
        if key in _RESERVED:
            self._note(
                "reserved", f"{key!r} means something else in expressions; take another name.", f"{at}/id"
            )
        self.keys.add(key)
        return key

    def _note(self, code: str, message: str, at: str) -> None:
        self.problems.append(Problem(code, message, pointer=at))


def _condition(step: Mapping[str, Any], path: tuple[str | int, ...]) -> str:
    """The expression under which an arm is taken; empty for those that need none."""
    if path == ("then",):
        return str(step.get("if", ""))
    if path[0] == "cases":
        wanted = step["cases"][path[1]].get("is")
        values = wanted if isinstance(wanted, list) else [wanted]
        return case_condition(str(step.get("switch", "")), values)
    return ""


def case_condition(subject: str, values: Sequence[Any]) -> str:
    """Say that a subject is one of some values."""
    return " || ".join(f"({subject}) == {literal(value)}" for value in values) or "false"


def literal(value: Any) -> str:
    """Write a JSON scalar as an expression."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
        return f"'{escaped}'"
    return jsontext.dumps(value)


def _retry(found: Any) -> Retry | None:
    if not isinstance(found, Mapping):
        return None
    return Retry(
        times=int(found.get("times", 3)),
        first=float(found.get("first", 10)),
        factor=float(found.get("factor", 2)),
        longest=float(found.get("longest", 3600)),
    )
