"""The bounds that keep every expression cheap; an expression beyond them is refused, not truncated."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

MAX_TEXT: Final = 4_000
"""Characters of an expression."""

MAX_NESTING: Final = 40
"""Brackets within brackets, and the height of the syntax tree."""

MAX_NODES: Final = 1_000
"""Names, literals, operators and calls of one expression."""

MAX_MACRO_DEPTH: Final = 3
"""Loops (`exists`, `all`, ...) within loops."""

MAX_STEPS: Final = 100_000
"""Operations that loops over written-out lists may cost."""

MAX_RESULT_TEXT: Final = 100_000
"""Characters of a text that an expression puts together; a longer one is null."""

MAX_RESULT_LIST: Final = 10_000
"""Items of a list that an expression puts together; a longer one is null."""

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1

DECIMAL_LIMIT: Final = Decimal(10) ** 15
"""Decimals lie strictly between minus and plus this; what arithmetic brings beyond is null."""

DECIMAL_SCALE: Final = 6
DECIMAL_DIGITS: Final = 15
"""Significant digits of a decimal that is written down or stored."""

DURATION_LIMIT: Final = 315_576_000_000 * 1_000_000
"""Microseconds (10,000 years, as in CEL); a longer duration is null."""
