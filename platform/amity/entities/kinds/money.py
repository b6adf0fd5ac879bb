"""Amounts of money: in the field's currency, or each in its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Locale, ValueProblem
from amity.entities.kinds.decimal import SCALE_OPTION, DecimalKind, exact, plain, read_number
from amity.entities.kinds.json_sql import json_texts
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.parts import has_input
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, Type

PER_RECORD: Final = "record"


def is_currency(code: Any) -> bool:
    """Tell whether a text is a currency code of ISO 4217 such as EUR."""
    from babel.numbers import is_currency as known

    return isinstance(code, str) and len(code) == 3 and code.isascii() and code.isupper() and known(code)


class MoneyKind(DecimalKind):
    """An amount of money, exact. Never added up across currencies."""

    name = "money"
    title = "Money"
    icon = "coin"
    default_scale: ClassVar[int] = 2
    option_schema: ClassVar[Mapping[str, Any]] = {
        "currency": {
            "type": "string",
            "pattern": "^([A-Z]{3}|record)$",
            "description": "Code of ISO 4217, e.g. EUR; `record` where each record has its own.",
        },
        "scale": SCALE_OPTION,
    }

    def per_record(self, field: Field) -> bool:
        """Tell whether each record has its own currency: values are then {"amount", "currency"}."""
        return field.options.get("currency") == PER_RECORD

    def nests(self, field: Field) -> bool:
        return self.per_record(field)

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        if not self.per_record(field):
            return {"type": "number"}
        return {
            "type": "object",
            "properties": {"amount": {"type": "number"}, "currency": {"type": "string"}},
            "required": ["amount", "currency"],
            "additionalProperties": False,
        }

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "number", "x-amity": {"kind": self.name, "currency": "EUR"}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        found = []
        currency = field.options.get("currency")
        if currency is None:
            found.append(
                ValueProblem("required", "Say with `currency` which one, e.g. EUR, or `record`.", "/x-amity")
            )
        elif currency != PER_RECORD and not is_currency(currency):
            found.append(
                ValueProblem("currency", f"{currency!r} is no currency of ISO 4217.", "/x-amity/currency")
            )
        wanted = "object" if self.per_record(field) else "number"
        given = field.schema.get("type", wanted)
        if given != wanted and not (given == "integer" and wanted == "number"):
            found.append(ValueProblem("type", f"With this `currency` the type is {wanted!r}.", "/type"))
        return found

    def parse(self, field: Field, value: Any) -> Any:
        if not self.per_record(field):
            return super().parse(field, value)
        if not isinstance(value, Mapping):
            raise ValueProblem("type", f'This must be {{"amount", "currency"}}, not {type_name(value)}.')
        for name in value:
            if name not in ("amount", "currency"):
                raise ValueProblem("unknown", "Money has the members amount and currency only.")
        for name in ("amount", "currency"):
            if value.get(name) is None:
                raise ValueProblem("required", f"Money needs its {name}, too.", f"/{name}")
        try:
            amount = exact(value["amount"], self.scale(field))
        except ValueProblem as problem:
            raise ValueProblem(problem.code, problem.message, "/amount") from None
        if not is_currency(value["currency"]):
            raise ValueProblem("currency", "This must be a currency of ISO 4217, such as EUR.", "/currency")
        return {"amount": amount, "currency": value["currency"]}

    def dump(self, field: Field, value: Any) -> Any:
        if not self.per_record(field):
            return super().dump(field, value)
        return {"amount": plain(value["amount"]), "currency": value["currency"]}

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        amount = ColumnSpec("", f"decimal:{self.scale(field)}")
        return (amount, ColumnSpec("currency", "text")) if self.per_record(field) else (amount,)

    def store(self, field: Field, value: Any) -> Mapping[str, Any]:
        if not self.per_record(field):
            return {"": value}
        return {"": value["amount"], "currency": value["currency"]}

    def load(self, field: Field, stored: Mapping[str, Any]) -> Any:
        if stored[""] is None or not self.per_record(field):
            return stored[""]
        return {"amount": stored[""], "currency": stored["currency"]}

    def sql(self, field: Field, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        if not self.per_record(field):
            return columns[""]
        # Without the amount: numbers inside nested data cannot be filtered.
        return json_texts({"currency": columns["currency"]}, columns[""])

    def expression_type(self, field: Field) -> Type:
        return DYN if self.per_record(field) else super().expression_type(field)

    def to_text(self, field: Field, value: Any) -> str:
        if not self.per_record(field):
            return super().to_text(field, value)
        return f"{super().to_text(field, value['amount'])} {value['currency']}"

    def from_text(self, field: Field, text: str) -> Any:
        if not self.per_record(field):
            return super().from_text(field, text)
        amount, _, currency = text.strip().rpartition(" ")
        value = {"amount": read_number(amount), "currency": currency.upper()}
        return self.dump(field, self.parse(field, value))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read `name`, or `name.amount` and `name.currency`."""
        if not self.per_record(field):
            return super().from_form(field, form, name)
        if not has_input(form, name):
            return ABSENT
        amount, currency = form.get(f"{name}.amount") or "", form.get(f"{name}.currency") or ""
        if not amount.strip():
            return None
        return {"amount": _number_or_text(amount), "currency": currency.strip().upper() or None}

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        if not self.per_record(field):
            return super().to_form(field, value, locale)
        if not isinstance(value, Mapping):
            return {"amount": "" if value is None else str(value), "currency": ""}
        amount = value.get("amount")
        shown = "" if amount is None else format(amount, "f") if isinstance(amount, Decimal) else str(amount)
        return {"amount": shown, "currency": value.get("currency") or ""}

    def format(self, field: Field, value: Any, locale: Locale) -> str:
        from babel.numbers import format_currency

        alone = not self.per_record(field)
        amount = value if alone else value["amount"]
        currency = field.options.get("currency", "") if alone else value["currency"]
        return format_currency(amount, currency, locale=babel_locale(locale), decimal_quantization=False)


def _number_or_text(text: str) -> Any:
    try:
        return read_number(text)
    except ValueProblem:
        return text
