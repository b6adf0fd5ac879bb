"""Rewriting of expressions when a field or a choice gets another name: tokens change, layout stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from amity.expressions.compiled import compile
from amity.expressions.scope import Origin, Scope

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"in", "true", "false", "null"})


def rename(text: str, scope: Scope, mapping: Mapping[Origin, str]) -> str:
    """Give the text with fields called by new names; `mapping` is (entity, field id) -> new name.

    `scope` is the scope from before the rename. Raises `ExpressionError` where the text does not compile.
    """
    changes = [
        (occurrence.start, occurrence.end, _name(mapping[occurrence.origin]))
        for occurrence in compile(text, scope).occurrences
        if not occurrence.choice and occurrence.origin in mapping
    ]
    return _rewritten(text, changes)


def rename_choice(text: str, scope: Scope, field: Origin, mapping: Mapping[str, str]) -> str:
    """Give the text with the values of a choice field replaced where they are compared with the field.

    `mapping` is old value -> new value. Raises `ExpressionError` where the text does not compile.
    """
    changes = [
        (occurrence.start, occurrence.end, _quoted(mapping[occurrence.text]))
        for occurrence in compile(text, scope).occurrences
        if occurrence.choice and occurrence.origin == field and occurrence.text in mapping
    ]
    return _rewritten(text, changes)


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name not in _WORDS else f"`{name}`"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _rewritten(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(set(changes), reverse=True):
        text = text[:start] + new + text[end:]
    return text
