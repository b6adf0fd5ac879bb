"""Fields for tests, made of a property schema as the loader makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from amity.entities.kinds.base import Kind
from amity.entities.kinds.parts import part_field
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Field
from amity.plugins import Plugins

CORE = KindRegistry(kind for _owner, kind in Plugins().given.amity_kinds)
"""Every kind that is shipped, those of bundled extensions included: they keep the same contract."""


@dataclass(frozen=True)
class Reader:
    """A person's preferences."""

    language: str = "en"
    timezone: str = "UTC"


def make_field(
    schema: Mapping[str, Any], *, kinds: KindRegistry = CORE, name: str = "value", **more: Any
) -> Field:
    """Make a field of a property schema (`x-amity` included); `more` replaces attributes."""
    field = part_field(name, schema, kinds, f"/properties/{name}")
    targets = field.options.get("to", ())
    targets = (targets,) if isinstance(targets, str) and targets != "any" else targets
    return replace(field, targets=() if targets == "any" else tuple(targets), **more)


def field_of(kind: Kind | str, *, kinds: KindRegistry = CORE, **options: Any) -> Field:
    """Make a field as the designer makes a new one of this kind, with further options."""
    known = kinds.get(kind) if isinstance(kind, str) else kind
    schema = dict(known.new_schema())
    options = {**schema.get("x-amity", {}), "kind": known.name, **options}
    if known.is_relation and "to" in known.option_schema:
        options.setdefault("to", "customer")
    return make_field({**schema, "x-amity": options}, kinds=kinds)


def form_of(shown: Any, name: str = "value") -> dict[str, list[str]]:
    """Give the inputs that a browser sends back for what `Kind.to_form` showed, nothing touched.

    A list of rows is {"rows", "blank", ...}, sent with two empty rows; members `text` and "" are the control
    itself. A browser sends every end of line as CR LF.
    """
    if isinstance(shown, Mapping):
        if "blank" in shown:
            return _rows_of(shown, name)
        return {
            key: texts
            for member, value in shown.items()
            for key, texts in _below(name, member, value).items()
        }
    if isinstance(shown, list | tuple):
        return {name: ["", *shown]}
    text = str(shown)
    sent = {name: [text.replace("\r\n", "\n").replace("\n", "\r\n")]}
    return {**sent, f"{name}.newline": ["crlf"]} if "\r\n" in text else sent


def _rows_of(shown: Mapping[str, Any], name: str) -> dict[str, list[str]]:
    sent = {name: [""]}
    for number, row in enumerate([*shown["rows"], shown["blank"], shown["blank"]]):
        sent.update(form_of(row, f"{name}.{number}"))
    for member, value in shown.items():
        if member not in ("rows", "blank"):
            sent.update(form_of(value, f"{name}.{member}"))
    return sent


def _below(name: str, member: str, value: Any) -> dict[str, list[str]]:
    return form_of(value, name if member in ("", "text") else f"{name}.{member}")
