"""What the query layer gives to an expression that becomes SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

Dialect = Literal["sqlite", "postgresql"]


class SqlBinding(Protocol):
    """Stands for one record in a query: the root record, a target of a relation, or a record of a loop.

    The query layer decides how relations are reached (an outer-joined alias or correlated subqueries) and
    puts the target's own policy and `deleted_at IS NULL` there: whatever is asked of a target that is
    deleted or unreadable must be null. Subqueries say `correlate_except(their own alias)`: what an
    expression compares in a loop may come from any level around it, and SQLAlchemy by itself looks one
    level up only.
    """

    @property
    def dialect(self) -> Dialect:
        """The database."""

    def column(self, name: str) -> ColumnElement[Any]:
        """Give a field or system field of the record, typed as it is stored (`amity.database.types`).

        For a to-one relation it is the target's id, null when the target is deleted or unreadable.
        """

    def folded(self, name: str) -> ColumnElement[Any]:
        """Give the shadow key of a text field; asked for names with `Name.folded` only."""

    def hop(self, name: str) -> SqlBinding:
        """Give the target of a to-one relation."""

    def exists(
        self, name: str, build: Callable[[SqlBinding], ColumnElement[bool]] | None
    ) -> ColumnElement[bool]:
        """Tell whether a to-many relation has a record that meets the condition (None: any record).

        Never unknown; for a record that is itself missing (a null hop) it is false.
        """

    def count(
        self, name: str, build: Callable[[SqlBinding], ColumnElement[bool]] | None
    ) -> ColumnElement[int]:
        """Count the records of a to-many relation that meet the condition; 0 for a missing record."""

    def value(self, name: str) -> Any:
        """Give the value of a bound name (`now`, `today`, `me`) as it is in Python."""


class Probe:
    """A binding to nothing: making SQL for it tells whether an expression can be a query at all."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect: Dialect = dialect

    def column(self, name: str) -> ColumnElement[Any]:
        """See `SqlBinding`."""
        return sa.column(name)

    def folded(self, name: str) -> ColumnElement[Any]:
        """See `SqlBinding`."""
        return sa.column(name)

    def hop(self, name: str) -> SqlBinding:
        """See `SqlBinding`."""
        return self

    def exists(
        self, name: str, build: Callable[[SqlBinding], ColumnElement[bool]] | None
    ) -> ColumnElement[bool]:
        """See `SqlBinding`."""
        return sa.true() if build is None else build(self)

    def count(
        self, name: str, build: Callable[[SqlBinding], ColumnElement[bool]] | None
    ) -> ColumnElement[int]:
        """See `SqlBinding`."""
        if build is not None:
            build(self)
        return sa.literal_column("0", sa.BigInteger())

    def value(self, name: str) -> Any:
        """See `SqlBinding`."""
        return None


PROBES: Final = (Probe("sqlite"), Probe("postgresql"))
