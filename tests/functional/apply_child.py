"""A process that applies a change of definitions, to be killed while it does: `apply_child.py URL WHAT`."""

from __future__ import annotations

import sys

from tests.factories.definitions import Desk, desk, schema


def convert(opened: Desk) -> None:
    """Turn texts into numbers in every record."""
    document = opened.document("thing")
    document["properties"]["size"] = {"type": "integer", "x-amity": {"id": "size"}}
    opened.apply("thing", document)


def extend(opened: Desk) -> None:
    """Add, remove and rename fields at once, and a unique index."""
    document = opened.document("thing")
    properties = document["properties"]
    del properties["note"]
    properties["label"] = properties.pop("name")
    for number in range(20):
        properties[f"more_{number}"] = {"type": "string"}
    document["x-amity"]["unique"] = [["label"]]
    opened.apply("thing", document)


def fill(url: str, records: int = 3000) -> None:
    """Make what the children work on."""
    from tests.factories.definitions import prepare

    prepare(url)
    with desk(url) as opened:
        text = {"type": "string"}
        opened.apply("thing", schema({"name": text, "size": text, "note": text}))
        values = [
            {"name": f"n{i}", "size": str(i) if i % 3 else f"{i} pieces", "note": "x"} for i in range(records)
        ]
        opened.add("thing", *values)


if __name__ == "__main__":
    with desk(sys.argv[1]) as process:
        work = {"convert": convert, "extend": extend}[sys.argv[2]]
        process.definitions.refresh()
        print("ready", flush=True)
        work(process)
        print("done", flush=True)
