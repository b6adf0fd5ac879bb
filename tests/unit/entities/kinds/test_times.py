"""Dates, moments, times of day and durations."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from amity.entities.formats import is_date_time, is_duration
from amity.entities.kinds.base import ValueProblem
from tests.factories.fields import Reader, field_of, form_of, make_field

DATE, MOMENT, TIME, DURATION = (field_of(name) for name in ("date", "datetime", "time", "duration"))
BERLIN = Reader("de", "Europe/Berlin")


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-29",
        "2026-13-01",
        "0000-01-01",
        "10000-01-01",
        "2026-1-1",
        "20260101",
        "2026-W01-1",
        " 2026-01-01",
        "٢٠٢٦-٠١-٠١",
        "",
        20260101,
        None,
    ],
)
def test_days_that_do_not_exist(value: Any) -> None:
    with pytest.raises(ValueProblem):
        DATE.kind.parse(DATE, value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31t09:00:00z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00+05:30", "2026-01-31T03:30:00Z"),
        ("2026-01-31T09:00:00.5-00:00", "2026-01-31T09:00:00.500000Z"),
        ("2026-01-31T09:00:00.1234560000Z", "2026-01-31T09:00:00.123456Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_moments_are_written_in_utc(value: str, written: str) -> None:
    assert MOMENT.kind.dump(MOMENT, MOMENT.kind.parse(MOMENT, value)) == written
    assert is_date_time(written)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T09:00:00",
        "2026-01-31 09:00:00Z",
        "2026-01-31T09:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:00:60Z",
        "2026-01-31T09:00:00.1234567Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "2026-02-30T00:00:00Z",
        "2026-01-31T09:00:00+24:00",
        "now",
        "",
        0,
    ],
)
def test_moments_that_do_not_exist(value: Any) -> None:
    with pytest.raises(ValueProblem):
        MOMENT.kind.parse(MOMENT, value)


@given(st.datetimes(timezones=st.timezones()))
def test_moments_survive_json_text_and_form(moment: dt.datetime) -> None:
    try:
        value = MOMENT.kind.dump(MOMENT, moment)
    except OverflowError:  # outside the years 0001 to 9999 in UTC
        return
    typed = MOMENT.kind.parse(MOMENT, value)
    assert typed == moment.astimezone(dt.UTC)
    assert MOMENT.kind.from_text(MOMENT, MOMENT.kind.to_text(MOMENT, typed)) == value
    sent = MultiDict(form_of(MOMENT.kind.to_form(MOMENT, value, BERLIN)))
    assert MOMENT.kind.from_form(MOMENT, sent, "value") == value


@pytest.mark.parametrize("value", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
def test_the_hour_that_comes_twice_stays_itself(value: str) -> None:
    shown = MOMENT.kind.to_form(MOMENT, value, BERLIN)
    assert shown["text"] == "2026-10-25T02:30"
    assert MOMENT.kind.from_form(MOMENT, MultiDict(form_of(shown)), "value") == value


def test_what_is_typed_is_meant_in_the_zone_of_the_form() -> None:
    form = MultiDict(
        {"value": "2026-07-01T10:00", "value.zone": "Europe/Berlin", "value.exact": "2026-01-01T00:00:00Z"}
    )
    assert MOMENT.kind.from_form(MOMENT, form, "value") == "2026-07-01T08:00:00Z"
    assert (
        MOMENT.kind.from_form(MOMENT, MultiDict({"value": "2026-07-01T10:00"}), "value")
        == "2026-07-01T10:00:00Z"
    )
    assert MOMENT.kind.from_form(MOMENT, MultiDict({"value": "soon"}), "value") == "soon"
    early = MultiDict({"value": "0001-01-01T00:00", "value.zone": "Asia/Tokyo"})
    assert MOMENT.kind.from_form(MOMENT, early, "value") == "0001-01-01T00:00"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("09:30", "09:30:00"),
        ("09:30:00.5", "09:30:00.500000"),
        ("09:30:00Z", "09:30:00"),
        ("00:00:00", "00:00:00"),
    ],
)
def test_times_of_day(value: str, written: str) -> None:
    assert TIME.kind.dump(TIME, TIME.kind.parse(TIME, value)) == written


@pytest.mark.parametrize("value", ["24:00", "9:30", "09:60", "09:30:00+01:00", "09:30.5", "0930", "", 930])
def test_times_of_day_that_do_not_exist(value: Any) -> None:
    with pytest.raises(ValueProblem):
        TIME.kind.parse(TIME, value)


def test_the_format_of_json_schema_asks_for_z() -> None:
    field = make_field({"type": "string", "format": "time"})
    assert field.kind.name == "time"
    assert field.kind.dump(field, field.kind.parse(field, "09:30:00Z")) == "09:30:00Z"


@pytest.mark.parametrize(
    ("value", "microseconds"),
    [("PT0S", 0), ("P1W", 604_800_000_000), ("P1DT1H1M1.000001S", 90_061_000_001), ("PT90M", 5_400_000_000)],
)
def test_durations(value: str, microseconds: int) -> None:
    assert DURATION.kind.parse(DURATION, value) == microseconds


@pytest.mark.parametrize(
    "value", ["P1Y", "P1M", "P", "PT", "-PT1S", "PT1.1234567S", "1h", "P999999999W", "", 60]
)
def test_what_is_no_duration(value: Any) -> None:
    with pytest.raises(ValueProblem):
        DURATION.kind.parse(DURATION, value)


@given(st.integers(min_value=0, max_value=10**18))
def test_durations_survive(total: int) -> None:
    written = DURATION.kind.dump(DURATION, total)
    assert DURATION.kind.parse(DURATION, written) == total
    assert total % 1_000_000 or is_duration(written)
    sent = MultiDict({"value": DURATION.kind.to_form(DURATION, written)})
    assert DURATION.kind.parse(DURATION, DURATION.kind.from_form(DURATION, sent, "value")) == total


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("1:30", "PT1H30M"),
        ("90m", "PT1H30M"),
        ("1d 2h 30min", "P1DT2H30M"),
        ("2 w", "P14D"),
        ("pt5s", "PT5S"),
        ("45s", "PT45S"),
    ],
)
def test_durations_as_people_type_them(typed: str, written: str) -> None:
    assert DURATION.kind.from_text(DURATION, typed) == written


def test_shows_in_the_readers_language() -> None:
    moment = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)
    assert MOMENT.kind.format(MOMENT, moment, BERLIN) == "01.02.2026, 00:30"
    assert DURATION.kind.format(DURATION, 5_400_000_000, BERLIN) == "1 Std. 30 Min."
    assert DATE.kind.format(DATE, dt.date(2026, 1, 31), Reader("fr")) == "31 janv. 2026"
