"""The part of the field editor that makes a field sum up the records that point here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.formulas import kind_can_be_computed
from amity.entities.model import Entity, Model
from amity.web.builder.document import Json, own_options
from amity.web.builder.rows import Form, set_option, typed
from amity.web.texts import gettext as _

_PARTS: Final = ("over", "do", "of", "where")


@dataclass(frozen=True, slots=True)
class Summed:
    """A list of records that point here, and their fields that can be summed up."""

    name: str
    title: str
    fields: Sequence[tuple[str, str]]
    """(name, title)."""


@dataclass(frozen=True, slots=True)
class RollupEditor:
    """What the inputs show."""

    over: str
    do: str
    of: str
    where: str
    lists: Sequence[Summed]
    figures: Sequence[tuple[str, str]] = ()


def lists(model: Model, entity: Entity | None) -> list[Summed]:
    """Give the lists of records that point to an entity in force."""
    found = []
    for inverse in entity.inverses if entity is not None else ():
        other = model.entities[inverse.entity]
        if not other.by_name[inverse.field].kind.to_many:
            fields = [item for item in other.fields if kind_can_be_computed(item.kind) and not item.choices]
            found.append(Summed(inverse.name, inverse.title, [(item.name, item.title) for item in fields]))
    return found


def read(schema: Json, known: Sequence[Summed]) -> RollupEditor | None:
    """Make the inputs; None where nothing points to the entity and the field sums nothing up."""
    given = own_options(schema).get("rollup")
    own: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    if not own and not known:
        return None
    over, do, of, where = (str(own.get(key) or "") for key in _PARTS)
    return RollupEditor(over, do or "count", of, where, known, _figures())


def _figures() -> list[tuple[str, str]]:
    return [
        ("count", _("how many there are")),
        ("sum", _("the sum")),
        ("average", _("the average")),
        ("min", _("the smallest or first")),
        ("max", _("the largest or last")),
    ]


def write(schema: Json, form: Form) -> None:
    """Put what was sent into the document."""
    given = own_options(schema).get("rollup")
    own = dict(given) if isinstance(given, Mapping) else {}
    for key in _PARTS:
        shown = str(own.get(key) or ("count" if key == "do" else ""))
        text = typed(form, f"f-rollup-{key}", shown)
        if text is not None:
            own[key] = text
    if not own.get("over"):
        if given is not None and "f-rollup-over" in form:
            set_option(schema, "rollup", None)
        return
    own.setdefault("do", "count")
    if own["do"] == "count":
        own.pop("of", None)
    kept = {key: own[key] for key in _PARTS if own.get(key)}
    if kept != given:
        set_option(schema, "rollup", kept)
