"""Values of a step: literals, texts with `{{ }}` and expressions, computed when the step runs.

In a document, a text with `{{ expression }}` is a template, an object with the one key `expression` is an
expression, anything else is itself; both may stand anywhere inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from amity.entities.model import Field
from amity.errors import Invalid, Problem
from amity.expressions import Compiled, ExpressionError, RecordValue, Scope, Type, compile
from amity.expressions.types import DYN, TEXT
from amity.workflows.documents.showing import shown

HOLE: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
MAX_TEXT: Final = 100_000
"""Characters that a computed text may have."""


class Value(Protocol):
    """Something that has a value once the step runs."""

    @property
    def type(self) -> Type:
        """Type of the value, nested data where it is no single expression."""
        ...

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        """Compute it."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """Itself."""

    value: Any
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression."""

    compiled: Compiled

    @property
    def type(self) -> Type:
        return self.compiled.type

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        return self.compiled.evaluate(env)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with holes; each hole is shown as people of the workspace read such a value."""

    parts: tuple[str | tuple[Compiled, Field | None], ...]
    type: Type = TEXT

    def evaluate(self, env: Mapping[str, Any]) -> str:
        texts = [
            part if isinstance(part, str) else shown(part[0].evaluate(env), part[0].type, part[1], env)
            for part in self.parts
        ]
        return "".join(texts)[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list with computed items."""

    items: tuple[Value, ...]
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> list[Any]:
        return [item.evaluate(env) for item in self.items]


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object with computed members."""

    members: Mapping[str, Value]
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> dict[str, Any]:
        return {name: member.evaluate(env) for name, member in self.members.items()}


@dataclass(frozen=True, slots=True)
class ForField:
    """A value for a field: computed, then written as the gate reads that field."""

    inner: Value
    field: Field

    @property
    def type(self) -> Type:
        return self.inner.type

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        value = self.inner.evaluate(env)
        return value if isinstance(self.inner, Literal | Template) else as_json(self.field, value)


def as_json(field: Field, value: Any) -> Any:
    """What an expression gave -> the JSON that the field takes."""
    if value is None:
        return None
    if field.kind.is_relation:
        return _link(field, value)
    if isinstance(value, RecordValue):
        value = value.id
    return field.kind.dump(field, value) if _is_typed(field, value) else value


def _is_typed(field: Field, value: Any) -> bool:
    # Nested data from an expression is JSON already; scalars are typed values of the field's kind.
    return not isinstance(value, dict | list)


def _link(field: Field, value: Any) -> Any:
    if isinstance(value, RecordValue):
        return value.id
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_link(field, item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Note:
    """One place of a document that names something of the entities: for where-used and renames."""

    pointer: str
    text: str
    """The expression, or the name."""
    form: str
    """`expression` (alone or as a hole of a template), `name` (a field), `key` (a member's name is a field),
    `entity`, `case` (a value that the subject of a switch is compared with)."""
    scope: Scope | None = None
    compiled: Compiled | None = None
    origin: tuple[str, str | None] | None = None
    """For names: entity id and field id."""
    letter: tuple[str, str] | None = None
    """For what an e-mail template names: its name, and the member that the text stands in."""


FieldOf = Callable[[Compiled], Field | None]
"""Finds the field whose value an expression gives as it is, None where it computes something."""


@dataclass(frozen=True)
class ValueCompiler:
    """Compiles values of a document in one scope; what is wrong is noted with its pointer."""

    scope: Scope
    field_of: FieldOf
    problems: list[Problem]
    notes: list[Note]

    def expression(self, text: Any, pointer: str, expect: Type | None = None) -> Compiled | None:
        """Compile an expression; None (and a problem) where it cannot be."""
        if not isinstance(text, str):
            self.problems.append(Problem("type", "An expression is a text.", pointer=pointer))
            return None
        try:
            compiled = compile(text, self.scope, expect=expect)
        except ExpressionError as error:
            self.problems.append(error.problem(pointer=pointer))
            return None
        self.notes.append(Note(pointer, text, "expression", self.scope, compiled))
        return compiled

    def template(self, text: Any, pointer: str) -> Value:
        """Compile a text with holes."""
        if not isinstance(text, str):
            self.problems.append(Problem("type", "This is a text.", pointer=pointer))
            return Literal(None)
        if text.count("{{") != len(HOLE.findall(text)):
            message = "A '{{' has no '}}' that belongs to it."
            self.problems.append(Problem("template", message, pointer=pointer))
            return Literal(None)
        parts: list[str | tuple[Compiled, Field | None]] = []
        for number, piece in enumerate(HOLE.split(text)):
            if number % 2 == 0:
                parts.append(piece)
            elif (compiled := self.expression(piece.strip(), pointer)) is not None:
                parts.append((compiled, self.field_of(compiled)))
        if all(isinstance(part, str) for part in parts):
            return Literal(text, TEXT)
        return Template(tuple(part for part in parts if part != ""))

    def value(self, found: Any, pointer: str) -> Value:
        """Compile a value of any shape."""
        if isinstance(found, str) and "{{" in found:
            return self.template(found, pointer)
        if isinstance(found, Mapping):
            if set(found) == {"expression"}:
                compiled = self.expression(found["expression"], f"{pointer}/expression")
                return Literal(None) if compiled is None else Computed(compiled)
            return ObjectOf({name: self.value(item, f"{pointer}/{name}") for name, item in found.items()})
        if isinstance(found, list):
            return ListOf(tuple(self.value(item, f"{pointer}/{index}") for index, item in enumerate(found)))
        return Literal(found)

    def for_field(self, found: Any, field: Field, pointer: str) -> Value:
        """Compile a value for a field and check that the field can take it."""
        value = self.value(found, pointer)
        wanted = field.kind.expression_type(field)
        if isinstance(value, Computed) and not _fits(value.type, wanted, field):
            message = f"{field.title} takes {wanted}, the expression gives {value.type}."
            self.problems.append(Problem("type", message, pointer=pointer))
        if isinstance(value, Literal) and value.value is not None:
            self._literal(value.value, field, pointer)
        return ForField(value, field)

    def _literal(self, value: Any, field: Field, pointer: str) -> None:
        from amity.entities.kinds.base import ValueProblem

        try:
            field.kind.parse(field, value)
        except ValueProblem as error:
            message = f"{field.title}: {error.message}"
            self.problems.append(Problem(error.code, message, pointer=pointer + error.pointer))


def _fits(given: Type, wanted: Type, field: Field) -> bool:
    from amity.expressions.types import ID, ListType, RecordType, assignable

    if field.kind.is_relation:
        if isinstance(given, RecordType) and isinstance(wanted, RecordType):
            return given.entity == wanted.entity
        if isinstance(given, ListType) and isinstance(wanted, ListType):
            return _fits(given.item, wanted.item, field)
        return given in (ID, DYN) or assignable(given, wanted)
    return assignable(given, wanted)


def refuse(problems: Sequence[Problem], what: str) -> None:
    """Raise `Invalid` with the problems, where there are any."""
    if problems:
        first = problems[0].message
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Invalid(f"{what}: {first}{more}", problems=problems)
