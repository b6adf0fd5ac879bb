"""The OpenAPI document of a live workspace, custom entities included, is tried call by call by a fuzzer."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.servers import StartServer

pytestmark = pytest.mark.slow

MACHINE: dict[str, Any] = {
    "title": "Machine",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name", "minLength": 1, "maxLength": 80},
        "power": {"type": "integer", "title": "Power", "minimum": 0, "maximum": 100000},
        "weight": {"type": "number", "title": "Weight", "x-amity": {"kind": "decimal", "scale": 2}},
        "bought": {"type": "string", "format": "date", "title": "Bought"},
        "state": {"title": "State", "oneOf": [{"const": "ok"}, {"const": "broken"}]},
        "tags": {"type": "array", "title": "Tags", "items": {"type": "string"}},
        "part_of": {
            "type": "string",
            "format": "uuid",
            "title": "Part of",
            "x-amity": {"kind": "relation", "to": "machine"},
        },
    },
    "x-amity": {"name": "machine", "plural": "Machines", "display": "name"},
}

# What JSON Schema cannot say (a link must lead to a record that exists, a cursor was given before, a name is
# that of a field) is answered with 422, therefore "valid by the schema" does not mean "accepted". If-Match is
# asked for with 428, as RFC 6585 has it.
CONFIGURATION = """
[checks]
positive_data_acceptance.enabled = false
missing_required_header.expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
"""


def test_no_call_of_the_document_breaks_its_word(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    token = server.token()
    api = Api(server.url, token)
    assert api.put("/entities/machine", MACHINE).status == 201
    for number in range(3):
        assert api.post("/records/machine", {"name": f"Machine {number}"}).status == 201
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(tmp_path / "schemathesis.toml")),
            *("run", f"{server.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}"),
            *("--include-path-regex", "entities|workflows|runs|/events$|records/(machine|interaction)"),
            *("--phases", "coverage,fuzzing", "--max-examples", "6", "--seed", "1", "--no-color"),
            *("--exclude-path-regex", "schemas"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert re.search(r"[1-9]\d* generated", done.stdout), done.stdout[-2000:]
    assert "unexpected error" not in server.output, server.output[-3000:]
