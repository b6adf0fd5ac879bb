"""The expression language of Amity: the surface of CEL, checked against fields, run in Python and in SQL.

`compile(text, scope)` gives a `Compiled` expression or raises `ExpressionError` (an `Invalid`) that names
the column and the nearest known name. Callers keep what they compiled: it is immutable.

    scope = SimpleScope(functions, {"revenue": Name(DECIMAL, ("customer", "revenue"))})
    rule = compile("revenue > 1000", scope, expect=BOOL)
    rule.condition({"revenue": Decimal("1200.50")})  # True

`docs/reference/expressions.md` describes the language for people.
"""

from __future__ import annotations

from amity.database.folding import fold
from amity.expressions.binding import SqlBinding
from amity.expressions.checker import Occurrence, Path
from amity.expressions.compiled import Compiled, compile
from amity.expressions.errors import ExpressionError
from amity.expressions.functions import core_functions, register_sqlite_functions
from amity.expressions.rename import rename, rename_choice
from amity.expressions.scope import (
    RESERVED_NAMES,
    Function,
    Name,
    Origin,
    Scope,
    Signature,
    SimpleScope,
    nearest,
)
from amity.expressions.types import (
    ANY,
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    NULL,
    TEXT,
    TIME,
    Environment,
    ListType,
    RecordType,
    RecordValue,
    Type,
)

__all__ = [
    "ANY", "BOOL", "DATE", "DATETIME", "DECIMAL", "DURATION", "DYN", "ID", "INT", "NULL", "RESERVED_NAMES",
    "TEXT", "TIME", "Compiled", "Environment", "ExpressionError", "Function", "ListType", "Name",
    "Occurrence", "Origin", "Path", "RecordType", "RecordValue", "Scope", "Signature", "SimpleScope",
    "SqlBinding", "Type", "compile", "core_functions", "fold", "nearest", "register_sqlite_functions",
    "rename", "rename_choice",
]  # fmt: skip
