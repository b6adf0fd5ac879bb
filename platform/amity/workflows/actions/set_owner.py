"""Give a record an owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import ID, TEXT, Type
from amity.records.caller import Caller
from amity.records.ownership import give_to
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.documents import decisions
from amity.workflows.people import rotation
from amity.workflows.people.accounts import EMAIL, by_emails
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import NOTHING, RECORD, Subject, of_record, subject

WAYS = ("account", "accounts", "table")


class SetOwner(RecordAction):
    """Makes a person the owner: always the same one, one after the other, or by a decision table."""

    name = "set_owner"
    title = "Give it an owner"
    description = "Hand a record to a person: a certain one, the next in turn, or as a table decides."
    icon = "user-check"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "record": RECORD,
            "account": {
                **EMAIL,
                "title": "Always this person",
                "description": "The e-mail address of the account.",
            },
            "accounts": {
                "type": "array",
                "title": "One after the other",
                "description": "The people take turns. Who is deactivated is passed over.",
                "items": EMAIL,
                "minItems": 1,
                "maxItems": 200,
                "uniqueItems": True,
            },
            "table": {
                **decisions.TABLE,
                "title": "As a table decides",
                "description": 'The first row that holds gives the account: {"account": "anna@…"}.',
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Exactly one way must be chosen."""
        given = [name for name in WAYS if name in params]
        if len(given) != 1:
            message = "Say in one way who gets it: one person, people in turn, or a table."
            return [Problem("choice", message, pointer=f"/{given[1]}" if given else "")]
        return decisions.problems_of(params.get("table"), "/table", ["account"])

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the new owner."""
        return {"owner": ID, "email": TEXT, "name": TEXT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Work out who it may be; a turn is taken inside the transaction."""
        found = subject(call, caller)
        if found is None:
            return lambda unit: Skipped(_(NOTHING))
        people = {item.id: item for item in by_emails(call, _emails(call))}
        if not people:
            return lambda unit: Skipped(_("No row of the table holds, so nobody gets it."))
        entity = caller.entity(found.entity.name, "update")

        def work(unit: Unit) -> Outcome:
            workflow, step = _turns(call)
            chosen = rotation.take(unit.connection, workflow, step, list(people)) if _turning(call) else (
                next(iter(people))
            )  # fmt: skip
            if chosen is None:
                raise ActionFailed(_("None of the people who take turns has an active account."))
            person = people[chosen]
            output = {"owner": person.id, "email": person.email, "name": person.name}
            if not give_to(unit, entity, found.id, person.id):
                return Skipped(_("%(person)s is the owner already.", person=person.name), output)
            return Done(output)

        return work

    def preview(self, call: Call) -> Preview:
        """Say who would get it, without taking a turn."""
        found = subject(call, caller_of(call))
        if found is None:
            return Preview(_("Nobody would get it. %(nothing)s", nothing=_(NOTHING)), outcome="skipped")
        people = {item.id: item for item in by_emails(call, _emails(call))}
        chosen = next(iter(people), None)
        if people and _turning(call):
            with call.services.database.read() as connection:
                chosen = rotation.look(connection, *_turns(call), list(people))
        if chosen is None:
            return Preview(_("Nobody would get it."), outcome="skipped")
        person = people[chosen]
        output = {"owner": person.id, "email": person.email, "name": person.name}
        if found.value.get("owner") == person.id:
            return Preview(
                _("%(person)s is the owner already.", person=person.name), output=output, outcome="skipped"
            )
        return Preview(
            _("%(person)s would get the %(entity)s.", person=person.name, entity=found.entity.title),
            [_write(found, person.id)],
            output,
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say who gets it."""
        if params.get("account"):
            whom = str(params["account"])
        elif params.get("accounts"):
            whom = _("%(number)s people in turn", number=len(params["accounts"]))
        else:
            whom = _("as a table decides (%(rows)s)", rows=decisions.described(params.get("table")))
        return _("Owner of %(record)s: %(whom)s", record=of_record(params), whom=whom)


def _write(found: Subject, account: str) -> Mapping[str, Any]:
    return {"verb": "update", "entity": found.entity.name, "record": found.id, "values": {"owner": account}}


def _turning(call: Call) -> bool:
    return bool(call.params.get("accounts"))


def _turns(call: Call) -> tuple[str, str]:
    """Turns go on over all runs and turns of loops of a step."""
    return call.run.workflow_id, call.key.partition("[")[0]


def _emails(call: Call) -> list[str]:
    params = call.params
    if params.get("accounts"):
        return list(params["accounts"])
    decision = params.get("table")
    chosen = (
        decision.values.get("account") if isinstance(decision, decisions.Decision) else params.get("account")
    )
    return [str(chosen)] if chosen else []
