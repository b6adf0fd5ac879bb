"""Two servers on one PostgreSQL: a definition changed through one is in force in the other at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.support.api import Api, connect
from tests.support.servers import StartServer

pytestmark = pytest.mark.slow
WRITERS = 3
CHANGES = 8


def note(fields: int) -> dict[str, Any]:
    """An entity with a growing number of fields."""
    extra = {f"extra_{number}": {"type": "string", "title": f"Extra {number}"} for number in range(fields)}
    return {
        "title": "Note",
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "title": "Text"}, **extra},
        "x-amity": {"name": "note", "plural": "Notes", "display": "text"},
    }


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
def test_definition_changed_in_one_is_in_force_in_the_other_under_load(start_server: StartServer) -> None:
    first, second = start_server(home="first"), start_server(home="second")
    admin = connect(first)
    other = Api(second.url, admin.token)
    assert admin.put("/entities/note", note(0)).status == 201
    assert other.get("/entities/note").status == 200

    stop, failures, written = threading.Event(), [], [0]

    def write() -> None:
        while not stop.is_set():
            answer = other.post("/records/note", {"text": f"note {written[0]}"})
            written[0] += 1
            if answer.status != 201:
                failures.append((answer.status, answer.body))

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for number in range(1, CHANGES + 1):
            etag = admin.get("/entities/note").etag
            changed = admin.put("/entities/note", note(number), etag, confirm="true")
            assert changed.status == 200, changed.body
            # The very next request to the other process knows the new field.
            answer = other.post("/records/note", {"text": "new", f"extra_{number - 1}": "here"})
            assert answer.status == 201, answer.body
            assert answer.body[f"extra_{number - 1}"] == "here"
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failures, failures[:3]
    assert written[0] > CHANGES
