"""VAT numbers of the European Union: a kind of field, a function for expressions and a panel.

It is small on purpose: what an extension can do, in the fewest lines. See README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity.extensions.vat_number.functions import VAT_COUNTRY
from amity.extensions.vat_number.kind import VatNumber, VatNumberKind
from amity.extensions.vat_number.numbers import COUNTRIES, has_check

from amity import hookimpl
from amity.entities.kinds.base import Kind
from amity.expressions.scope import Function
from amity.extension import Panel


@hookimpl
def amity_kinds() -> Sequence[Kind]:
    """Give the kind `vat_number`."""
    return [VatNumberKind()]


@hookimpl
def amity_functions() -> Sequence[Function]:
    """Give the function `vat_country`."""
    return [VAT_COUNTRY]


@hookimpl
def amity_panels() -> Sequence[Panel]:
    """Give a panel for every record that holds a VAT number."""
    return [Panel(name="vat", title="VAT number", template="vat_number/panel.html", render=_panel)]


def _panel(_entity: str, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    numbers = [value for value in values.values() if isinstance(value, VatNumber)]
    if not numbers:
        return None
    return {
        "numbers": [
            {"text": number, "country": COUNTRIES[number[:2]].name, "checked": has_check(number)}
            for number in numbers
        ]
    }
