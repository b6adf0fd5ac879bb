"""Search across all entities, and the palette's live results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import Response, render_template, request

from amity import jsontext
from amity.access.context import Context
from amity.records.shapes import Hit
from amity.web.context import current, workspace
from amity.web.staff.access import readable_entities
from amity.web.staff.blueprint import blueprint

LIMIT: Final = 60
PALETTE: Final = 8
SHOWN: Final = 8
"""So many hits of one entity are shown; its list has the others."""
MAX_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class HitGroup:
    """What was found in one entity."""

    title: str
    icon: str
    list_url: str
    hits: tuple[tuple[str, str], ...]
    """(label, address)."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Context of `pages/search.html` as `page`."""

    q: str
    groups: tuple[HitGroup, ...]
    total: int


@blueprint.get("/search")
def show_search() -> str:
    """Show what was found, grouped by entity."""
    ctx = current()
    q = request.args.get("q", "").strip()[:MAX_WORDS]
    hits = workspace().records.search(ctx, q, limit=LIMIT) if q else []
    return render_template("pages/search.html", page=SearchPage(q, _grouped(ctx, hits, q), len(hits)))


@blueprint.get("/search/palette")
def search_palette() -> Response:
    """Give the first hits as JSON for the palette."""
    ctx = current()
    q = request.args.get("q", "").strip()[:MAX_WORDS]
    hits = workspace().records.search(ctx, q, limit=PALETTE) if q else []
    entities = {entity.name: entity for entity in readable_entities(ctx)}
    found = [
        {
            "title": hit.label,
            "url": f"/e/{hit.entity}/{hit.id}",
            "icon": entities[hit.entity].icon,
            "note": entities[hit.entity].title,
        }
        for hit in hits
        if hit.entity in entities
    ]
    return Response(jsontext.dumps_bytes({"hits": found}), content_type="application/json")


def _grouped(ctx: Context, hits: list[Hit], q: str) -> tuple[HitGroup, ...]:
    entities = {entity.name: entity for entity in readable_entities(ctx)}
    by_entity: dict[str, list[Hit]] = {}
    for hit in hits:
        by_entity.setdefault(hit.entity, []).append(hit)
    return tuple(
        HitGroup(
            title=entities[name].plural,
            icon=entities[name].icon,
            list_url=f"/e/{name}?{urlencode({'q': q})}",
            hits=tuple((hit.label, f"/e/{name}/{hit.id}") for hit in found[:SHOWN]),
        )
        for name, found in by_entity.items()
        if name in entities
    )
