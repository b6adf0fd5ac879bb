"""Stored values as JSON in SQL, the same on both databases: for filters over kinds of several columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from amity.database.types import json_type


class JsonElement(ColumnElement[Any]):
    """An element with one form for each database."""

    inherit_cache = False
    type = json_type()

    def __init__(self, sqlite: ColumnElement[Any], postgresql: ColumnElement[Any]) -> None:
        self.sqlite = sqlite
        self.postgresql = postgresql


@compiles(JsonElement)
def _compile(element: JsonElement, compiler: SQLCompiler, **more: Any) -> str:
    chosen = element.postgresql if compiler.dialect.name == "postgresql" else element.sqlite
    return compiler.process(chosen.self_group(), **more)


def renamed(column: ColumnElement[Any], names: Mapping[str, str]) -> ColumnElement[Any]:
    """Give a column of ids with the names in their place, where they differ."""
    other = {id_: name for id_, name in names.items() if id_ != name}
    return case(other, value=column, else_=column) if other else column


def renamed_items(column: ColumnElement[Any], names: Mapping[str, str]) -> JsonElement:
    """Give a JSON list of ids as one of names; null stays null."""

    def mapped(each: Any, gather: Any) -> ColumnElement[Any]:
        statement = select(gather(renamed(each.c.value, names))).select_from(each).correlate_except(each)
        return case((column.is_not(None), statement.scalar_subquery()))

    return JsonElement(
        mapped(func.json_each(column).table_valued("value"), func.json_group_array),
        mapped(func.jsonb_array_elements_text(column).table_valued("value"), func.jsonb_agg),
    )


def json_texts(members: Mapping[str, ColumnElement[Any]], filled: ColumnElement[Any]) -> JsonElement:
    """Give a JSON object of texts; null where `filled` is."""
    pairs = [part for name, column in members.items() for part in (_quoted(name), cast(column, Text))]
    return JsonElement(
        case((filled.is_not(None), func.json_object(*pairs))),
        case((filled.is_not(None), func.jsonb_build_object(*pairs))),
    )


def _quoted(name: str) -> ColumnElement[Any]:
    return cast(name, Text)
