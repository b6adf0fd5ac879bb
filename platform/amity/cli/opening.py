"""Opening a workspace for the command line: with the shipped definitions, and on demand the demo."""

from __future__ import annotations

import logging
from typing import Final

from amity.access.context import SYSTEM
from amity.errors import AmityError
from amity.exchange.shipped import apply_shipped
from amity.paths import bundled
from amity.settings import Settings
from amity.workspace import Workspace

log: Final = logging.getLogger("amity.cli")


def open_workspace(settings: Settings) -> Workspace:
    """Open the workspace of the settings; one that is new gets the definitions that come with Amity.

    Raises SetupError with one line where it cannot be opened.
    """
    workspace = Workspace.open(settings)
    try:
        context = workspace.context(SYSTEM, "shipped")
        apply_shipped(workspace.definitions, [bundled("entities").parent], context)
        _apply_of_extensions(workspace)
    except BaseException:
        workspace.close()
        raise
    return workspace


def _apply_of_extensions(workspace: Workspace) -> None:
    """Apply what extensions bring; one whose documents are wrong is set aside and the rest works."""
    for extension in workspace.plugins.extensions:
        if extension.state != "loaded" or extension.folder is None:
            continue
        context = workspace.context(SYSTEM, "shipped", extension=extension.name)
        try:
            apply_shipped(workspace.definitions, [extension.folder], context)
        except AmityError as error:
            places = "; ".join(problem.message for problem in error.problems[:3])
            workspace.plugins.set_aside(extension.name, f"{error.message} {places}".strip())
