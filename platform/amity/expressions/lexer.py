"""Text to tokens: the lexical rules of CEL without bytes and unsigned integers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from amity.expressions.errors import ExpressionError, shorten
from amity.expressions.limits import DECIMAL_DIGITS, DECIMAL_SCALE, MAX_TEXT

_TOKEN: Final = re.compile(
    r"""
    (?P<space>[ \t\n\f\r]+|//[^\n]*)
  | (?P<string>(?P<prefix>[A-Za-z]{0,2})(?:
        \"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*\"\"\" | '''(?:[^\\']|\\.|'(?!''))*'''
      | "(?:[^"\\\n\r]|\\[^\n\r])*" | '(?:[^'\\\n\r]|\\[^\n\r])*'))
  | (?P<decimal>(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+))
  | (?P<hex>0[xX][0-9a-fA-F]+)
  | (?P<integer>[0-9]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`[^`\n\r]+`)
  | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_RAW: Final = re.compile(r"""(?P<quote>\"\"\"|'''|"|')(?P<body>.*)(?P=quote)""", re.DOTALL)
_RAW_STRING: Final = re.compile(
    r"""[rR](?:\"\"\"(?P<a>.*?)\"\"\"|'''(?P<b>.*?)'''|"(?P<c>[^"\n\r]*)"|'(?P<d>[^'\n\r]*)')""", re.DOTALL
)
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.|$))",
    re.DOTALL,
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_EXPONENT_DIGITS: Final = 4
_KEYWORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression from offset `at` up to `end`; `kind` is literal, name, operator or end."""

    kind: str
    value: Any
    at: int
    end: int


def tokens(text: str) -> list[Token]:
    """Split an expression, or raise `ExpressionError`; the last token has the kind `end`."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"the expression has {len(text)} characters, at most {MAX_TEXT} are allowed.", MAX_TEXT + 1
        )
    if (half := _SURROGATE.search(text)) is not None:
        raise ExpressionError("the text contains half a character (a lone surrogate).", half.start() + 1)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _RAW_STRING.match(text, at) or _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        end = match.end()
        token = _token(match, at)
        if token is not None:
            found.append(token)
        at = end
    found.append(Token("end", None, len(text), len(text)))
    return found


def _token(match: re.Match[str], at: int) -> Token | None:
    """Turn one match into a token, None for white space and comments."""
    end = match.end()
    if match.re is _RAW_STRING:
        body = next(part for part in match.groups() if part is not None)
        return Token("literal", body, at, end)
    kind = match.lastgroup
    text = match[0]
    if kind == "space":
        return None
    if kind in ("decimal", "hex", "integer"):
        return Token("literal", _number(kind, text, at, match.string[end : end + 1]), at, end)
    if kind == "string":
        return Token("literal", _text(text, match["prefix"], at), at, end)
    if kind == "name":
        if text in _KEYWORDS:
            return Token("literal", _KEYWORDS[text], at, end)
        return Token("operator" if text == "in" else "name", text, at, end)
    if kind == "quoted":
        return Token("name", text[1:-1], at, end)
    return Token("operator", text, at, end)


def _number(kind: str, text: str, at: int, follower: str) -> int | Decimal:
    if follower and (follower.isalnum() or follower == "_"):
        what = "unsigned integers do not exist here" if follower in "uU" else "a number ends unexpectedly"
        raise ExpressionError(f"{what}: write the number without '{follower}'.", at + len(text) + 1)
    if kind != "decimal":
        return int(text, 16 if kind == "hex" else 10)
    value = _exact_decimal(text)
    if value is None:
        raise ExpressionError(
            f"'{shorten(text)}' is not a decimal that can be kept exactly: at most {DECIMAL_DIGITS} digits, "
            f"{DECIMAL_SCALE} of them after the point.",
            at + 1,
        )
    return value


def _exact_decimal(text: str) -> Decimal | None:
    """Read a decimal, None when it has too many digits on either side."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(exponent) > _EXPONENT_DIGITS and mantissa.strip("0."):
        return None
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    shown = digits.rstrip("0")
    if not shown:
        return Decimal(0)
    scale = len(fraction) - int(exponent or 0) - (len(digits) - len(shown))
    if len(shown) > DECIMAL_DIGITS or scale > DECIMAL_SCALE or len(shown) - scale > DECIMAL_DIGITS:
        return None
    return Decimal(shown).scaleb(-scale)


def _text(token: str, prefix: str, at: int) -> str:
    if prefix:
        what = "bytes do not exist here" if "b" in prefix.lower() else f"'{prefix}' before a text is unknown"
        raise ExpressionError(f"{what}: write a plain text such as 'abc'.", at + 1)
    match = _RAW.fullmatch(token)
    body = match["body"] if match else ""
    quote = len(match["quote"]) if match else 1
    return _ESCAPE.sub(lambda found: _escape(found, at + quote), body)


def _escape(match: re.Match[str], start: int) -> str:
    simple, hex2, hex4, hex8, octal, other = match.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    if octal is not None:
        return chr(int(octal, 8))
    code = int(hex2 or hex4 or hex8 or "110000", 16)
    if other is not None or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ExpressionError(
            f"'{match[0][:10]}' is not an escape sequence; write '\\\\' for a backslash.",
            start + match.start() + 1,
        )
    return chr(code)


def _unreadable(text: str, at: int) -> ExpressionError:
    character = text[at]
    hints = {
        "=": "Write '==' to compare.",
        "&": "Write '&&' for and.",
        "|": "Write '||' for or.",
        "'": "A text starts here and is never closed.",
        '"': "A text starts here and is never closed.",
        "`": "A quoted name starts here and is never closed.",
    }
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return ExpressionError(f"'{shown}' is not expected here.", at + 1, hint=hints.get(character))
