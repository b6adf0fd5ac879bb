"""What actions and the engine may use of a workspace; put together once by `workspace`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from amity.access.accounts import Accounts
from amity.access.context import Context
from amity.database.engine import Database
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.expressions import Function
from amity.files import FileStore
from amity.records.service import Records
from amity.settings import Settings

if TYPE_CHECKING:
    from amity.workflows.action import Action

REQUESTED: Final = "requested"
"""Name of the signal that says: a commit asked for runs, look at once."""


@dataclass(frozen=True)
class Services:
    """The parts of one workspace that workflows work with."""

    settings: Settings
    database: Database
    definitions: DefinitionService[Model]
    records: Records
    accounts: Accounts
    files: FileStore
    functions: Mapping[str, Function]
    actions: Mapping[str, Action]
    context: Callable[..., Context]
    """`Workspace.context(actor, kind, **cause)`."""
    locale: Callable[[], tuple[str, str]]
    """Language and time zone of the workspace, for texts that go to people."""
    signals: dict[str, Callable[..., None]] = field(default_factory=dict)
    """Ears of the engine inside this process (`requested`: look at the requests at once), by name."""
