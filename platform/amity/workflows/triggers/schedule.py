"""The trigger `schedule`: by the clock, once or for each record that meets a condition."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

SCHEDULE: Final = TriggerKind(
    name="schedule",
    title="At certain times",
    description="Every morning, each Monday, the first of a month; for each record that meets a condition.",
    icon="clock",
    source="clock",
    person=False,
    entity="possible",
    required=("cron",),
    options={
        "cron": {
            "type": "string",
            "title": "When",
            "description": "Minute, hour, day, month and weekday, such as 0 8 * * 1 for Mondays at 8.",
            "maxLength": 100,
            "x-amity": {"input": "cron"},
        },
        "timezone": {
            "type": "string",
            "title": "Time zone",
            "description": "Such as Europe/Berlin; empty: that of the workspace.",
            "maxLength": 64,
            "x-amity": {"input": "timezone"},
        },
        "missed": {
            "oneOf": [
                {"const": "once", "title": "Once, as soon as it runs again"},
                {"const": "skip", "title": "Not at all"},
            ],
            "default": "once",
            "title": "What was missed while Amity was down or this was paused",
        },
        "where": {
            "type": "string",
            "title": "For each record that meets",
            "description": "A condition over its fields, such as last_contact < today() - days(90).",
            "maxLength": 4000,
            "x-amity": {"input": "filter"},
        },
    },
)
