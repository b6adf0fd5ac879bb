"""Makes core functions whose SQL on SQLite is the Python function and on PostgreSQL a given template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amity.expressions.blocks import block
from amity.expressions.scope import Function, Signature
from amity.expressions.sqlite import WIRED, call
from amity.expressions.types import Type

Way = tuple[tuple[Type, ...], Type, str | None]
"""One way to call: parameters, result, and the template of SQL for PostgreSQL (None: not filterable)."""


def name_on_sqlite(name: str, parameters: Sequence[Type]) -> str:
    """Give the name under which a way to call a function is registered on SQLite."""
    return "_".join([name, *(type_.name.replace("-", "") for type_ in parameters)])


def way(
    name: str,
    parameters: tuple[Type, ...],
    result: Type,
    template: str,
    python: Callable[..., Any] | None = None,
) -> Signature:
    """Make a signature that can be used in queries."""
    on_sqlite = name_on_sqlite(name, parameters)

    def sql(dialect: str, *elements: Any) -> Any:
        return call(on_sqlite, *elements) if dialect == "sqlite" else block(template)(*elements)

    return Signature(parameters, result, python=python, sql=sql)


def function(
    name: str, ways: Sequence[Way], python: Callable[..., Any], doc: str, *, method: bool = True
) -> Function:
    """Make a function from its ways to be called."""
    signatures = tuple(
        Signature(parameters, result) if template is None else way(name, parameters, result, template)
        for parameters, result, template in ways
    )
    return Function(name, signatures, python, doc, method=method)


def wirable(functions: Sequence[Function]) -> Mapping[str, tuple[Callable[..., Any], tuple[Type, ...], Type]]:
    """Give what SQLite must know so that these functions can be called there."""
    return {
        name_on_sqlite(item.name, signature.parameters): (
            signature.python or item.python,
            signature.parameters,
            signature.result,
        )
        for item in functions
        for signature in item.signatures
        if signature.sql is not None and {*signature.parameters, signature.result} <= WIRED
    }
