"""The entity that is measured: twenty fields, as real ones are."""

from __future__ import annotations

import random
from typing import Any, Final

STAGES: Final = ("lead", "qualified", "active", "former")
CITIES: Final = ("Hamburg", "Lyon", "Gdańsk", "Trieste", "København", "Zürich", "Porto", "Graz")

TEXTS: Final = (
    "name", "street", "city", "region", "country", "phone", "website", "language", "source", "remark",
)  # fmt: skip
NUMBERS: Final = ("employees", "orders", "score", "visits")
DECIMALS: Final = ("revenue", "budget")
DATES: Final = ("since", "renewal_on")


def entity() -> dict[str, Any]:
    """The JSON Schema: ten texts, a choice, an e-mail, four integers, two decimals, two dates."""
    properties: dict[str, Any] = {
        name: {"type": "string", "title": name.capitalize(), "maxLength": 200} for name in TEXTS
    }
    properties["stage"] = {
        "type": "string",
        "title": "Stage",
        "oneOf": [{"const": stage, "title": stage.capitalize()} for stage in STAGES],
    }
    properties["email"] = {"type": "string", "title": "E-mail", "format": "email"}
    properties |= {name: {"type": "integer", "title": name.capitalize()} for name in NUMBERS}
    properties |= {name: {"type": "number", "title": name.capitalize()} for name in DECIMALS}
    properties |= {name: {"type": "string", "format": "date", "title": name} for name in DATES}
    view = {"name": "all", "title": "All", "kind": "table", "fields": ["name", "stage", "city", "revenue"]}
    view |= {"sort": "-score", "where": "stage == 'active'"}
    return {
        "title": "Company",
        "type": "object",
        "required": ["name"],
        "properties": properties,
        "x-amity": {"name": "company", "plural": "Companies", "display": "name", "views": [view]},
    }


def record(number: int) -> dict[str, Any]:
    """Record `number`, the same in every run."""
    chance = random.Random(number)
    values: dict[str, Any] = {name: f"{name} {chance.randrange(10**6):06d}" for name in TEXTS}
    values["name"] = f"Company {number:07d} {chance.choice(CITIES)}"
    values["city"] = chance.choice(CITIES)
    values["stage"] = chance.choice(STAGES)
    values["email"] = f"office{number}@company.example"
    values |= {name: chance.randrange(100_000) for name in NUMBERS}
    values |= {name: chance.randrange(10**8) / 100 for name in DECIMALS}
    values |= {
        name: f"20{chance.randrange(10, 27)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        for name in DATES
    }
    return values
