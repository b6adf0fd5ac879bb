"""Regular expressions of the `pattern` keyword: ECMA-262 syntax, matched in linear time.

Python's own engine backtracks: a pattern such as `^(a+)+$` keeps it busy for years. So patterns are read here
and matched as an automaton whose cost grows with the text, never faster. What an automaton cannot do
(back references, lookaround) is refused when the entity is defined.
"""

from __future__ import annotations

from typing import Final

from amity.patterns.syntax import (
    ANCHOR_END,
    ANCHOR_START,
    BOUNDARY,
    NOT_BOUNDARY,
    Alternatives,
    Assertion,
    CharSet,
    Node,
    PatternError,
    Repeat,
    Sequence,
    Unsupported,
    is_word,
    parse,
)

__all__ = ["MAX_PATTERN", "Pattern", "PatternError", "TooMuchWork", "compile_pattern", "parse_pattern"]

MAX_PATTERN: Final = 1_000
"""Characters of a pattern."""

MAX_STATES: Final = 20_000
"""States of the automaton; `{m,n}` counts as often as it says."""

MAX_WORK: Final = 400_000
"""Steps that one match may take when nothing is remembered yet (about a second)."""

_MAX_REMEMBERED: Final = 20_000

_AT_START, _AT_END, _AT_BOUNDARY = 1, 2, 4


class TooMuchWork(Exception):
    """The text is too long for so large a pattern."""


def parse_pattern(text: str) -> Node:
    """Read a pattern. Raises `PatternError` with the column, counted from 1."""
    if len(text) > MAX_PATTERN:
        raise PatternError(f"a pattern has at most {MAX_PATTERN:,} characters", MAX_PATTERN + 1)
    return parse(text)


def compile_pattern(text: str) -> Pattern:
    """Make a pattern that can be searched for. Raises `PatternError`."""
    return Pattern(text, _Builder().build(parse_pattern(text)))


class _Automaton:
    """Thompson's construction: each state has one character set, or silent ways on."""

    def __init__(self) -> None:
        self.sets: list[CharSet | None] = []
        self.following: list[list[int]] = []
        self.assertions: list[str | None] = []
        self.uses_boundary = False

    def add(self, chars: CharSet | None = None, assertion: str | None = None) -> int:
        if len(self.sets) >= MAX_STATES:
            raise PatternError(f"the pattern is too large (more than {MAX_STATES:,} states)", 1)
        self.sets.append(chars)
        self.following.append([])
        self.assertions.append(assertion)
        return len(self.sets) - 1


class _Builder:
    def __init__(self) -> None:
        self.automaton = _Automaton()

    def build(self, node: Node) -> _Automaton:
        start = self.automaton.add()
        assert start == 0
        end = self._put(node, start)
        accept = self.automaton.add()
        self.automaton.following[end].append(accept)
        return self.automaton

    def _put(self, node: Node, start: int) -> int:
        """Add `node` behind state `start`; give the state at its end."""
        automaton = self.automaton
        if isinstance(node, CharSet):
            state, end = automaton.add(chars=node), automaton.add()
            automaton.following[start].append(state)
            automaton.following[state].append(end)
            return end
        if isinstance(node, Assertion):
            automaton.uses_boundary |= node.kind in (BOUNDARY, NOT_BOUNDARY)
            state = automaton.add(assertion=node.kind)
            automaton.following[start].append(state)
            return state
        if isinstance(node, Sequence):
            for item in node.items:
                start = self._put(item, start)
            return start
        if isinstance(node, Alternatives):
            ends = [self._put(item, self._after(start)) for item in node.items]
            end = automaton.add()
            for one in ends:
                automaton.following[one].append(end)
            return end
        if isinstance(node, Repeat):
            return self._repeat(node, start)
        assert isinstance(node, Unsupported)
        raise PatternError(f"{node.what} cannot be checked in bounded time, so it is refused", node.column)

    def _after(self, state: int) -> int:
        following = self.automaton.add()
        self.automaton.following[state].append(following)
        return following

    def _repeat(self, node: Repeat, start: int) -> int:
        for _ in range(node.least):
            start = self._put(node.item, start)
        if node.most is None:
            loop = self._after(start)
            end = self._put(node.item, loop)
            self.automaton.following[end].append(loop)
            return self._after(loop)
        skips = [start]
        for _ in range(node.most - node.least):
            start = self._put(node.item, self._after(start))
            skips.append(start)
        end = self.automaton.add()
        for skip in skips:
            self.automaton.following[skip].append(end)
        return end


class Pattern:
    """A pattern ready for use; remembers the ways that earlier texts took (safe to share by threads)."""

    def __init__(self, text: str, automaton: _Automaton) -> None:
        self.text = text
        self._automaton = automaton
        self._accept = len(automaton.sets) - 1
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._closures: dict[tuple[frozenset[int], int], frozenset[int]] = {}

    def search(self, text: str) -> bool:
        """Tell whether the pattern occurs anywhere in `text`. Raises `TooMuchWork`."""
        work = [MAX_WORK]
        states: frozenset[int] = frozenset()
        last = len(text)
        before = ""
        for place in range(last + 1):
            char = text[place] if place < last else ""
            flags = (_AT_START if place == 0 else 0) | (_AT_END if place == last else 0)
            if self._automaton.uses_boundary and is_word(before) != is_word(char):
                flags |= _AT_BOUNDARY
            open_states = self._closure(states, flags, work)
            if self._accept in open_states:
                return True
            if place < last:
                states = self._step(open_states, char, work)
            before = char
        return False

    def _closure(self, states: frozenset[int], flags: int, work: list[int]) -> frozenset[int]:
        """Follow the silent ways from `states` and from the start (the pattern may begin anywhere)."""
        known = self._closures.get((states, flags))
        if known is not None:
            return known
        automaton = self._automaton
        seen: set[int] = set()
        waiting = [0, *states]
        while waiting:
            state = waiting.pop()
            if state in seen or not _holds(automaton.assertions[state], flags):
                continue
            seen.add(state)
            if automaton.sets[state] is None:
                waiting.extend(automaton.following[state])
        result = frozenset(
            state for state in seen if automaton.sets[state] is not None or state == self._accept
        )
        self._spend(work, len(seen) + 1)
        if len(self._closures) >= _MAX_REMEMBERED:
            self._closures.clear()
        self._closures[states, flags] = result
        return result

    def _step(self, states: frozenset[int], char: str, work: list[int]) -> frozenset[int]:
        known = self._steps.get((states, char))
        if known is not None:
            return known
        automaton = self._automaton
        result = set()
        for state in states:
            chars = automaton.sets[state]
            if chars is not None and chars.has(char):
                result.update(automaton.following[state])
        self._spend(work, len(states) + 1)
        if len(self._steps) >= _MAX_REMEMBERED:
            self._steps.clear()
        found = self._steps[states, char] = frozenset(result)
        return found

    @staticmethod
    def _spend(work: list[int], amount: int) -> None:
        work[0] -= amount
        if work[0] < 0:
            raise TooMuchWork


def _holds(assertion: str | None, flags: int) -> bool:
    if assertion is None:
        return True
    if assertion == ANCHOR_START:
        return bool(flags & _AT_START)
    if assertion == ANCHOR_END:
        return bool(flags & _AT_END)
    return bool(flags & _AT_BOUNDARY) is (assertion == BOUNDARY)
