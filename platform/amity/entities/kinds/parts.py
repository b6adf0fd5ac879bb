"""The fields inside a field: members of a nested object, items of a list, fields of a link.

They are fields like any other, so every kind works inside, too; only their values lie in the JSON of the
field around them. Inputs are named by the way to them: `address.city`, `emails.0.value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from amity.entities.kinds.base import ABSENT, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Choice, Field

MAX_ROWS: Final = 1000
"""Rows of a form that are read, so that no body makes Amity count for ever."""


def parts_of(
    kind: Kind, given: Mapping[str, Any], options: Mapping[str, Any], kinds: KindRegistry, pointer: str = ""
) -> tuple[Field, ...]:
    """Make what `Field.parts` holds for a property of `kind`; the schema `given` is flat, without null."""
    schema = given
    if options.get("edit") == "json":
        return ()
    items = schema.get("items")
    if isinstance(items, Mapping) and schema.get("type") == "array":
        schema, pointer = items, pointer + "/items"
    required = schema.get("required", ())
    return tuple(
        part_field(name, part, kinds, _place(pointer, name), required=name in required)
        for name, part in kind.part_schemas(given, options).items()
    )


def _place(pointer: str, name: str) -> str:
    return f"{pointer}/properties{member_pointer(name)}" if name else pointer


def part_field(
    name: str, schema: Mapping[str, Any], kinds: KindRegistry, pointer: str = "", *, required: bool = False
) -> Field:
    """Make the field of one nested property."""
    kind = kinds.of(schema)
    given = schema.get("x-amity")
    options = given if isinstance(given, Mapping) else {}
    own = {key: value for key, value in schema.items() if key != "x-amity"}
    return Field(
        id=str(options.get("id", name)),
        name=name,
        title=str(schema.get("title") or name.replace("_", " ").strip().capitalize()),
        kind=kind,
        schema=own,
        options=options,
        pointer=pointer,
        required=required,
        read_only=schema.get("readOnly") is True,
        help=str(options.get("help") or schema.get("description") or ""),
        default=schema.get("default"),
        choices=choices_in(schema),
        parts=parts_of(kind, own, options, kinds, pointer),
    )


def choices_in(schema: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Read the choices of a flat schema, or of its items; empty where it is no list of texts."""
    items = schema.get("items")
    if schema.get("type") == "array" and isinstance(items, Mapping):
        return choices_in({**items, "type": items.get("type", "string")})
    branches: Iterable[Mapping[str, Any]] = schema.get("oneOf") or schema.get("anyOf") or ()
    if not branches:
        branches = [{"const": value} for value in schema.get("enum", ())]
    found = []
    for branch in branches:
        value = branch.get("const")
        if not isinstance(value, str):
            return ()
        extra = branch.get("x-amity", {})
        title = str(branch.get("title") or value)
        found.append(
            Choice(
                str(extra.get("id", value)), value, title, extra.get("color"), bool(extra.get("active", True))
            )
        )
    return tuple(found)


def inside(part: Field, pointer: str, work: Callable[[Field, Any], Any], value: Any) -> Any:
    """Do `work(part, value)`; a `ValueProblem` in it says where inside it was."""
    try:
        return work(part, value)
    except ValueProblem as problem:
        raise ValueProblem(problem.code, problem.message, pointer + problem.pointer) from None


def canonical(part: Field, value: Any) -> Any:
    """Check a nested JSON value and give it as its kind writes it. Raises `ValueProblem`."""
    return part.kind.dump(part, part.kind.parse(part, value))


def member_pointer(name: str | int) -> str:
    """Write one step of an RFC 6901 pointer."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1")


def rows(form: FormData, name: str) -> Iterator[str]:
    """Give the names of the rows that a form has below `name`, in order, without the removed ones."""
    prefix = name + "."
    numbers = set()
    names = form.keys()
    for key in names:
        if key.startswith(prefix):
            number = key[len(prefix) :].partition(".")[0]
            if number.isascii() and number.isdigit() and len(number) <= 6:
                numbers.add(int(number))
    for number in sorted(numbers)[:MAX_ROWS]:
        row = f"{prefix}{number}"
        if not form.get(row + ".remove"):
            yield row


def read_parts(parts: Iterable[Field], form: FormData, name: str) -> dict[str, Any]:
    """Read the inputs of several parts below `name`; what the form does not carry is left out."""
    found = {part.name: part.kind.from_form(part, form, f"{name}.{part.name}") for part in parts}
    return {key: value for key, value in found.items() if value is not ABSENT}


def show_parts(parts: Iterable[Field], value: Any, locale: Locale | None) -> dict[str, Any]:
    """Give what the inputs of several parts show, by part name."""
    members = value if isinstance(value, Mapping) else {}
    return {part.name: part.kind.to_form(part, members.get(part.name), locale) for part in parts}


def has_input(form: FormData, name: str) -> bool:
    """Tell whether the form carries `name` or anything below it."""
    names = form.keys()
    return name in form or any(key.startswith(name + ".") for key in names)
