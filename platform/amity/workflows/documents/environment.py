"""What the expressions of a run see: the live record, the change that triggered it, earlier steps, loops.

All is read when it is first asked for. A `Reading` gives one transaction for the values of one step and can
note which records were looked at, so that a waiting condition knows what may make it true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from sqlalchemy import Connection

from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Model
from amity.expressions import RecordValue, Type
from amity.expressions.types import DATE, DATETIME, DECIMAL, TIME, ListType, RecordType
from amity.records.facts import Batch, Facts
from amity.records.me import bound_values
from amity.records.shapes import rfc3339
from amity.records.targets import label_of
from amity.workflows.documents.showing import LABEL, LOCALE, Reader

if TYPE_CHECKING:
    from amity.records.caller import Caller
    from amity.records.machine import Machine
    from amity.workflows.documents.compiled import CompiledWorkflow
    from amity.workflows.engine.journal import RunRow
    from amity.workflows.services import Services

SYSTEM_VALUES: Final = "@"
"""Key under which a request keeps a record's system fields, beside its values by field id."""


class Environment(Mapping[str, Any]):
    """Names and values; a value is worked out when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]], values: Mapping[str, Any]) -> None:
        self._makers = makers
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = self._makers[name]()
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._makers, **self._values})

    def __len__(self) -> int:
        return len({**self._makers, **self._values})


class Reading:
    """One read transaction, opened at the first statement; `with` closes it."""

    def __init__(self, machine: Machine, caller: Caller, noted: Callable[[str, str], None] | None = None):
        self.machine = machine
        self.caller = caller
        self.noted = noted
        self._stack = ExitStack()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the transaction; a later statement opens another one."""
        self._connection = None
        self._stack.close()

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Run a statement, as a `Connection` does."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self.machine.database.read())
        return self._connection.execute(*arguments, **options)

    def batch(self, entity: Entity) -> Batch:
        """A batch of records of an entity that are read here."""
        return Batch(self.machine, self.caller, cast(Connection, self), entity, noted=self.noted)

    def record(self, entity: Entity | None, identity: str | None) -> RecordValue | None:
        """The live record; None where it is deleted."""
        if entity is None or identity is None:
            return None
        return self.records(entity, [identity]).get(identity)

    def records(self, entity: Entity, ids: Sequence[str]) -> Mapping[str, RecordValue]:
        """Those of several records that are live, by id."""
        return {str(facts.id): facts for facts in self.batch(entity).read(ids)}

    def stored(self, entity: Entity | None, kept: Mapping[str, Any] | None) -> Facts | None:
        """A record as a request keeps it: event values by field id."""
        if entity is None or kept is None:
            return None
        codec = self.machine.codec(self.caller, entity)
        values: dict[str, Any] = {"id": kept.get("id")}
        for name, value in kept.get(SYSTEM_VALUES, {}).items():
            values[name] = _moment(value) if name in ("created_at", "updated_at") else value
        for key, value in kept.items():
            field = entity.by_id.get(key)
            if field is not None and value is not None:
                try:
                    values[field.name] = field.kind.parse(field, codec.told_value(field, value))
                except ValueProblem:  # the field has become of another kind since
                    values[field.name] = None
        return self.batch(entity).add(values)


class Results:
    """What steps gave, as `steps` in expressions: the latest turn of each."""

    def __init__(self) -> None:
        self._found: dict[str, StepResult] = {}

    def set(self, key: str, state: str, output: Mapping[str, Any] | None, types: Mapping[str, Type]) -> None:
        """Note the result of a step."""
        self._found[key] = StepResult(state, output or {}, types)

    @property
    def id(self) -> str | None:
        """None: it is no record."""
        return None

    def get(self, name: str, /) -> Any:
        """The result of a step by its key."""
        return self._found.get(name)

    def bound(self, reading: Reading) -> BoundResults:
        """The same, with a way to read the records that results name."""
        return BoundResults(self, reading)


class StepResult:
    """The output of one step, as it is stored."""

    __slots__ = ("output", "state", "types")

    def __init__(self, state: str, output: Mapping[str, Any], types: Mapping[str, Type]) -> None:
        self.state = state
        self.output = output
        self.types = types


class BoundResults:
    """`steps` of one evaluation."""

    id: str | None = None

    def __init__(self, results: Results, reading: Reading) -> None:
        self._results = results
        self._reading = reading

    def get(self, name: str, /) -> Any:
        """One step's result, with members by name."""
        found = self._results.get(name)
        return None if found is None else _Members(found, self._reading)


class _Members:
    id: str | None = None

    def __init__(self, result: StepResult, reading: Reading) -> None:
        self._result = result
        self._reading = reading

    def get(self, name: str, /) -> Any:
        if name == "state":
            return self._result.state
        value = self._result.output.get(name)
        kind = self._result.types.get(name)
        return value if kind is None else typed(value, kind, self._reading)


def typed(value: Any, type_: Type, reading: Reading) -> Any:
    """JSON of a step's output -> the value that an expression of that type sees."""
    if value is None:
        return None
    if isinstance(type_, ListType):
        return _typed_list(value, type_.item, reading) if isinstance(value, list) else None
    if isinstance(type_, RecordType):
        return _record(value, type_.entity, reading)
    if isinstance(value, str):
        return _parsed(value, type_)
    return Decimal(value) if type_ == DECIMAL and not isinstance(value, bool) else value


def _typed_list(values: list[Any], item: Type, reading: Reading) -> list[Any]:
    if not isinstance(item, RecordType):
        return [typed(value, item, reading) for value in values]
    entity = reading.caller.model.by_id.get(item.entity)
    if entity is None:
        return []
    ids = [_identity(value) for value in values]
    found = reading.records(entity, [key for key in ids if key])
    return [found[key] for key in ids if key is not None and key in found]


def _record(value: Any, entity: str, reading: Reading) -> Any:
    found = reading.caller.model.by_id.get(entity)
    return reading.record(found, _identity(value))


def _identity(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def _parsed(value: str, type_: Type) -> Any:
    try:
        if type_ == DATETIME:
            return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        if type_ == DATE:
            return dt.date.fromisoformat(value)
        if type_ == TIME:
            return dt.time.fromisoformat(value)
        if type_ == DECIMAL:
            return Decimal(value)
    except (ValueError, ArithmeticError):
        return None
    return value


def stored_item(value: Any) -> Any:
    """One of the values of a loop -> JSON that `typed` gives back."""
    if isinstance(value, RecordValue):
        return value.id
    if isinstance(value, dt.datetime):
        return rfc3339(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [stored_item(item) for item in value]
    return value


def environment(
    services: Services,
    compiled: CompiledWorkflow,
    run: RunRow,
    reading: Reading,
    results: Results,
    loops: Mapping[str, Any],
) -> Environment:
    """Put together what one step sees."""
    entity = _entity(reading.caller.model, compiled, run)
    trigger = run.trigger
    language, timezone = services.locale()
    makers: dict[str, Callable[[], Any]] = {
        "record": lambda: reading.record(entity, run.record),
        "old": lambda: reading.stored(entity, _with_id(trigger.get("old"), run)),
        "new": lambda: reading.stored(entity, _with_id(trigger.get("new"), run)),
        "me": lambda: bound_values(reading.machine, reading.caller)["me"],
    }
    return Environment(
        makers,
        {
            "steps": results.bound(reading),
            "input": trigger.get("input"),
            "now": reading.caller.ctx.now,
            "today": reading.caller.ctx.today,
            LOCALE: Reader(language, timezone),
            LABEL: label,
            **loops,
        },
    )


def _entity(model: Model, compiled: CompiledWorkflow, run: RunRow) -> Entity | None:
    return model.by_id.get(run.entity) if run.entity is not None else compiled.entity


def _with_id(kept: Mapping[str, Any] | None, run: RunRow) -> Mapping[str, Any] | None:
    return None if kept is None else {**kept, "id": run.record}


def _moment(value: Any) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value).astimezone(dt.UTC)


def label(value: RecordValue) -> str:
    """What people call a record."""
    if not isinstance(value, Facts):
        return value.id or ""
    batch = value.batch
    return label_of(batch.machine.codec(batch.caller, batch.entity), value.values)
