"""The functions of the language, one module per kind of value; they register like an extension's."""

from __future__ import annotations

from amity.expressions.functions import general, numbers, text, time
from amity.expressions.scope import Function


def core_functions() -> list[Function]:
    """Give the functions that every expression may use."""
    return [*general.FUNCTIONS, *numbers.FUNCTIONS, *text.FUNCTIONS, *time.FUNCTIONS]
