"""Where a field or an entity is used, and rewriting of all these places when a name changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select, update

from amity.database.schema import saved_view
from amity.definitions.handlers import Renames
from amity.definitions.plan import Use
from amity.entities.model import Entity, Field, Model
from amity.entities.scope import EntityScope
from amity.entities.slots import Slot, renamed_sort, rewritten, slots, sort_names, view_slots
from amity.expressions import ExpressionError, Function, Origin, compile, rename, rename_choice

SAVED: Final = "saved filter"

Functions = Mapping[str, Function]


class Names:
    """A model and the functions: where expressions of its documents lead."""

    def __init__(self, model: Model, functions: Functions) -> None:
        self.model = model
        self.functions = functions
        self._origins: dict[tuple[str, str], frozenset[Origin]] = {}

    def scope(self, entity: Entity) -> EntityScope:
        """The names of one entity's record."""
        return EntityScope(self.model, entity, self.functions)

    def home(self, entity: Entity, slot: Slot) -> Entity | None:
        """Give the entity over which the expression of a place is written; None where the way is lost."""
        if not slot.via:
            return entity
        inverse = next((item for item in entity.inverses if item.name == slot.via), None)
        return None if inverse is None else self.model.entities.get(inverse.entity)

    def origins(self, text: str, entity: Entity) -> frozenset[Origin]:
        """Give all fields that an expression over an entity names; none where it does not compile."""
        key = entity.id, text
        if key not in self._origins:
            try:
                found = compile(text, self.scope(entity)).occurrences
            except ExpressionError:
                found = ()
            self._origins[key] = frozenset(occurrence.origin for occurrence in found)
        return self._origins[key]


def inverse_origins(field: Field) -> dict[tuple[str, str], str]:
    """Name a relation as expressions of its targets do; gives the inverse's name by origin."""
    name = field.inverse
    return {} if not name else {(target, f"<{name}"): name for target in field.targets}


def uses(names: Names, connection: Connection | None, entity: Entity, field: Field | None) -> list[Use]:
    """Say where an entity in force, or one of its fields, is used.

    Kinds: layout, view, timeline, check, unique, display, expression, rule (a condition of the schema),
    relation (a field that points to the entity), inverse, saved filter.
    """
    found = [use for other in names.model for use in _in_document(names, other, entity, field)]
    if field is None:
        found += _pointing(names, entity)
    elif field.kind.is_relation:
        found += _seen_from(names, entity, field)
    if connection is not None:
        found += _saved(names, connection, entity, field)
    return found


def _in_document(names: Names, other: Entity, entity: Entity, field: Field | None) -> Iterator[Use]:
    for slot in slots(other.document):
        if field is None and other.id == entity.id:
            continue
        if slot.kind == "rule" and slot.path[0] == "required":
            continue  # that a field is required is part of the field
        if _names(names, other, slot, entity, field):
            kind = slot.kind if other.id == entity.id else "expression"
            yield Use(kind, other.name, slot.pointer, slot.text)


def _names(names: Names, other: Entity, slot: Slot, entity: Entity, field: Field | None) -> bool:
    if slot.form == "expression":
        home = names.home(other, slot)
        origins = names.origins(slot.text, home) if home is not None else frozenset()
        if field is None:
            return any(origin[0] == entity.id for origin in origins)
        return bool(origins & {(entity.id, field.id), *inverse_origins(field)})
    if field is None or other.id != entity.id:
        return False
    return field.name in sort_names(slot.text) if slot.form == "sort" else slot.text == field.name


def _pointing(names: Names, entity: Entity) -> Iterator[Use]:
    for other in names.model:
        for item in other.fields:
            if other.id != entity.id and item.kind.is_relation and entity.id in item.targets:
                at = f"{item.pointer}/x-amity/to"
                yield Use("relation", other.name, at, f"{item.title} points to it")


def _seen_from(names: Names, entity: Entity, field: Field) -> Iterator[Use]:
    for target in names.model:
        for inverse in target.inverses:
            if inverse.entity == entity.name and inverse.field == field.name:
                yield Use("inverse", target.name, "", f"{target.title} shows it as {inverse.title!r}")


def _saved(names: Names, connection: Connection, entity: Entity, field: Field | None) -> Iterator[Use]:
    columns = saved_view.c.id, saved_view.c.name, saved_view.c.document, saved_view.c.entity
    for row in connection.execute(select(*columns).order_by(saved_view.c.name)):
        other = names.model.by_id.get(row.entity)
        if other is None:
            continue
        if field is None and other.id == entity.id:
            yield Use(SAVED, other.name, "", row.name)
            continue
        for slot in view_slots(row.document, (), SAVED):
            if _names(names, other, slot, entity, field):
                yield Use(SAVED, other.name, slot.pointer, f"{row.name}: {slot.text}")


# -- rewriting -----------------------------------------------------------------------------------------


class Rewriter:
    """Rewrites places after names changed; `names` are those of before."""

    def __init__(self, names: Names, renames: Renames) -> None:
        self._names = names
        self._renames = renames
        self._origins: dict[Origin, str] = dict(renames.fields.items())

    def fields(self, document: Mapping[str, Any], before: Entity) -> Mapping[str, Any]:
        """Give a document whose layout, views, ... name the fields as its properties do."""
        properties = document.get("properties", {})
        changed = {old: new for old, new in self._own(before).items() if old not in properties}
        places = (slot for slot in slots(document) if slot.form != "expression")
        return rewritten(document, places, lambda slot: _renamed(slot, changed)) or document

    def expressions(
        self, document: Mapping[str, Any], before: Entity, texts: Container[str] | None = None
    ) -> Mapping[str, Any]:
        """Give a document whose expressions and targets of relations use the names of after.

        `texts` are the expressions to rewrite (None: all); others were written for the new names.
        """
        places = (
            slot
            for slot in slots(document)
            if slot.form == "expression" and (texts is None or slot.text in texts)
        )
        changed = rewritten(document, places, lambda slot: self._expression(slot, before)) or document
        return self._retargeted(changed)

    def view(self, view: Mapping[str, Any], before: Entity) -> Mapping[str, Any] | None:
        """Give a saved view with the names of after; None where nothing is to be changed."""
        own = self._own(before)

        def text(slot: Slot) -> str:
            return self._expression(slot, before) if slot.form == "expression" else _renamed(slot, own)

        return rewritten(view, view_slots(view, ()), text)

    def _own(self, before: Entity) -> dict[str, str]:
        """Names of an entity's own fields that change: old -> new."""
        changed = self._renames.fields
        return {
            field.name: changed[before.id, field.id]
            for field in before.fields
            if (before.id, field.id) in changed
        }

    def _expression(self, slot: Slot, before: Entity) -> str:
        text, home = slot.text, self._names.home(before, slot)
        if home is None:
            return text
        scope = self._names.scope(home)
        try:
            for origin, values in self._renames.choices.items():
                text = rename_choice(text, scope, origin, values)
            return rename(text, scope, self._origins)
        except ExpressionError:
            return text  # written for the names of after already, or broken before

    def _retargeted(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Rewrite the `to` of relations after entities were renamed."""
        names = self._renames.entities
        places = [
            Slot(("properties", name, "x-amity", "to", *place), "relation", target, "name")
            for name, schema in document.get("properties", {}).items()
            if isinstance(schema, Mapping)
            for place, target in _targets(schema.get("x-amity", {}).get("to"))
        ]
        return rewritten(document, iter(places), lambda slot: names.get(slot.text, slot.text)) or document


def _renamed(slot: Slot, names: Mapping[str, str]) -> str:
    return renamed_sort(slot.text, names) if slot.form == "sort" else names.get(slot.text, slot.text)


def _targets(to: Any) -> list[tuple[tuple[int, ...], str]]:
    if isinstance(to, str):
        return [((), to)]
    return [((index,), name) for index, name in enumerate(to)] if isinstance(to, list) else []


def rewrite_saved_views(connection: Connection, names: Names, renames: Renames, now: dt.datetime) -> int:
    """Rewrite what people saved for themselves; gives how many views changed."""
    if not renames:
        return 0
    rewriter, changed = Rewriter(names, renames), 0
    for row in connection.execute(select(saved_view.c.id, saved_view.c.entity, saved_view.c.document)).all():
        before = names.model.by_id.get(row.entity)
        new = None if before is None else rewriter.view(row.document, before)
        if new is not None:
            connection.execute(
                update(saved_view).where(saved_view.c.id == row.id).values(document=new, updated_at=now)
            )
            changed += 1
    return changed
