"""The default of a field, edited with the very input that its records have."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Final

from amity import jsontext
from amity.entities.kinds.base import ABSENT, Kind
from amity.entities.kinds.list import filled
from amity.entities.kinds.parts import part_field
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Field
from amity.web.builder.document import Json
from amity.web.builder.rows import Form, put, typed
from amity.web.context import locale
from amity.web.forms import Choices, Input, Surroundings, make_input
from amity.web.texts import gettext as _

NAME: Final = "f-default"


def has_default(kind: Kind) -> bool:
    """Whether a new record can begin with a value: links and files are chosen per record."""
    return not (kind.is_relation or kind.computed or kind.name in ("file", "image"))


def read(schema: Json, kind: Kind, kinds: KindRegistry) -> Input | None:
    """Make the input; None where the kind has no default. The schema must be one that can be loaded."""
    if not has_default(kind):
        return None
    around = Surroundings(
        locale=locale(),
        visible=lambda field: True,
        required=lambda field: False,
        choices=lambda field, value: Choices(),
    )
    return make_input(_field(schema, kinds), schema.get("default"), around)


def write(schema: Json, kind: Kind, kinds: KindRegistry, form: Form) -> None:
    """Put what was typed into the schema; nothing where the form has no such input or says what it said."""
    if not has_default(kind) or not any(key == NAME or key.startswith(f"{NAME}.") for key in form):
        return
    field = _field(schema, kinds)
    shown = kind.to_form(field, schema.get("default"), locale())
    if isinstance(shown, str) and typed(form, NAME, shown) is None:
        return
    value = kind.from_form(field, form, NAME)
    if value is ABSENT:
        return
    value = filled(value)
    if jsontext.dumps(value) != jsontext.dumps(schema.get("default")):
        put(schema, "default", value)


def _field(schema: Json, kinds: KindRegistry) -> Field:
    own = deepcopy(schema)
    own.pop("default", None)  # a yes-or-no field with a default would be a switch, which cannot be empty
    field = part_field(NAME, own, kinds)
    return replace(field, title=_("Default"), help=_("What a new record begins with."), read_only=False)
