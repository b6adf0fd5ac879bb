"""Files: a record keeps name, size, type and hash; the content lies in the home (`amity.files`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from amity import jsontext
from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.lines import read_json
from amity.entities.kinds.parts import has_input
from amity.entities.kinds.text import checked_text, type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, Type

_MEMBERS: Final = ("name", "size", "type", "sha256")
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.ASCII)
_LONGEST: Final = 255
_BIGGEST: Final = 2**53
_EMPTY_HASH: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class FileKind(Kind):
    """One file. Upload it first; the value is {"name", "size", "type", "sha256"}."""

    name = "file"
    title = "File"
    icon = "paperclip"
    group = "Files"
    sortable = False
    searchable = True
    grouped = True
    types: ClassVar[frozenset[str] | None] = None
    """Types that may be kept; None for all."""

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": _LONGEST},
                "size": {"type": "integer", "minimum": 0},
                "type": {"type": "string"},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            },
            "required": list(_MEMBERS),
            "additionalProperties": False,
        }

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueProblem("type", f"This must be an uploaded file (an object), not {type_name(value)}.")
        for member in value:
            if member not in _MEMBERS:
                raise ValueProblem("unknown", f"A file has the members {', '.join(_MEMBERS)}.")
        for member in _MEMBERS:
            if value.get(member) is None:
                raise ValueProblem("required", f"A file needs its {member}; upload it first.", f"/{member}")
        name, size, type_, sha256 = (value[member] for member in _MEMBERS)
        if not isinstance(name, str) or not 0 < len(checked_text(name)) <= _LONGEST:
            raise ValueProblem("length", f"A file name has 1 to {_LONGEST} characters.", "/name")
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < _BIGGEST:
            raise ValueProblem("type", "The size is a number of bytes.", "/size")
        if not isinstance(type_, str) or len(type_) > 100 or not _TYPE.fullmatch(type_):
            raise ValueProblem("format", "The type is a media type such as application/pdf.", "/type")
        if self.types is not None and type_ not in self.types:
            raise ValueProblem("type", f"This must be one of {', '.join(sorted(self.types))}.", "/type")
        if not isinstance(sha256, str) or not _HASH.fullmatch(sha256):
            raise ValueProblem("format", "The hash has 64 digits 0-9 and a-f; upload the file.", "/sha256")
        return {"name": name, "size": size, "type": type_, "sha256": sha256}

    def dump(self, field: Field, value: Mapping[str, Any]) -> dict[str, Any]:
        return dict(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"),)

    def expression_type(self, field: Field) -> Type:
        return DYN

    def to_text(self, field: Field, value: Mapping[str, Any]) -> str:
        return jsontext.dumps(value)

    def from_text(self, field: Field, text: str) -> dict[str, Any]:
        return self.parse(field, read_json(text))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read `name`, JSON that receiving the upload put there; `name.remove` takes the file away."""
        if not has_input(form, name):
            return ABSENT
        text = form.get(name) or ""
        if not text or form.get(f"{name}.remove"):
            return None
        try:
            return read_json(text)
        except ValueProblem:
            return text

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> dict[str, str]:
        """Give `text` (the JSON for the hidden input) and `shown` (the file's name)."""
        if value is None:
            return {"text": "", "shown": ""}
        try:
            return {"text": jsontext.dumps(self.parse(field, value)), "shown": value["name"]}
        except ValueProblem:
            return {"text": "", "shown": ""}

    def format(self, field: Field, value: Mapping[str, Any], locale: Locale) -> str:
        return " ".join(str(value["name"]).split()) or "…"

    def search_text(self, field: Field, value: Mapping[str, Any]) -> str:
        return str(value["name"])

    def samples(self, field: Field) -> Sequence[Any]:
        types = sorted(self.types or ("application/pdf", "text/plain"))
        return (
            {"name": "Price list.pdf", "size": 0, "type": types[0], "sha256": _EMPTY_HASH},
            {"name": "Übersicht", "size": 12_345_678, "type": types[1], "sha256": "0" * 64},
        )
