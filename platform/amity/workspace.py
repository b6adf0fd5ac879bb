"""One workspace put together: database, extensions, live definitions, records and accounts.

Everything hangs from a `Workspace`; a process may hold several.
"""

from __future__ import annotations

import datetime as dt
import difflib
import time
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from amity.access import people
from amity.access.accounts import Accounts
from amity.access.context import SYSTEM, Actor, Context
from amity.access.policy import AllOf, Policy, RolePolicy
from amity.database import schema
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.migrate import migrate
from amity.definitions import jobs, store
from amity.definitions.jobs import Job
from amity.definitions.service import DefinitionService
from amity.entities.handler import open_definitions, sketcher
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Model
from amity.errors import InUse, Invalid, NotFound
from amity.expressions import Function, register_sqlite_functions
from amity.files import FileStore
from amity.plugins import Plugins
from amity.records.service import Records
from amity.settings import Settings, open_home
from amity.workflows.documents.handler import WorkflowHandler
from amity.workflows.documents.letter_handler import LetterHandler
from amity.workflows.documents.letters import Letters
from amity.workflows.live import LiveWorkflows
from amity.workflows.outbound.vault import Vault
from amity.workflows.registry import Registry
from amity.workflows.service import Workflows
from amity.workflows.services import Services

_PROFILE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What the workspace is called, and what counts for those who set nothing else."""

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
        self.kinds = KindRegistry(kind for _, kind in given.amity_kinds)
        self.functions: dict[str, Function] = {item.name: item for _, item in given.amity_functions}
        self.policy: Policy = AllOf((RolePolicy(), *(policy for _, policy in given.amity_policies)))
        registry = Registry.of(
            (action for _, action in given.amity_actions), Letters.read(plugins.template_folders())
        )
        sketch = sketcher(self.kinds)
        self.secrets = Vault(settings.home)
        self.letters = LetterHandler(sketch, self.functions, registry)
        handlers = [self.letters, WorkflowHandler(sketch, self.functions, registry, self.secrets.names)]
        self.definitions: DefinitionService[Model] = open_definitions(
            database, self.kinds, self.functions, handlers
        )
        self.accounts = Accounts(database)
        self.files = FileStore(settings.home / "files")
        live = LiveWorkflows(self.definitions, self.functions, registry)
        self.records = Records(
            database,
            self.definitions,
            self.policy,
            self.functions,
            [validator for _, validator in given.amity_validators],
            secret=settings.secret_key,
        )
        self.workflows = Workflows(self._services(registry), live)
        self.records.machine.listeners = (*self.records.machine.listeners, *self.workflows.listeners)
        self.definitions.on_job(jobs.REINDEX, self._reindex)
        self.definitions.on_job(jobs.RECOMPUTE, self._recompute)
        self._profile: tuple[float, Profile] | None = None

    @classmethod
    def open(cls, settings: Settings) -> Workspace:
        """Open the workspace that the settings name; made new where there is none.

        Raises `SetupError` where the home or the database cannot be used.
        """
        settings = open_home(settings)
        database = Database(settings.database_url, on_connect=[register_sqlite_functions])
        try:
            database.check()
            migrate(database)
            store.initialise(database)
            workspace = cls(settings, database, Plugins(settings.home, _disabled(database)))
            workspace.definitions.recover()
            return workspace
        except BaseException:
            database.close()
            raise

    @property
    def profile(self) -> Profile:
        """The workspace's own row; what another process changed is seen within half a minute."""
        known = self._profile
        if known is None or time.monotonic() - known[0] > _PROFILE_SECONDS:
            known = self._profile = (time.monotonic(), self._read_profile())
        return known[1]

    def change_profile(self, *, name: str, timezone: str, locale: str, currency: str) -> None:
        """Change what counts for everybody. Raises `Invalid` with the pointer of what is wrong."""
        values = {
            "name": people.checked_name(name),
            "timezone": people.checked_timezone(timezone) or "UTC",
            "locale": people.checked_language(locale) or "en",
            "currency": _checked_currency(currency),
        }
        with self.database.write() as connection:
            connection.execute(update(schema.workspace).values(**values))
        self.forget_profile()

    def forget_profile(self) -> None:
        """Read the row anew the next time, after a change."""
        self._profile = None

    def context(self, actor: Actor = SYSTEM, kind: str = "system", **cause: object) -> Context:
        """Bind the moment: who acts, now, and by what cause (`kind`: form, api, import, ...)."""
        return Context(
            actor=actor,
            now=dt.datetime.now(dt.UTC),
            timezone=self.profile.timezone,
            cause_id=new_id(),
            cause={"kind": kind, **cause},
        )

    def _services(self, registry: Registry) -> Services:
        return Services(
            settings=self.settings,
            database=self.database,
            definitions=self.definitions,
            records=self.records,
            accounts=self.accounts,
            files=self.files,
            functions=self.functions,
            actions=registry.actions,
            context=self.context,
            locale=lambda: (self.profile.locale, self.profile.timezone),
        )

    def remove_demo(self, actor: Actor = SYSTEM) -> int:
        """Bin the demo organisation's records and shut its accounts; gives the number of records."""
        from amity.exchange.demo.remove import remove

        return remove(self.records, self.definitions, self.accounts, self.context(actor, "demo_removed"))

    def _reindex(self, job: Job) -> None:
        entity = self.definitions.refresh().by_id.get(job.payload["entity"])
        if entity is not None:  # removed meanwhile: nobody searches it
            self.records.reindex(self.context(kind="definitions"), entity.name)

    def _recompute(self, job: Job) -> None:
        entity = self.definitions.refresh().by_id.get(job.payload["entity"])
        if entity is not None:
            progress = jobs.JobProgress(job)
            self.records.recompute(
                self.context(kind="definitions"), entity.name, progress.state, progress.beat
            )

    def switch_extension(self, name: str, enabled: bool) -> None:
        """Switch an extension on or off from the next start on.

        Raises `NotFound` where there is none, `InUse` where an entity needs a kind of it.
        """
        if self.plugins.get(name) is None:
            names = [extension.name for extension in self.plugins.extensions]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names) or 'none'}."
            raise NotFound(f"There is no extension '{name}'.", hint=hint)
        if not enabled:
            self._refuse_in_use(name)
        table = schema.workspace
        with self.database.write() as connection:
            kept = dict(connection.execute(select(table.c.settings).with_for_update()).scalar_one())
            kept["extensions"] = {**kept.get("extensions", {}), name: {"enabled": enabled}}
            connection.execute(update(table).values(settings=kept))
        self.forget_profile()

    def _refuse_in_use(self, name: str) -> None:
        given = {kind.name for owner, kind in self.plugins.given.amity_kinds if owner == name}
        used = [
            f"{entity.plural} ({field.title})"
            for entity in self.definitions.refresh()
            for field in entity.fields
            if field.kind.name in given
        ]
        if used:
            raise InUse(
                f"{name} gives kinds of fields that are in use: {', '.join(used[:5])}.",
                hint="Convert or remove these fields first.",
            )

    def close(self) -> None:
        """Close the database connections."""
        self.database.close()

    def _read_profile(self) -> Profile:
        table = schema.workspace
        with self.database.read() as connection:
            row = connection.execute(select(table)).one()
        return Profile(row.name, row.timezone, row.locale, row.currency, dict(row.settings))


def _checked_currency(currency: str) -> str:
    from babel.core import get_global

    code = currency.strip().upper()
    if code not in get_global("all_currencies"):
        raise Invalid.at("/currency", "currency", "A currency is written by its three letters, such as EUR.")
    return code


def _disabled(database: Database) -> frozenset[str]:
    """Names of the extensions that an admin switched off."""
    with database.read() as connection:
        settings = connection.execute(select(schema.workspace.c.settings)).scalar() or {}
    return frozenset(
        name for name, state in settings.get("extensions", {}).items() if not state.get("enabled", True)
    )
