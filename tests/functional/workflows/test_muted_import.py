"""`amity import --mute` starts no workflows, and rules still count; without it the import starts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from amity.database.engine import Database
from amity.database.schema_workflows import run_request
from tests.support.databases import DatabaseServer
from tests.support.servers import amity, shipped

pytestmark = pytest.mark.slow
GREET = {
    "title": "Greet",
    "entity": "customer",
    "enabled": True,
    "trigger": {"on": "created"},
    "steps": [{"do": "notify", "roles": ["admin"], "text": "{{ record.name }} is new."}],
}
RULE = {
    "title": "Prospects first",
    "entity": "customer",
    "enabled": True,
    "trigger": {"on": "saving"},
    "steps": [{"do": "set", "values": {"notes": "by the rule"}}],
}


def test_a_muted_import_starts_nothing_and_obeys_the_rules(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    url, home = shipped(database_server, tmp_path), tmp_path / "home"
    for name, document in (("greet", GREET), ("prospects", RULE)):
        (tmp_path / f"{name}.json").write_text(json.dumps({**document, "name": name}))
    files = [str(tmp_path / f"{name}.json") for name in ("greet", "prospects")]
    done = amity("apply", *files, "--yes", home=home, database_url=url)
    assert done.returncode == 0, done.stderr
    database = Database(url)

    def requests() -> int:
        with database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(run_request)).scalar_one())

    def notes() -> int:
        with database.read() as connection:
            statement = text("SELECT count(*) FROM e_customer WHERE f_notes = 'by the rule'")
            return int(connection.execute(statement).scalar_one())

    try:
        for flags, asked, ruled in ((["--mute"], 0, 3), ([], 3, 6)):
            rows = [f"Customer {asked} {number}" for number in range(3)]
            (tmp_path / "new.csv").write_text("\n".join(["name", *rows]) + "\n")
            command = ("import", "customer", str(tmp_path / "new.csv"), *flags)
            done = amity(*command, home=home, database_url=url)
            assert done.returncode == 0, done.stderr
            assert (requests(), notes()) == (asked, ruled)
    finally:
        database.close()
        database_server.drop(url)
