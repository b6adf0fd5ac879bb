"""The filter builder: an expression in the URL, shown as chips, written without knowing the language.

An expression is split at its top-level `&&`. Each part that has the form of one of the operators below is
a chip "field operator value"; any other part is a chip with its text. What the builder writes, it can read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final

from amity.entities.model import Field
from amity.errors import Invalid
from amity.expressions.errors import ExpressionError
from amity.expressions.lexer import tokens
from amity.web.formatting import Formatter, zone
from amity.web.texts import gettext as _

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"in", "true", "false", "null"})
_NAME: Final = r"(?:`[^`]+`|[A-Za-z_][A-Za-z0-9_]*)"
_FIELD: Final = rf"(?P<f>{_NAME}(?:\.{_NAME})*)"
_VALUE: Final = r"(?P<v>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?[0-9]+(?:\.[0-9]+)?)"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to compare: `template` has `{f}` for the field and `{v}` for the value."""

    name: str
    title: str
    template: str
    input: str
    """What the value is typed into: text, number, date, moment, days, choice, record or none."""


def _operators(input_: str, *pairs: tuple[str, str, str]) -> tuple[Operator, ...]:
    return tuple(Operator(name, title, template, input_) for name, title, template in pairs)


_FILLED: Final = _operators(
    "none", ("empty", "is empty", "{f} == null"), ("filled", "is filled", "{f} != null")
)
_LIST_FILLED: Final = _operators(
    "none", ("empty", "is empty", "!{f}.exists(x, true)"), ("filled", "is filled", "{f}.exists(x, true)")
)
_SPANS: Final = {
    "date": (
        ("last", "in the last … days", "{f} >= today() - days({v}) && {f} <= today()"),
        ("next", "in the next … days", "{f} >= today() && {f} <= today() + days({v})"),
        ("newer", "is less than … days ago", "{f} > today() - days({v})"),
        ("older", "is more than … days ago", "{f} < today() - days({v})"),
    ),
    "moment": (
        ("last", "in the last … days", "{f} >= now() - days({v}) && {f} <= now()"),
        ("next", "in the next … days", "{f} >= now() && {f} <= now() + days({v})"),
        ("newer", "is less than … days ago", "{f} > now() - days({v})"),
        ("older", "is more than … days ago", "{f} < now() - days({v})"),
    ),
}
OPERATORS: Final[Mapping[str, tuple[Operator, ...]]] = {
    "text": (
        *_operators(
            "text",
            ("contains", "contains", "fold({f}).contains(fold({v}))"),
            ("is", "is", "{f} == {v}"),
            ("is_not", "is not", "{f} != {v}"),
            ("starts", "begins with", "fold({f}).startsWith(fold({v}))"),
        ),
        *_FILLED,
    ),
    "choice": (
        *_operators("choice", ("is", "is", "{f} == {v}"), ("is_not", "is not", "{f} != {v}")),
        *_FILLED,
    ),
    "choices": (
        *_operators("choice", ("has", "has", "{v} in {f}"), ("has_not", "has not", "!({v} in {f})")),
        *_FILLED,
    ),
    "boolean": _operators("none", ("yes", "is yes", "{f} == true"), ("no", "is not yes", "{f} != true")),
    "number": (
        *_operators(
            "number",
            ("is", "is", "{f} == {v}"),
            ("is_not", "is not", "{f} != {v}"),
            ("more", "is more than", "{f} > {v}"),
            ("least", "is at least", "{f} >= {v}"),
            ("less", "is less than", "{f} < {v}"),
            ("most", "is at most", "{f} <= {v}"),
        ),
        *_FILLED,
    ),
    "date": (
        *_operators(
            "date",
            ("on", "is on", "{f} == date({v})"),
            ("from", "is on or after", "{f} >= date({v})"),
            ("before", "is before", "{f} < date({v})"),
        ),
        *_operators("days", *_SPANS["date"]),
        *_operators("none", ("past", "is in the past", "{f} < today()")),
        *_FILLED,
    ),
    "moment": (
        *_operators(
            "moment",
            ("from", "is on or after", "{f} >= timestamp({v})"),
            ("before", "is before", "{f} < timestamp({v})"),
        ),
        *_operators("days", *_SPANS["moment"]),
        *_FILLED,
    ),
    "record": (
        *_operators("record", ("is", "is", "{f} == {v}"), ("is_not", "is not", "{f} != {v}")),
        *_FILLED,
    ),
    "records": (*_operators("record", ("has", "has", "{f}.exists(x, x.id == {v})")), *_LIST_FILLED),
    "related": _LIST_FILLED,
    "other": _FILLED,
}
_CATEGORIES: Final = {
    **dict.fromkeys(("text", "long_text", "email", "phone", "url", "autonumber"), "text"),
    **dict.fromkeys(("integer", "decimal", "money", "percent", "rating"), "number"),
    "choice": "choice",
    "choices": "choices",
    "boolean": "boolean",
    "date": "date",
    "datetime": "moment",
    "relation": "record",
    "relations": "records",
}
_BY_TYPE: Final = {
    "text": "text",
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "date-time": "moment",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of an expression that the builder understands; `value` as the person types it."""

    field: Field
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Chip:
    """What stands for one part of the filter."""

    text: str
    part: str
    rest: str
    """The expression without this part."""


def category(field: Field) -> str:
    """Give the group of operators that suits a field, also one of an extension's kind."""
    known = _CATEGORIES.get(field.kind.name)
    if known == "record" and len(field.targets) != 1:
        return "other"
    if known is None:
        known = _BY_TYPE.get(str(field.kind.expression_type(field)), "other")
    if known == "records" and len(field.targets) != 1:
        return "other"
    return known


def filterable(fields: Sequence[Field]) -> list[Field]:
    """Give the fields that a filter may name."""
    return [field for field in fields if field.kind.filterable]


def operator_of(field: Field, name: str) -> Operator | None:
    """Find an operator of a field by name."""
    return next((item for item in OPERATORS[category(field)] if item.name == name), None)


# -- writing --------------------------------------------------------------------------------------------
def reference(name: str) -> str:
    """Write a field's name in an expression."""
    return name if _PLAIN.fullmatch(name) and name not in _WORDS else f"`{name}`"


def quoted(text: str) -> str:
    """Write a text literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def write(field: Field, operator: Operator, value: str, timezone: str) -> str:
    """Write one part of an expression. Raises `Invalid` at the parameter `value`."""
    return write_about(reference(field.name), operator, value, timezone)


def write_about(path: str, operator: Operator, value: str, timezone: str) -> str:
    """Write one part about what a path names, such as `record.stage`. Raises `Invalid` at `value`."""
    literal = _LITERALS[operator.input](value.strip(), timezone)
    text = operator.template.replace("{f}", path).replace("{v}", literal)
    return f"({text})" if "&&" in text else text


def _required(value: str, what: str) -> str:
    if not value:
        raise Invalid.parameter("value", "required", what)
    return value


def _text_literal(value: str, timezone: str) -> str:
    return quoted(_required(value, _("Say which value the filter is for.")))


def _number_literal(value: str, timezone: str) -> str:
    text = _required(value, _("Say which number the filter is for.")).replace(" ", "").replace("\u00a0", "")
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Invalid.parameter("value", "number", _("“%(value)s” is not a number.", value=value[:40]))
    return f"{number:f}"


def _days_literal(value: str, timezone: str) -> str:
    if not value.isascii() or not value.isdigit() or len(value) > 5:
        raise Invalid.parameter("value", "days", _("Say how many days, as a whole number such as 30."))
    return str(int(value))


def _date(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(_required(value, _("Say which date the filter is for.")))
    except ValueError:
        message = _("“%(value)s” is not a date. Write it like 2026-12-31.", value=value[:40])
        raise Invalid.parameter("value", "date", message) from None


def _date_literal(value: str, timezone: str) -> str:
    return quoted(_date(value).isoformat())


def _moment_literal(value: str, timezone: str) -> str:
    midnight = dt.datetime.combine(_date(value), dt.time(), zone(timezone))
    return quoted(midnight.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


_LITERALS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "none": lambda value, timezone: "",
    "text": _text_literal,
    "choice": _text_literal,
    "record": _text_literal,
    "number": _number_literal,
    "days": _days_literal,
    "date": _date_literal,
    "moment": _moment_literal,
}


def joined(parts: Sequence[str]) -> str:
    """Join parts to one expression; a part that offers alternatives is put in parentheses."""
    return " && ".join(part if len(parts) == 1 or not _loose(part) else f"({part})" for part in parts)


def _loose(part: str) -> bool:
    depth = 0
    for token in tokens(part):
        if token.kind == "operator":
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.value, 0)
            if depth == 0 and token.value in ("||", "?"):
                return True
    return False


# -- reading --------------------------------------------------------------------------------------------
def split(text: str, word: str = "&&") -> list[str]:
    """Split an expression at its top-level `&&`, or `||`; one that cannot be read is a single part."""
    text = text.strip()
    if not text:
        return []
    try:
        found = tokens(text)
        if word == "&&" and _loose(text):
            return [text]
    except ExpressionError:
        return [text]
    parts, start, depth = [], 0, 0
    for token in found:
        if token.kind != "operator":
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.value, 0)
        if depth == 0 and token.value == "?":
            return [text]
        if depth == 0 and token.value == word:
            parts.append(text[start : token.at].strip())
            start = token.end
    parts.append(text[start:].strip())
    return [part for part in parts if part]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    pieces = []
    seen = False
    for piece in re.split(r"(\{f\}|\{v\}| )", template):
        if piece == "{f}":
            pieces.append("(?P=f)" if seen else _FIELD)
            seen = True
        elif piece == "{v}":
            pieces.append(_VALUE)
        elif piece == " ":
            pieces.append(r"\s*")
        else:
            pieces.append(re.escape(piece))
    return re.compile("".join(pieces))


def read(part: str, fields: Mapping[str, Field]) -> Condition | None:
    """Understand one part of an expression, None where it has none of the operators' forms."""
    found = understand(part, {reference(name): category(field) for name, field in fields.items()})
    return None if found is None else Condition(fields[found[0].strip("`")], found[1], found[2])


def understand(part: str, categories: Mapping[str, str]) -> tuple[str, Operator, str] | None:
    """Read one part of an expression: path, operator, value as it is typed. `categories` are by path."""
    part = bare(part)
    for operators in OPERATORS.values():
        for operator in operators:
            match = _pattern(operator.template).fullmatch(part)
            known = categories.get(match["f"]) if match is not None else None
            if match is not None and known is not None and operator in OPERATORS[known]:
                return match["f"], operator, _unquoted(match.groupdict().get("v") or "")
    return None


def bare(part: str) -> str:
    """Take the parentheses off that stand around a whole part."""
    text = part.strip()
    while text.startswith("(") and text.endswith(")") and _closed(text):
        text = text[1:-1].strip()
    return text


def _closed(text: str) -> bool:
    """Tell whether the first parenthesis closes with the last character."""
    depth = 0
    try:
        for token in tokens(text):
            if token.kind == "operator":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
                if depth == 0:
                    return token.end == len(text)
    except ExpressionError:
        return False
    return False


def _unquoted(literal: str) -> str:
    if literal[:1] not in ("'", '"'):
        return literal
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), literal[1:-1])


Labels = Callable[[Field, Sequence[str]], Mapping[str, str]]


def chips(fields: Mapping[str, Field], where: str, formats: Formatter, labels: Labels) -> list[Chip]:
    """Make the chips of an expression; `labels` looks up linked records, once per relation."""
    parts = split(where)
    conditions = [read(part, fields) for part in parts]
    wanted: dict[str, list[str]] = {}
    for condition in conditions:
        if condition is not None and condition.operator.input == "record":
            wanted.setdefault(condition.field.name, []).append(condition.value)
    known = {name: labels(fields[name], ids) for name, ids in wanted.items()}
    made = []
    for index, (part, condition) in enumerate(zip(parts, conditions, strict=True)):
        rest = joined([*parts[:index], *parts[index + 1 :]])
        text = part if condition is None else _words(condition, formats, known)
        made.append(Chip(text, part, rest))
    return made


def _words(condition: Condition, formats: Formatter, labels: Mapping[str, Mapping[str, str]]) -> str:
    field, operator, value = condition.field, condition.operator, condition.value
    title = _(operator.title)
    if operator.input == "none":
        return f"{field.title} {title}"
    if operator.input == "choice":
        value = field.choice_titles.get(value, value)
    elif operator.input == "record":
        value = labels.get(field.name, {}).get(value, _("a record that is gone"))
    elif operator.input == "days":
        return f"{field.title} {title.replace('…', value)}"
    elif operator.input == "date":
        value = _shown_date(value, formats)
    elif operator.input == "moment":
        value = _shown_moment(value, formats)
    elif operator.input == "text":
        value = f"“{value}”"
    return f"{field.title} {title} {value}"


def _shown_date(value: str, formats: Formatter) -> str:
    try:
        return formats.date(dt.date.fromisoformat(value))
    except ValueError:
        return value


def _shown_moment(value: str, formats: Formatter) -> str:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    local = formats.local(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
    return formats.date(local.date()) if local.time() == dt.time() else formats.moment(moment)
