"""Link records with each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Field, Model
from amity.errors import AmityError
from amity.expressions import INT, Type
from amity.records.caller import Caller
from amity.records.changing import change
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.predicting import caller_of, changing, json_of, refused
from amity.workflows.subjects import NOTHING, RECORD, Subject, link_to, linked, of_record, subject, subjects

FIELD: Mapping[str, Any] = {
    "type": "string",
    "title": "Which list of links",
    "description": "The field that links to many records, such as participants.",
    "x-amity": {"input": "field", "of": "record", "kinds": ["relations"]},
}
TARGETS: Mapping[str, Any] = {
    "type": "string",
    "title": "Which records",
    "description": "An expression that gives one record or a list of them, such as steps.find.records.",
    "x-amity": {"input": "expression", "type": "records"},
}


class LinkAction(RecordAction):
    """What linking and unlinking have in common: a new list for one to-many field."""

    changed: ClassVar[str]
    """How people call what was done: "linked"."""

    def new_list(self, call: Call, field: Field, now: Sequence[Any], targets: Sequence[Subject]) -> list[Any]:
        """Give the list as it shall be."""
        raise NotImplementedError

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give how many links came or went."""
        return {"count": INT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Read the list; the new one is written inside the transaction, unless somebody was quicker."""
        found = subject(call, caller)
        if found is None:
            return lambda unit: Skipped(_(NOTHING))
        field = _field(found, call)
        records = call.services.records
        now = records.get(call.ctx, found.entity.name, found.id, fields=(field.name,))
        before = now.as_json().get(field.name) or []
        after = self._after(call, caller, field, before)
        count = abs(len(after) - len(before))
        if not count:
            return lambda unit: Skipped(
                _("Nothing had to be %(changed)s.", changed=_(self.changed)), {"count": 0}
            )
        # With the version that was read: a link that somebody else makes meanwhile is not lost.
        patch = {field.name: after}
        write = change(records.machine, found.entity.name, found.id, patch, now.version)(caller)

        def work(unit: Unit) -> Outcome:
            write(unit)
            return Done({"count": count})

        return work

    def _after(self, call: Call, caller: Caller, field: Field, before: Sequence[Any]) -> list[Any]:
        return self.new_list(call, field, before, subjects(call.params.get("targets"), caller.model))

    def preview(self, call: Call) -> Preview:
        """Give the list as it would be."""
        caller = caller_of(call)
        found = subject(call, caller)
        if found is None:
            return Preview(
                _("Nothing would be %(changed)s. %(nothing)s", changed=_(self.changed), nothing=_(NOTHING)),
                outcome="skipped",
            )
        field = _field(found, call)
        before = json_of(field, found.value, caller_of(call).model) or []
        after = self._after(call, caller, field, before)
        count = abs(len(after) - len(before))
        if not count:
            return Preview(
                _("Nothing had to be %(changed)s.", changed=_(self.changed)),
                output={"count": 0},
                outcome="skipped",
            )
        try:
            write = changing(call, found, {field.name: after})
        except AmityError as error:
            return refused(
                _("%(field)s of the %(entity)s", field=field.title, entity=found.entity.title), error
            )
        text = _(
            "%(count)s records would be %(changed)s (%(field)s of the %(entity)s).",
            count=count,
            changed=_(self.changed),
            field=field.title,
            entity=found.entity.title,
        )
        return Preview(text, [write] if write else [], {"count": count})

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name both sides."""
        field, targets = params.get("field") or "…", params.get("targets") or "…"
        return _(
            "%(title)s: %(targets)s in %(field)s of %(record)s",
            title=_(self.title),
            targets=targets,
            field=field,
            record=of_record(params),
        )


class Link(LinkAction):
    """Adds records to a many-to-many relation."""

    name = "link"
    title = "Link records"
    description = "Add records to a list of links, such as a participant of an appointment."
    icon = "link-plus"
    changed = "linked"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["field", "targets"],
        "properties": {
            "record": RECORD,
            "field": FIELD,
            "targets": TARGETS,
            "values": {
                "type": "object",
                "title": "Values of the link",
                "description": "Fields of the link itself, such as the role of a participant.",
                "x-amity": {"input": "value"},
            },
        },
    }

    def new_list(self, call: Call, field: Field, now: Sequence[Any], targets: Sequence[Subject]) -> list[Any]:
        """Add those that are not there."""
        there = {linked(item)[1] for item in now}
        own = call.params.get("values")
        fresh = {item.id: link_to(field, item, own) for item in targets if item.id not in there}
        return [*now, *fresh.values()]


def _field(found: Subject, call: Call) -> Field:
    field = found.entity.by_name.get(call.params["field"])
    if field is None or not field.kind.to_many:
        name = call.params["field"]
        raise ActionFailed(
            _("%(entity)s has no list of links '%(name)s'.", entity=found.entity.title, name=name),
            again=False,
        )
    return field
