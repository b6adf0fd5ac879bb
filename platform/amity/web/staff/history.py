"""The history of a record: who changed what, when, from which value to which, and by what cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request

from amity.access.context import Context
from amity.entities.model import Entity
from amity.records.shapes import Event, EventPage
from amity.web import htmx
from amity.web.context import current, workspace
from amity.web.staff.access import EntityHead, account_names, field_title, find_entity, formatter, head
from amity.web.staff.blueprint import blueprint
from amity.web.staff.showing import Shower, label
from amity.web.texts import gettext as _

PAGE: Final = 20
_VERBS: Final = {
    "created": "added this",
    "updated": "changed this",
    "deleted": "deleted this",
    "restored": "brought this back",
    "linked": "linked this",
    "unlinked": "unlinked this",
}
_CAUSES: Final = {
    "form": "",
    "api": "through the API",
    "import": "by an import",
    "bulk": "with several at once",
    "cascade": "because a linked record was deleted",
    "undo": "as an undo",
    "demo": "as sample data",
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field that an event changed; texts are "" for null."""

    title: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as people read it."""

    who: str
    what: str
    cause: str
    ago: str
    moment: str
    at: dt.datetime
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Context of `fragments/history.html` and `pages/history.html` as `page`."""

    entity: EntityHead
    record_id: str
    label: str
    url: str
    events: tuple[EventLine, ...]
    more_url: str


@blueprint.get("/e/<name>/<uuid:identity>/history")
def show_history(name: str, identity: Any) -> str:
    """Show further events; the record page has the first ones."""
    ctx = current()
    entity = find_entity(ctx, name)
    record = workspace().records.get(ctx, entity.name, str(identity), fields=entity.display)
    page = make_history(ctx, entity, record.id, label(entity, record), after=request.args.get("after"))
    return render_template(
        "fragments/history.html" if htmx.is_fragment() else "pages/history.html", page=page
    )


def make_history(
    ctx: Context, entity: Entity, identity: str, name: str, after: str | None = None
) -> HistoryPage:
    """Ask for the newest events of a record and put them into words."""
    found = workspace().records.history(ctx, entity.name, identity, after=after, limit=PAGE)
    url = f"/e/{entity.name}/{identity}"
    return HistoryPage(
        entity=head(ctx, entity),
        record_id=identity,
        label=name,
        url=url,
        events=tuple(lines(ctx, entity, found)),
        more_url=f"{url}/history?after={found.next}" if found.next else "",
    )


def lines(ctx: Context, entity: Entity, found: EventPage) -> list[EventLine]:
    """Put events into words."""
    owners = {value for event in found.events for value in event.changes.get("owner", ()) if value}
    names = account_names({event.actor for event in found.events if event.actor} | owners)
    shower = Shower(ctx, entity, found.labels)
    return [_line(shower, event, names) for event in found.events]


def _line(shower: Shower, event: Event, names: Mapping[str, str]) -> EventLine:
    formats = formatter()
    kind = str(event.cause.get("kind", ""))
    verb = _VERBS.get(event.kind)
    return EventLine(
        who=names.get(event.actor or "", "Amity"),
        what=_(verb) if verb else event.kind,
        cause=_(_CAUSES[kind]) if _CAUSES.get(kind) else "",
        ago=formats.ago(event.at),
        moment=formats.moment(event.at),
        at=event.at,
        changes=tuple(_changes(shower, event, names)),
    )


def _changes(shower: Shower, event: Event, names: Mapping[str, str]) -> Sequence[ChangeLine]:
    made = []
    for name, (old, new) in event.changes.items():
        field = shower.entity.by_name.get(name)
        title = field_title(shower.entity, name)
        if field is None and name == "owner":
            made.append(ChangeLine(title, names.get(old or "", ""), names.get(new or "", "")))
            continue
        made.append(ChangeLine(title, shower.from_json(name, old), shower.from_json(name, new)))
    return made
