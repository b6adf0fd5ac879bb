"""What the person of this request may do with an entity, and how pages name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import g

from amity.access.context import Context
from amity.access.policy import Decision, Verb
from amity.entities.model import Entity, Field
from amity.errors import NotFound
from amity.web.context import current, locale, workspace
from amity.web.formatting import Formatter
from amity.web.texts import gettext as _

SYSTEM_TITLES: Final = {
    "created_at": "Created",
    "created_by": "Created by",
    "updated_at": "Changed",
    "updated_by": "Changed by",
    "owner": "Owner",
}
"""System fields that pages show, beside the entity's own."""


@dataclass(frozen=True, slots=True)
class EntityHead:
    """An entity as pages name it."""

    name: str
    title: str
    plural: str
    icon: str
    description: str
    can_create: bool
    can_update: bool
    can_delete: bool
    builder_url: str
    """Where an admin changes it; empty for others."""

    @property
    def url(self) -> str:
        """The list of its records."""
        return f"/e/{self.name}"

    @property
    def new_url(self) -> str:
        """The form for a new record."""
        return f"/e/{self.name}/new"

    def record_url(self, identity: str) -> str:
        """The page of one record."""
        return f"/e/{self.name}/{identity}"


def formatter() -> Formatter:
    """Give the reader's formatter, made once per request."""
    if "formatter" not in g:
        reader = locale()
        g.formatter = Formatter(reader.language, reader.timezone, current().now)
    found: Formatter = g.formatter
    return found


def decide(ctx: Context, verb: Verb, entity: Entity) -> Decision:
    """Ask the policy, once per request, verb and entity."""
    known: dict[tuple[str, str], Decision] = g.setdefault("decisions", {})
    key = (verb, entity.id)
    if key not in known:
        known[key] = workspace().policy.decide(ctx.actor, verb, entity)
    return known[key]


def find_entity(ctx: Context, name: str) -> Entity:
    """Give an entity that the person may read. Raises `NotFound`: whether it exists is not told."""
    entity = workspace().definitions.model.entities.get(name)
    if entity is None or not decide(ctx, "read", entity).allowed:
        raise NotFound(_("There are no records called “%(name)s”.", name=name[:80]))
    return entity


def readable_entities(ctx: Context) -> list[Entity]:
    """Give all entities that the person may read, by plural."""
    return [entity for entity in workspace().definitions.model if decide(ctx, "read", entity).allowed]


def head(ctx: Context, entity: Entity) -> EntityHead:
    """Give an entity as pages name it."""
    return EntityHead(
        name=entity.name,
        title=entity.title,
        plural=entity.plural,
        icon=entity.icon,
        description=entity.description,
        can_create=decide(ctx, "create", entity).allowed,
        can_update=decide(ctx, "update", entity).allowed,
        can_delete=decide(ctx, "delete", entity).allowed,
        builder_url=f"/builder/entities/{entity.name}" if ctx.actor.is_admin else "",
    )


def readable_fields(ctx: Context, entity: Entity) -> list[Field]:
    """Give the fields that may be shown, in the order of the definition."""
    decision = decide(ctx, "read", entity)
    return [field for field in entity.fields if decision.can_read(field.name)]


def field_title(entity: Entity, name: str) -> str:
    """Give the title of a field or system field; its name where there is none (any more)."""
    field = entity.by_name.get(name)
    if field is not None:
        return field.title
    return _(SYSTEM_TITLES[name]) if name in SYSTEM_TITLES else name


def account_names(ids: set[str]) -> dict[str, str]:
    """Give the names of accounts, in one statement."""
    wanted = {identity for identity in ids if identity}
    names: dict[str, Any] = g.setdefault("account_names", {})
    missing = wanted - set(names)
    if missing:
        names.update(workspace().accounts.names(sorted(missing)))
    return {identity: names.get(identity, _("Somebody")) for identity in wanted}
