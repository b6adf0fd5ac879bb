"""Problems find their inputs, rows their numbers, and dates their words."""

from __future__ import annotations

import datetime as dt

from werkzeug.datastructures import MultiDict

from amity.errors import Problem
from amity.records.shapes import Count
from amity.web import forms
from amity.web.formatting import Formatter
from amity.web.staff.state import ListState
from tests.factories.worlds import build_model

PERSON = build_model().entities["person"]


def test_problems_are_sorted_by_the_place_they_are_about() -> None:
    problems = [
        Problem("required", "This is required.", pointer="/name"),
        Problem("format", "No postal code.", pointer="/address/postal_code"),
        Problem("length", "Too long.", pointer="/children/people/2/values/name"),
        Problem("stale", "Changed.", pointer="/children/people/0"),
        Problem("gone", "No such field.", pointer="/other"),
        Problem("check", "They do not fit."),
    ]
    found = forms.sort_problems(problems, ["name", "address"])
    assert found.fields == {
        "name": (("", "This is required."),),
        "address": (("postal_code", "No postal code."),),
    }
    assert found.children == {
        ("people", 2, "name"): (("", "Too long."),),
        ("people", 0, ""): (("", "Changed."),),
    }
    assert found.general == ("other: No such field.", "They do not fit.")


def test_empty_new_rows_are_left_out_and_others_keep_their_number() -> None:
    fields = [PERSON.by_name["name"], PERSON.by_name["stage"]]
    form = MultiDict(
        {
            "child.people.0.~id": "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77",
            "child.people.0.~version": "3",
            "child.people.0.~remove": "1",
            "child.people.0.name": "Zoë",
            "child.people.4.name": "",
            "child.people.4.stage": "lead",
            "child.people.4.~blank": "stage",
            "child.people.7.name": "Yan",
            "child.people.x.name": "never",
            "child.people.9999999.name": "never",
        }
    )
    rows = forms.read_children("people", fields, form)
    assert rows == [
        {
            "row": 0,
            "values": {"name": "Zoë"},
            "id": "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77",
            "version": 3,
            "delete": True,
        },
        {"row": 7, "values": {"name": "Yan"}},
    ]
    assert "row" not in forms.without_row({"people": rows})["people"][0]


def test_unreadable_values_are_null_for_the_rules() -> None:
    typed = forms.typed_values(PERSON, {"age": 3, "born": "never", "name": None, "gone": 1})
    assert typed == {"age": 3, "born": None}


def test_the_state_of_a_list_goes_through_its_address() -> None:
    state = ListState(
        "/e/person", view="all", where="a == 'ü&'", q="x y", sort="-a", columns=("a", "b"), after="c"
    )
    query = dict(pair.split("=", 1) for pair in state.url.partition("?")[2].split("&"))
    assert query["where"] == "a+%3D%3D+%27%C3%BC%26%27"
    assert ListState.from_query("/e/person", state.parameters()) == state
    assert state.but(q="z").after == ""


def test_days_and_counts_are_said_as_people_say_them() -> None:
    now = dt.datetime(2026, 3, 14, 23, 30, tzinfo=dt.UTC)
    formats = Formatter("en", "Europe/Berlin", now)
    assert formats.today == dt.date(2026, 3, 15)
    day = dt.timedelta(days=1)
    assert [formats.day(formats.today + n * day) for n in (-1, 0, 1, 2)] == [
        "Yesterday", "Today", "Tomorrow", "Tuesday",
    ]  # fmt: skip
    assert formats.ago(now - dt.timedelta(seconds=5)) == "just now"
    assert formats.ago(now - dt.timedelta(minutes=3)) == "3 minutes ago"
    assert formats.count(Count(1000, False)) == "more than 1,000"
    assert Formatter("de", "UTC", now).number(1234567) == "1.234.567"
    assert Formatter("no such language", "No/Where", now).date(now.date()) == "Mar 14, 2026"
