"""Ids of fields and choices: given once, written into the document, kept when a name changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from amity.entities.model import Entity, Field
from amity.entities.names import did_you_mean, listed, pointer
from amity.errors import Problem

ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
"""Form of the ids of entities and fields; a choice's id may be any text."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which field of a new document is which field of the one in force. Names; ids where it says so."""

    ids: Mapping[str, str]
    """Id by field name."""
    vanished: tuple[str, ...] = ()
    """Ids of the fields that the new document no longer has."""
    appeared: tuple[str, ...] = ()
    """Names of the fields that are new."""
    renamed: tuple[tuple[str, str], ...] = ()
    """(old name, new name) of the fields that kept their id."""
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """New names whose origin only a person knows -> names of the vanished fields they may have had."""
    problems: tuple[Problem, ...] = ()


def assign_ids(
    properties: Mapping[str, Any],
    previous: Entity | None,
    answers: Mapping[str, str | None] | None = None,
) -> Identity:
    """Find the id of each property: its own `x-amity.id`, else that of the field it was before, else new.

    `answers` are replies to earlier questions: new name -> old name, or None for "it is new".
    """
    return _Assignment(properties, previous, answers or {}).run()


class _Assignment:
    def __init__(
        self, properties: Mapping[str, Any], previous: Entity | None, answers: Mapping[str, str | None]
    ) -> None:
        self.properties = properties
        self.before: Mapping[str, Field] = previous.by_name if previous else {}
        self.by_id: Mapping[str, Field] = previous.by_id if previous else {}
        self.answers = answers
        self.ids: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.said_new: set[str] = set()

    def run(self) -> Identity:
        self._from_ids()
        self._from_answers()
        self._from_names()
        new = [name for name in self.properties if name not in self.ids]
        vanished = [id_ for id_ in self.by_id if id_ not in self.ids.values()]
        self._fresh(new)
        appeared = [name for name in self.properties if self.ids[name] not in self.by_id]
        open_names = [
            name for name in new if name not in self.said_new and "id" not in _options(self.properties[name])
        ]
        candidates = tuple(self.by_id[id_].name for id_ in vanished)
        return Identity(
            ids={name: self.ids[name] for name in self.properties},
            vanished=tuple(vanished),
            appeared=tuple(appeared),
            renamed=tuple(self._renamed()),
            questions=dict.fromkeys(open_names, candidates) if candidates else {},
            problems=tuple(self.problems),
        )

    def _from_ids(self) -> None:
        for name, schema in self.properties.items():
            id_ = _options(schema).get("id")
            if isinstance(id_, str):
                self._take(name, id_, pointer("properties", name, "x-amity", "id"))

    def _from_answers(self) -> None:
        for name, schema in self.properties.items():
            if name in self.ids:
                continue
            at = pointer("properties", name, "x-amity", "renamed_from")
            if name in self.answers:
                old = self.answers[name]
                at = pointer("properties", name)
            else:
                old = _options(schema).get("renamed_from")
                if not isinstance(old, str):
                    continue
            if old is None:
                self.said_new.add(name)
            elif old in self.before:
                self._take(name, self.before[old].id, at)
            elif name not in self.before and self.before:
                self.problems.append(
                    Problem(
                        "renamed_from",
                        f"There is no field {old!r} that could have become {name!r}."
                        f"{did_you_mean(old, self.before)} The fields are {listed(self.before)}.",
                        at,
                    )
                )

    def _from_names(self) -> None:
        taken = set(self.ids.values())
        for name in self.properties:
            known = self.before.get(name)
            if name not in self.ids and name not in self.said_new and known and known.id not in taken:
                self.ids[name] = known.id

    def _fresh(self, names: Sequence[str]) -> None:
        taken = {id_.casefold() for id_ in (*self.ids.values(), *self.by_id)}
        for name in names:
            id_, number = name, 2
            while id_.casefold() in taken:
                id_, number = f"{name[:95]}_{number}", number + 1
            taken.add(id_.casefold())
            self.ids[name] = id_

    def _renamed(self) -> Iterator[tuple[str, str]]:
        for name in self.properties:
            known = self.by_id.get(self.ids[name])
            if known and known.name != name:
                yield known.name, name

    def _take(self, name: str, id_: str, at: str) -> None:
        other = next((key for key, taken in self.ids.items() if taken.casefold() == id_.casefold()), None)
        if other is not None:
            self.problems.append(
                Problem("duplicate", f"{name!r} and {other!r} cannot both be the field with id {id_!r}.", at)
            )
            return
        self.ids[name] = id_


def choice_ids(
    choices: Sequence[Mapping[str, Any]], previous: Field | None, at: str
) -> tuple[list[str], list[Problem]]:
    """Find the id of each choice {const, x-amity}: its own, else its value's before, else the value."""
    before = {choice.value: choice.id for choice in previous.choices} if previous else {}
    explicit = [_options(choice).get("id") for choice in choices]
    taken = {id_ for id_ in explicit if isinstance(id_, str)}
    ids: list[str] = []
    problems = []
    for index, choice in enumerate(choices):
        id_ = explicit[index]
        if isinstance(id_, str):
            if id_ in ids:
                place = f"{at}/{index}/x-amity/id"
                message = f"Two choices have the id {id_!r}; ids are unique."
                problems.append(Problem("duplicate", message, place))
            ids.append(id_)
            continue
        value = choice["const"]
        id_, number = before.get(value, value), 2
        while id_ in taken:
            id_, number = f"{value}_{number}", number + 1
        taken.add(id_)
        ids.append(id_)
    return ids, problems


def _options(schema: Any) -> Mapping[str, Any]:
    options = schema.get("x-amity") if isinstance(schema, Mapping) else None
    return options if isinstance(options, Mapping) else {}
