"""The entities that come with Amity and with its extensions: applied where a workspace never had them.

What an admin renamed, changed or removed is left alone.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from amity.access.context import Context
from amity.definitions.documents import DefinitionChange
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import AmityError
from amity.exchange.definitions import read
from amity.paths import bundled
from amity.plugins import Plugins

log: Final = logging.getLogger("amity.exchange")


def apply_shipped(definitions: DefinitionService[Model], plugins: Plugins, context: Context) -> list[str]:
    """Apply shipped entities that are new here, then those of each loaded extension; gives their names.

    An extension whose definitions are wrong is set aside with its reason; the rest works.
    """
    applied = _apply(definitions, bundled("entities"), context)
    for extension in plugins.extensions:
        if extension.state != "loaded" or extension.folder is None:
            continue
        try:
            applied += _apply(definitions, extension.folder / "entities", context)
        except AmityError as error:
            details = "; ".join(
                f"{problem.pointer or ''} {problem.message}".strip() for problem in error.problems[:3]
            )
            reason = f"Its entities cannot be applied: {error.message} {details}".strip()
            plugins.set_aside(extension.name, reason)
    return applied


def _apply(definitions: DefinitionService[Model], folder: Path, context: Context) -> list[str]:
    if not any(folder.glob("*.json")):
        return []
    changes = _new(definitions, read([folder]))
    if not changes:
        return []
    definitions.apply(changes, context)
    names = [change.name for change in changes]
    log.info("shipped definitions applied", extra={"entities": names})
    return names


def _new(definitions: DefinitionService[Model], changes: list[DefinitionChange]) -> list[DefinitionChange]:
    ever = [*definitions.list("entity"), *definitions.removed("entity")]
    known = {name for item in ever for name in (item.id, item.name)}
    return [change for change in changes if change.name not in known]
