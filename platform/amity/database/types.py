"""Column types that read and write alike on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import CHAR, JSON, BigInteger, DateTime, Dialect, Numeric, String, Text, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine


class Uuid36(TypeDecorator[str]):
    """An id: 36 characters of text on SQLite, `uuid` on PostgreSQL; always a lower-case `str` in Python."""

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(CHAR(36))


class CodePointText(TypeDecorator[str]):
    """Text that compares by code point: collation "C" on PostgreSQL, BINARY on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(Text())


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment with microseconds; aware and in UTC in Python.

    On SQLite a text of fixed width (`2026-01-31T09:00:00.000000Z`), so that it sorts as time does.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(dt.UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], dt.datetime | None]:
        # Not `process_result_value`: a list reads a hundred of them, and that is called through two others.
        return _in_utc if dialect.name == "postgresql" else _from_text


def _from_text(value: str | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value)


def _in_utc(value: dt.datetime | None) -> dt.datetime | None:
    return None if value is None else value.astimezone(dt.UTC)


class ScaledDecimal(TypeDecorator[Decimal]):
    """An exact decimal of a fixed scale: a scaled integer on SQLite, NUMERIC on PostgreSQL.

    SQLite's own NUMERIC goes through binary floating point, therefore 12.30 with scale 2 is stored as 1230.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self._step = Decimal(1).scaleb(-scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(18 + self.scale, self.scale))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value).quantize(self._step, rounding=ROUND_HALF_UP)
        return exact if dialect.name == "postgresql" else int(exact.scaleb(self.scale))

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Decimal | None] | None:
        if dialect.name == "postgresql":
            return None  # a Decimal already
        places = -self.scale

        def scaled(value: int | None) -> Decimal | None:
            return None if value is None else Decimal(value).scaleb(places)

        return scaled


class IsoDate(TypeDecorator[dt.date]):
    """A pure date; never shifts with a time zone."""

    impl = types.Date
    cache_ok = True


class IsoTime(TypeDecorator[dt.time]):
    """A time of day without a zone, with microseconds."""

    impl = types.Time
    cache_ok = True


class Microseconds(TypeDecorator[int]):
    """A duration as whole microseconds; an `int` in Python, too."""

    impl = BigInteger
    cache_ok = True


def json_type() -> TypeEngine[Any]:
    """Give the type of a JSON column; null is SQL NULL, decimals stay exact (see `amity.jsontext`)."""
    return JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def ordered_json_type() -> TypeEngine[Any]:
    """Give the type of a JSON column whose members keep their order (JSONB sorts them): for documents."""
    return JSON(none_as_null=True)
