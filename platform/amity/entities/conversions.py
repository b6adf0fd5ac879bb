"""Values of one kind into values of another: exactly, or not at all.

`amity.entities.conversion_table` says which pairs there are; here are the functions. A converted value also
meets the new field's own rules (length, pattern, bounds, choices); one that does not is a `ValueProblem`,
and stays parked with its reason.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from amity.entities import values
from amity.entities.conversion_table import NUMBERS, Verdict, cell
from amity.entities.kinds.base import ValueProblem
from amity.entities.misfits import checker
from amity.entities.model import Entity, Field
from amity.entities.tasks import CarryField
from amity.entities.values import Link

Convert = Callable[[Any], Any]

_TAG: Final = re.compile(r"<[^>]*>")
_LINES: Final = re.compile(r"\r\n|\r|\n")
_BREAK: Final = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6]|tr|blockquote)\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class Conversion:
    """How one field's values become another's."""

    old: Field
    new: Field
    verdict: Verdict
    reason: str
    _convert: Convert
    _problem: Callable[[Any], str | None]

    def __call__(self, value: Any) -> Any:
        """Convert a typed value (never None). Raises `ValueProblem`; None leaves the field empty."""
        made = self._convert(value)
        if made is None:
            return None
        if not self.new.kind.to_many:
            reason = self._problem(self.new.kind.dump(self.new, made))
            if reason is not None:
                raise ValueProblem("rules", reason)
        return made


def conversion(old: Field, new: Field) -> Conversion:
    """Give the conversion between two versions of a field, refused ones included."""
    found = cell(old.kind.name, new.kind.name)
    return Conversion(old, new, found.verdict, found.reason, _function(old, new), checker(new))


def problem(conversion: Conversion, value: Any) -> str | None:
    """Say why a value does not convert; None where it does."""
    try:
        conversion(value)
    except ValueProblem as error:
        return error.message
    return None


def examples(
    connection: Connection, entity: Entity, old: Field, conversion: Conversion
) -> tuple[dict[str, Any], ...]:
    """Show what becomes of the first few values."""
    assert entity.storage is not None
    found: list[dict[str, Any]] = []
    for record, value in values.read(connection, entity.storage, old, limit=50, live_only=True):
        if value is not None and problem(conversion, value) is None and len(found) < 5:
            made = conversion(value)
            shown = "" if made is None else text_of(conversion.new, made)
            found.append({"id": record, "old": text_of(old, value), "new": shown})
    names = values.labels(connection, entity, [sample["id"] for sample in found])
    return tuple({**sample, "label": names[sample["id"]]} for sample in found)


def text_of(field: Field, value: Any) -> str:
    """Give a typed value as a plan or a download shows it."""
    if field.kind.to_many:
        return ", ".join(f"{link.entity}/{link.target}" for link in value)
    return field.kind.to_text(field, value)[:200]


def json_of(field: Field, value: Any) -> Any:
    """Give a typed value as it is kept when it did not convert."""
    if field.kind.to_many:
        return [{"entity": link.entity, "id": link.target, "data": link.data} for link in value]
    return field.kind.dump(field, value)


# -- one task ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carry:
    """All that may happen to a record's value in one task: mapped, converted, brought back, filled."""

    new: Field
    convert: Convert | None
    back: Convert | None
    """From the originals' kind to the present one, as it was done at that time."""
    fill: Any
    mapping: Mapping[str, str | None] = field(default_factory=dict)

    def carry(self, value: Any, original: Any, live: bool) -> Any:
        """Give the new typed value. Raises `ValueProblem`."""
        if original is not None and self.back is not None and self._untouched(value, original):
            return original
        if value is None or self.convert is None:
            return self.filled(live)
        made = self.convert(_mapped(value, self.mapping) if self.mapping else value)
        return self.filled(live) if made is None else made

    def filled(self, live: bool) -> Any:
        """Give what stands in the field where there is no value."""
        if self.fill is None or not live:
            return None
        return self.new.kind.parse(self.new, self.fill)

    def _untouched(self, value: Any, original: Any) -> bool:
        """Tell whether the present value is still what the original became."""
        assert self.back is not None
        try:
            return bool(self.back(original) == value)
        except ValueProblem:
            return value is None


def for_task(task: CarryField) -> Carry:
    """Make the function of one task."""
    convert = None
    if task.old is not None:
        same = task.mapping is not None or task.old.kind.name == task.new.kind.name
        convert = _same(task.old, task.new) if same else conversion(task.old, task.new)
    back = conversion(task.earlier, task.old) if task.earlier is not None and task.old is not None else None
    return Carry(task.new, convert, back, task.fill, task.mapping or {})


def _mapped(value: Any, mapping: Mapping[str, str | None]) -> Any:
    if isinstance(value, list | tuple):
        mapped = dict.fromkeys(mapping.get(item, item) for item in value)
        return [item for item in mapped if item is not None] or None
    return mapping.get(value, value)


def _same(old: Field, new: Field) -> Convert:
    """The kind stays: scale, targets or choices change. `None` (a choice mapped to nothing) stays None."""
    convert = _function(old, new)
    return lambda value: None if value is None else convert(value)


# -- functions -----------------------------------------------------------------------------------------


def _function(old: Field, new: Field) -> Convert:
    found = _SPECIAL.get((old.kind.name, new.kind.name))
    if found is not None:
        return found(old, new)
    if old.kind.name == new.kind.name:
        return _relink(old, new) if old.kind.is_relation else _through_json(old, new)
    if {old.kind.name, new.kind.name} <= NUMBERS:
        return lambda value: new.kind.parse(new, _number(value))
    return _through_text(old, new)


def _through_json(old: Field, new: Field) -> Convert:
    return lambda value: new.kind.parse(new, old.kind.dump(old, value))


def _through_text(old: Field, new: Field) -> Convert:
    def convert(value: Any) -> Any:
        text = old.kind.to_text(old, value)
        if text.strip() == "" and new.kind.name not in ("text", "long_text", "rich_text"):
            return None
        return new.kind.parse(new, new.kind.from_text(new, text))

    return convert


def _number(value: Any) -> Any:
    if isinstance(value, Mapping):
        raise ValueProblem("currency", f"An amount in {value['currency']} is more than a number.")
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _relink(old: Field, new: Field) -> Convert:
    """Links whose targets are still allowed stay; a record with one that is not keeps all of them parked."""

    def convert(value: Any) -> Any:
        for link in _links(old, value):
            _target_allowed(new, link.entity)
        return value

    return convert


def _links(field: Field, value: Any) -> list[Link]:
    if field.kind.to_many:
        return list(value)
    if field.kind.name == "any_relation":
        return [Link(field.entity_ids.get(value["entity"], value["entity"]), value["id"])]
    return [Link(field.targets[0], value)]


def _target_allowed(new: Field, entity: str) -> None:
    if new.targets and entity not in new.targets:
        raise ValueProblem("target", f"{new.name!r} may not point to a record of {entity!r}.")


def _from_links(old: Field, new: Field) -> Convert:
    def convert(value: Any) -> Any:
        links = _links(old, value)
        for link in links:
            _target_allowed(new, link.entity)
        if new.kind.to_many:
            return links
        if len(links) > 1:
            raise ValueProblem("several", f"It points to {len(links)} records; only one has room.")
        if not links:
            return None
        link = links[0]
        if new.kind.name == "any_relation":
            return {"entity": new.entity_names.get(link.entity, link.entity), "id": link.target}
        return link.target

    return convert


def _to_boolean(old: Field, new: Field) -> Convert:
    def convert(value: Any) -> bool:
        if value not in (0, 1):
            raise ValueProblem("boolean", f"{value} is neither 0 (no) nor 1 (yes).")
        return bool(value)

    return convert


def _from_boolean(old: Field, new: Field) -> Convert:
    return lambda value: new.kind.parse(new, int(value))


def _date_to_datetime(old: Field, new: Field) -> Convert:
    return lambda value: dt.datetime.combine(value, dt.time(), dt.UTC)


def _datetime_to_date(old: Field, new: Field) -> Convert:
    return lambda value: value.astimezone(dt.UTC).date()


def _datetime_to_time(old: Field, new: Field) -> Convert:
    return lambda value: value.astimezone(dt.UTC).time()


def _money(old: Field, new: Field) -> Convert:
    """Money of one currency and money of a currency per record."""

    def convert(value: Any) -> Any:
        own, wanted = old.options.get("currency"), new.options.get("currency")
        if not isinstance(value, Mapping):
            amount = _number(value)
            return new.kind.parse(new, {"amount": amount, "currency": own} if wanted == "record" else amount)
        if wanted not in ("record", value["currency"]):
            raise ValueProblem("currency", f"It is in {value['currency']}, not in {wanted}.")
        amount = _number(value["amount"])
        return new.kind.parse(new, {**value, "amount": amount} if wanted == "record" else amount)

    return convert


def _one_to_list(old: Field, new: Field) -> Convert:
    return lambda value: new.kind.parse(new, [{"value": old.kind.dump(old, value)}])


def _list_to_one(old: Field, new: Field) -> Convert:
    def convert(value: Sequence[Mapping[str, Any]]) -> Any:
        if len(value) > 1:
            raise ValueProblem("several", f"It has {len(value)} values; only one has room.")
        return new.kind.parse(new, value[0]["value"]) if value else None

    return convert


def _choice_to_choices(old: Field, new: Field) -> Convert:
    return lambda value: new.kind.parse(new, [value])


def _choices_to_choice(old: Field, new: Field) -> Convert:
    def convert(value: Sequence[str]) -> Any:
        if len(value) > 1:
            raise ValueProblem("several", f"{len(value)} choices are set; only one has room.")
        return new.kind.parse(new, value[0]) if value else None

    return convert


def _rich_to_plain(old: Field, new: Field) -> Convert:
    def convert(value: str) -> Any:
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", value))).strip("\n")
        if new.kind.name == "text":
            text = " ".join(text.split("\n"))
        return new.kind.parse(new, new.kind.from_text(new, text))

    return convert


def _plain_to_rich(old: Field, new: Field) -> Convert:
    def convert(value: str) -> Any:
        marked = "<br>".join(html.escape(line, quote=False) for line in _LINES.split(value))
        return new.kind.parse(new, f"<p>{marked}</p>")

    return convert


_ALIKE: Final = (
    ("image", "file"), ("file", "image"), ("object", "json"), ("list", "json"),
    ("json", "object"), ("json", "list"),
    ("address", "object"), ("location", "object"), ("object", "address"), ("object", "location"),
    ("address", "json"), ("location", "json"), ("emails", "json"), ("phones", "json"), ("addresses", "json"),
)  # fmt: skip
"""Pairs whose values have the same JSON form."""

_LISTED: Final = (("email", "s"), ("phone", "s"), ("address", "es"))

_SPECIAL: Final[Mapping[tuple[str, str], Callable[[Field, Field], Convert]]] = {
    ("integer", "boolean"): _to_boolean,
    ("decimal", "boolean"): _to_boolean,
    ("rating", "boolean"): _to_boolean,
    ("boolean", "integer"): _from_boolean,
    ("boolean", "decimal"): _from_boolean,
    ("date", "datetime"): _date_to_datetime,
    ("datetime", "date"): _datetime_to_date,
    ("datetime", "time"): _datetime_to_time,
    ("choice", "choices"): _choice_to_choices,
    ("choices", "choice"): _choices_to_choice,
    ("money", "money"): _money,
    **dict.fromkeys(_ALIKE, _through_json),
    **{(one, f"{one}{tail}"): _one_to_list for one, tail in _LISTED},
    **{(f"{one}{tail}", one): _list_to_one for one, tail in _LISTED},
    **{
        (old, new): _from_links
        for old in ("relation", "relations", "any_relation")
        for new in ("relation", "relations", "any_relation")
        if old != new
    },
    **{("rich_text", new): _rich_to_plain for new in ("text", "long_text", "email", "phone", "url")},
    **{(old, "rich_text"): _plain_to_rich for old in ("text", "long_text", "email", "phone", "url")},
}
