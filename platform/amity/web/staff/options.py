"""Records and choices to choose from: for filters, for relation inputs, with and without JavaScript.

Without JavaScript a `<select>` offers the selected records and those changed last; with it, the same
`<select>` becomes a search box that asks `/e/<entity>/picker` or, for several entities, `/picker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, g, request

from amity import jsontext
from amity.access.context import Context
from amity.entities.model import Entity, Field
from amity.records.links import links_of
from amity.records.shapes import Query
from amity.web.context import current, workspace
from amity.web.forms import Choices, Option
from amity.web.staff.access import decide, find_entity
from amity.web.staff.blueprint import blueprint
from amity.web.staff.filters import Operator
from amity.web.staff.showing import label

SHOWN: Final = 25
"""So many records a plain `<select>` offers; the picker's search finds the rest."""
SHOWN_OF_MANY: Final = 8
"""The same per entity where records of several entities can be chosen."""


@blueprint.get("/e/<name>/picker")
def show_picker(name: str) -> Response:
    """Give records of one entity by what was typed, as JSON for the search box."""
    ctx = current()
    entity = find_entity(ctx, name)
    return _answer(find_options(ctx, entity, request.args.get("q", "").strip()))


@blueprint.get("/picker")
def show_any_picker() -> Response:
    """The same for several entities (`entities=a,b` or `any`); values are `entity/id`."""
    ctx = current()
    model = workspace().definitions.model
    asked = request.args.get("entities", "any")
    wanted = list(model.entities) if asked == "any" else asked.split(",")
    q = request.args.get("q", "").strip()
    found: list[Option] = []
    for entity in _readable(ctx, wanted):
        for option in find_options(ctx, entity, q, SHOWN_OF_MANY):
            found.append(_named(entity, option, with_title=True))
    return _answer(found)


def _answer(options: Sequence[Option]) -> Response:
    members = [{"value": item.value, "title": item.title} for item in options]
    return Response(jsontext.dumps_bytes({"options": members}), content_type="application/json")


def picker_url(entity: str) -> str:
    """Give the address of an entity's picker."""
    return f"/e/{entity}/picker"


def find_options(ctx: Context, entity: Entity, q: str = "", limit: int = SHOWN) -> list[Option]:
    """Give records by label: those that match, else those changed last. Kept for the request."""
    if not decide(ctx, "read", entity).allowed:
        return []
    known: dict[tuple[str, str, int], list[Option]] = g.setdefault("options", {})
    key = (entity.id, q, limit)
    if key not in known:
        query = Query(q=q or None, sort="" if q else "-updated_at", fields=entity.display, limit=limit)
        page = workspace().records.find(ctx, entity.name, query)
        known[key] = [Option(record.id, label(entity, record)) for record in page.records]
    return known[key]


def relation_choices(ctx: Context, field: Field, value: Any) -> Choices:
    """Give what the input of a relation offers; `value` is JSON, perhaps as it was mistyped."""
    model = workspace().definitions.model
    several = len(field.targets) != 1
    targets = [model.by_id[key] for key in field.targets if key in model.by_id] or list(model)
    readable = [entity for entity in targets if decide(ctx, "read", entity).allowed]
    chosen = _chosen(ctx, field, value, several)
    taken = {option.value for option in chosen}
    offered = []
    for entity in readable:
        for option in find_options(ctx, entity, limit=SHOWN_OF_MANY if several else SHOWN):
            option = _named(entity, option) if several else option
            if option.value not in taken:
                offered.append(
                    replace(option, title=f"{option.title} ({entity.title})") if several else option
                )
    names = ",".join(entity.name for entity in readable)
    url = f"/picker?{urlencode({'entities': names})}" if several else picker_url(targets[0].name)
    return Choices((*chosen, *offered), url if readable else "")


def _chosen(ctx: Context, field: Field, value: Any, several: bool) -> list[Option]:
    """The records that are linked now, with their labels, one look-up per entity."""
    model = workspace().definitions.model
    try:
        links = links_of(model, field, value)
    except (AttributeError, KeyError, TypeError):
        return []
    ids: dict[str, list[str]] = {}
    for link in links:
        ids.setdefault(link.entity, []).append(link.id)
    labels = {
        name: workspace().records.labels(ctx, name, wanted)
        for name, wanted in ids.items()
        if name in model.entities and decide(ctx, "read", model.entities[name]).allowed
    }
    made = []
    for link in links:
        text = labels.get(link.entity, {}).get(link.id)
        if text is not None:
            option = Option(link.id, text, True)
            made.append(_named(model.entities[link.entity], option) if several else option)
    return made


def _named(entity: Entity, option: Option, with_title: bool = False) -> Option:
    title = f"{option.title} ({entity.title})" if with_title else option.title
    return replace(option, value=f"{entity.name}/{option.value}", title=title, group=entity.plural)


def _readable(ctx: Context, names: Sequence[str]) -> list[Entity]:
    model = workspace().definitions.model
    wanted = [model.entities[name] for name in names if name in model.entities]
    return [entity for entity in wanted if decide(ctx, "read", entity).allowed]


def filter_options(
    ctx: Context, field: Field | None, operator: Operator | None, value: str
) -> tuple[Sequence[Option], str]:
    """Give what the value of a condition is chosen from, and the picker's address for relations."""
    if field is None or operator is None:
        return (), ""
    if operator.input == "choice":
        return [Option(item.value, item.title, item.value == value) for item in field.choices], ""
    if operator.input != "record":
        return (), ""
    target = workspace().definitions.model.by_id.get(field.targets[0])
    if target is None:
        return (), ""
    options = find_options(ctx, target)
    if value and value not in {option.value for option in options}:
        known = workspace().records.labels(ctx, target.name, [value])
        options = [*(Option(key, text, True) for key, text in known.items()), *options]
    return [replace(item, selected=item.value == value) for item in options], picker_url(target.name)
