"""Lists: filter, search, sort, page and count, in SQL, under the caller's policy."""

from __future__ import annotations

from sqlalchemy import Connection

from amity.entities.model import Entity
from amity.errors import Invalid
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.cursors import digest, read_cursor, write_cursor
from amity.records.listing import LIVE, Planner, Restriction
from amity.records.machine import Machine
from amity.records.reader import Reader
from amity.records.shapes import MAX_LIMIT, Page, Query


def find_page(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    entity: Entity,
    query: Query,
    restriction: Restriction = LIVE,
) -> Page:
    """Read one page of a list. Raises `Invalid` with the parameter that is wrong."""
    _check_bounds(query)
    reader = Reader(machine, caller, connection, entity)
    listing, values = Planner(machine, caller, entity, restriction).plan(query, reader)
    about = restriction.name, sorted(restriction.values.items())
    question = digest(entity.id, about, query.where, query.q, query.sort)
    revision = caller.model.revision
    after = None
    if query.after is not None:
        after = read_cursor(machine.secret, revision, question, query.after, len(listing.keys)).values
    heavy = bool(query.where or query.q or query.sort)
    with bounded(connection, machine.database.dialect, heavy):
        rows = listing.rows(connection, values, after, query.limit + 1)
        count = None
        if query.count != "none":
            count = listing.count(connection, values, exact=query.count == "exact")
    shown = rows[: query.limit]
    records, labels = reader.present(listing.selection, shown)
    following = None
    if len(rows) > query.limit:
        last = list(shown[-1][len(listing.selection.columns) :])
        following = write_cursor(machine.secret, revision, question, last)
    return Page(records, following, count, labels)


def _check_bounds(query: Query) -> None:
    if not isinstance(query.limit, int) or not 1 <= query.limit <= MAX_LIMIT:
        raise Invalid.parameter("limit", "range", f"The limit is {query.limit}; allowed is 1 to {MAX_LIMIT}.")
    if query.count not in ("none", "capped", "exact"):
        raise Invalid.parameter(
            "count", "choice", f"count is {str(query.count)[:40]!r}; allowed are none, capped and exact."
        )
