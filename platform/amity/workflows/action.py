"""What an action is: the one door for the core's actions and for those of extensions (hook `amity_actions`).

An action is one object, in one file. Its `schema` says what its step may hold; forms, checks and the
evaluation of values are made from it, so an action never parses its parameters. In a property's `x-amity`,
`input` says what the value is:

| input | the document holds | `Call.params` holds |
|---|---|---|
| (none) | a literal | the same |
| `template` | text with `{{ expression }}`; with `"holds": "addresses"`, of e-mails | the text |
| `value` | anything, with templates and `{"expression": "..."}` inside | the values |
| `expression` | an expression; `type` names its type | the typed value |
| `values` | `{field: value}`, fields of the entity that the parameter `of` names | JSON by field |
| `filter` | a condition over records of the entity that `of` names, and over the run | a `filters.Filter` |
| `table` | rows of `when` and `then` | a `decisions.Decision`: the row that holds |
| `expressions` | a list of expressions | their values |
| `html` | HTML with `{{ expression }}` | the HTML, values escaped |
| `mail_template` | the name of a template | a `letters.Letter`: the text filled in |
| `secret` | the name of a secret; plans warn where there is none | the name |
| `entity`, `field`, `account`, `workflow` | a name that must exist | the same |
| `cron`, `time`, `timezone`, `sort`, `secret`, `form` | a literal, with an input of its own | the same |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from amity.errors import Problem
from amity.expressions import Type

if TYPE_CHECKING:
    from amity.access.context import Context
    from amity.entities.model import Entity, Model
    from amity.records.caller import Caller
    from amity.records.referrers import Referrer
    from amity.records.unit import Unit
    from amity.workflows.documents.filters import Filter
    from amity.workflows.services import Services


class ActionFailed(Exception):
    """The action could not do it; `message` is for the admin, `again` says whether a retry may help."""

    def __init__(self, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.again = again


@dataclass(frozen=True, slots=True)
class Done:
    """The step is finished; `output` (JSON) is what `steps.<id>` gives to later steps.

    Where `Action.result` promises a record or a list of records, the output holds the id or the ids: whoever
    makes the environment of later steps reads the records themselves.
    """

    output: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing was done, for a reason that people read: "Anna Smith does not want e-mail"."""

    reason: str
    output: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run sleeps until `until`, or until something wakes this step (`Action.resume` then decides)."""

    until: dt.datetime | None = None
    """When it is woken at the latest."""
    records: Sequence[tuple[str, str]] = ()
    """(entity id, record id) whose changes wake it."""
    why: str = ""
    """What people read: "waits for Maria's approval"."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """JSON that `resume` gets back."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The whole run ends here."""

    reason: str = ""
    failed: bool = False


Outcome = Done | Skipped | Waiting | Stop


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that a step belongs to."""

    id: str
    workflow: str
    """Name of the workflow."""
    workflow_id: str
    title: str
    version: int
    entity: str | None
    """Id of the entity."""
    record: str | None
    depth: int


class Finder(Protocol):
    """What a step of a dry run or back-test sees in place of the database."""

    def find(self, entity: Entity, where: Filter | None, sort: str, limit: int) -> list[str]:
        """Give the ids of the records that a query would give at that moment, in order."""
        ...

    def holder(self, entity: Entity, group: Sequence[str], values: Mapping[str, Any], own: str) -> str | None:
        """Give another record that has these typed values of fields that are unique together."""
        ...

    def pointing(self, referrer: Referrer, target: Entity, key: str) -> Mapping[str, Any]:
        """Give the records whose relation points to a record, each with the JSON value without that link."""
        ...


@dataclass(slots=True)
class Call:
    """One execution of one step."""

    services: Services
    ctx: Context
    """Whom it runs as, now, and the run as the cause of what it changes."""
    run: RunInfo
    key: str
    """The step's key with the numbers of the loops around it: `notify[3]`."""
    params: Mapping[str, Any]
    env: Mapping[str, Any]
    """What expressions see: record, old, new, steps, loop names."""
    attempt: int = 1
    state: Mapping[str, Any] = field(default_factory=dict)
    """What `Waiting.state` said, when it is resumed."""
    finder: Finder | None = None
    """Set in a dry run and a back-test."""

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this step of this run, and for no other."""
        return f"{self.run.id}:{self.key}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a step would do (dry run, back-test): one sentence, and the record writes that it consists of."""

    text: str
    writes: Sequence[Mapping[str, Any]] = ()
    """`{"verb": "create"|"update"|"delete", "entity", "record"?, "values"}`."""
    output: Mapping[str, Any] = field(default_factory=dict)
    """What later steps would see, as far as it can be known."""
    stops: str = ""
    """Why the simulation cannot go on behind this step: a wait, a person who answers."""
    outcome: Literal["done", "skipped", "waiting", "ended", "failed"] = "done"
    """What the step would come to, as far as it decides about the steps behind it: `skipped` did nothing,
    `ended` ends the whole run, `failed` is left to the step's `on_failure`. With `stops` alone it waits."""


class Action:
    """Base of actions. One instance serves every step of it; it holds no state."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str] = ""
    """One line for the palette of the builder."""
    group: ClassVar[str] = "Records"
    icon: ClassVar[str] = "bolt"
    schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}}
    """JSON Schema (object) of the parameters, without the step's own words (do, id, title, retry, ...)."""
    places: ClassVar[frozenset[Literal["workflow", "rule"]]] = frozenset({"workflow"})
    timeout: ClassVar[float] = 60.0
    """Seconds that one attempt may take, unless the step says otherwise."""
    outcomes: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {}
    """Values that a text of the result can have, with their titles, for the condition builder."""
    retries: ClassVar[bool] = True
    """Whether a failure is tried again where the step does not say so."""

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Say what is wrong beyond the schema; pointers are relative to the step."""
        return ()

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Names and types of the output, for expressions of later steps."""
        return {}

    def preview(self, call: Call) -> Preview:
        """Say what it would do, and change nothing."""
        raise NotImplementedError

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """One line for the card of the step in the builder, from the document's own words."""
        return ""


class RecordAction(Action):
    """An action that only changes this database: it and the step's checkpoint are one transaction.

    So it happens exactly once, whatever is killed when.
    """

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Do what needs no lock (read, check), and give what is done inside the transaction.

        May run again where the transaction is repeated. Raises `AmityError` or `ActionFailed`.
        """
        raise NotImplementedError

    def resume(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Go on after `Waiting`: its time has come, or something woke it."""
        raise NotImplementedError


class OutsideAction(Action):
    """An action that has an effect elsewhere: at least once, with `Call.idempotency_key` to tell repeats."""

    def perform(self, call: Call) -> Outcome:
        """Do it, outside any transaction. Raises `ActionFailed`."""
        raise NotImplementedError


__all__ = [
    "Action",
    "ActionFailed",
    "Call",
    "Done",
    "Outcome",
    "OutsideAction",
    "Preview",
    "RecordAction",
    "RunInfo",
    "Skipped",
    "Stop",
    "Waiting",
]  # fmt: skip
