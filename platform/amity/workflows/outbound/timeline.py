"""A mail that was sent, as an interaction on the timeline of the record that it went to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from amity.access.context import SYSTEM
from amity.entities.model import Model
from amity.records.changing import creation
from amity.records.shapes import Record, rfc3339
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call
from amity.workflows.subjects import Subject, link_to

ENTITY: Final = "interaction"
_NEEDED: Final = ("subject", "channel", "direction", "at", "participants")
_LONGEST_SUBJECT: Final = 200


def interaction(
    model: Model, call: Call, person: Subject, subject: str, body: str
) -> Mapping[str, Any] | None:
    """Give the values of the interaction; None where this workspace keeps none about such records."""
    entity = model.entities.get(ENTITY)
    if entity is None or any(name not in entity.by_name for name in _NEEDED):
        return None
    participants = entity.by_name["participants"]
    if not participants.kind.to_many or (
        participants.targets and person.entity.id not in participants.targets
    ):
        return None
    roles = {item.name for item in participants.link_fields} | {item.name for item in participants.parts}
    own = {"role": "to"} if "role" in roles else {}
    values: dict[str, Any] = {
        "subject": subject[:_LONGEST_SUBJECT] or _("(no subject)"),
        "channel": "email",
        "direction": "out",
        "at": rfc3339(call.ctx.now),
        "participants": [link_to(participants, person, own)],
    }
    if "body" in entity.by_name:
        values["body"] = body
    return values


def noting(call: Call, values: Mapping[str, Any]) -> Callable[[Unit], Record]:
    """Prepare the interaction; it is the system that notes it, whoever the step runs as."""
    machine = call.services.records.machine
    caller = machine.caller(replace(call.ctx, actor=SYSTEM))
    write = creation(machine, ENTITY, values)(caller)
    return lambda unit: write(replace(unit, caller=caller))
