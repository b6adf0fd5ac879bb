"""An apply killed with -9 at any moment leaves the old model or the new one, and can be gone on with."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from amity.database.schema import definition_job, stored_column
from tests.factories.definitions import Desk, desk, occasion
from tests.functional.apply_child import fill
from tests.support.databases import DatabaseServer

ROOT = Path(__file__).parents[2]
RECORDS = 3000
KILLS = 4


def start(url: str, what: str) -> subprocess.Popen[str]:
    """Start a process that applies, up to the moment before."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.functional.apply_child", url, what],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def duration(server: DatabaseServer, what: str) -> float:
    """How long the apply takes when nobody disturbs it."""
    url = server.clone("apply-kill", fill)
    child = start(url, what)
    began = time.monotonic()
    assert child.wait(120) == 0
    assert child.stdout is not None
    child.stdout.close()
    server.drop(url)
    return time.monotonic() - began


def killed(server: DatabaseServer, what: str, after: float) -> str:
    """Give a database whose apply was killed so many seconds in."""
    url = server.clone("apply-kill", fill)
    child = start(url, what)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    assert child.stdout is not None
    child.stdout.close()
    return url


def size(number: int) -> str:
    """What the record had before."""
    return str(number) if number % 3 else f"{number} pieces"


def is_new(opened: Desk) -> bool:
    """Whether the conversion is in force; whichever it is, all values are as they should be."""
    entity = opened.entity("thing")
    found = opened.values("thing", "size")
    if entity.by_name["size"].kind.name == "text":
        assert found == [size(number) for number in range(RECORDS)]
        return False
    assert found == [number if number % 3 else None for number in range(RECORDS)]
    assert len(opened.definitions.unconverted("thing", "size")) == RECORDS // 3
    return True


def remains(opened: Desk) -> list[str]:
    """States of columns that only a running apply or purge has."""
    with opened.database.read() as connection:
        assert connection.execute(select(definition_job.c.id)).all() == []
        states = connection.execute(select(stored_column.c.state)).scalars()
        return [state for state in states if state in ("building", "purging")]


@pytest.mark.slow
def test_a_killed_conversion_is_old_or_new_and_is_finished(database_server: DatabaseServer) -> None:
    whole = duration(database_server, "convert")
    outcomes = set()
    for number in range(KILLS):
        url = killed(database_server, "convert", whole * (number + random.random()) / KILLS)
        with desk(url) as opened:
            before = is_new(opened)
            opened.definitions.recover()
            opened.definitions.run_jobs()
            after = is_new(opened)
            assert after or not before, "never back"
            assert remains(opened) == []
            if not after:  # killed before it began: the person does it again
                outcomes.add("not begun")
                document = opened.document("thing")
                document["properties"]["size"] = {"type": "integer", "x-amity": {"id": "size"}}
                opened.apply("thing", document)
                assert is_new(opened)
            else:
                outcomes.add("done before" if before else "gone on with")
            opened.definitions.run_jobs()
            opened.definitions.restore_field("thing", "size", occasion())
            assert not is_new(opened), "the originals are all back"
        database_server.drop(url)
    assert outcomes


@pytest.mark.slow
def test_a_killed_change_of_tables_is_all_or_nothing(database_server: DatabaseServer) -> None:
    whole = duration(database_server, "extend")
    for number in range(KILLS):
        url = killed(database_server, "extend", whole * (number + random.random()) / KILLS)
        with desk(url) as opened:
            entity = opened.entity("thing")
            if "label" in entity.by_name:
                assert len(entity.fields) == 22
                assert opened.values("thing", "label")[:2] == ["n0", "n1"]
                assert opened.values("thing", "more_19")[:2] == [None, None]
            else:
                assert set(entity.by_name) == {"name", "size", "note"}
                assert opened.values("thing", "name")[:2] == ["n0", "n1"]
            opened.definitions.recover()
            opened.definitions.run_jobs()
            assert remains(opened) == []
        database_server.drop(url)
