"""Home: what is mine and due, what I touched, where to begin.

Blocks whose entities or fields are missing are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import render_template

from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import AmityError
from amity.records.recent import touched
from amity.records.shapes import Query, Record
from amity.web.context import current, workspace
from amity.web.staff.access import EntityHead, decide, formatter, head, readable_entities
from amity.web.staff.blueprint import blueprint
from amity.web.staff.filters import quoted
from amity.web.staff.showing import Shower, label
from amity.web.texts import gettext as _

SHOWN: Final = 6
TOUCHED: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list on the home page."""

    title: str
    url: str
    note: str = ""
    when: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A list on the home page."""

    key: str
    title: str
    icon: str
    lines: tuple[Line, ...]
    empty: str
    more_url: str
    add_url: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """Context of `pages/home.html` as `page`."""

    greeting: str
    today: str
    blocks: tuple[Block, ...]
    entities: tuple[EntityHead, ...]
    is_admin: bool
    is_empty: bool
    """Whether there are no entities yet: the first steps are shown instead."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A block of due records: shown when the entity has all the fields it names."""

    key: str
    entity: str
    title: str
    icon: str
    fields: tuple[str, ...]
    mine: str
    when: str
    where: str
    empty: str


_DUE: Final = (
    _Wanted("tasks", "task", "My open tasks", "checkbox", ("status", "assignee", "due_on"), "assignee",
            "due_on", "status != 'done' && status != 'dropped'", "Nothing is waiting for you."),
    _Wanted("appointments", "appointment", "My next appointments", "calendar-event",
            ("starts_at", "host", "status"), "host", "starts_at",
            "starts_at >= now() - hours(2) && status != 'cancelled'", "No appointments ahead."),
    _Wanted("follow-ups", "interaction", "To follow up", "arrow-forward-up", ("follow_up_on", "handled_by"),
            "handled_by", "follow_up_on", "follow_up_on != null && follow_up_on <= today() + days(7)",
            "Nobody waits for an answer from you."),
)  # fmt: skip


@blueprint.get("/")
def show_home() -> str:
    """Show the home page."""
    ctx = current()
    entities = readable_entities(ctx)
    known = {entity.name: entity for entity in entities}
    blocks = [block for wanted in _DUE if (block := _due(ctx, wanted, known)) is not None]
    if entities:
        blocks.append(_touched(ctx, known))
    page = HomePage(
        greeting=_greeting(ctx),
        today=formatter().date(formatter().today),
        blocks=tuple(blocks),
        entities=tuple(head(ctx, entity) for entity in entities),
        is_admin=ctx.actor.is_admin,
        is_empty=not entities,
    )
    return render_template("pages/home.html", page=page)


def _greeting(ctx: Context) -> str:
    first = ctx.actor.name.split()[0] if ctx.actor.name.strip() else ""
    hour = formatter().local(ctx.now).hour
    if hour < 11:
        return _("Good morning, %(name)s", name=first)
    return _("Good evening, %(name)s", name=first) if hour >= 18 else _("Hello, %(name)s", name=first)


def _due(ctx: Context, wanted: _Wanted, known: Mapping[str, Entity]) -> Block | None:
    entity = known.get(wanted.entity)
    if entity is None:
        return None
    decision = decide(ctx, "read", entity)
    if not all(name in entity.by_name and decision.can_read(name) for name in wanted.fields):
        return None
    where = wanted.where
    title = _(wanted.title)
    if ctx.actor.employee:
        where = f"{where} && {wanted.mine} == {quoted(ctx.actor.employee)}"
    else:
        title = title.replace(_("My "), "").capitalize()
    about = _about(ctx, entity)
    fields = tuple(dict.fromkeys([*entity.display, wanted.when, *about]))
    query = Query(where=where, sort=wanted.when, fields=fields, limit=SHOWN)
    try:
        found = workspace().records.find(ctx, entity.name, query)
    except AmityError:  # somebody reshaped the entity: the block would be wrong, the page must not be
        return None
    shower = Shower(ctx, entity, found.labels)
    lines = [_due_line(shower, record, wanted.when, about) for record in found.records]
    more = f"/e/{entity.name}?{_query(where, wanted.when)}"
    add = f"/e/{entity.name}/new" if decide(ctx, "create", entity).allowed else ""
    if add and ctx.actor.employee:
        add += f"?set-{wanted.mine}={ctx.actor.employee}"
    return Block(wanted.key, title, wanted.icon, tuple(lines), _(wanted.empty), more if lines else "", add)


def _query(where: str, sort: str) -> str:
    return urlencode({"where": where, "sort": sort})


def _about(ctx: Context, entity: Entity) -> list[str]:
    """Names of the relations that say with whom: three calls are told apart by the people called."""
    names = entity.timeline.relations if entity.timeline else ()
    return [name for name in names if decide(ctx, "read", entity).can_read(name)]


def _due_line(shower: Shower, record: Record, when: str, about: Sequence[str]) -> Line:
    formats, entity = formatter(), shower.entity
    linked = [shown.text for name in about if (shown := shower.show(record, name)) is not None]
    value = record.get(when)
    text, late = "", False
    if isinstance(value, dt.datetime):
        day = formats.local(value).date()
        text = f"{formats.day(day)}, {formats.time(value)}"
    elif isinstance(value, dt.date):
        text, late = formats.day(value), value < formats.today
    note = ", ".join(text for text in linked if text)
    return Line(label(entity, record), f"/e/{entity.name}/{record.id}", note, text, late)


def _touched(ctx: Context, known: Mapping[str, Entity]) -> Block:
    lines = []
    for entity, identity, at, text in _recent(ctx, known):
        lines.append(Line(text, f"/e/{entity.name}/{identity}", entity.title, formatter().ago(at)))
    empty = _("What you add or change shows here, so that you find it again.")
    return Block("touched", _("Lately changed by me"), "history", tuple(lines), empty, "", "")


def _recent(ctx: Context, known: Mapping[str, Entity]) -> Sequence[tuple[Entity, str, dt.datetime, str]]:
    """Give the records that the person changed last and may still read, newest first."""
    by_id = {entity.id: entity for entity in known.values()}
    rows = [row for row in touched(workspace().database, ctx, TOUCHED * 2) if row.entity in by_id]
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.entity, []).append(row.record)
    labels = {key: workspace().records.labels(ctx, by_id[key].name, wanted) for key, wanted in ids.items()}
    found = [
        (by_id[row.entity], row.record, row.at, labels[row.entity][row.record])
        for row in rows
        if row.record in labels[row.entity]
    ]
    return found[:TOUCHED]
