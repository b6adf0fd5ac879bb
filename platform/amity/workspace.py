"""One workspace put together: database, extensions, live definitions, records and accounts.

Everything hangs from a `Workspace`; a process may hold several.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from amity.access.accounts import Accounts
from amity.access.context import SYSTEM, Actor, Context
from amity.access.policy import AllOf, Policy, RolePolicy
from amity.database import schema
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.migrate import migrate
from amity.definitions import store
from amity.definitions.service import DefinitionService
from amity.entities.handler import EntityHandler
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Model
from amity.expressions.functions import Function
from amity.expressions.sqlite import register
from amity.plugins import Plugins
from amity.records.service import Records
from amity.settings import Settings, open_home

_PROFILE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What the workspace is called and its defaults for everybody."""

    name: str
    timezone: str
    locale: str
    currency: str
    settings: dict[str, Any]


class Workspace:
    """A workspace that is open. Make one with `Workspace.open`; `close` it at the end."""

    def __init__(self, settings: Settings, database: Database, plugins: Plugins) -> None:
        given = plugins.given
        self.settings = settings
        self.database = database
        self.plugins = plugins
        self.functions: dict[str, Function] = {item.name: item for _, item in given.amity_functions}
        self.kinds = KindRegistry([item for _, item in given.amity_kinds])
        self.policy: Policy = AllOf((RolePolicy(), *(item for _, item in given.amity_policies)))
        self.accounts = Accounts(database)
        self._profile: tuple[float, Profile] | None = None
