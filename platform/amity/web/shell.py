"""The frame around every page: navigation, what can be created, who is signed in, messages.

`build_shell` makes it once per request; templates see it as `shell`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from flask import flash, get_flashed_messages

from amity.access.context import Actor
from amity.access.policy import Policy
from amity.entities.model import Entity, Model
from amity.extension import MenuEntry
from amity.web.texts import gettext as _

CATEGORY: Final = "amity"
"""Flask's message category under which our structured messages travel."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the navigation."""

    title: str
    url: str
    icon: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Links under one heading; the first group has none."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in."""

    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A message on the next page, with an Undo button where the deed can be undone."""

    text: str
    level: str = "success"
    """success, info, warning or error."""
    undo_url: str = ""
    undo_text: str = ""
    undo_fields: Mapping[str, str] = field(default_factory=dict)
    link_url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything that base.html shows beside the page itself."""

    workspace: str
    language: str = "en"
    direction: str = "ltr"
    theme: str = "auto"
    """auto, light or dark: the account's choice; the device's own choice wins in the browser."""
    path: str = "/"
    person: Person | None = None
    groups: tuple[Group, ...] = ()
    creatable: tuple[Entry, ...] = ()
    footer: tuple[Entry, ...] = ()
    account: tuple[Entry, ...] = ()
    sign_out_url: str = ""
    waiting: Callable[[], int] = field(default=lambda: 0, repr=False)
    """Counts what is unread and asked; called by the frame alone, so that fragments do not pay for it."""

    def messages(self) -> list[Note]:
        """What was said with `note(...)` or Flask's `flash(...)`; each is given once."""
        notes = []
        said: Any = get_flashed_messages(with_categories=True)
        for category, content in said:
            if category == CATEGORY:
                notes.append(Note(**content))
            else:
                level = category if category in ("success", "info", "warning", "error") else "info"
                notes.append(Note(str(content), level))
        return notes


def note(text: str, level: str = "success", **more: Any) -> None:
    """Say something on the next page; `more` are the further members of `Note`."""
    message: Any = {"text": text, "level": level, **more}
    flash(message, CATEGORY)


def direction_of(language: str) -> str:
    """Say whether a language is written "ltr" or "rtl"."""
    try:
        return Locale.parse(language, sep="-" if "-" in language else "_").text_direction
    except (ValueError, UnknownLocaleError):
        return "ltr"


def entity_group(entity: Entity) -> str:
    """Give the heading under which the entity stands in the menu ("" for the general one)."""
    group = entity.document.get("x-amity", {}).get("group")
    return group if isinstance(group, str) else ""


def _weight(group: tuple[str, list[Entry]]) -> tuple[int, str]:
    """The largest groups come first: they are what most people come for."""
    title, entries = group
    return -len(entries), title


def _entity_groups(entities: Sequence[Entity], path: str) -> list[Group]:
    by_group: dict[str, list[Entry]] = {}
    for entity in entities:
        url = f"/e/{entity.name}"
        here = path == url or path.startswith(url + "/")
        by_group.setdefault(entity_group(entity), []).append(Entry(entity.plural, url, entity.icon, here))
    general = by_group.pop("", [])
    groups = [Group(title, tuple(entries)) for title, entries in sorted(by_group.items(), key=_weight)]
    if general:
        groups.append(Group(_("More records") if groups else _("Records"), tuple(general)))
    return groups


def _builder_groups(path: str) -> list[Group]:
    def entry(title: str, url: str, icon: str) -> Entry:
        return Entry(title, url, icon, path == url or (url != "/builder" and path.startswith(url)))

    return [
        Group("", (Entry(_("Back to work"), "/", "arrow-left"),)),
        Group(
            _("Builder"),
            (
                entry(_("Overview"), "/builder", "layout-dashboard"),
                entry(_("Entities"), "/builder/entities", "table"),
                entry(_("Workflows"), "/builder/workflows", "route"),
                entry(_("Runs"), "/builder/runs", "activity"),
                entry(_("Failures"), "/builder/failures", "alert-triangle"),
                entry(_("Outbox"), "/builder/outbox", "mail"),
                entry(_("E-mail templates"), "/builder/emails", "template"),
                entry(_("Secrets"), "/builder/secrets", "key"),
                entry(_("People"), "/builder/people", "users"),
                entry(_("Workspace"), "/builder/workspace", "settings"),
                entry(_("Extensions"), "/builder/extensions", "puzzle"),
                entry(_("Recycle bin"), "/builder/bin", "recycle"),
            ),
        ),
    ]


def _work_groups(
    entities: Sequence[Entity], menu: Sequence[MenuEntry], admin: bool, path: str
) -> list[Group]:
    groups = [Group("", (Entry(_("Home"), "/", "home", path == "/"),))]
    groups += _entity_groups(entities, path)
    extra = [
        Entry(item.title, item.url, item.icon, path == item.url)
        for item in menu
        if admin or not item.admin_only
    ]
    if extra:
        groups.append(Group(_("Extensions"), tuple(extra)))
    return groups


def build_shell(
    *,
    workspace: str,
    actor: Actor | None,
    model: Model | None,
    policy: Policy | None,
    path: str,
    menu: Sequence[MenuEntry] = (),
    theme: str | None = None,
    waiting: Callable[[], int] = lambda: 0,
) -> Shell:
    """Put the frame together for the person `actor` (None: nobody is signed in) on the page at `path`."""
    language = actor.language if actor else "en"
    theme = theme if theme in ("light", "dark") else "auto"
    if actor is None or model is None or policy is None:
        return Shell(workspace, language, direction_of(language), theme, path)
    readable = [entity for entity in model if policy.decide(actor, "read", entity).allowed]
    creatable = [entity for entity in readable if policy.decide(actor, "create", entity).allowed]
    admin = actor.is_admin
    building = admin and (path == "/builder" or path.startswith("/builder/"))
    groups = _builder_groups(path) if building else _work_groups(readable, menu, admin, path)
    footer = (Entry(_("Builder"), "/builder", "tools"),) if admin and not building else ()
    return Shell(
        workspace=workspace,
        language=language,
        direction=direction_of(language),
        theme=theme,
        path=path,
        person=Person(actor.name, actor.email, admin),
        groups=tuple(groups),
        creatable=tuple(Entry(item.title, f"/e/{item.name}/new", item.icon) for item in creatable),
        footer=footer,
        account=(Entry(_("My settings"), "/auth/settings", "settings"),),
        sign_out_url="/auth/sign-out",
        waiting=waiting,
    )
