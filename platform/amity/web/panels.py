"""Panels of extensions on record pages: one that fails is left out, the page stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template
from markupsafe import Markup

from amity.entities.model import Entity
from amity.extension import Panel
from amity.web.context import workspace

log: Final = logging.getLogger("amity.web")


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel as it stands on the page."""

    key: str
    """Of its extension and name, for the page's ids."""
    title: str
    html: Markup


def panels(entity: Entity, values: Mapping[str, Any]) -> tuple[PanelView, ...]:
    """Render the panels that have something to say about a record; `values` are typed, by field name."""
    made = []
    for owner, panel in workspace().plugins.given.amity_panels:
        if panel.entities is None or entity.name in panel.entities:
            html = _rendered(owner, panel, entity, values)
            if html is not None:
                made.append(PanelView(f"{owner}-{panel.name}", panel.title, html))
    return tuple(made)


def _rendered(owner: str, panel: Panel, entity: Entity, values: Mapping[str, Any]) -> Markup | None:
    try:
        context = panel.render(entity.name, values)
        return None if context is None else Markup(render_template(panel.template, **context))  # noqa: S704
    except Exception:
        log.exception("panel failed", extra={"extension": owner, "panel": panel.name, "entity": entity.name})
        return None
