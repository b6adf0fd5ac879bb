"""`Records`: the only door to records. Thin: each verb's work lives in a module of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from amity.access.context import Context
from amity.access.policy import Policy
from amity.database.engine import Database
from amity.expressions import Function
from amity.extension import RecordValidator
from amity.records import changing, deletion, reading
from amity.records.listeners import Listener
from amity.records.machine import Definitions, Machine
from amity.records.shapes import Deletion, Page, Query, Record

Values = Mapping[str, Any]


class Records:
    """The records of one workspace.

    `secret` signs cursors; without it they hold for the life of this process only.
    """

    def __init__(
        self,
        database: Database,
        definitions: Definitions,
        policy: Policy,
        functions: Mapping[str, Function],
        validators: Sequence[RecordValidator] = (),
        *,
        listeners: Sequence[Listener] = (),
        secret: str = "",
    ) -> None:
        self.machine = Machine(
            database=database,
            definitions=definitions,
            policy=policy,
            functions=functions,
            secret=secret.encode() or secrets.token_bytes(32),
            validators=validators,
            listeners=listeners,
        )

    def create(self, ctx: Context, entity: str, values: Values) -> Record:
        """Make a record. Raises `Invalid`, `Forbidden`, `NotFound`."""
        return changing.create(self.machine, ctx, entity, values)

    def get(self, ctx: Context, entity: str, id: str, *, fields: Sequence[str] | None = None) -> Record:
        """Read one record. Raises `NotFound` where it is absent or unreadable."""
        return reading.get(self.machine, ctx, entity, id, fields)

    def find(self, ctx: Context, entity: str, query: Query | None = None) -> Page:
        """List records. Raises `Invalid` with the parameter that is wrong."""
        return reading.find(self.machine, ctx, entity, query or Query())

    def update(self, ctx: Context, entity: str, id: str, patch: Values, *, version: int) -> Record:
        """Change a record by JSON merge patch. Raises `Stale` with yours, theirs and base."""
        return changing.update(self.machine, ctx, entity, id, patch, version=version)

    def deletion(self, ctx: Context, entity: str, id: str) -> Deletion:
        """Say what else would go and what refuses; changes nothing."""
        return deletion.preview(self.machine, ctx, entity, id)

    def delete(self, ctx: Context, entity: str, id: str, *, version: int) -> Deletion:
        """Put a record into the bin, with what goes with it. Raises `InUse`, `Stale`."""
        return deletion.delete(self.machine, ctx, entity, id, version=version)
