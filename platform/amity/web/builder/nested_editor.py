"""Rows for the fields inside a field: members of a group, columns of a list, fields on a link.

Rows say title, name, kind, required and choices. What they cannot say stays in the document as it is, and the
editor names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.kinds.base import Kind
from amity.entities.kinds.registry import KindRegistry
from amity.web.builder import choices_editor
from amity.web.builder import document as documents
from amity.web.builder.choices_editor import ChoiceRow
from amity.web.builder.document import Json, own_options
from amity.web.builder.rows import Form, kind_of, numbers, put, set_option, ticked, typed

FREE: Final = 1
SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})
_SHOWN: Final = frozenset({"title", "type", "format", "oneOf", "anyOf", "enum", "items"})
"""Keys of a member that a row stands for."""


@dataclass(frozen=True, slots=True)
class NestedRow:
    """One field inside."""

    number: int
    name: str = ""
    title: str = ""
    kind: str = ""
    required: bool = False
    fixed_name: bool = False
    """Whether records may have values under the name: another one would leave them behind."""
    readable: bool = True
    """False where it is no schema that a row can show."""
    choices: tuple[ChoiceRow, ...] = ()
    more: tuple[str, ...] = ()
    """Keys of the schema that the row does not show and keeps."""


@dataclass(frozen=True, slots=True)
class NestedEditor:
    """The rows of a field."""

    where: str
    """link, group or list."""
    kinds: Sequence[tuple[str, str]]
    rows: Sequence[NestedRow]
    plain: str | None = None
    """Kind of the entries of a list; "" where each has fields, None where it is no list."""
    plain_choices: tuple[ChoiceRow, ...] = ()
    plain_kinds: Sequence[tuple[str, str]] = ()


def allowed(kinds: KindRegistry) -> list[Kind]:
    """Give the kinds that can stand inside a field."""
    return [
        kind for kind in kinds if not (kind.is_relation or kind.computed or kind.name in ("file", "image"))
    ]


def read(schema: Json, kind: Kind, kinds: KindRegistry, applied: frozenset[str]) -> NestedEditor | None:
    """Make the editor; None where the kind has nothing inside or the schema is none that rows can show.

    `applied` are the names inside the field as it is in force.
    """
    named = [(item.name, item.title) for item in allowed(kinds)]
    where = _where(kind)
    holder = _holder(schema, where)
    if holder is None:
        return None
    if where == "list" and _is_plain(holder):
        item = kind_of(kinds, holder)
        plain = [pair for pair in named if _is_scalar(_fresh(kinds.get(pair[0])))]
        choices = choices_editor.read(holder) if item.name == "choice" else ()
        return NestedEditor(where, named, (), item.name, choices, plain)
    members = _members(holder, where)
    if members is None:
        return None
    required = holder.get("required", ()) if where != "link" else ()
    rows = [
        _row(number, name, member, kinds, required=name in required, fixed=name in applied)
        for number, (name, member) in enumerate(members.items())
    ]
    rows += [NestedRow(len(rows) + number, kind="text") for number in range(FREE)]
    return NestedEditor(where, named, rows, "" if where == "list" else None)


def _where(kind: Kind) -> str:
    return {"relations": "link", "object": "group", "list": "list"}.get(kind.name, "")


def _holder(schema: Json, where: str) -> Json | None:
    """Give the object that has the members: `x-amity`, the schema itself, or its items."""
    if not where or "$ref" in schema:
        return None
    found = {"link": schema.get("x-amity", {}), "group": schema, "list": schema.get("items")}[where]
    if not isinstance(found, dict) or "$ref" in found or found.get("patternProperties"):
        return None
    return found


def _key(where: str) -> str:
    return "link_fields" if where == "link" else "properties"


def _members(holder: Json, where: str) -> Json | None:
    if where == "list" and holder.get("type") != "object":
        return None
    found = holder.get(_key(where), {})
    return found if isinstance(found, dict) else None


def _is_plain(items: Json) -> bool:
    found = items.get("type")
    return isinstance(found, str) and found in SCALARS


def _is_scalar(schema: Json) -> bool:
    return schema.get("type", "string") in SCALARS


def _fresh(kind: Kind) -> Json:
    """Give the schema of a new entry of a list of plain values."""
    schema = deepcopy(dict(kind.new_schema()))
    schema.setdefault("type", "string")
    return schema


def _row(
    number: int, name: str, member: Any, kinds: KindRegistry, *, required: bool, fixed: bool
) -> NestedRow:
    if not isinstance(member, dict) or "$ref" in member:
        return NestedRow(number, name, name, "", required, fixed_name=True, readable=False)
    kind = kind_of(kinds, member)
    more = [key for key in member if key not in _SHOWN and key != "x-amity"]
    more += [key for key in own_options(member) if key not in ("kind", "id")]
    choices = choices_editor.read(member) if kind.name in choices_editor.KINDS else ()
    return NestedRow(
        number, name, str(member.get("title") or ""), kind.name, required, fixed, True, choices, tuple(more)
    )


# -- what was sent ---------------------------------------------------------------------------------------
def write(schema: Json, kind: Kind, kinds: KindRegistry, form: Form) -> None:
    """Put the rows of the form into the schema; nothing where the form has none."""
    where = _where(kind)
    holder = _holder(schema, where)
    if "nested" not in form or (holder is None and where != "link"):
        return
    holder = holder if holder is not None else {}
    if where == "list" and _write_plain(schema, holder, kinds, form):
        return
    members = _members(holder, where)
    if members is None:
        return
    written, required = _written(members, holder, where, kinds, form)
    if list(written.items()) != list(members.items()):
        if where == "link":
            set_option(schema, "link_fields", written)
        else:
            holder["properties"] = written
    if where != "link" and required != holder.get("required", []):
        put(holder, "required", required)


def _written(
    members: Json, holder: Json, where: str, kinds: KindRegistry, form: Form
) -> tuple[Json, list[str]]:
    names = list(members)
    before = list(holder.get("required", ())) if where != "link" else []
    written: Json = {}
    asked: dict[str, bool] = {}
    for number in numbers(form, "nested"):
        row = f"nested-{number}"
        name = names[number] if number < len(names) else ""
        member = deepcopy(members[name]) if name else {}
        if name and (not isinstance(member, dict) or "$ref" in member):
            written[name] = member
        else:
            name, member = _member(name, member, kinds, form, row, taken=(*names, *written))
            if not name:
                continue
            written[name] = member
        change = ticked(form, f"{row}-required", name in before)
        asked[name] = name in before if change is None else change
    required = [name for name in before if asked.get(name)]
    return written, [*required, *(name for name, wanted in asked.items() if wanted and name not in before)]


def _member(
    name: str, member: Json, kinds: KindRegistry, form: Form, row: str, taken: Sequence[str]
) -> tuple[str, Json]:
    """One field as the form has it; its name is empty where the row is."""
    is_new = not name
    title = typed(form, f"{row}-title", str(member.get("title") or ""))
    wanted = typed(form, f"{row}-name", name)
    if is_new:
        wanted = wanted or (documents.slug(title) if title else "")
        if not wanted:
            return "", {}
        member = _of_kind(kinds, form.get(f"{row}-kind", "text"))
        member = {"title": title or wanted, **member}
    elif title is not None:
        put(member, "title", title)
    if not is_new:
        kind = kind_of(kinds, member)
        chosen = form.get(f"{row}-kind", kind.name)
        if chosen != kind.name and chosen in kinds:
            member = {"title": member.get("title") or name, **_of_kind(kinds, chosen)}
        elif kind.name in choices_editor.KINDS:
            choices_editor.write(member, form, f"{row}-choice")
    if wanted and wanted != name:
        name = _free(wanted, [other for other in taken if other != name])
    return name, member


def _of_kind(kinds: KindRegistry, name: str) -> Json:
    kind = kinds.get(name) if name in kinds else kinds.get("text")
    member: Json = deepcopy(dict(kind.new_schema()))
    if kind_of(kinds, member).name != kind.name:
        set_option(member, "kind", kind.name)
    return member


def _free(wanted: str, taken: Sequence[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _write_plain(schema: Json, items: Json, kinds: KindRegistry, form: Form) -> bool:
    """Write what the entries of a list are; whether they are plain values."""
    now = kind_of(kinds, items).name if _is_plain(items) else ""
    chosen = form.get("nested-plain", now)
    if chosen == now:
        if now == "choice":
            choices_editor.write(items, form, "nested-choice")
        return bool(now)
    if chosen and chosen in kinds:
        fresh = _fresh(kinds.get(chosen))
        if kind_of(kinds, fresh).name != chosen:
            set_option(fresh, "kind", chosen)
        schema["items"] = fresh
    else:
        members = {"value": {"title": "Value", **items}} if now else {}
        schema["items"] = {"type": "object", "properties": members}
    return True
