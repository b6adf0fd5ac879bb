"""From a property to a `Field`: its kind, choices, link fields, default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from amity.entities.formulas import computed_conflicts
from amity.entities.identity import Identity, choice_ids
from amity.entities.keywords import DOCUMENT, make_validator
from amity.entities.kinds.base import Kind, ValueProblem
from amity.entities.kinds.parts import parts_of
from amity.entities.kinds.registry import KindRegistry
from amity.entities.limits import MAX_CHOICE, MAX_CHOICES, MAX_TITLE
from amity.entities.metaschema import common_keys, options_of
from amity.entities.model import Choice, Entity, Field, LinkField, Rollup
from amity.entities.names import did_you_mean, humanised, listed, pointer
from amity.entities.rollups import rollup_conflicts
from amity.entities.schema import Reader, Refused, Shape, choices_of
from amity.entities.wording import problems_of
from amity.errors import Problem

_PLAIN: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_NESTED: Final = frozenset({"object", "list", "json"})


def given_title(schema: Mapping[str, Any]) -> str:
    """Give the title that a schema says, nothing where it is blank."""
    title: str = schema.get("title", "")
    return title if title.strip() else ""


class FieldReader:
    """Reads the properties of one document; `problems` gathers what is wrong with them."""

    def __init__(
        self,
        reader: Reader,
        kinds: KindRegistry,
        identity: Identity,
        previous: Entity | None,
        required: frozenset[str],
    ) -> None:
        self.reader = reader
        self.kinds = kinds
        self.by_name: Mapping[str, Kind] = {kind.name: kind for kind in kinds}
        self.identity = identity
        self.previous: Mapping[str, Field] = previous.by_id if previous else {}
        self.required = required
        self.problems: list[Problem] = []

    def read(self, name: str, schema: Any) -> Field | None:
        """Read one property; None where something about it is wrong."""
        at = pointer("properties", name)
        before = len(self.problems)
        try:
            shape = self.reader.shape(schema, at)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None
        field = self._field(name, schema, shape, at)
        if field is not None and len(self.problems) == before:
            self._check(field)
        return field if len(self.problems) == before else None

    def _field(self, name: str, schema: Any, shape: Shape, at: str) -> Field | None:
        options = self._options(schema)
        kind = self._kind(shape, options, at)
        if kind is None:
            return None
        if kind.name in _NESTED and shape.as_json:
            options["edit"] = "json"
        id_ = self.identity.ids[name]
        options["id"] = id_
        options.pop("renamed_from", None)
        flat = shape.schema
        as_json = kind.name in _NESTED and options.get("edit") == "json"
        return Field(
            id=id_,
            name=name,
            title=given_title(flat) or humanised(name),
            kind=kind,
            schema=MappingProxyType(dict(flat)),
            options=MappingProxyType(options),
            pointer=at,
            required=name in self.required and not shape.nullable,
            read_only=bool(flat.get("readOnly", False)) or bool(options.keys() & {"formula", "rollup"}),
            help=options.get("help") or flat.get("description", ""),
            default=flat.get("default"),
            choices=self._choices(flat, id_, at),
            on_delete=options.get("on_delete", "clear"),
            inverse=options.get("inverse"),
            timeline=options.get("timeline") if kind.is_relation else None,
            link_fields=_link_fields(options),
            visible=options.get("visible"),
            required_when=options.get("required_when"),
            formula=options.get("formula"),
            rollup=_rollup(options.get("rollup")),
            parts=() if as_json else parts_of(kind, flat, options, self.kinds, at),
        )

    def _options(self, schema: Any) -> dict[str, Any]:
        """Give the property's `x-amity`, with what the schemas that it refers to say."""
        flat = self.reader.flat(schema, "", ())
        options = flat.get("x-amity")
        return dict(options) if isinstance(options, Mapping) else {}

    def _kind(self, shape: Shape, options: Mapping[str, Any], at: str) -> Kind | None:
        named = options.get("kind")
        kind = self.by_name.get(named) if named is not None else self._inferred(shape, options)
        if kind is None:
            message = f"No kind of field fits this schema: {shape.as_json or 'say x-amity.kind'}."
            self.problems.append(Problem("formless", message, at))
            return None
        self._foreign_options(kind, options, at)
        return kind

    def _inferred(self, shape: Shape, options: Mapping[str, Any]) -> Kind | None:
        if shape.as_json and "to" not in options and "json" in self.by_name:
            return self.by_name["json"]
        return self.kinds.infer({**shape.schema, "x-amity": options})

    def _foreign_options(self, kind: Kind, options: Mapping[str, Any], at: str) -> None:
        """Options that another kind has, on a property whose kind is inferred."""
        if "kind" in options:
            return  # the meta-schema has looked at it
        for key in sorted(options.keys() - common_keys() - options_of(kind).keys()):
            if any(key in options_of(other) for other in self.kinds):
                message = f"{key!r} means nothing for the inferred kind {kind.name!r}; say x-amity.kind."
                self.problems.append(Problem("unknown", message, at + pointer("x-amity", key)))

    def _choices(self, flat: Mapping[str, Any], id_: str, at: str) -> tuple[Choice, ...]:
        raw = choices_of(flat)
        place = at + ("/items" if flat.get("type") == "array" else "")
        place += "/oneOf" if any("title" in choice or "x-amity" in choice for choice in raw) else "/enum"
        if len(raw) > MAX_CHOICES:
            message = f"A field has at most {MAX_CHOICES:,} choices; use a relation to an entity instead."
            self.problems.append(Problem("too_many", message, place))
            return ()
        values = [choice["const"] for choice in raw]
        for index, value in enumerate(values):
            if len(value) > MAX_CHOICE:
                message = (
                    f"The value of a choice has at most {MAX_CHOICE} characters; its title may be longer."
                )
                self.problems.append(Problem("maxLength", message, f"{place}/{index}"))
                return ()
            if value in values[:index]:
                message = f"The choice {value!r} stands there twice."
                self.problems.append(Problem("duplicate", message, f"{place}/{index}"))
                return ()
        ids, problems = choice_ids(raw, self.previous.get(id_), place)
        self.problems += problems
        return tuple(_choice(choice, own) for choice, own in zip(raw, ids, strict=True))

    def _check(self, field: Field) -> None:
        """What can be said about the finished field: its kind's own word, its title, its default."""
        if len(field.title) > MAX_TITLE:
            message = f"A title has at most {MAX_TITLE} characters."
            self.problems.append(Problem("maxLength", message, field.pointer + "/title"))
        for found in (*field.kind.problems(field), *computed_conflicts(field), *rollup_conflicts(field)):
            self.problems.append(Problem(found.code, found.message, field.pointer + found.pointer))
        self._default(field)

    def _default(self, field: Field) -> None:
        if field.default is None:
            return
        schema = {"allOf": [{"$ref": DOCUMENT + "#" + field.pointer}, dict(field.kind.value_schema(field))]}
        errors = make_validator(schema, self.reader.document).iter_errors(field.default)
        found = problems_of(errors, field.pointer + "/default")
        if field.choices and found and isinstance(field.default, str):
            values = [choice.value for choice in field.choices]
            message = f"The default {field.default!r} is none of the choices {listed(values)}."
            message += did_you_mean(field.default, values)
            found = [Problem("enum", message, field.pointer + "/default")]
        if not found:
            found = _parse_problems(field)
        self.problems += found


def _rollup(given: Any) -> Rollup | None:
    return Rollup(**given) if isinstance(given, Mapping) else None


def _parse_problems(field: Field) -> list[Problem]:
    """What the kind itself says to the default."""
    try:
        field.kind.parse(field, field.default)
    except ValueProblem as problem:
        return [Problem(problem.code, problem.message, f"{field.pointer}/default{problem.pointer}")]
    return []


def _choice(choice: Mapping[str, Any], id_: str) -> Choice:
    options = choice.get("x-amity", {})
    value = choice["const"]
    return Choice(
        id=id_,
        value=value,
        title=given_title(choice) or _choice_title(value),
        color=options.get("color"),
        active=options.get("active", True),
    )


def _choice_title(value: str) -> str:
    """Names such as `in_progress` read better as words; anything else is shown as it is."""
    return humanised(value) if _PLAIN.fullmatch(value) else value


def _link_fields(options: Mapping[str, Any]) -> tuple[LinkField, ...]:
    return tuple(
        LinkField(name, given_title(schema) or humanised(name), schema)
        for name, schema in options.get("link_fields", {}).items()
    )
