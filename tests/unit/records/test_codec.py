"""Row <-> typed <-> JSON."""

from __future__ import annotations

import datetime as dt

import pytest

from amity.entities.kinds.base import Kind
from amity.records.codec import SAME_IN_JSON
from amity.records.shapes import rfc3339
from tests.factories.fields import CORE, field_of


@pytest.mark.parametrize(
    "kind", [kind for kind in CORE if type(kind).dump in SAME_IN_JSON], ids=lambda kind: kind.name
)
def test_what_counts_as_the_same_in_json_is_the_same(kind: Kind) -> None:
    field = field_of(kind)
    for value in kind.samples(field):
        assert kind.dump(field, kind.parse(field, value)) == kind.parse(field, value) == value


def test_moments_are_written_in_utc() -> None:
    moment = dt.datetime(2026, 1, 31, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert rfc3339(moment) == "2026-01-31T09:00:00Z"
    assert rfc3339(moment.astimezone(dt.UTC).replace(microsecond=5)) == "2026-01-31T09:00:00.000005Z"
