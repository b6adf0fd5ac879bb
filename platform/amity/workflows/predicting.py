"""What a step would write: worked out from values alone, nothing is read for writing and nothing written.

The predictions are what dry runs and back-tests show and count, so they leave out what the gate would leave
out: a change that changes nothing, values that it would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field, Model
from amity.errors import AmityError, Forbidden
from amity.expressions import RecordValue
from amity.records.before import Before
from amity.records.caller import Caller
from amity.records.checks import check_alone
from amity.records.computing import compute
from amity.records.conditions import policy_condition
from amity.records.draft import Draft, RowsRefused
from amity.records.intake import Intake
from amity.records.links import same_value
from amity.records.merge import merge_value
from amity.records.reach import Reach, reach
from amity.records.referrers import referrers
from amity.records.unique import unique_groups
from amity.texts import gettext as _
from amity.workflows.action import Call, Finder, Preview
from amity.workflows.documents.values import as_json
from amity.workflows.subjects import Subject, link_to, subject_of

Write = dict[str, Any]
"""`{"verb", "entity", "record"?, "values"}`, with names of entity and fields."""


def caller_of(call: Call) -> Caller:
    """Give whom the step runs as, within the model in force."""
    return call.services.records.machine.caller(call.ctx)


def refused(what: str, error: AmityError) -> Preview:
    """Say that the gate would refuse the step."""
    reasons = " ".join(dict.fromkeys(problem.message for problem in error.problems)) or error.message
    return Preview(
        _("%(what)s would be refused: %(reasons)s", what=what, reasons=reasons),
        stops=_("The step would fail: %(reasons)s", reasons=reasons),
        outcome="failed",
    )


def creating(call: Call, entity: Entity, values: Mapping[str, Any]) -> Write:
    """Give the record that would be made, defaults included. Raises what the gate would raise."""
    caller = caller_of(call)
    if not caller.decide(entity, "create").allowed:
        raise Forbidden(
            _("%(actor)s may not create %(entity)s.", actor=call.ctx.actor.name, entity=entity.plural)
        )
    codec = call.services.records.machine.codec(caller, entity)
    draft = Intake(caller, entity, codec).create(0, values)
    _check(call, entity, draft)
    made = codec.dump({name: draft.values[name] for name in draft.changed})
    return {"verb": "create", "entity": entity.name, "values": made}


def changing(call: Call, found: Subject, patch: Mapping[str, Any]) -> Write | None:
    """Give the change that a merge patch would make, None where it changes nothing."""
    if not caller_of(call).decide(found.entity, "update").allowed:
        raise Forbidden(
            _("%(actor)s may not change %(entity)s.", actor=call.ctx.actor.name, entity=found.entity.plural)
        )
    changed = {}
    for name, value in patch.items():
        field = found.entity.by_name[name]
        before = json_of(field, found.value, caller_of(call).model)
        after = merge_value(before, value)
        if not _same(field, before, after):
            changed[name] = after
    if not changed:
        return None
    _refuse_bad(call, found, patch)
    return {"verb": "update", "entity": found.entity.name, "record": found.id, "values": changed}


def _refuse_bad(call: Call, found: Subject, patch: Mapping[str, Any]) -> None:
    """Raise what the gate would raise for values that the fields do not take."""
    caller = caller_of(call)
    entity = caller.model.by_id[found.entity.id]
    old: dict[str, Any] = {"id": found.id, "version": 1}
    for field in entity.fields:
        if field.name in patch or not field.kind.to_many:
            old[field.name] = _typed(field, json_of(field, found.value, caller_of(call).model))
    codec = call.services.records.machine.codec(caller, entity)
    _check(call, entity, Intake(caller, entity, codec).update(0, dict(patch), Before(old)))


def _check(call: Call, entity: Entity, draft: Draft) -> None:
    """Raise what the gate would raise: values, conditions of the record itself, unique values."""
    if not draft.failed:
        compute(call.services.records.machine, caller_of(call), entity, [draft])
        check_alone(call.services.records.machine, caller_of(call), entity, [draft])
    if not draft.failed:
        _refuse_taken(call, entity, draft)
    if draft.failed:
        raise RowsRefused([draft]).as_error()


def _refuse_taken(call: Call, entity: Entity, draft: Draft) -> None:
    for group in unique_groups(entity) if call.finder is not None else ():
        if not draft.changed.intersection(group):
            continue
        other = call.finder.holder(entity, group, draft.values, draft.id) if call.finder else None
        if other is not None:
            titles = " and ".join(entity.by_name[name].title for name in group)
            why = f"{titles} must be unique, and another record has it already."
            draft.refuse("unique", why, group[0])


def _typed(field: Field, value: Any) -> Any:
    try:
        return None if value is None else field.kind.parse(field, value)
    except ValueProblem:  # what it held then does not fit the field as it is today
        return None


def json_of(field: Field, record: RecordValue, model: Model) -> Any:
    """Give the JSON value of a field of a record of now or of then."""
    value = record.get(field.name)
    if value is None:
        return None
    if field.kind.to_many:
        found = [subject_of(item, model) for item in value]
        return [link_to(field, item) for item in found if item is not None] or None
    return as_json(field, value)


def _same(field: Field, before: Any, after: Any) -> bool:
    try:
        typed = [None if value is None else field.kind.parse(field, value) for value in (before, after)]
    except ValueProblem:
        return bool(before == after)
    return same_value(typed[0], typed[1])


def deleting(call: Call, found: Subject) -> list[Write]:
    """Give all writes of a deletion, those of records that go along and of links that are cleared.

    Raises `Forbidden` where other records must not lose it.
    """
    if call.finder is not None:
        return _reaching(caller_of(call).model, call.finder, found)
    machine = call.services.records.machine

    def work(caller: Caller, connection: Connection) -> Reach:
        condition = policy_condition(machine, caller, found.entity, "read")
        return reach(caller, connection, found.entity, [found.id], condition, lock=False)

    reached = machine.read(call.ctx, work)
    if not reached.roots:
        return [{"verb": "delete", "entity": found.entity.name, "record": found.id, "values": {}}]
    owners = reached.owners(reached.roots)
    refusing = {source for _item, source, _row in reached.outside("refuse", owners)}
    if refusing:
        raise Forbidden(_("%(refusing)s records point to it and must not lose it.", refusing=len(refusing)))
    writes: list[Write] = [
        {"verb": "delete", "entity": name, "record": key, "values": {}} for name, key in owners
    ]
    cleared: dict[tuple[str, str], dict[str, Any]] = {}
    for item, source, _row in reached.outside("clear", owners):
        cleared.setdefault(source, {})[item.referrer.field.name] = None
    writes += [
        {"verb": "update", "entity": name, "record": key, "values": values}
        for (name, key), values in cleared.items()
    ]
    return writes


def _reaching(model: Model, finder: Finder, found: Subject) -> list[Write]:
    """The same by what was there at a moment, under what earlier steps would have written."""
    gone: dict[tuple[str, str], None] = {(found.entity.name, found.id): None}
    refusing: set[tuple[str, str]] = set()
    cleared: dict[tuple[str, str], dict[str, Any]] = {}
    waiting = list(gone)
    while waiting:
        name, key = waiting.pop(0)
        for referrer in referrers(model, model.entities[name]):
            for source, left in finder.pointing(referrer, model.entities[name], key).items():
                place = (referrer.entity.name, source)
                if referrer.effect == "cascade" and place not in gone:
                    gone[place] = None
                    waiting.append(place)
                elif referrer.effect == "refuse":
                    refusing.add(place)
                elif referrer.effect == "clear":
                    cleared.setdefault(place, {})[referrer.field.name] = left
    if refusing - set(gone):
        raise Forbidden(f"{len(refusing - set(gone))} records point to it and must not lose it.")
    writes: list[Write] = [
        {"verb": "delete", "entity": name, "record": key, "values": {}} for name, key in gone
    ]
    writes += [
        {"verb": "update", "entity": place[0], "record": place[1], "values": values}
        for place, values in cleared.items()
        if place not in gone
    ]
    return writes
