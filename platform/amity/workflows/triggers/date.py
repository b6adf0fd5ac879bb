"""The trigger `date`: some time before, on or after a date of a record."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

DATE: Final = TriggerKind(
    name="date",
    title="Around a date of a record",
    description="Such as 3 days before the renewal; follows when the date is changed.",
    icon="calendar-event",
    source="clock",
    person=False,
    required=("field",),
    options={
        "field": {
            "type": "string",
            "title": "Date",
            "description": "A field with a date, or a date and time.",
            "x-amity": {"input": "field"},
        },
        "before": {
            "type": "string",
            "title": "Before",
            "description": "How long before: days(3), hours(2).",
            "maxLength": 200,
            "x-amity": {"input": "expression", "type": "duration"},
        },
        "after": {
            "type": "string",
            "title": "After",
            "description": "How long after it.",
            "maxLength": 200,
            "x-amity": {"input": "expression", "type": "duration"},
        },
        "at": {
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "default": "08:00",
            "title": "Time of day",
            "description": "For dates without a time, in the time zone of the workspace.",
            "x-amity": {"input": "time"},
        },
        "yearly": {
            "type": "boolean",
            "default": False,
            "title": "Every year",
            "description": "For birthdays and anniversaries.",
        },
    },
)
