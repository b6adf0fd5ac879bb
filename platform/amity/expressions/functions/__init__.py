"""The functions of the language, one module per kind of value; they register like an extension's."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from amity.expressions import sqlite
from amity.expressions.functions import general, numbers, text, time
from amity.expressions.functions.build import wirable
from amity.expressions.scope import Function

__all__ = ["Function", "core_functions", "register_sqlite_functions"]


def core_functions() -> list[Function]:
    """Give the functions that every expression may use."""
    return [*general.FUNCTIONS, *numbers.FUNCTIONS, *text.FUNCTIONS, *time.FUNCTIONS]


def register_sqlite_functions(connection: Any, dialect: str = "sqlite") -> None:
    """Register what SQLite borrows from Python on a new connection of `sqlite3`; nothing elsewhere.

    The database layer calls it for each connection: `Database(url, on_connect=[register_sqlite_functions])`.
    """
    if dialect == "sqlite" and isinstance(connection, sqlite3.Connection):
        for name, count, function in _wired():
            connection.create_function(name, count, function, deterministic=True)
        connection.create_function("amity_chain", -1, sqlite.chained, deterministic=True)
        connection.create_function("amity_json_number", 1, sqlite.json_number, deterministic=True)


@cache
def _wired() -> tuple[tuple[str, int, Any], ...]:
    """Give name, number of arguments and function of all that is registered."""
    return tuple(
        (f"amity_{name}", len(parameters), sqlite.wired(python, parameters, result))
        for name, (python, parameters, result) in {**sqlite.FUNCTIONS, **wirable(core_functions())}.items()
    )
