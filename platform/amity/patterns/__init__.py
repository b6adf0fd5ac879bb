"""Regular expressions of people: ECMA-262 syntax, matched in linear time.

One engine for the `pattern` keyword of JSON Schema and for `matches()` in expressions.
"""

from __future__ import annotations

from amity.patterns.automaton import (
    MAX_PATTERN,
    Pattern,
    PatternError,
    TooMuchWork,
    compile_pattern,
    parse_pattern,
)

__all__ = ["MAX_PATTERN", "Pattern", "PatternError", "TooMuchWork", "compile_pattern", "parse_pattern"]
