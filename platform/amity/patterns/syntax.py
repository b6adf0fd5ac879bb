"""The syntax of ECMA-262 regular expressions (flag u), as far as JSON Schema uses it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

ANCHOR_START, ANCHOR_END, BOUNDARY, NOT_BOUNDARY = "^", "$", "b", "B"

_MAX_REPEAT: Final = 5_000
_MAX_NESTING: Final = 30

_SPACES: Final = ((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
                  (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF))  # fmt: skip
_DIGITS: Final = ((48, 57),)
_WORD: Final = ((48, 57), (65, 90), (95, 95), (97, 122))
_LINE_ENDS: Final = ((10, 10), (13, 13), (0x2028, 0x2029))
_CONTROLS: Final = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}

_CATEGORIES: Final = {
    "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Number": "N", "Decimal_Number": "Nd",
    "digit": "Nd",
    "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Symbol": "S",
    "Currency_Symbol": "Sc", "Math_Symbol": "Sm", "Separator": "Z", "Space_Separator": "Zs", "Other": "C",
    "Control": "Cc", "Alphabetic": "L", "Alpha": "L",
}  # fmt: skip
_FURTHER: Final = (
    "Mn", "Mc", "Me", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sk", "So", "Zl", "Zp", "Cf", "Co", "Cn",
)  # fmt: skip
_SHORT_CATEGORIES: Final = frozenset({*_CATEGORIES.values(), *_FURTHER})


class PatternError(Exception):
    """A pattern that cannot be read or used; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"{message} (column {column})")
        self.column = column


class Node:
    """A part of a pattern."""


@dataclass(frozen=True, slots=True)
class CharSet(Node):
    """One character: of these ranges, Unicode categories or further sets; or none of them."""

    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[str, ...] = ()
    parts: tuple[CharSet, ...] = ()
    negated: bool = False

    def has(self, char: str) -> bool:
        """Tell whether `char` is one of the set."""
        code = ord(char)
        inside = any(first <= code <= last for first, last in self.ranges)
        if not inside and self.categories:
            inside = unicodedata.category(char).startswith(self.categories)
        if not inside and self.parts:
            inside = any(part.has(char) for part in self.parts)
        return inside is not self.negated


@dataclass(frozen=True, slots=True)
class Assertion(Node):
    """A place: start, end, word boundary or none."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives(Node):
    """One of several."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """`least` to `most` times; no `most` is without end."""

    item: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Unsupported(Node):
    """Valid ECMA-262 that needs backtracking."""

    what: str
    column: int


def is_word(char: str) -> bool:
    """Tell whether `char` (or "" for none) is a letter a-z, a digit or _."""
    return char != "" and (char.isascii() and (char.isalnum() or char == "_"))


def parse(text: str) -> Node:
    """Read a whole pattern. Raises `PatternError`."""
    parser = _Parser(text)
    node = parser.alternatives(0)
    if not parser.done:
        raise parser.error("this ) closes nothing")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def error(self, message: str, at: int | None = None) -> PatternError:
        return PatternError(message, (self.at if at is None else at) + 1)

    def take(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def next(self) -> str:
        if self.done:
            raise self.error("the pattern ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def alternatives(self, depth: int) -> Node:
        if depth > _MAX_NESTING:
            raise self.error("groups are nested too deeply")
        items = [self.sequence(depth)]
        while self.take("|"):
            items.append(self.sequence(depth))
        return items[0] if len(items) == 1 else Alternatives(tuple(items))

    def sequence(self, depth: int) -> Node:
        items: list[Node] = []
        while not self.done and self.text[self.at] not in "|)":
            items.append(self.quantified(self.atom(depth)))
        return Sequence(tuple(items))

    def quantified(self, item: Node) -> Node:
        start = self.at
        bounds = self.quantifier()
        if bounds is None:
            return item
        if isinstance(item, Assertion):
            raise self.error("there is nothing to repeat", start)
        least, most = bounds
        if most is not None and least > most:
            raise self.error("the bounds of {m,n} are in the wrong order", start)
        if max(least, most or 0) > _MAX_REPEAT:
            raise self.error(f"at most {_MAX_REPEAT:,} repetitions", start)
        self.take("?")
        if not self.done and self.text[self.at] in "*+?":
            raise self.error("there is nothing to repeat")
        return Repeat(item, least, most)

    def quantifier(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        end = self.text.find("}", self.at, self.at + 14)
        if end < 0 or not self.text.startswith("{", self.at):
            return None
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        if not _is_number(low) or (high and not _is_number(high)):
            return None
        self.at = end + 1
        return int(low), int(high) if high else (None if comma else int(low))

    def atom(self, depth: int) -> Node:
        start = self.at
        char = self.next()
        if char == "(":
            return self.group(depth, start)
        if char == "[":
            return self.char_class(start)
        if char == ".":
            return CharSet(_LINE_ENDS, negated=True)
        if char in "^$":
            return Assertion(char)
        if char in "*+?":
            raise self.error("there is nothing to repeat", start)
        if char == "\\":
            return self.escape(start)
        return _one(char)

    def group(self, depth: int, start: int) -> Node:
        special: Unsupported | None = None
        if self.take("?"):
            if self.take("="):
                special = Unsupported("lookahead (?=...)", start + 1)
            elif self.take("!"):
                special = Unsupported("lookahead (?!...)", start + 1)
            elif self.take("<=") or self.take("<!"):
                special = Unsupported("lookbehind (?<...)", start + 1)
            elif self.take("<"):
                end = self.text.find(">", self.at)
                if end < 0 or not self.text[self.at : end].isidentifier():
                    raise self.error("the name of a group is not closed or not a name")
                self.at = end + 1
            elif not self.take(":"):
                raise self.error("only (?:...), (?<name>...) and lookaround may follow (?")
        inner = self.alternatives(depth + 1)
        if not self.take(")"):
            raise self.error("this ( is never closed", start)
        return special or inner

    def escape(self, start: int) -> Node:
        char = self.next()
        if char in "bB":
            return Assertion(BOUNDARY if char == "b" else NOT_BOUNDARY)
        if char in "123456789":
            return Unsupported(f"the back reference \\{char}", start + 1)
        if char == "k":
            end = self.text.find(">", self.at)
            if not self.take("<") or end < 0:
                raise self.error(r"\k needs the <name> of a group", start)
            self.at = end + 1
            return Unsupported(r"the back reference \k", start + 1)
        return self.class_escape(char, start)

    def class_escape(self, char: str, start: int) -> CharSet:
        """Read what may stand behind a backslash, in and out of brackets."""
        for letter, ranges in (("d", _DIGITS), ("w", _WORD), ("s", _SPACES)):
            if char.lower() == letter:
                return CharSet(ranges, negated=char.isupper())
        if char in "pP":
            return self.category(char == "P", start)
        if char in _CONTROLS:
            return _one(_CONTROLS[char])
        if char == "0":
            return _one("\0")
        if char == "c":
            letter = self.next()
            if not (letter.isascii() and letter.isalpha()):
                raise self.error(r"\c needs a letter", start)
            return _one(chr(ord(letter) % 32))
        if char in "xu":
            return _one(self.code_point(char, start))
        if char.isascii() and char.isalnum():
            raise self.error(f"\\{char} means nothing here", start)
        return _one(char)

    def category(self, negated: bool, start: int) -> CharSet:
        end = self.text.find("}", self.at)
        if not self.take("{") or end < 0:
            raise self.error(r"\p needs a {category}", start)
        name = self.text[self.at : end]
        self.at = end + 1
        for prefix in ("General_Category=", "gc="):
            name = name.removeprefix(prefix)
        short = _CATEGORIES.get(name, name)
        if short not in _SHORT_CATEGORIES:
            raise self.error(f"\\p{{{name[:40]}}} is no general category such as L, Lu or Nd", start)
        return CharSet(categories=(short,), negated=negated)

    def code_point(self, char: str, start: int) -> str:
        if char == "u" and self.take("{"):
            end = self.text.find("}", self.at)
            digits = self.text[self.at : end] if end >= 0 else ""
            self.at = end + 1
        else:
            length = 4 if char == "u" else 2
            digits = self.text[self.at : self.at + length].ljust(length, "?")
            self.at += length
        if not _is_hex(digits) or int(digits, 16) > 0x10FFFF:
            raise self.error(f"\\{char} needs the hexadecimal number of a character", start)
        code = int(digits, 16)
        low = self.text[self.at + 2 : self.at + 6]
        if char == "u" and 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.at) and _is_hex(low):
            second = int(low, 16)
            if 0xDC00 <= second < 0xE000:
                self.at += 6
                return chr(0x10000 + ((code - 0xD800) << 10) + second - 0xDC00)
        return chr(code)

    def char_class(self, start: int) -> CharSet:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        parts: list[CharSet] = []
        while not self.take("]"):
            if self.done:
                raise self.error("this [ is never closed", start)
            place = self.at
            low = self.class_atom()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                if self.done:
                    raise self.error("this [ is never closed", start)
                high = self.class_atom()
                first, last = _single(low), _single(high)
                if first is None or last is None:
                    parts += [low, high, _one("-")]
                elif first > last:
                    raise self.error("the range is in the wrong order", place)
                else:
                    ranges.append((first, last))
            elif (single := _single(low)) is not None:
                ranges.append((single, single))
            else:
                parts.append(low)
        return CharSet(tuple(ranges), (), tuple(parts), negated)

    def class_atom(self) -> CharSet:
        start = self.at
        char = self.next()
        if char != "\\":
            return _one(char)
        char = self.next()
        return _one("\b") if char == "b" else self.class_escape(char, start)


def _one(char: str) -> CharSet:
    return CharSet(((ord(char), ord(char)),))


def _single(chars: CharSet) -> int | None:
    if chars.negated or chars.categories or chars.parts or len(chars.ranges) != 1:
        return None
    first, last = chars.ranges[0]
    return first if first == last else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_hex(text: str) -> bool:
    return text != "" and all(char in "0123456789abcdefABCDEF" for char in text)
