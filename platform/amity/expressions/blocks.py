"""Templates of SQL with operands: one step of the SQL compiler each, however much text they are.

Deeply nested expressions would otherwise need more stack than Python has. A template may name an operand
once only, unless it is cheap: an operand may be a whole expression, and repeating it at every level would
let the statement grow exponentially.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Block(FunctionElement[Any]):
    """A piece of SQL; `{0}`, `{1}`, ... in its template stand for the operands."""

    inherit_cache = True
    name = "amity_block"
    template: str


@compiles(Block)
def _compile_block(element: Block, compiler: Any, **options: Any) -> str:
    return element.template.format(*[compiler.process(operand, **options) for operand in element.clauses])


@cache
def block(template: str) -> Callable[..., Any]:
    """Make the constructor of a piece of SQL: give it one element per operand.

    The template is a constant of the program, never text of a user; it holds no percent sign.
    """
    made: type[Block] = type("Block", (Block,), {"template": template, "inherit_cache": True})
    return made
