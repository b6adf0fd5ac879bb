"""Operations of the designer on an entity document: pure functions, the document is a plain JSON object.

A field is found by its present name. Renaming keeps the field's id, so that its data stays; the lists of
names in the document follow at once, expressions follow when the plan is applied.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

Json = dict[str, Any]

_NOT_NAME: Final = re.compile(r"[^a-z0-9]+")
RESERVED: Final = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "owner", "deleted_at"}
)


def empty() -> Json:
    """A document to begin with: a name, so that the first record has something to show."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "",
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "title": "Name", "minLength": 1, "maxLength": 200},
        },
        "x-amity": {"display": "name"},
    }


def slug(title: str) -> str:
    """A name made from a title: `Größe (cm)` becomes `grosse_cm`."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    name = _NOT_NAME.sub("_", plain).strip("_")[:40] or "field"
    if name[0].isdigit():
        name = f"f_{name}"
    return f"{name}_value" if name in RESERVED else name


def properties(document: Json) -> Json:
    """The fields by name; made where the document has none yet."""
    found = document.setdefault("properties", {})
    if not isinstance(found, dict):
        found = document["properties"] = {}
    return found


def own_options(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """`x-amity` of the document or of a property, for reading; empty where there is none."""
    found = schema.get("x-amity")
    return found if isinstance(found, Mapping) else {}


def required(document: Mapping[str, Any]) -> list[str]:
    """The names of the required fields; empty where the document does not list them."""
    found = document.get("required")
    return found if isinstance(found, list) else []


def options(schema: Json) -> Json:
    """`x-amity` of the document or of a property; made where it is missing."""
    found = schema.setdefault("x-amity", {})
    if not isinstance(found, dict):
        found = schema["x-amity"] = {}
    return found


def free_name(document: Json, wanted: str, but: str = "") -> str:
    """`wanted`, or with a number where a field (another one than `but`) has that name."""
    taken = {name.casefold() for name in properties(document) if name != but}
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def add_field(document: Json, schema: Mapping[str, Any], title: str, kind: str) -> str:
    """Add a field at the end; gives its name."""
    name = free_name(document, slug(title))
    added = {"title": title, **deepcopy(dict(schema))}
    options(added).setdefault("kind", kind)
    properties(document)[name] = added
    sections = _sections(document)
    if sections:
        sections[-1].setdefault("fields", []).append(name)
    return name


def remove_field(document: Json, name: str) -> None:
    """Take a field out of the document and of every list that names it."""
    properties(document).pop(name, None)
    _required(document, name, False)
    _each_list(document, lambda names: [item for item in names if item != name])
    root = options(document)
    if root.get("display") == name:
        root.pop("display")
    root["unique"] = [group for group in _unique(document) if isinstance(group, list) and name not in group]
    for view in _views(document):
        parts = [part for part in str(view.get("sort", "")).split(",") if part.lstrip("-") != name]
        if "sort" in view:
            view["sort"] = ",".join(parts)
    for key in ("unique",):
        if not root.get(key):
            root.pop(key, None)


def rename_field(document: Json, old: str, new: str) -> str:
    """Give a field another name, at the same place; gives the name it got."""
    if old == new or not new:
        return old
    found = properties(document)
    if new.casefold() in {name.casefold() for name in found if name != old}:
        return old
    options(found[old]).setdefault("id", options(found[old]).get("id", old))
    document["properties"] = {new if name == old else name: schema for name, schema in found.items()}
    if old in required(document):
        document["required"] = [new if name == old else name for name in document["required"]]
    _each_list(document, lambda names: [new if item == old else item for item in names])
    root = options(document)
    if root.get("display") == old:
        root["display"] = new
    if _unique(document):
        root["unique"] = [[new if name == old else name for name in group] for group in _unique(document)]
    for view in _views(document):
        if "sort" in view:
            view["sort"] = ",".join(_renamed_key(part, old, new) for part in str(view["sort"]).split(","))
    for check in root.get("checks", []):
        if isinstance(check, dict) and check.get("field") == old:
            check["field"] = new
    return new


def move_field(document: Json, name: str, step: int) -> None:
    """Move a field up (-1) or down (+1), in the document and within its section of the form."""
    found = list(properties(document).items())
    names = [key for key, _ in found]
    if name not in names:
        return
    place = names.index(name)
    target = min(max(place + step, 0), len(found) - 1)
    found.insert(target, found.pop(place))
    document["properties"] = dict(found)
    for section in _sections(document):
        listed = section.get("fields", [])
        if name in listed:
            here = listed.index(name)
            listed.insert(min(max(here + step, 0), len(listed) - 1), listed.pop(here))


def set_required(document: Json, name: str, wanted: bool) -> None:
    """Make a field required or not."""
    _required(document, name, wanted)


def unique_alone(document: Json, name: str) -> bool:
    """Whether no two records may have the same value in this field."""
    return [name] in _unique(document)


def set_unique(document: Json, name: str, unique: bool) -> None:
    """Let the field's value be unique among live records, or not."""
    before = _unique(document)
    if ([name] in before) == unique:
        return
    groups = [group for group in before if group != [name]]
    if unique:
        groups.append([name])
    if groups:
        options(document)["unique"] = groups
    else:
        options(document).pop("unique", None)


def _unique(document: Json) -> list[Any]:
    found = own_options(document).get("unique")
    return found if isinstance(found, list) else []


def _required(document: Json, name: str, wanted: bool) -> None:
    if (name in required(document)) == wanted:
        return
    names = [item for item in required(document) if item != name]
    if wanted:
        names.append(name)
    order = list(properties(document))
    document["required"] = sorted(names, key=lambda item: order.index(item) if item in order else 10**6)


def _sections(document: Json) -> list[Json]:
    found = own_options(document).get("layout", [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _views(document: Json) -> list[Json]:
    found = own_options(document).get("views", [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _each_list(document: Json, change: Callable[[list[str]], list[str]]) -> None:
    for holder in (*_sections(document), *_views(document)):
        if isinstance(holder.get("fields"), list):
            holder["fields"] = change(holder["fields"])
    root = own_options(document)
    if isinstance(root.get("display"), list):
        options(document)["display"] = change(root["display"])


def _renamed_key(part: str, old: str, new: str) -> str:
    sign = "-" if part.startswith("-") else ""
    return f"{sign}{new}" if part.lstrip("-") == old else part
