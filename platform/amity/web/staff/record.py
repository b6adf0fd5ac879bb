"""The page of one record: who is this, what happened, what is next, who else knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import render_template, request

from amity.access.context import Context
from amity.entities.model import Entity, Inverse, Section
from amity.errors import NotFound
from amity.records.links import links_of
from amity.records.shapes import Query, Record
from amity.records.timeline import TimelineQuery
from amity.web.context import current, workspace
from amity.web.panels import PanelView, panels
from amity.web.staff.access import (
    EntityHead,
    account_names,
    decide,
    field_title,
    find_entity,
    formatter,
    head,
    readable_fields,
)
from amity.web.staff.blueprint import blueprint
from amity.web.staff.columns import related_columns
from amity.web.staff.history import HistoryPage, make_history
from amity.web.staff.labels import labels_of
from amity.web.staff.rules import Rules
from amity.web.staff.showing import Shower, Shown, label
from amity.web.staff.starting import StartButton, start_buttons
from amity.web.staff.talk import CommentLine, comments_of
from amity.web.staff.timeline import (
    AHEAD,
    FIRST,
    Talk,
    TimelineView,
    covered,
    link_text,
    make_timeline,
    new_url,
)
from amity.web.texts import gettext as _
from amity.workflows.engine.runs import RunQuery
from amity.workflows.engine.runs import find as find_runs

RELATED: Final = 5
KEY_FACTS: Final = 4
_REACH: Final = frozenset({"email", "phone", "url", "address", "emails", "phones", "addresses"})
_TELLING: Final = frozenset(
    {"choice", "email", "phone", "relation", "money", "date", "datetime", "any_relation"}
)
SHOWN_BESIDE: Final = 14


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the layout with its values."""

    title: str
    columns: int
    values: tuple[Shown, ...]

    @property
    def filled(self) -> tuple[Shown, ...]:
        """The values that are there."""
        return tuple(shown for shown in self.values if not shown.empty)

    @property
    def unfilled(self) -> tuple[str, ...]:
        """Titles of the empty fields: one quiet line instead of a column of dashes."""
        return tuple(shown.title for shown in self.values if shown.empty)


@dataclass(frozen=True, slots=True)
class SharedView:
    """How to reach a record, as its party says it."""

    role: str
    """Title of the party's entity."""
    label: str
    url: str
    values: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """A record that points here."""

    label: str
    url: str
    values: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class RelatedList:
    """The records of one relation that point here, the first few."""

    key: str
    title: str
    icon: str
    rows: tuple[RelatedRow, ...]
    count: str
    more_url: str
    add_url: str
    add_title: str


@dataclass(frozen=True, slots=True)
class RunNote:
    """A run of a workflow about the record."""

    title: str
    url: str
    state: str
    ago: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Context of `pages/record.html` as `page`."""

    entity: EntityHead
    id: str
    version: int
    label: str
    url: str
    facts: tuple[Shown, ...]
    sections: tuple[SectionView, ...]
    shared: tuple[SharedView, ...]
    timeline: TimelineView | None
    """With the comments; None where no entity has entries about records like this one."""
    related: tuple[RelatedList, ...]
    panels: tuple[PanelView, ...]
    comments: tuple[CommentLine, ...]
    """Where there is no timeline."""
    starts: tuple[StartButton, ...]
    runs: tuple[RunNote, ...]
    """The latest runs of workflows about the record, for admins."""
    history: HistoryPage
    created: str
    changed: str
    owner: str

    @property
    def shown_sections(self) -> tuple[SectionView, ...]:
        """The sections that have something to show."""
        return tuple(section for section in self.sections if section.filled)

    @property
    def unfilled(self) -> tuple[str, ...]:
        """Titles of the fields of all other sections."""
        return tuple(title for section in self.sections if not section.filled for title in section.unfilled)


@blueprint.get("/e/<name>/<uuid:identity>")
def show_record(name: str, identity: Any) -> str:
    """Show everything about one record on one page."""
    ctx = current()
    entity = find_entity(ctx, name)
    record = workspace().records.get(ctx, entity.name, str(identity))
    return render_template("pages/record.html", page=make_page(ctx, entity, record))


@blueprint.get("/e/<name>/<uuid:identity>/related/<inverse>")
def show_related(name: str, identity: Any, inverse: str) -> str:
    """Show all records of one relation that point here."""
    ctx = current()
    entity = find_entity(ctx, name)
    record = workspace().records.get(ctx, entity.name, str(identity), fields=entity.display)
    page = related_page(ctx, entity, record, inverse, request.args.get("after"))
    return render_template("pages/related.html", page=page)


def make_page(ctx: Context, entity: Entity, record: Record) -> RecordPage:
    """Put the page together."""
    shower = Shower(ctx, entity, labels_of(ctx, entity, [record]))
    name = label(entity, record)
    sections = _sections(ctx, entity, record, shower)
    shared = tuple(_shared(ctx, entity, record))
    people = account_names({record.get("created_by"), record.get("updated_by"), record.get("owner")} - {None})
    formats = formatter()
    timeline = _timeline(ctx, entity, record, name)
    return RecordPage(
        entity=head(ctx, entity),
        id=record.id,
        version=record.version,
        label=name,
        url=f"/e/{entity.name}/{record.id}",
        facts=tuple(_facts(entity, sections, shared)),
        sections=tuple(sections),
        shared=shared,
        timeline=timeline,
        related=tuple(_related(ctx, entity, record)),
        panels=panels(entity, record.values),
        comments=() if timeline is not None else comments_of(ctx, entity, record.id),
        starts=start_buttons(entity),
        runs=_runs(ctx, entity, record.id),
        history=make_history(ctx, entity, record.id, name),
        created=_by(people, record.get("created_by"), formats.ago(record.values["created_at"])),
        changed=_by(people, record.get("updated_by"), formats.ago(record.values["updated_at"])),
        owner=people.get(record.get("owner") or "", ""),
    )


def _runs(ctx: Context, entity: Entity, record: str) -> tuple[RunNote, ...]:
    if not ctx.actor.is_admin:
        return ()
    query = RunQuery(entity=entity.id, record=record, limit=RELATED)
    titles = {item.id: str(item.document.get("title") or item.name) for item in workspace().workflows.list()}
    ago = formatter().ago
    return tuple(
        RunNote(
            titles.get(row.workflow, row.workflow), f"/builder/runs/{row.id}", row.state, ago(row.started_at)
        )
        for row in find_runs(workspace().database, query).runs
    )


def all_facts(ctx: Context, entity: Entity, record: Record) -> tuple[str, tuple[Shown, ...]]:
    """Give the label and all filled values of a record, for pages that show it beside something else."""
    shower = Shower(ctx, entity, labels_of(ctx, entity, [record]))
    sections = _sections(ctx, entity, record, shower)
    values = tuple(shown for section in sections for shown in section.filled)
    return label(entity, record), values[:SHOWN_BESIDE]


def _by(people: Mapping[str, str], account: str | None, when: str) -> str:
    return _("%(when)s by %(who)s", when=when, who=people.get(account or "", "Amity"))


# -- values -------------------------------------------------------------------------------------------
def layout_of(ctx: Context, entity: Entity) -> list[Section]:
    """Give the layout; what it forgets follows under "More", so that no value is out of sight."""
    fields = [field.name for field in readable_fields(ctx, entity)]
    placed = {name for section in entity.layout for name in section.fields}
    rest = tuple(name for name in fields if name not in placed)
    sections = list(entity.layout)
    if rest:
        sections.append(Section(_("More") if sections else entity.title, rest))
    return sections


def _sections(ctx: Context, entity: Entity, record: Record, shower: Shower) -> list[SectionView]:
    rules = Rules(ctx, entity, record.values)
    made = []
    for section in layout_of(ctx, entity):
        if not rules.holds(section.visible):
            continue
        names = [
            name
            for name in section.fields
            if name in entity.by_name and rules.holds(entity.by_name[name].visible)
        ]
        values = [shown for name in names if (shown := shower.show(record, name)) is not None]
        if values:
            made.append(SectionView(section.title, section.columns, tuple(values)))
    return made


def _facts(entity: Entity, sections: Sequence[SectionView], shared: Sequence[SharedView]) -> Iterator[Shown]:
    """Choose what stands under the title: where it stands with us, then how to reach it and what else counts.

    The first section follows right below: of it only the first choice is said here, as the state.
    """
    first = sections[0].values if sections else ()
    later = [shown for section in sections[1:] for shown in section.values]
    yield from [shown for shown in first if shown.kind == "choice" and not shown.empty][:1]
    found = [shown for view in shared for shown in view.values] + later
    telling = [shown for shown in found if shown.kind in _TELLING and not shown.empty]
    yield from [shown for shown in telling if shown.name not in entity.display][: KEY_FACTS - 1]


def _shared(ctx: Context, entity: Entity, record: Record) -> Iterator[SharedView]:
    """Give how to reach the record where its party says so: what is typed once is shown in every role."""
    model = workspace().definitions.model
    for field in readable_fields(ctx, entity):
        if field.timeline != "same":
            continue
        for link in links_of(model, field, record.get(field.name)):
            other = find_entity(ctx, link.entity)
            reach = [item.name for item in readable_fields(ctx, other) if item.kind.name in _REACH]
            if not reach:
                continue
            names = tuple(dict.fromkeys((*other.display, *reach)))
            found = workspace().records.get(ctx, other.name, link.id, fields=names)
            shower = Shower(ctx, other, {})
            values = [shown for name in reach if (shown := shower.show(found, name)) is not None]
            filled = tuple(shown for shown in values if not shown.empty)
            if filled:
                yield SharedView(other.title, label(other, found), f"/e/{other.name}/{link.id}", filled)


# -- what happened, related records ----------------------------------------------------------------------
def _timeline(ctx: Context, entity: Entity, record: Record, name: str) -> TimelineView | None:
    if entity.timeline is not None:  # an entry itself: what hangs on it stands in its related lists
        return None
    query = TimelineQuery(limit=FIRST, ahead=AHEAD)
    found = make_timeline(ctx, entity, record.id, name, query, Talk())
    return found if found.past or found.ahead or found.adds or found.roles else None


def _related(ctx: Context, entity: Entity, record: Record) -> list[RelatedList]:
    model = workspace().definitions.model
    made: list[RelatedList] = []
    pointing_fields: list[tuple[Entity, str]] = []
    for inverse in entity.inverses:
        other = model.entities.get(inverse.entity)
        if other is None or not decide(ctx, "read", other).allowed:
            continue
        if not decide(ctx, "read", other).can_read(inverse.field):
            continue
        if entity.timeline is None and covered(other, inverse):
            continue
        made.append(_related_list(ctx, entity, record, inverse, other))
        pointing_fields.append((other, inverse.field))
    titles = [item.title for item in made]
    return [
        replace(item, title=f"{item.title} · {field_title(*pointing)}")
        if titles.count(item.title) > 1
        else item
        for item, pointing in zip(made, pointing_fields, strict=True)
    ]


def _related_list(
    ctx: Context, entity: Entity, record: Record, inverse: Inverse, other: Entity
) -> RelatedList:
    names = [name for name in related_columns(ctx, other, inverse.field) if name not in other.display][:2]
    query = Query(fields=(*other.display, *names), sort="-updated_at", limit=RELATED, count="capped")
    page = workspace().records.related(ctx, entity.name, record.id, inverse.name, query)
    shower = Shower(ctx, other, page.labels)
    rows = [
        RelatedRow(
            label=label(other, item),
            url=f"/e/{other.name}/{item.id}",
            values=tuple(
                shown for name in names if (shown := shower.show(item, name)) is not None and not shown.empty
            ),
        )
        for item in page.records
    ]
    url = f"/e/{entity.name}/{record.id}"
    addable = decide(ctx, "create", other).allowed and decide(ctx, "create", other).can_write(inverse.field)
    values = {inverse.field: link_text(entity, record.id, other, inverse.field)}
    return RelatedList(
        key=inverse.name,
        title=inverse.title,
        icon=other.icon,
        rows=tuple(rows),
        count=formatter().count(page.count),
        more_url=f"{url}/related/{inverse.name}" if page.next else "",
        add_url=new_url(other, values, url) if addable and (inverse.many or not rows) else "",
        add_title=_("Add: %(title)s", title=other.title),
    )


@dataclass(frozen=True, slots=True)
class RelatedPage:
    """Context of `pages/related.html` as `page`."""

    entity: EntityHead
    label: str
    url: str
    title: str
    icon: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Shown | None, ...]], ...]
    count: str
    next_url: str
    add_url: str
    add_title: str


def related_page(ctx: Context, entity: Entity, record: Record, name: str, after: str | None) -> RelatedPage:
    """Put the page of all related records together. Raises `NotFound` where there is no such relation."""
    inverse = next((item for item in entity.inverses if item.name == name), None)
    if inverse is None:
        raise NotFound(_("There is no such list on this record."))
    other = find_entity(ctx, inverse.entity)
    names = [item for item in related_columns(ctx, other, inverse.field) if item not in other.display]
    query = Query(
        fields=tuple(dict.fromkeys((*other.display, *names))),
        sort="-updated_at",
        after=after,
        count="capped",
    )
    found = workspace().records.related(ctx, entity.name, record.id, inverse.name, query)
    shower = Shower(ctx, other, found.labels)
    first = _related_list(ctx, entity, record, inverse, other)
    url = f"/e/{entity.name}/{record.id}"
    return RelatedPage(
        entity=head(ctx, entity),
        label=label(entity, record),
        url=url,
        title=inverse.title,
        icon=other.icon,
        columns=(other.title, *(other.by_name[item].title for item in names)),
        rows=tuple(
            (
                label(other, item),
                f"/e/{other.name}/{item.id}",
                tuple(shower.show(item, column) for column in names),
            )
            for item in found.records
        ),
        count=formatter().count(found.count),
        next_url=f"{url}/related/{inverse.name}?after={found.next}" if found.next else "",
        add_url=first.add_url,
        add_title=first.add_title,
    )
