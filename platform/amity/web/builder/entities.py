"""The builder's overview and its list of entities, with what was removed and can come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from amity.entities.model import Entity
from amity.exchange.demo.remove import CAUSE
from amity.records.causes import created_by
from amity.records.shapes import Count, Query
from amity.web.builder import jobs
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.web.texts import ngettext

blueprint: Final = Blueprint("entities", __name__, url_prefix="/builder")


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One entity of the list."""

    entity: Entity
    records: Count | None
    changed_at: dt.datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed entity."""

    name: str
    title: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class EntitiesPage:
    """Context of `pages/builder/entities.html`."""

    rows: Sequence[EntityRow]
    removed: Sequence[Removed]


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Context of `pages/builder/overview.html`."""

    entities: int
    workflows: int
    people: int
    extensions: int
    set_aside: int
    removed: int
    demo: bool


@dataclass(frozen=True, slots=True)
class BinPage:
    """Context of `pages/builder/bin.html`."""

    bins: Sequence[tuple[Entity, int, bool]]
    """Entity, deleted records on the first page, whether there are more."""
    removed: Sequence[Removed]


@blueprint.get("")
def overview() -> ResponseReturnValue:
    """Where an admin begins."""
    require_admin()
    here = workspace()
    extensions = here.plugins.extensions
    page = OverviewPage(
        entities=len(here.definitions.model.entities),
        workflows=len(here.workflows.list()),
        people=here.accounts.count(),
        extensions=len(extensions),
        set_aside=sum(extension.state == "failed" for extension in extensions),
        removed=len(here.definitions.removed("entity")),
        demo=_has_demo(),
    )
    return render_template("pages/builder/overview.html", page=page, jobs=jobs.lines())


@blueprint.get("/entities")
def entities() -> ResponseReturnValue:
    """List the entities."""
    context = require_admin()
    definitions = workspace().definitions
    stored = {item.id: item for item in definitions.list("entity")}
    changed_by = {item.updated_by for item in stored.values() if item.updated_by}
    names = workspace().accounts.names(sorted(changed_by))
    counts = workspace().records.counts(context)
    rows = []
    for entity in definitions.model:
        found = stored[entity.id]
        by = names.get(found.updated_by or "", "Amity")
        rows.append(EntityRow(entity, counts.get(entity.name), found.updated_at, by))
    return render_template("pages/builder/entities.html", page=EntitiesPage(rows, _removed()))


@blueprint.post("/entities/<name>/restore")
def restore(name: str) -> ResponseReturnValue:
    """Bring a removed entity back with all its records."""
    context = require_admin()
    workspace().definitions.restore("entity", name, context)
    note(_("The entity is back, with all its records."), link_url=f"/e/{name}", link_text=name)
    return redirect(url_for("entities.entities"), 303)


@blueprint.get("/bin")
def recycle_bin() -> ResponseReturnValue:
    """Show where deleted records are."""
    context = require_admin()
    bins = []
    for entity in workspace().definitions.model:
        page = workspace().records.bin(context, entity.name, Query(limit=50, fields=()))
        if page.records:
            bins.append((entity, len(page.records), page.next is not None))
    return render_template("pages/builder/bin.html", page=BinPage(bins, _removed()))


@blueprint.post("/demo/remove")
def remove_demo() -> ResponseReturnValue:
    """Put the demo organisation's records into the bin."""
    number = workspace().remove_demo(require_admin().actor)
    note(ngettext("One demo record is in the bin.", "%(num)s demo records are in the bin.", number))
    return redirect(url_for("entities.overview"), 303)


def _has_demo() -> bool:
    return bool(created_by(workspace().records.machine, CAUSE, limit=1))


def _removed() -> list[Removed]:
    return [
        Removed(item.name, str(item.document.get("title") or item.name), item.updated_at)
        for item in workspace().definitions.removed("entity")
    ]
