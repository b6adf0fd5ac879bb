"""`Records`: the only door to records. Thin: each verb's work lives in a module of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from amity.access.context import Context
from amity.access.policy import Policy
from amity.database.engine import Database
from amity.expressions import Function
from amity.extension import RecordValidator
from amity.records import (
    aggregating,
    bulk,
    changing,
    computing,
    counting,
    deletion,
    history,
    indexing,
    reading,
    restoring,
    rolling,
    searching,
    timeline,
)
from amity.records.listeners import Listener
from amity.records.machine import Definitions, Machine
from amity.records.shapes import (
    Aggregate,
    BulkMode,
    BulkResult,
    Chosen,
    Count,
    Deletion,
    Deletions,
    EventPage,
    Hit,
    Page,
    Query,
    Record,
)

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
        listeners: Sequence[Listener] = (rolling.Rollups(),),
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

    @contextmanager
    def together(self) -> Iterator[Records]:
        """Give the same records for several calls that are one transaction: all of them, or nothing.

        Others who write wait meanwhile on SQLite, and on PostgreSQL where they touch the same records.
        """
        with self.machine.together() as machine:
            joined = copy(self)
            joined.machine = machine
            yield joined

    def create(
        self, ctx: Context, entity: str, values: Values, *, children: changing.Children | None = None
    ) -> Record:
        """Make a record. Raises `Invalid`, `Forbidden`, `NotFound`."""
        return changing.create(self.machine, ctx, entity, values, children)

    def get(self, ctx: Context, entity: str, id: str, *, fields: Sequence[str] | None = None) -> Record:
        """Read one record. Raises `NotFound` where it is absent or unreadable."""
        return reading.get(self.machine, ctx, entity, id, fields)

    def find(self, ctx: Context, entity: str, query: Query | None = None) -> Page:
        """List records. Raises `Invalid` with the parameter that is wrong."""
        return reading.find(self.machine, ctx, entity, query or Query())

    def aggregate(
        self,
        ctx: Context,
        entity: str,
        *,
        group: Sequence[str] = (),
        measures: Sequence[str] = ("count",),
        where: str | None = None,
    ) -> Aggregate:
        """Grouped figures: `count`, `sum:field`, `avg:`, `min:` and `max:field`, by up to three fields."""
        return aggregating.aggregate(self.machine, ctx, entity, group, measures, where)

    def update(
        self,
        ctx: Context,
        entity: str,
        id: str,
        patch: Values,
        *,
        version: int,
        children: changing.Children | None = None,
    ) -> Record:
        """Change a record by JSON merge patch. Raises `Stale` with yours, theirs and base."""
        return changing.update(self.machine, ctx, entity, id, patch, version, children)

    def bulk(
        self,
        ctx: Context,
        entity: str,
        rows: Sequence[object],
        *,
        key: str | Sequence[str] | None = None,
        mode: BulkMode = "each",
        dry_run: bool = False,
        any_version: bool = False,
    ) -> BulkResult:
        """Create, update (rows with `id` and `version`) or upsert by `key` up to 10,000 records.

        `dry_run` writes nothing; with `any_version` rows with an id need not say which version they saw.
        """
        options = bulk.Options(key=key, mode=mode, dry_run=dry_run, any_version=any_version)
        return bulk.bulk(self.machine, ctx, entity, rows, options)

    def deletion(self, ctx: Context, entity: str, id: str) -> Deletion:
        """Say what else would go and what refuses; changes nothing."""
        return deletion.preview(self.machine, ctx, entity, [id])

    def deletion_of(self, ctx: Context, entity: str, ids: Sequence[str]) -> Deletion:
        """The same for several records that are deleted together; those that are not there are left out."""
        return deletion.preview(self.machine, ctx, entity, ids)

    def delete(self, ctx: Context, entity: str, id: str, *, version: int) -> Deletion:
        """Put a record into the bin, with what goes with it. Raises `InUse`, `Stale`."""
        return deletion.delete(self.machine, ctx, entity, id, version=version)

    def delete_many(
        self, ctx: Context, entity: str, rows: Sequence[Chosen], *, mode: BulkMode = "each"
    ) -> Deletions:
        """Put up to 10,000 records, (id, version seen or None) each, into the bin.

        With `each` those that cannot go stay, and `errors` says why; with `all` none goes then (`Invalid`).
        """
        return deletion.delete_many(self.machine, ctx, entity, rows, mode)

    def restore(self, ctx: Context, entity: str, id: str) -> Record:
        """Bring a record back from the bin, with exactly what its deletion took."""
        return restoring.restore(self.machine, ctx, entity, id)

    def restore_many(
        self, ctx: Context, entity: str, ids: Sequence[str], *, cause: str | None = None
    ) -> Deletions:
        """Bring up to 10,000 records back, each with exactly what its deletion took.

        Those that cannot come stay in the bin, and `errors` says why. With `cause` only records that were
        deleted last by the request of that `cause_id`.
        """
        return restoring.restore_many(self.machine, ctx, entity, ids, cause)

    def deleted_by(self, ctx: Context, entity: str, cause: str) -> list[str]:
        """Ids of the records that the caller chose for deletion in the request of that `cause_id`."""
        return restoring.deleted_by(self.machine, ctx, entity, cause)

    def bin(self, ctx: Context, entity: str, query: Query | None = None) -> Page:
        """List deleted records."""
        return reading.bin_page(self.machine, ctx, entity, query or Query())

    def history(
        self, ctx: Context, entity: str, id: str, *, after: str | None = None, limit: int = 50
    ) -> EventPage:
        """What happened to a record, the newest first."""
        return history.history(self.machine, ctx, entity, id, after, limit)

    def feed(self, ctx: Context, *, after: str | None = None, limit: int = 100) -> EventPage:
        """Events of all entities in order; `next` is where to go on, also when there is nothing new yet."""
        return history.feed(self.machine, ctx, after, limit)

    def search(
        self, ctx: Context, text: str, *, entities: Sequence[str] | None = None, limit: int = 20
    ) -> list[Hit]:
        """Find records of any entity by words, the best first."""
        return searching.search(self.machine, ctx, text, entities, limit)

    def reindex(self, ctx: Context, entity: str) -> int:
        """Rebuild the search index of an entity, after a change of its fields; give the number of records."""
        return indexing.reindex(self.machine, ctx, entity)

    def recompute(self, ctx: Context, entity: str, state: Mapping[str, Any], report: computing.Report) -> int:
        """Compute the formulas of all records anew, after a change of definitions; see `computing`."""
        return computing.recompute(self.machine, ctx, entity, state, report)

    def counts(self, ctx: Context) -> dict[str, Count]:
        """How many records there are that may be read, to a cap, by entity; one statement for all."""
        return counting.counts(self.machine, ctx)

    def labels(self, ctx: Context, entity: str, ids: Sequence[str]) -> dict[str, str]:
        """Labels by id of those records that exist and may be read."""
        return reading.labels(self.machine, ctx, entity, ids)

    def find_ids(self, ctx: Context, entity: str, field: str, values: Sequence[Any]) -> dict[Any, str]:
        """Ids by JSON value of a field; a value that no record or more than one has is left out."""
        return reading.find_ids(self.machine, ctx, entity, field, values)

    def related(self, ctx: Context, entity: str, id: str, inverse: str, query: Query | None = None) -> Page:
        """List the records that point to a record, by the name that the relation's other side has."""
        return reading.related(self.machine, ctx, entity, id, inverse, query or Query())

    def timeline(
        self, ctx: Context, entity: str, id: str, query: timeline.TimelineQuery | None = None
    ) -> timeline.Timeline:
        """What happened with a record's party in all its roles, and what is next."""
        return timeline.timeline(self.machine, ctx, entity, id, query or timeline.TimelineQuery())
