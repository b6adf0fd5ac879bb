"""The core's kinds, registered through the same hook as an extension's."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from amity.entities.kinds.address import AddressKind
from amity.entities.kinds.addresses import AddressesKind
from amity.entities.kinds.any_relation import AnyRelationKind
from amity.entities.kinds.base import Kind
from amity.entities.kinds.boolean import BooleanKind
from amity.entities.kinds.choice import ChoiceKind
from amity.entities.kinds.choices import ChoicesKind
from amity.entities.kinds.date import DateKind
from amity.entities.kinds.datetime import DateTimeKind
from amity.entities.kinds.decimal import DecimalKind
from amity.entities.kinds.duration import DurationKind
from amity.entities.kinds.email import EmailKind
from amity.entities.kinds.emails import EmailsKind
from amity.entities.kinds.file import FileKind
from amity.entities.kinds.image import ImageKind
from amity.entities.kinds.integer import IntegerKind
from amity.entities.kinds.json import JsonKind
from amity.entities.kinds.list import ListKind
from amity.entities.kinds.location import LocationKind
from amity.entities.kinds.long_text import LongTextKind
from amity.entities.kinds.money import MoneyKind
from amity.entities.kinds.object import ObjectKind
from amity.entities.kinds.percent import PercentKind
from amity.entities.kinds.phone import PhoneKind
from amity.entities.kinds.phones import PhonesKind
from amity.entities.kinds.rating import RatingKind
from amity.entities.kinds.relation import RelationKind
from amity.entities.kinds.relations import RelationsKind
from amity.entities.kinds.rich_text import RichTextKind
from amity.entities.kinds.text import TextKind
from amity.entities.kinds.time import TimeKind
from amity.entities.kinds.url import UrlKind

# The marker of `amity.hookspecs`, made anew: that module stands above this layer.
hookimpl = pluggy.HookimplMarker("amity")


@hookimpl
def amity_kinds() -> Sequence[Kind]:
    """Give one instance of every kind of the core, in the order of the palette."""
    return (
        TextKind(),
        LongTextKind(),
        RichTextKind(),
        IntegerKind(),
        DecimalKind(),
        PercentKind(),
        MoneyKind(),
        BooleanKind(),
        ChoiceKind(),
        ChoicesKind(),
        RatingKind(),
        DateKind(),
        DateTimeKind(),
        TimeKind(),
        DurationKind(),
        EmailKind(),
        PhoneKind(),
        UrlKind(),
        AddressKind(),
        LocationKind(),
        EmailsKind(),
        PhonesKind(),
        AddressesKind(),
        FileKind(),
        ImageKind(),
        RelationKind(),
        RelationsKind(),
        AnyRelationKind(),
        ObjectKind(),
        ListKind(),
        JsonKind(),
    )
