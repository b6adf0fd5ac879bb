"""Delete a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import AmityError
from amity.records.caller import Caller
from amity.records.deletion import delete_in
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.texts import ngettext
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.predicting import caller_of, deleting, refused
from amity.workflows.subjects import NOTHING, RECORD, of_record, subject


class Delete(RecordAction):
    """Puts one record into the recycle bin, with what goes along."""

    name = "delete"
    title = "Delete a record"
    description = "Put a record into the recycle bin, from where it can be brought back."
    icon = "trash"
    schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {"record": RECORD}}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Find the record; it goes inside the transaction."""
        found = subject(call, caller)
        if found is None:
            return lambda unit: Skipped(_(NOTHING))
        entity = caller.entity(found.entity.name, "delete")

        def work(unit: Unit) -> Outcome:
            delete_in(unit, entity, found.id, None)
            return Done({"id": found.id})

        return work

    def preview(self, call: Call) -> Preview:
        """Give what would go, and the links that would be cleared."""
        found = subject(call, caller_of(call))
        if found is None:
            return Preview(_("Nothing would be deleted. %(nothing)s", nothing=_(NOTHING)), outcome="skipped")
        try:
            caller_of(call).entity(found.entity.name, "delete")
            writes = deleting(call, found)
        except AmityError as error:
            return refused(_("The deletion of the %(entity)s", entity=found.entity.title), error)
        more = sum(write["verb"] == "delete" for write in writes) - 1
        text = _("The %(entity)s would be deleted.", entity=found.entity.title)
        if more:
            text = ngettext(
                "The %(entity)s would be deleted with one record that belongs to it.",
                "The %(entity)s would be deleted with %(num)s records that belong to it.",
                more,
                entity=found.entity.title,
            )
        return Preview(text, writes)

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the record."""
        return _("Delete %(record)s", record=of_record(params))
