"""The editor of what concerns the whole entity: title, plural, icon, label of a record, checks, sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from amity.web.builder import document as documents
from amity.web.builder.document import Json

FREE_ROWS: Final = 1
_SEPARATOR: Final = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One condition that a record must meet."""

    expression: str = ""
    message: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section of the form."""

    title: str = ""
    columns: str = "2"
    fields: str = ""
    """Names, separated by commas."""
    visible: str = ""


@dataclass(frozen=True, slots=True)
class SettingsEditor:
    """All that the editor of the entity shows."""

    title: str
    plural: str
    name: str
    icon: str
    description: str
    display: str
    checks: Sequence[CheckRow]
    sections: Sequence[SectionRow]


def read_settings(document: Json) -> SettingsEditor:
    """Make the editor."""
    own = document.get("x-amity", {}) if isinstance(document.get("x-amity"), dict) else {}
    display = own.get("display", "")
    return SettingsEditor(
        title=str(document.get("title", "")),
        plural=str(own.get("plural", "")),
        name=str(own.get("name", "")),
        icon=str(own.get("icon", "")),
        description=str(document.get("description", "")),
        display=display if isinstance(display, str) else ", ".join(map(str, display)),
        checks=[*_checks(own), *[CheckRow()] * FREE_ROWS],
        sections=[*_sections(own), *[SectionRow()] * FREE_ROWS],
    )


def _checks(own: Json) -> list[CheckRow]:
    return [
        CheckRow(str(item.get("expression", "")), str(item.get("message", "")), str(item.get("field", "")))
        for item in own.get("checks", [])
        if isinstance(item, dict)
    ]


def _sections(own: Json) -> list[SectionRow]:
    return [
        SectionRow(
            str(item.get("section", "")),
            str(item.get("columns", 2)),
            ", ".join(map(str, item.get("fields", []))),
            str(item.get("visible", "")),
        )
        for item in own.get("layout", [])
        if isinstance(item, dict)
    ]


def write_settings(document: Json, form: MultiDict[str, str], *, is_new: bool) -> None:
    """Put what the editor sent into the document; nothing where the form did not carry it."""
    if "s-title" not in form:
        return
    old_title = str(document.get("title", ""))
    document["title"] = form["s-title"].strip()
    own = documents.options(document)
    name = form.get("s-name", "").strip()
    if is_new and document["title"] and (not name or name == documents.slug(old_title)):
        name = documents.slug(document["title"])
    plural = form.get("s-plural", "").strip()
    if not plural and document["title"]:
        plural = f"{document['title']}s"
    _put(own, "name", name)
    _put(own, "plural", plural)
    _put(own, "icon", form.get("s-icon", "").strip())
    _put(document, "description", form.get("s-description", "").strip())
    names = [part for part in _SEPARATOR.split(form.get("s-display", "")) if part]
    _put(own, "display", names[0] if len(names) == 1 else names)
    _put(own, "checks", _written_checks(form))
    _put(own, "layout", _written_sections(form))


def _put(holder: Json, name: str, value: Any) -> None:
    if value:
        holder[name] = value
    else:
        holder.pop(name, None)


def _numbers(form: MultiDict[str, str], prefix: str) -> list[int]:
    found = (key.split("-")[1] for key in form if key.startswith(f"{prefix}-"))
    return sorted({int(number) for number in found if number.isdecimal()})


def _written_checks(form: MultiDict[str, str]) -> list[Json]:
    checks = []
    for number in _numbers(form, "check"):
        expression = form.get(f"check-{number}-expression", "").strip()
        if not expression:
            continue
        check = {"expression": expression, "message": form.get(f"check-{number}-message", "").strip()}
        if field := form.get(f"check-{number}-field", "").strip():
            check["field"] = field
        checks.append(check)
    return checks


def _written_sections(form: MultiDict[str, str]) -> list[Json]:
    sections = []
    for number in _numbers(form, "section"):
        title = form.get(f"section-{number}-title", "").strip()
        fields = [part for part in _SEPARATOR.split(form.get(f"section-{number}-fields", "")) if part]
        if not title and not fields:
            continue
        columns = form.get(f"section-{number}-columns", "2")
        section: Json = {
            "section": title,
            "columns": int(columns) if columns.isdecimal() else 2,
            "fields": fields,
        }
        if visible := form.get(f"section-{number}-visible", "").strip():
            section["visible"] = visible
        sections.append(section)
    return sections
