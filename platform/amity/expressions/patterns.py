"""Regular expressions whose cost is bounded: no backtracking, few states, short texts.

The part of RE2 that describes formats: characters, `.`, `[...]`, `\\d \\w \\s`, `^ $`, `|`, groups and
`* + ? {n,m}`. All ways through the pattern are followed at once, so a match costs at most the length of the
text times the size of the pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_PATTERN: Final = 200
MAX_STATES: Final = 500
MAX_REPEAT: Final = 100
MAX_COST: Final = 250_000
"""Characters times states of one match; beyond it there is no result."""

Test = Callable[[str], bool]


class PatternError(ValueError):
    """The pattern cannot be used; the message says why."""


@dataclass(slots=True)
class State:
    """A place in the automaton: it reads a character (`test`) or goes on without one (`also`)."""

    test: Test | None = None
    following: int = -1
    also: tuple[int, ...] = ()
    at_start: bool = False
    at_end: bool = False


def _word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


_CLASSES: Final[dict[str, Test]] = {
    "d": lambda character: "0" <= character <= "9",
    "w": _word,
    "s": lambda character: character in " \t\n\r\f\v",
    "D": lambda character: not "0" <= character <= "9",
    "W": lambda character: not _word(character),
    "S": lambda character: character not in " \t\n\r\f\v",
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


def _is(wanted: str) -> Test:
    return lambda character: character == wanted


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise PatternError(f"a pattern has at most {MAX_PATTERN} characters")
        self.states: list[State] = []
        self._text = text
        self._at = 0
        self._depth = 0
        self.accept = accept = self._add(State())
        self.start = self._alternatives()(accept)
        if self._at < len(text):
            raise PatternError(f"'{text[self._at]}' is not expected at {self._at + 1}")

    def search(self, value: str) -> bool | None:
        """Tell whether the pattern occurs in the text; None when that would cost too much."""
        if (len(value) + 1) * len(self.states) > MAX_COST:
            return None
        current: set[int] = set()
        for position in range(len(value) + 1):
            self._reach(current, self.start, position == 0, position == len(value))
            if self.accept in current:
                return True
            if position == len(value):
                break
            character, last = value[position], position + 1 == len(value)
            following: set[int] = set()
            for number in current:
                state = self.states[number]
                if state.test is not None and state.test(character):
                    self._reach(following, state.following, False, last)
            current = following
        return False

    def _reach(self, found: set[int], number: int, at_start: bool, at_end: bool) -> None:
        """Add a state and all that are reached from it without reading."""
        waiting = [number]
        while waiting:
            number = waiting.pop()
            state = self.states[number]
            if number in found or (state.at_start and not at_start) or (state.at_end and not at_end):
                continue
            found.add(number)
            waiting += state.also

    # -- parsing: each method gives a builder "(number of the following state) -> number of the first"

    def _add(self, state: State) -> int:
        if len(self.states) >= MAX_STATES:
            raise PatternError("the pattern is too large")
        self.states.append(state)
        return len(self.states) - 1

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def _alternatives(self) -> Callable[[int], int]:
        options = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence())
        if len(options) == 1:
            return options[0]
        return lambda following: self._add(State(also=tuple(option(following) for option in options)))

    def _sequence(self) -> Callable[[int], int]:
        parts: list[Callable[[int], int]] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))

        def build(following: int) -> int:
            for part in reversed(parts):
                following = part(following)
            return following

        return build

    def _repeated(self, atom: Callable[[int], int]) -> Callable[[int], int]:
        while self._peek() and self._peek() in "*+?{":
            least, most = self._bounds()
            if self._peek() == "?":
                self._at += 1  # lazy or greedy: whether it matches is the same
            atom = self._times(atom, least, most)
        return atom

    def _bounds(self) -> tuple[int, int | None]:
        sign = self._take()
        if sign != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at : end].partition(",")
        if end < 0 or not least.isdecimal() or not (most.isdecimal() or most == ""):
            raise PatternError("write {2}, {2,} or {2,5}")
        self._at = end + 1
        low = int(least)
        high = int(most) if most else None if comma else low
        if low > MAX_REPEAT or (high is not None and not low <= high <= MAX_REPEAT):
            raise PatternError(f"a part is repeated at most {MAX_REPEAT} times")
        return low, high

    def _times(self, atom: Callable[[int], int], least: int, most: int | None) -> Callable[[int], int]:
        def build(following: int) -> int:
            if most is None:
                again = self._add(State())
                self.states[again].also = (atom(again), following)
                following = again
            else:
                end = following
                for _ in range(most - least):
                    following = self._add(State(also=(atom(following), end)))
            for _ in range(least):
                following = atom(following)
            return following

        return build

    def _atom(self) -> Callable[[int], int]:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "^":
            return lambda following: self._add(State(also=(following,), at_start=True))
        if character == "$":
            return lambda following: self._add(State(also=(following,), at_end=True))
        if character in "*+?{)":
            raise PatternError(f"'{character}' is not expected at {self._at}")
        if character == "[":
            test = self._set()
        elif character == "\\":
            test = self._escaped()
        elif character == ".":
            test = _not_newline
        else:
            test = _is(character)
        return lambda following: self._add(State(test=test, following=following))

    def _group(self) -> Callable[[int], int]:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise PatternError("only (...) and (?:...) are known groups")
        self._depth += 1
        if self._depth > 20:
            raise PatternError("the pattern is nested too deeply")
        inner = self._alternatives()
        self._depth -= 1
        if self._take() != ")":
            raise PatternError("')' is missing")
        return inner

    def _escaped(self) -> Test:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _CONTROLS:
            return _is(_CONTROLS[character])
        if character == "" or character.isalnum():
            raise PatternError(f"'\\{character}' is not known")
        return _is(character)

    def _set(self) -> Test:
        negated = self._peek() == "^"
        self._at += negated
        tests: list[Test] = []
        first = True
        while first or self._peek() != "]":
            tests.append(self._range())
            first = False
        self._at += 1
        return lambda character: any(test(character) for test in tests) != negated

    def _range(self) -> Test:
        low = self._take()
        if low == "":
            raise PatternError("']' is missing")
        if low == "\\":
            if self._peek() in _CLASSES:
                return _CLASSES[self._take()]
            low = self._single()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return _is(low)
        self._at += 1
        high = self._take()
        if high == "\\":
            high = self._single()
        if low > high:
            raise PatternError(f"'{low}-{high}' is the wrong way round")
        return lambda character: low <= character <= high

    def _single(self) -> str:
        character = self._take()
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "" or character.isalnum():
            raise PatternError(f"'\\{character}' is not known")
        return character


def _not_newline(character: str) -> bool:
    return character != "\n"


@lru_cache(maxsize=256)
def _compiled(text: str) -> Pattern | None:
    try:
        return Pattern(text)
    except PatternError:
        return None


def matches(value: str, pattern: str) -> bool | None:
    """Tell whether the pattern occurs in the text; None for a wrong pattern or too long a text."""
    compiled = _compiled(pattern)
    return None if compiled is None else compiled.search(value)


def wrong(pattern: str) -> str | None:
    """Say what is wrong with a pattern, None when it can be used."""
    try:
        Pattern(pattern)
    except PatternError as error:
        return str(error)
    return None
