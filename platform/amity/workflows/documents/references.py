"""Where workflows name fields, choices and entities, and how these places follow when a name changes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.definitions.handlers import Renames
from amity.definitions.plan import Use
from amity.entities.model import Entity, Field, Model
from amity.expressions import ExpressionError, Function, Origin, Scope, rename, rename_choice
from amity.workflows.documents.checking import Checking
from amity.workflows.documents.model import KIND, Workflow
from amity.workflows.documents.values import Note
from amity.workflows.registry import Registry

_HOLE: Final = re.compile(r"(\{\{)(.*?)(\}\})", re.DOTALL)


def notes_of(
    workflow: Workflow, model: Model, functions: Mapping[str, Function], registry: Registry
) -> list[Note]:
    """Give all places of a workflow that name something; what cannot be compiled names nothing."""
    checking = Checking(workflow, model, functions, registry)
    checking.examined()
    return checking.notes


def uses(workflow: Workflow, notes: Sequence[Note], entity: Entity, field: Field | None) -> Iterator[Use]:
    """Say where a workflow uses an entity, or one of its fields."""
    seen: set[str] = set()
    for note in notes:
        if note.pointer not in seen and _names(note, entity, field):
            seen.add(note.pointer)
            yield Use(KIND, workflow.name, note.pointer, note.text)


def secrets_of(workflow: Workflow, registry: Registry) -> dict[str, str]:
    """Names of the secrets that a workflow needs -> pointer of the first place."""
    found: dict[str, str] = {}
    kind = registry.triggers.get(workflow.trigger.on)
    if kind is not None:
        for name, value in workflow.trigger.options.items():
            if _input(kind.options.get(name)) == "secret" and isinstance(value, str):
                found.setdefault(value, f"/trigger/{name}")
    for step in workflow.walk():
        action = registry.actions.get(step.action)
        rules = action.schema.get("properties", {}) if action is not None else {}
        for name, value in step.params.items():
            if _input(rules.get(name)) == "secret" and isinstance(value, str):
                found.setdefault(value, f"{step.pointer}/{name}")
    return found


def _input(rule: Any) -> str:
    return str(rule.get("x-amity", {}).get("input", "")) if isinstance(rule, Mapping) else ""


def _names(note: Note, entity: Entity, field: Field | None) -> bool:
    if note.compiled is not None:
        origins = {item.origin for item in note.compiled.occurrences}
        if field is None:
            return any(origin[0] == entity.id for origin in origins)
        wanted = {(entity.id, field.id)}
        if field.inverse:
            wanted |= {(target, f"<{field.inverse}") for target in field.targets}
        return bool(origins & wanted)
    if note.origin is None or note.origin[0] != entity.id:
        return False
    return field is None or note.origin[1] == field.id


@dataclass(frozen=True)
class Rewriter:
    """Rewrites documents after names changed."""

    renames: Renames

    def document(self, document: Mapping[str, Any], notes: Sequence[Note]) -> dict[str, Any] | None:
        """Give the document with the new names; None where it names nothing that changed."""
        result: dict[str, Any] = copy.deepcopy(dict(document))
        for note in sorted(notes, key=lambda note: note.pointer.count("/"), reverse=True):
            if note.letter is None:  # what an e-mail template says is its own document
                self._place(result, note)
        return result if result != document else None

    def _place(self, document: dict[str, Any], note: Note) -> None:
        *path, last = _path(note.pointer)
        holder: Any = document
        for step in path:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        place: Any = int(last) if isinstance(holder, list) else last
        if note.form == "key":
            new = self._field(note)
            if new is not None:
                items = [(new if key == place else key, value) for key, value in holder.items()]
                holder.clear()
                holder.update(items)
        elif note.form == "case":
            holder[place] = self._case(holder[place], note)
        elif note.form == "entity":
            holder[place] = self.renames.entities.get(note.text, note.text)
        elif note.form == "name":
            holder[place] = self._field(note) or holder[place]
        elif isinstance(holder[place], str) and note.scope is not None:
            holder[place] = self.text(holder[place], note.scope)

    def _field(self, note: Note) -> str | None:
        assert note.origin is not None
        entity, field = note.origin
        return self.renames.fields.get((entity, field or ""))

    def _case(self, value: Any, note: Note) -> Any:
        assert note.origin is not None
        mapping = self.renames.choices.get((note.origin[0], note.origin[1] or ""), {})
        if isinstance(value, list):
            return [self._case(item, note) for item in value]
        return mapping.get(value, value) if isinstance(value, str) else value

    def text(self, text: str, scope: Scope) -> str:
        """Give an expression, or a text with holes, with the new names."""
        if "{{" in text:
            return _HOLE.sub(
                lambda hole: (
                    f"{hole[1]}{_padded(hole[2], self._expression(hole[2].strip(), scope))}{hole[3]}"
                ),
                text,
            )
        return self._expression(text, scope)

    def _expression(self, text: str, scope: Scope) -> str:
        origins: dict[Origin, str] = dict(self.renames.fields.items())
        try:
            for origin, values in self.renames.choices.items():
                text = rename_choice(text, scope, origin, values)
            return rename(text, scope, origins)
        except ExpressionError:
            return text  # another hole of the same text, compiled at another place, or broken before


def _padded(before: str, text: str) -> str:
    """Keep the blanks around what stood in a hole."""
    start = before[: len(before) - len(before.lstrip())]
    end = before[len(before.rstrip()) :]
    return f"{start}{text}{end}"


def _path(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
