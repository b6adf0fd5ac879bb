"""Which records a step is about, as the parameters of its action name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.kinds.relations import is_polymorphic
from amity.entities.model import Entity, Field, Model
from amity.expressions import RecordValue
from amity.records.caller import Caller
from amity.records.me import Linked
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call

NOTHING: Final = "There is no such record: what the step points to is empty."
RECORD: Final[Mapping[str, Any]] = {
    "type": "string",
    "title": "Which record",
    "description": (
        "Leave it empty for the record that the workflow is about, or name one that is linked to it, "
        "such as record.manager, or one of an earlier step."
    ),
    "x-amity": {"input": "expression", "type": "record"},
}
"""Schema of the parameter by which an action on one record is told which one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One record that a step is about."""

    entity: Entity
    id: str
    value: RecordValue
    """Its values, of now or (in a back-test) of then."""


def entity_of(value: Any, model: Model) -> Entity | None:
    """Find the entity of a record value, as `model` has it; None where the value does not tell."""
    for holder in (value, getattr(value, "batch", None), getattr(value, "level", None)):
        found = getattr(holder, "entity", None)
        if isinstance(found, Entity):
            return model.by_id.get(found.id)
    return None


def subject_of(value: Any, model: Model) -> Subject | None:
    """Give the record that an expression gave; None where it is empty. Raises `ActionFailed`."""
    if value is None:
        return None
    entity = entity_of(value, model) if isinstance(value, RecordValue) else None
    # `me` equals the account and is the employee's record: the record is what counts here.
    key = value.key if isinstance(value, Linked) else getattr(value, "id", None)
    if entity is None:
        raise ActionFailed(_("The expression does not give a record."), again=False)
    return Subject(entity, key, value) if key is not None else None


def subject(call: Call, caller: Caller, name: str = "record") -> Subject | None:
    """Give the record that parameter `name` means, the workflow's own where it is left out.

    None where the expression leads to nothing.
    """
    if call.params.get(name) is not None:
        return subject_of(call.params[name], caller.model)
    return None if name in call.params else own_record(call, caller)


def own_record(call: Call, caller: Caller) -> Subject | None:
    """Give the record that the workflow is about. Raises `ActionFailed` where there is none."""
    own = call.env.get("record")
    if own is None:
        message = _("The workflow's own record is deleted.") if call.run.record else (
            _("This workflow is not about one record; say in the step which record it means.")
        )  # fmt: skip
        raise ActionFailed(message, again=False)
    return subject_of(own, caller.model)


def subjects(value: Any, model: Model) -> list[Subject]:
    """Give the records of an expression that gives one or a list of them."""
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [found for item in items if (found := subject_of(item, model)) is not None]


def link_to(field: Field, target: Subject, own: Mapping[str, Any] | None = None) -> Any:
    """Give the JSON item by which a to-many relation links a record; `own` are the link's own fields."""
    if is_polymorphic(field):
        return {"entity": target.entity.name, "id": target.id, **(own or {})}
    if field.link_fields or field.parts:
        return {"id": target.id, **(own or {})}
    return target.id


def linked(item: Any) -> tuple[str | None, str]:
    """Give (entity name or None, id) of an item of a to-many relation."""
    return (None, item) if isinstance(item, str) else (item.get("entity"), item["id"])


def of_record(params: Mapping[str, Any]) -> str:
    """Say for a step's card which record it is about: "the record" or the expression."""
    return str(params.get("record") or _("the record"))


def field_titles(entity: Entity | None, names: Sequence[str]) -> str:
    """Give the titles of fields, joined, for a step's card."""
    known = entity.by_name if entity is not None else {}
    return ", ".join(known[name].title if name in known else name for name in names)


def entity_title(params: Mapping[str, Any], model: Model) -> str:
    """Give the title of the entity that a step names, for its card."""
    name = params.get("entity")
    found = model.entities.get(name) if isinstance(name, str) else None
    return found.title if found is not None else str(name or "…")
