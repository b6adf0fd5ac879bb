"""The timeline of a record: what happened with its party in every role, what is next, what can be added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import render_template, request

from amity.access.context import Context
from amity.entities.model import Entity, Inverse
from amity.records.codec import is_polymorphic
from amity.records.me import PERSON_ENTITY
from amity.records.shapes import Target
from amity.records.timeline import Entry, Timeline, TimelineQuery
from amity.web import htmx
from amity.web.context import current, workspace
from amity.web.staff import said
from amity.web.staff.access import EntityHead, decide, find_entity, formatter, head
from amity.web.staff.blueprint import blueprint
from amity.web.staff.columns import related_columns
from amity.web.staff.showing import Link, Shower, Shown, label
from amity.web.staff.talk import CommentLine, comment_lines
from amity.web.texts import gettext as _

PAGE: Final = 25
FIRST: Final = 8
"""Past entries on the record's own page."""
AHEAD: Final = 6
SHOWN_FIELDS: Final = 3
"""Fields shown with an entry whose entity does not choose them."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as people read it."""

    title: str
    url: str
    icon: str
    kind: str
    when: str
    iso: str
    late: bool
    """Whether it should have happened by now."""
    roles: tuple[Link, ...]
    """Whom it is about, where that is not plain: `note` is the role, `label` is empty for the same name."""
    facts: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A comment among the entries."""

    comment: CommentLine
    back: str
    """Where deleting it leads to."""
    roles: tuple[Link, ...]
    """Where it was written, unless on the record that is looked at."""


@dataclass(frozen=True, slots=True)
class KindFilter:
    """A link that shows entries of one kind only."""

    title: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class AddLink:
    """A link to the form of a new entry that names the record."""

    title: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class TimelineView:
    """Context of `fragments/timeline.html` and `pages/timeline.html` as `page`."""

    entity: EntityHead
    label: str
    record_url: str
    roles: tuple[Link, ...]
    """The other roles of the same party; `note` names the role."""
    ahead: tuple[EntryLine, ...]
    ahead_url: str
    past: tuple[EntryLine | SaidLine, ...]
    past_url: str
    filters: tuple[KindFilter, ...]
    adds: tuple[AddLink, ...]

    @property
    def filtered(self) -> bool:
        """Whether entries of one kind only are shown."""
        return bool(self.filters) and not self.filters[0].current


@blueprint.get("/e/<name>/<uuid:identity>/timeline")
def show_timeline(name: str, identity: Any) -> str:
    """Show the timeline on a page of its own; htmx asks for all of it, or for the entries that follow."""
    ctx = current()
    entity = find_entity(ctx, name)
    record = workspace().records.get(ctx, entity.name, str(identity), fields=entity.display)
    args = request.args
    after, ahead_after, place = args.get("after"), args.get("ahead"), args.get("said")
    earlier = bool(after or place)
    query = TimelineQuery(
        kinds=tuple(args.getlist("kind")),
        limit=0 if ahead_after or "done" in args else PAGE,
        after=after,
        ahead=0 if earlier or "done" in args else PAGE,
        ahead_after=ahead_after,
    )
    talk = Talk("done" in args and not earlier, said.read(place) if place else None, PAGE)
    page = make_timeline(ctx, entity, record.id, label(entity, record), query, talk)
    if not htmx.is_fragment():
        return render_template("pages/timeline.html", page=page)
    if earlier or ahead_after:
        rows, more = (page.past, page.past_url) if earlier else (page.ahead, page.ahead_url)
        return render_template("fragments/entries.html", entries=rows, more_url=more)
    return render_template("fragments/timeline.html", page=page)


@dataclass(frozen=True, slots=True)
class Talk:
    """Which comments are wanted among the entries."""

    only: bool = False
    """Comments alone."""
    before: said.Place | None = None
    """Where the page before ended."""
    limit: int = FIRST


def make_timeline(
    ctx: Context, entity: Entity, identity: str, name: str, query: TimelineQuery, talk: Talk
) -> TimelineView:
    """Ask for the timeline of a record, with the comments in it, and put it into words."""
    found = workspace().records.timeline(ctx, entity.name, identity, query)
    url = f"/e/{entity.name}/{identity}"
    words = _Words(ctx, found, name)
    past, past_url = _past(ctx, found, query, talk, words, url)
    return TimelineView(
        entity=head(ctx, entity),
        label=name,
        record_url=url,
        roles=tuple(words.role(target, always=True) for target in found.members[1:]),
        ahead=tuple(words.line(entry, ahead=True) for entry in found.ahead.entries),
        ahead_url=_more(url, query, "ahead", found.ahead.next),
        past=past,
        past_url=past_url,
        filters=tuple(_filters(url, found, query, talk)),
        adds=tuple(_adds(ctx, entity, identity, found)),
    )


def _past(
    ctx: Context, found: Timeline, query: TimelineQuery, talk: Talk, words: _Words, url: str
) -> tuple[tuple[EntryLine | SaidLine, ...], str]:
    """What happened and what was said, and the address of what came before."""
    entries, cursor = found.past.entries, found.past.next
    if query.kinds or query.ahead_after or not (found.kinds or found.members[1:]):
        return tuple(words.line(entry, ahead=False) for entry in entries), _more(url, query, "after", cursor)
    mixed = said.mix(entries, cursor is not None, found.members, talk.before, talk.limit)
    if mixed.entries < len(entries):  # comments fill the page: the entries behind are the next one's
        cursor = query.after
        if mixed.entries:
            shorter = replace(query, limit=mixed.entries, ahead=0)
            cursor = workspace().records.timeline(ctx, *found.members[0], shorter).past.next
    lines = words.mixed(mixed.items, url)
    done = cursor is None and mixed.entries == len(entries)
    if mixed.last is None or (done and not mixed.more):
        return lines, ""
    members = [("after", cursor or ""), ("said", said.written(mixed.last)), ("done", "1" if done else "")]
    return lines, f"{url}/timeline?{urlencode([item for item in members if item[1]])}"


def _more(url: str, query: TimelineQuery, parameter: str, cursor: str | None) -> str:
    if cursor is None:
        return ""
    return f"{url}/timeline?{urlencode([*(('kind', kind) for kind in query.kinds), (parameter, cursor)])}"


def _filters(url: str, found: Timeline, query: TimelineQuery, talk: Talk) -> Iterable[KindFilter]:
    if len(found.kinds) < 2:
        return
    yield KindFilter(_("All"), f"{url}/timeline", not query.kinds and not talk.only)
    for kind in found.kinds:
        title = workspace().definitions.model.entities[kind].plural
        yield KindFilter(title, f"{url}/timeline?kind={kind}", kind in query.kinds)
    yield KindFilter(_("Comments"), f"{url}/timeline?done=1", talk.only)


# -- adding -------------------------------------------------------------------------------------------
def covered(entity: Entity, inverse: Inverse) -> bool:
    """Whether the timeline shows what a related list would.

    Lists of what joins two records with each other stay: a relationship is more than its first day.
    """
    timeline = entity.timeline
    return timeline is not None and inverse.field in timeline.relations and len(timeline.relations) == 1


def _adds(ctx: Context, entity: Entity, identity: str, found: Timeline) -> Iterable[AddLink]:
    url = f"/e/{entity.name}/{identity}"
    for kind in found.kinds:
        other = workspace().definitions.model.entities[kind]
        decision = decide(ctx, "create", other)
        naming = [item for item in entity.inverses if item.entity == kind and covered(other, item)]
        if naming and decision.allowed and decision.can_write(naming[0].field):
            field = naming[0].field
            named = {field: link_text(entity, identity, other, field)}
            values = {**_mine(ctx, other), **_now(ctx, other), **named}
            yield AddLink(other.title, new_url(other, values, url), other.icon)


def link_text(entity: Entity, identity: str, other: Entity, field: str) -> str:
    """Write a link to a record as the address of a new record's form holds it."""
    return f"{entity.name}/{identity}" if is_polymorphic(other.by_name[field]) else identity


def new_url(other: Entity, values: Mapping[str, str], back: str) -> str:
    """Give the address of the form for a new record, filled in, which leads back afterwards."""
    members = [*((f"set-{name}", value) for name, value in values.items()), ("back", back)]
    return f"/e/{other.name}/new?{urlencode(members, safe=':/')}"


def _mine(ctx: Context, other: Entity) -> dict[str, str]:
    """Who notes something has had it or will do it, where the entry names one of our people."""
    ours = workspace().definitions.model.entities.get(PERSON_ENTITY)
    if ours is None or not ctx.actor.employee or other.timeline is None:
        return {}
    return {
        field.name: ctx.actor.employee
        for field in other.fields
        if field.kind.name == "relation"
        and field.targets == (ours.id,)
        and field.name not in other.timeline.relations
        and decide(ctx, "create", other).can_write(field.name)
    }


def _now(ctx: Context, other: Entity) -> dict[str, str]:
    """What is written down when it has happened (it is never "open") happened just now."""
    timeline = other.timeline
    if timeline is None or timeline.open is not None or not timeline.at:
        return {}
    if other.by_name[timeline.at[0]].kind.name != "datetime":
        return {}
    return {timeline.at[0]: ctx.now.replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")}


# -- words --------------------------------------------------------------------------------------------
class _Words:
    """Puts entries into words for the reader of this request."""

    def __init__(self, ctx: Context, found: Timeline, name: str) -> None:
        self.ctx = ctx
        self.found = found
        self.name = name
        self.model = workspace().definitions.model
        self.plain = len(found.members) == 1
        self.showers: dict[str, tuple[Shower, tuple[str, ...]]] = {}

    def line(self, entry: Entry, *, ahead: bool) -> EntryLine:
        """Give an entry as people read it."""
        entity = self.model.entities[entry.record.entity]
        shower, names = self._shower(entity)
        values = [shown for name in names if (shown := shower.show(entry.record, name)) is not None]
        filled = [self._foreign(shown, entry) for shown in values if not shown.empty]
        text = next((shown.text for shown in filled if shown.kind == "long_text"), "")
        return EntryLine(
            title=label(entity, entry.record),
            url=f"/e/{entity.name}/{entry.record.id}",
            icon=entity.icon,
            kind=entity.title,
            when=_when(entry, ahead=ahead),
            iso=entry.at.isoformat(),
            late=ahead and entry.dated and _is_over(entry.at),
            roles=tuple(self.role(target) for target in entry.roles if not self._obvious(target)),
            facts=tuple(_fact(shown) for shown in filled if not shown.wide and shown.text),
            text=text,
        )

    def mixed(self, items: Sequence[said.Item], url: str) -> tuple[EntryLine | SaidLine, ...]:
        """Give entries and comments as people read them; `url` is the page that they stand on."""
        rows = [item for item in items if not isinstance(item, Entry)]
        lines = dict(zip((row.id for row in rows), comment_lines(self.ctx, rows), strict=True))
        return tuple(
            self.line(item, ahead=False)
            if isinstance(item, Entry)
            else SaidLine(lines[item.id], url, self._where(item))
            for item in items
        )

    def _where(self, row: Any) -> tuple[Link, ...]:
        """The role on whose page a comment was written, unless it is this one."""
        target = (self.model.by_id[row.entity].name, row.record)
        return () if target == self.found.members[0] else (self.role(target),)

    def role(self, target: Target, *, always: bool = False) -> Link:
        """Name a role; the record's own name is not repeated unless it is to be said `always`."""
        name, identity = target
        text = self.found.labels.get(target, "")
        shown = text if always or text != self.name else ""
        return Link(shown, f"/e/{name}/{identity}", self.model.entities[name].title)

    def _obvious(self, target: Target) -> bool:
        """Whether it need not be said: there is one role only, and the entry names it itself."""
        return self.plain and target == self.found.members[0]

    def _shower(self, entity: Entity) -> tuple[Shower, tuple[str, ...]]:
        if entity.name not in self.showers:
            assert entity.timeline is not None
            names = entity.timeline.fields
            if not names:
                left_out = {*entity.display, *entity.timeline.at, *entity.timeline.relations}
                columns = related_columns(self.ctx, entity, "")
                names = tuple(name for name in columns if name not in left_out)[:SHOWN_FIELDS]
            shower = Shower(self.ctx, entity, self.found.labels)
            self.showers[entity.name] = shower, names
        return self.showers[entity.name]

    def _foreign(self, shown: Shown, entry: Entry) -> Shown:
        """Leave out links to the party itself, and to those whom `roles` name: none is said twice."""
        if not shown.links:
            return shown
        ours = {f"/e/{name}/{identity}" for name, identity in (*self.found.members, *entry.roles)}
        links = tuple(link for link in shown.links if link.url not in ours)
        return replace(shown, links=links, text=", ".join(link.label for link in links))


def _fact(shown: Shown) -> str:
    if shown.links:
        return _("%(field)s: %(value)s", field=shown.title, value=shown.text)
    return shown.text


def _when(entry: Entry, *, ahead: bool) -> str:
    formats = formatter()
    if not entry.dated:
        return _("No date") if ahead else formats.ago(entry.record.values["created_at"])
    if isinstance(entry.at, dt.datetime):
        return f"{formats.day(formats.local(entry.at).date())}, {formats.time(entry.at)}"
    return formats.day(entry.at)


def _is_over(at: dt.datetime | dt.date) -> bool:
    if isinstance(at, dt.datetime):
        return at < formatter().now
    return at < formatter().today
