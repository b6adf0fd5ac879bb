"""Change a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import AmityError
from amity.expressions import INT, Type
from amity.records.caller import Caller
from amity.records.changing import change
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.predicting import caller_of, changing, refused
from amity.workflows.subjects import NOTHING, RECORD, field_titles, of_record, subject


class Update(RecordAction):
    """Changes fields of one record through the gate."""

    name = "update"
    title = "Change a record"
    description = "Set fields of this record, or of one that is linked to it."
    icon = "edit"
    places = frozenset({"workflow", "rule"})
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["values"],
        "properties": {
            "record": RECORD,
            "values": {
                "type": "object",
                "title": "New values",
                "description": "The fields to change; all others stay. An empty value clears the field.",
                "minProperties": 1,
                "x-amity": {"input": "values", "of": "record"},
            },
        },
    }

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the record's new version."""
        return {"version": INT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Lay the values over the record as it is; it is written inside the transaction."""
        found = subject(call, caller)
        if found is None:
            return lambda unit: Skipped(_(NOTHING))
        machine = call.services.records.machine
        write = change(machine, found.entity.name, found.id, call.params["values"], None)(caller)

        def work(unit: Unit) -> Outcome:
            record = write(unit)
            return Done({"id": record.id, "version": record.version})

        return work

    def preview(self, call: Call) -> Preview:
        """Give the fields that would change."""
        found = subject(call, caller_of(call))
        if found is None:
            return Preview(_("Nothing would be changed. %(nothing)s", nothing=_(NOTHING)), outcome="skipped")
        try:
            write = changing(call, found, call.params["values"])
        except AmityError as error:
            return refused(_("The change of the %(entity)s", entity=found.entity.title), error)
        if write is None:
            return Preview(
                _(
                    "Nothing would be changed: the %(entity)s has these values already.",
                    entity=found.entity.title,
                )
            )
        titles = field_titles(found.entity, list(write["values"]))
        return Preview(
            _("The %(entity)s would be changed: %(titles)s.", entity=found.entity.title, titles=titles),
            [write],
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the record and the fields."""
        return _(
            "Change %(record)s: %(values)s",
            record=of_record(params),
            values=", ".join(params.get("values") or ()) or "…",
        )
