"""Kinds of controls of the workflow editor: one for each property, each with its template."""

from __future__ import annotations

from amity.paths import bundled
from amity.web.builder.flows.controls import kinds
from amity.web.builder.flows.controls.base import control_of
from amity.web.builder.flows.controls.timetable import Timetable, build, parse
from amity.workflows.actions import core_actions
from amity.workflows.triggers import TRIGGERS, TriggerKind

SHOWN_AS = {
    "choice": ("entity", "field", "account", "workflow", "mail_template", "timezone"),
    "checks": ("fields", "accounts"),
    "condition": ("filter",),
    "text": (),
    "select": ("failure",),
}
"""Templates that several kinds share."""


def test_each_property_has_a_control_of_its_own() -> None:
    for thing in [*core_actions(), *TRIGGERS.values()]:
        rules = thing.options if isinstance(thing, TriggerKind) else thing.schema["properties"]
        for word, rule in rules.items():
            kind = control_of(word, rule)[0]
            assert kind in kinds() and kind != "json", f"{thing.name}.{word}"


def test_each_kind_has_a_template() -> None:
    shared = {kind for several in SHOWN_AS.values() for kind in several}
    folder = bundled("templates") / "fragments" / "builder" / "controls"
    for name in {*kinds(), *SHOWN_AS} - shared:
        assert (folder / f"{name}.html").is_file(), name


def test_schedules_are_read_as_they_are_written() -> None:
    for text in ("*/15 * * * *", "5 * * * *", "0 8 * * *", "30 18 * * 1,4,0", "0 0 L * *", "0 6 24 12 *"):
        assert build(parse(text)) == text
    assert parse("0 7 * * 1-5").weekdays == frozenset("12345") and parse("0 7 * * 7").weekdays == frozenset(
        "0"
    )
    for text in (
        "",
        "* * * * *",
        "0 8,9 * * *",
        "0 8 1 * 1",
        "0 8 * 2 *",
        "61 8 * * *",
        "@daily",
        "0 8 32 * *",
    ):
        assert parse(text) == Timetable("~"), text
