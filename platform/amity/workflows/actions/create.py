"""Create a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import AmityError, Problem
from amity.expressions import ID, RecordType, Type
from amity.records.caller import Caller
from amity.records.changing import creation
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction
from amity.workflows.predicting import creating, refused
from amity.workflows.subjects import entity_title, field_titles


class Create(RecordAction):
    """Makes one record through the gate."""

    name = "create"
    title = "Create a record"
    description = "Add a record, such as a task for somebody, filled with values of this one."
    icon = "circle-plus"
    places = frozenset({"workflow", "rule"})
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["entity", "values"],
        "properties": {
            "entity": {
                "type": "string",
                "title": "What to create",
                "description": "The entity of the new record.",
                "x-amity": {"input": "entity"},
            },
            "values": {
                "type": "object",
                "title": "Values",
                "description": "What stands in the fields of the new record.",
                "x-amity": {"input": "values", "of": "entity"},
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Every required field without a default must be given."""
        entity = model.entities.get(str(params.get("entity")))
        values = params.get("values")
        if entity is None or not isinstance(values, Mapping):
            return ()
        missing = [
            field.title
            for field in entity.fields
            if field.required
            and field.default is None
            and not field.kind.computed
            and field.name not in values
        ]
        if not missing:
            return ()
        message = f"A new {entity.title} needs values for: {', '.join(missing)}."
        return [Problem("required", message, pointer="/values")]

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the new record and its id."""
        entity = model.entities.get(str(params.get("entity")))
        return {"id": ID} if entity is None else {"id": ID, "record": RecordType(entity.id)}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Check the values; the record is written inside the transaction."""
        machine = call.services.records.machine
        write = creation(machine, call.params["entity"], call.params["values"])(caller)

        def work(unit: Unit) -> Outcome:
            made = write(unit)
            return Done({"id": made.id, "record": made.id})

        return work

    def preview(self, call: Call) -> Preview:
        """Give the record that would be made."""
        entity = call.services.records.machine.caller(call.ctx).entity(call.params["entity"], "read")
        what = _("A new %(entity)s", entity=entity.title)
        try:
            write = creating(call, entity, call.params["values"])
        except AmityError as error:
            return refused(what, error)
        return Preview(_("%(what)s would be created.", what=what), [write])

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the entity and the fields that are filled."""
        entity = model.entities.get(str(params.get("entity")))
        titles = field_titles(entity, list(params.get("values") or ()))
        title = entity_title(params, model)
        return (
            _("Create: %(title)s (%(titles)s)", title=title, titles=titles)
            if titles
            else _("Create: %(title)s", title=title)
        )
