"""The moving parts of the gate for one workspace, and what is worked out once per revision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from amity.access.context import Context
from amity.access.policy import Policy
from amity.database.engine import RETRIES, is_retryable
from amity.database.joined import Joined, Transactions
from amity.entities.model import Entity, Model
from amity.errors import Busy
from amity.expressions import Function
from amity.extension import RecordValidator
from amity.records.caller import Caller
from amity.records.codec import EntityCodec
from amity.records.listeners import Listener
from amity.records.unit import Unit

T = TypeVar("T")

Prepare = Callable[[Caller], Callable[[Unit], T]]
"""A write in two parts: what is read and checked first, and what is then done inside the transaction."""

MAX_CACHED: Final = 1000
"""Compiled queries and conditions kept per revision."""

_GONE_STATES: Final = {"42703", "42P01"}


class Definitions(Protocol):
    """What the gate needs of `definitions.service.DefinitionService`."""

    @property
    def model(self) -> Model: ...

    def refresh(self) -> Model: ...

    def refresh_in(self, connection: Connection) -> bool: ...


class ModelMoved(Exception):
    """The definitions changed between reading the input and the transaction."""


class Revision:
    """What is derived from one model: codecs, compiled expressions and statements, by key."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._codecs: dict[str, EntityCodec] = {}
        self._kept: dict[Hashable, Any] = {}
        self._guard = threading.Lock()

    def codec(self, entity: Entity) -> EntityCodec:
        """The codec of an entity of this model."""
        codec = self._codecs.get(entity.id)
        if codec is None:
            codec = self._codecs[entity.id] = EntityCodec(entity, self.model)
        return codec

    def find(self, key: Hashable) -> Any:
        """Give what is kept under `key`, None where nothing is."""
        return self._kept.get(key)

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give what is kept under `key`, made on first use; the store is bounded."""
        try:
            found: T = self._kept[key]
            return found
        except KeyError:
            made = make()
            self.put(key, made)
            return made

    def put(self, key: Hashable, made: object) -> None:
        """Keep something under `key`."""
        with self._guard:
            if len(self._kept) >= MAX_CACHED:
                self._kept.clear()
            self._kept[key] = made


@dataclass
class Machine:
    """Database, definitions, policy and all else that reads and writes share."""

    database: Transactions
    definitions: Definitions
    policy: Policy
    functions: Mapping[str, Function]
    secret: bytes
    validators: Sequence[RecordValidator] = ()
    listeners: Sequence[Listener] = ()
    _revision: Revision | None = field(default=None, repr=False)
    _later: list[Callable[[], None]] | None = field(default=None, repr=False)
    """Inside `together`: what waits for the commit of the whole."""

    def revision(self, model: Model) -> Revision:
        """What is derived from `model`; made anew when another one came in force."""
        revision = self._revision
        if revision is None or revision.model is not model:
            revision = self._revision = Revision(model)
        return revision

    def codec(self, caller: Caller, entity: Entity) -> EntityCodec:
        """The codec of an entity."""
        return self.revision(caller.model).codec(entity)

    def caller(self, ctx: Context) -> Caller:
        """Join a context with the model in force; kept for the length of the request."""
        model = self.definitions.model
        caller: Caller | None = ctx.kept.get(id(self))
        if caller is None or caller.model is not model:
            caller = ctx.kept[id(self)] = Caller(ctx, model, self.policy)
        return caller

    def read(self, ctx: Context, work: Callable[[Caller, Connection], T]) -> T:
        """Run `work` in a read transaction; once more where a definition change took a column away."""
        try:
            with self.database.read() as connection:
                return work(self.caller(ctx), connection)
        except (ProgrammingError, OperationalError) as error:
            if not _column_gone(error):
                raise
            self.definitions.refresh()
        with self.database.read() as connection:
            return work(self.caller(ctx), connection)

    def write(self, ctx: Context, prepare: Prepare[T]) -> T:
        """Run `prepare` outside, and what it gives inside a write transaction.

        Both run again where the definitions moved meanwhile, where the database gives up on a conflict,
        and where another writer took a unique value in the last moment (the next check then names it).
        """
        for attempt in range(1, RETRIES + 1):
            caller = self.caller(ctx)
            work = prepare(caller)
            try:
                with self.database.write() as connection:
                    if self.definitions.refresh_in(connection):
                        raise ModelMoved
                    unit = self.unit(connection, caller)
                    result = work(unit)
                self._done(unit.after)
                return result
            except ModelMoved:
                self.definitions.refresh()
            except (ProgrammingError, OperationalError, IntegrityError) as error:
                if attempt == RETRIES and is_retryable(error):
                    raise Busy(
                        "Others write the same records. Nothing was written; please try again."
                    ) from error
                if attempt == RETRIES or not _worth_another_try(error):
                    raise
                if _column_gone(error):
                    self.definitions.refresh()
                elif not isinstance(error, IntegrityError):
                    time.sleep(0.02 * attempt)  # let the other one of the deadlock go first
        raise Busy("The definitions are changing at the moment. Nothing was written; please try again.")

    @contextmanager
    def together(self) -> Iterator[Machine]:
        """Give a machine whose reads and writes are all one transaction; an error leaves nothing behind.

        Raises `Busy` where the lock for writing cannot be had.
        """
        for _ in range(RETRIES):
            after: list[Callable[[], None]] = []
            with self.database.write() as connection:
                fresh = not self.definitions.refresh_in(connection)
                if fresh:
                    joined = Joined(connection, self.database.dialect)
                    yield replace(self, database=joined, _later=after)
            if fresh:
                self._done(after)
                return
            self.definitions.refresh()
        raise Busy("The definitions are changing at the moment. Nothing was written; please try again.")

    def _done(self, calls: Sequence[Callable[[], None]]) -> None:
        """Call what waits for a commit; inside a larger transaction that is its own."""
        if self._later is not None:
            self._later.extend(calls)
            return
        for call in calls:
            call()

    def unit(self, connection: Connection, caller: Caller) -> Unit:
        """Start a unit of work in a transaction."""
        ctx = caller.ctx
        return Unit(connection, caller, self, dict(ctx.cause), ctx.depth, self.listeners)


def _worth_another_try(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or is_retryable(error) or _column_gone(error)


def _column_gone(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _GONE_STATES:
        return True
    reason = str(error.orig)
    return "no such column" in reason or "no such table" in reason or "has no column named" in reason
