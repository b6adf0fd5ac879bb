"""From text to something that runs: `compile`, and the `Compiled` expression that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from amity.expressions import terms
from amity.expressions.binding import PROBES, SqlBinding
from amity.expressions.checker import Checker, Occurrence, Path
from amity.expressions.closures import Closure, build, truth
from amity.expressions.errors import ExpressionError
from amity.expressions.nesting import check_nesting
from amity.expressions.parser import parse
from amity.expressions.scope import Scope
from amity.expressions.sql import Emitter
from amity.expressions.types import BOOL, DYN, Environment, Type, a, assignable


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked expression, ready to run; immutable, safe to share between threads and to cache."""

    text: str
    type: Type
    references: frozenset[Path]
    """The field paths it reads: each a tuple of hops (entity or None, field id); prefixes are left out.

    The entity is None for names that are no field (`me`, `old`, `record`): they begin a path.
    """
    bound: frozenset[str]
    """The bound names it uses (`now`, `today`, `me`): with any, its value depends on when and for whom."""
    occurrences: tuple[Occurrence, ...]
    term: terms.Term
    _closure: Closure
    _truth: Closure

    def evaluate(self, env: Environment) -> Any:
        """Compute the value; `env` gives names their values (a dict does), a missing name is null.

        Never raises for values of the declared types: what has no result is None.
        """
        return self._closure(env)

    def condition(self, env: Environment) -> bool:
        """Compute as a condition: null is False."""
        return bool(self._truth(env))

    def sql(self, binding: SqlBinding) -> ColumnElement[Any]:
        """Give the value in a query; for a condition: true or false, never unknown.

        Raises `ExpressionError` for what is not filterable.
        """
        check_nesting(self.term)
        emitter = Emitter(binding)
        if self.type in (BOOL, DYN):
            return sa.type_coerce(emitter.strict(self.term), sa.Boolean())
        piece = emitter.value(self.term)
        return piece.element

    def where(self, binding: SqlBinding) -> ColumnElement[bool]:
        """Give the condition for WHERE, AND and OR only: it may be unknown where it should be false.

        Comparisons stay as an index wants them. Under NOT and as a value use `sql`.
        """
        check_nesting(self.term)
        return Emitter(binding).test(self.term)


def compile(text: str, scope: Scope, *, expect: Type | None = None, sql: bool = False) -> Compiled:
    """Parse and check an expression against a scope, or raise `ExpressionError`.

    `expect` is the type it must have (integers become decimals where a decimal is expected). With `sql`
    it must also be usable in a query.
    """
    checker = Checker(scope)
    term = checker.check(parse(text))
    if expect is not None:
        if not assignable(term.type, expect):
            raise ExpressionError(f"the expression must give {a(expect)}, not {a(term.type)}.", 1)
        term = terms.convert(term, expect)
    if sql:
        check_nesting(term)
        for probe in PROBES:
            Emitter(probe).test(term) if term.type == BOOL else Emitter(probe).value(term)
    closure = build(term)
    return Compiled(
        text=text,
        type=term.type,
        references=_longest(checker.paths),
        bound=frozenset(checker.bound),
        occurrences=tuple(checker.occurrences),
        term=term,
        _closure=closure,
        _truth=truth(term, closure),
    )


def _longest(paths: set[Path]) -> frozenset[Path]:
    """Leave out paths that are only the way to a longer one."""
    prefixes = {path[:length] for path in paths for length in range(len(path))}
    return frozenset(path for path in paths if path and path not in prefixes)
