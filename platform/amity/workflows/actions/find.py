"""Find records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from sqlalchemy import Connection

from amity.entities.model import SYSTEM_FIELDS, Entity, Model
from amity.entities.names import did_you_mean
from amity.errors import Problem
from amity.expressions import ID, INT, ListType, RecordType, Type
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction
from amity.workflows.documents.filters import matching
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import entity_title

MOST: Final = 1000


class Find(RecordAction):
    """Looks for records by a condition; later steps count them, loop over them or take the first."""

    name = "find"
    title = "Find records"
    description = "Look for records by a condition, to count them or to do something with each."
    icon = "search"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["entity"],
        "properties": {
            "entity": {
                "type": "string",
                "title": "What to look for",
                "description": "The entity of the records.",
                "x-amity": {"input": "entity"},
            },
            "where": {
                "type": "string",
                "title": "Which ones",
                "description": (
                    "A condition over their fields, such as stage == 'active'. Values of the run may stand "
                    "beside them: company == record.company. Leave it empty for all records."
                ),
                "x-amity": {"input": "filter", "of": "entity"},
            },
            "sort": {
                "type": "string",
                "title": "In which order",
                "description": "Fields, the most important first; - turns the order round: -revenue,name.",
                "maxLength": 400,
                "x-amity": {"input": "sort", "of": "entity"},
            },
            "limit": {
                "type": "integer",
                "title": "At most",
                "description": "How many records are taken.",
                "minimum": 1,
                "maximum": MOST,
                "default": 100,
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """The fields of the order must exist."""
        entity = model.entities.get(str(params.get("entity")))
        if entity is None or not isinstance(params.get("sort"), str):
            return ()
        problems = []
        for part in params["sort"].split(","):
            name = part.strip().lstrip("+-")
            if name and name not in SYSTEM_FIELDS:
                problems += _unsortable(entity, name)
        return problems

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the records, the first one, their ids and how many they are."""
        entity = model.entities.get(str(params.get("entity")))
        plain: dict[str, Type] = {"ids": ListType(ID), "count": INT}
        if entity is None:
            return plain
        record = RecordType(entity.id)
        return {"records": ListType(record), "first": record, **plain}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Look for them before the transaction: nothing is written."""
        output = self._found(call)
        return lambda unit: Done(output)

    def preview(self, call: Call) -> Preview:
        """Look for them as of the moment, with what earlier steps would have written."""
        entity = caller_of(call).entity(call.params["entity"])
        output = self._found(call)
        return Preview(
            _("%(count)s %(entity)s would be found.", count=output["count"], entity=entity.plural),
            output=output,
        )

    def _found(self, call: Call) -> dict[str, Any]:
        machine, params = call.services.records.machine, call.params
        if call.finder is not None:
            entity = caller_of(call).entity(params["entity"])
            where, sort = params.get("where"), params.get("sort") or ""
            return _output(call.finder.find(entity, where, sort, int(params.get("limit") or 100)))

        def work(caller: Caller, connection: Connection) -> list[str]:
            entity = caller.entity(params["entity"])
            where, sort = params.get("where"), params.get("sort") or ""
            return matching(machine, caller, connection, entity, where, sort, int(params.get("limit") or 100))

        return _output(machine.read(call.ctx, work))

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the entity and the condition."""
        where = params.get("where")
        title = entity_title(params, model)
        return (
            _("Find: %(title)s where %(where)s", title=title, where=where)
            if where
            else _("Find: %(title)s", title=title)
        )


def _output(ids: list[str]) -> dict[str, Any]:
    return {"records": ids, "first": ids[0] if ids else None, "ids": ids, "count": len(ids)}


def _unsortable(entity: Entity, name: str) -> list[Problem]:
    field = entity.by_name.get(name)
    if field is None:
        message = f"{entity.title} has no field {name!r}.{did_you_mean(name, entity.by_name)}"
        return [Problem("unknown_field", message, pointer="/sort")]
    if not field.kind.sortable:
        return [Problem("sort", f"{field.title} cannot be sorted by.", pointer="/sort")]
    return []
