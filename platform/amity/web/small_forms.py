"""Small forms that stand on their own: what a workflow asks a person, and public forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from amity.entities.model import Entity
from amity.web import forms
from amity.web.context import locale

PREFIX: Final = "field-"
"""Before the names of the inputs, so that they meet no others of the page."""


def read(form: Entity, sent: MultiDict[str, str]) -> Mapping[str, Any]:
    """Give what was typed, by field name, not yet checked (`workflows.forms.checked` does that)."""
    return forms.read_values(form.fields, sent, PREFIX)


def inputs(form: Entity, typed: Mapping[str, Any], trouble: forms.Trouble) -> tuple[forms.Input, ...]:
    """Make the inputs, with what was typed and what is wrong with it."""
    around = forms.Surroundings(
        locale=locale(),
        visible=lambda field: True,
        required=lambda field: field.required,
        choices=lambda field, value: forms.Choices(),
    )
    return tuple(
        forms.make_input(
            field,
            typed.get(field.name, field.default),
            around,
            trouble.fields.get(field.name, ()),
            PREFIX,
        )
        for field in form.fields
    )
