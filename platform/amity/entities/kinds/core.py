"""The core's kinds, registered through the same hook as an extension's."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from amity.entities.kinds.base import Kind
from amity.entities.kinds.boolean import BooleanKind
from amity.entities.kinds.choice import ChoiceKind
from amity.entities.kinds.date import DateKind
from amity.entities.kinds.datetime import DateTimeKind
from amity.entities.kinds.decimal import DecimalKind
from amity.entities.kinds.email import EmailKind
from amity.entities.kinds.integer import IntegerKind
from amity.entities.kinds.percent import PercentKind
from amity.entities.kinds.relation import RelationKind
from amity.entities.kinds.text import TextKind

# The marker of `amity.hookspecs`, made anew: that module stands above this layer.
hookimpl = pluggy.HookimplMarker("amity")


@hookimpl
def amity_kinds() -> Sequence[Kind]:
    """Give one instance of every kind of the core, in the order of the palette."""
    return (
        TextKind(),
        IntegerKind(),
        DecimalKind(),
        PercentKind(),
        BooleanKind(),
        ChoiceKind(),
        DateKind(),
        DateTimeKind(),
        EmailKind(),
        RelationKind(),
    )
