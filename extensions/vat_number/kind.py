"""The kind of field `vat_number`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity.extensions.vat_number.numbers import fault, written

from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.text import TextKind, checked_text
from amity.entities.model import Field


class VatNumber(str):
    """The typed value: a text that is known to be a VAT number, so that the panel finds it."""

    __slots__ = ()


class VatNumberKind(TextKind):
    """A VAT number of the European Union, with its check digits where the country's rule is public."""

    name = "vat_number"
    title = "VAT number"
    icon = "receipt"
    group = "Contact"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 0  # a plain text never says that it is one

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "x-amity": {"kind": "vat_number"}}

    def parse(self, field: Field, value: Any) -> VatNumber:
        text = checked_text(value)
        problem = fault(text)
        if problem is None:
            return VatNumber(text)
        if fault(written(text)) is None:
            raise ValueProblem("format", f"Write it without blanks and in capitals: {written(text)}.")
        raise ValueProblem(*problem)

    def dump(self, field: Field, value: str) -> str:
        return str(value)

    def store(self, field: Field, value: str) -> Mapping[str, Any]:
        return super().store(field, str(value))

    def load(self, field: Field, stored: Mapping[str, Any]) -> Any:
        text = stored[""]
        return None if text is None else VatNumber(text)

    def to_text(self, field: Field, value: str) -> str:
        return str(value)

    def from_text(self, field: Field, text: str) -> str:
        return str(self.parse(field, written(text)))

    def samples(self, field: Field) -> Sequence[Any]:
        return ("ATU13585627", "DE136695976", "FR40303265045")
