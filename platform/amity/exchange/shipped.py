"""The definitions that come with Amity and with extensions: applied when a workspace first meets them.

What an admin changed, renamed or removed since stays as she left it: a document is applied only where the
workspace has never had one of its id.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from amity.access.context import Context
from amity.definitions.documents import DefinitionChange
from amity.definitions.plan import Plan
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Invalid
from amity.exchange.definitions import FOLDERS, read
from amity.workflows.documents.model import KIND as WORKFLOW

log = logging.getLogger(__name__)


def apply_shipped(
    definitions: DefinitionService[Model], folders: Iterable[Path], context: Context
) -> Plan | None:
    """Apply the documents of `folders` (`<folder>/entities/<name>.json`, ...) that are new to this workspace.

    Gives the plan, None where there was nothing new. All entities or none; raises `Invalid` with the file. A
    workflow that does not fit what the admin made of the entities is left out, and said so in the log.
    """
    files = [
        file
        for folder in folders
        for kind, place in FOLDERS.items()
        for file in sorted((folder / place).glob("*.json"))
        if file.stem not in _known(definitions, kind)
    ]
    if not files:
        return None
    changes = read(files)
    try:
        return definitions.apply(changes, context)
    except Invalid:
        entities = [change for change in changes if change.kind != WORKFLOW]
        if len(entities) == len(changes):
            raise
    plan = definitions.apply(entities, context) if entities else None
    for change in changes:
        if change.kind == WORKFLOW:
            plan = _if_it_fits(definitions, change, context) or plan
    return plan


def _if_it_fits(
    definitions: DefinitionService[Model], change: DefinitionChange, context: Context
) -> Plan | None:
    try:
        return definitions.apply([change], context)
    except Invalid as error:
        log.info("a shipped workflow is left out", extra={"workflow": change.name, "why": error.message})
        return None


def _known(definitions: DefinitionService[Model], kind: str) -> set[str]:
    """Ids and names of all definitions that are or were there; a file is called like its document."""
    found = [*definitions.list(kind), *definitions.removed(kind)]
    return {name for definition in found for name in (definition.id, definition.name)}
