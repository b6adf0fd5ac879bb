"""The definitions that come with Amity and with extensions: applied when a workspace first meets them.

What an admin changed, renamed or removed since stays as she left it: a document is applied only where the
workspace has never had one of its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from amity.access.context import Context
from amity.definitions.plan import Plan
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.exchange.definitions import FOLDERS, read


def apply_shipped(
    definitions: DefinitionService[Model], folders: Iterable[Path], context: Context
) -> Plan | None:
    """Apply the documents of `folders` (`<folder>/entities/<name>.json`) that are new to this workspace.

    Gives the plan, None where there was nothing new. All of them or none; raises `Invalid` with the file.
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
    return definitions.apply(read(files), context)


def _known(definitions: DefinitionService[Model], kind: str) -> set[str]:
    """Ids and names of all definitions that are or were there; a file is called like its document."""
    found = [*definitions.list(kind), *definitions.removed(kind)]
    return {name for definition in found for name in (definition.id, definition.name)}
