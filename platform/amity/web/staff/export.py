"""The records of a list as a CSV file."""

from __future__ import annotations

from itertools import chain, islice

from flask import Response, request

from amity.exchange.exporting import export_csv
from amity.web.context import current, workspace
from amity.web.staff.access import find_entity
from amity.web.staff.blueprint import blueprint


@blueprint.get("/e/<name>/export")
def export_list(name: str) -> Response:
    """Send what the list's filter and search find, page by page."""
    ctx = current()
    entity = find_entity(ctx, name)
    here = workspace()
    where, q = request.args.get("where") or None, request.args.get("q") or None
    lines = export_csv(here.records, here.definitions.model, ctx, entity.name, where, q)
    begun = list(islice(lines, 2))  # rights and mistakes are told before the file begins
    response = Response(chain(begun, lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{entity.name}.csv"'
    return response
