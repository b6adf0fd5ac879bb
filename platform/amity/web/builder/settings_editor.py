"""The editor of what concerns the whole entity: title, plural, icon, label of a record, checks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from amity.web.builder import document as documents
from amity.web.builder import icons
from amity.web.builder.document import Json, own_options
from amity.web.builder.icons import Icon
from amity.web.builder.rows import Form, numbers, put, set_option, typed

FREE_ROWS: Final = 1
_SEPARATOR: Final = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One condition that a record must meet."""

    number: int
    expression: str = ""
    message: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class SettingsEditor:
    """All that the editor of the entity shows."""

    title: str
    plural: str
    name: str
    icon: str
    icons: Sequence[Icon]
    """What can be chosen."""
    icon_known: bool
    """Whether the sprite has the icon that is chosen."""
    description: str
    display: str
    checks: Sequence[CheckRow]


def read_settings(document: Json) -> SettingsEditor:
    """Make the editor."""
    own = own_options(document)
    icon = _text(own.get("icon"))
    offered = icons.offered()
    if icon and icon not in {item.name for item in offered}:
        offered = (Icon(icon, icon.replace("-", " ")), *offered)
    checks = [_check(number, item) for number, item in enumerate(_checks(document))]
    return SettingsEditor(
        title=_text(document.get("title")),
        plural=_text(own.get("plural")),
        name=_text(own.get("name")),
        icon=icon,
        icons=offered,
        icon_known=not icon or icon in icons.shipped(),
        description=_text(document.get("description")),
        display=_display(own.get("display")),
        checks=[*checks, *(CheckRow(len(checks) + number) for number in range(FREE_ROWS))],
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _display(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else _text(value)


def _checks(document: Json) -> list[Json]:
    found = own_options(document).get("checks")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _check(number: int, item: Json) -> CheckRow:
    return CheckRow(
        number, _text(item.get("expression")), _text(item.get("message")), _text(item.get("field"))
    )


# -- what was sent ---------------------------------------------------------------------------------------
def write_settings(document: Json, form: Form, *, is_new: bool) -> None:
    """Put what the editor sent into the document; nothing where the form did not carry it."""
    if "s-title" not in form:
        return
    shown = read_settings(document)
    title = typed(form, "s-title", shown.title)
    if title is not None:
        document["title"] = title
    description = typed(form, "s-description", shown.description)
    if description is not None:
        put(document, "description", description)
    for key, before in (("name", shown.name), ("plural", shown.plural), ("icon", shown.icon)):
        text = typed(form, f"s-{key}", before)
        if text is not None:
            set_option(document, key, text)
    if is_new:
        _follow(document, shown)
    display = typed(form, "s-display", shown.display)
    if display is not None:
        names = [part for part in _SEPARATOR.split(display) if part]
        set_option(document, "display", names[0] if len(names) == 1 else names)
    _write_checks(document, form)


def _follow(document: Json, before: SettingsEditor) -> None:
    """Let name and plural of a new entity follow its title until somebody writes others."""
    title, own = _text(document.get("title")), documents.options(document)
    if not title:
        return
    if own.get("name", "") in ("", documents.slug(before.title)):
        own["name"] = documents.slug(title)
    if own.get("plural", "") in ("", f"{before.title}s"):
        own["plural"] = f"{title}s"


def _write_checks(document: Json, form: Form) -> None:
    old = _checks(document)
    if not any(key.startswith("check-") for key in form):
        return
    checks = []
    for number in numbers(form, "check"):
        check = deepcopy(old[number]) if number < len(old) else {}
        shown = _check(number, check)
        parts = {"expression": shown.expression, "message": shown.message, "field": shown.field}
        for key, before in parts.items():
            text = typed(form, f"check-{number}-{key}", before)
            if text is not None:
                put(check, key, text)
        if check.get("expression") or check.get("message"):
            checks.append(check)
    if checks != old:
        set_option(document, "checks", checks)
