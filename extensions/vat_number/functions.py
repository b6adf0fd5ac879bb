"""The function `vat_country` for expressions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func

from amity.expressions.scope import Function, Signature
from amity.expressions.types import TEXT


def _sql(_dialect: str, number: Any) -> Any:
    return func.substr(number, 1, 2)


VAT_COUNTRY: Final = Function(
    "vat_country",
    (Signature((TEXT,), TEXT),),
    lambda number: number[:2],
    "The letters of the country at the front of a VAT number: vat_country(vat) == 'DE'.",
    sql=_sql,
)
