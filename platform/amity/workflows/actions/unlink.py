"""Take links between records away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Field
from amity.workflows.action import Call
from amity.workflows.actions.link import FIELD, TARGETS, LinkAction
from amity.workflows.subjects import RECORD, Subject, linked


class Unlink(LinkAction):
    """Takes records out of a many-to-many relation."""

    name = "unlink"
    title = "Unlink records"
    description = "Take records out of a list of links. The records themselves stay."
    icon = "x"
    changed = "unlinked"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["field", "targets"],
        "properties": {"record": RECORD, "field": FIELD, "targets": TARGETS},
    }

    def new_list(self, call: Call, field: Field, now: Sequence[Any], targets: Sequence[Subject]) -> list[Any]:
        """Leave those out that are named."""
        gone = {item.id for item in targets}
        return [item for item in now if linked(item)[1] not in gone]
