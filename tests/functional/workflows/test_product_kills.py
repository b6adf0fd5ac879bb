"""The whole product is killed, again and again, while people save: nothing is lost, nothing is done twice.

Server and workers are real processes, the mail server is a real one; the workflow is applied through REST.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, func, select, text

from amity.database.engine import Database
from amity.database.schema_workflows import outbox, run, run_request, run_step, run_wait
from tests.support.api import Api
from tests.support.databases import DatabaseServer
from tests.support.mails import MailServer
from tests.support.product import Patient, Product
from tests.support.servers import shipped
from tests.support.workers import until

pytestmark = pytest.mark.slow

RECORDS = 50
SAVERS = 3
KILLS = 8
WAIT = 3.0
WORKFLOW: dict[str, Any] = {
    "title": "Welcome",
    "entity": "customer",
    "enabled": True,
    "trigger": {"on": "created"},
    "limits": {"concurrent": 20},
    "steps": [
        {"id": "made", "do": "create", "entity": "task", "values": {"title": "Call {{ record.name }}"}},
        {"id": "first", "do": "send_email", "to": "{{ record.email }}", "subject": "First", "body": "Hello"},
        {"id": "pause", "wait": f"seconds({WAIT:.0f})"},
        {"id": "active", "wait_for": "record.stage == 'active'"},
        {"id": "second", "do": "send_email", "to": "{{ record.email }}", "subject": "Second", "body": "Bye"},
    ],
}
HOLD = '''
"""Stops the process just before it commits a request for a run, while a file in the home says so."""

import os
import time
from pathlib import Path

from sqlalchemy import Engine, event

HOME = Path(os.environ["AMITY_TEST_HOLD"])


@event.listens_for(Engine, "before_cursor_execute")
def note(connection, cursor, statement, parameters, context, executemany):
    if "INSERT INTO run_request" in statement:
        connection.info["asked"] = True


@event.listens_for(Engine, "commit")
def hold(connection):
    if connection.info.pop("asked", False) and (HOME / "hold").exists():
        (HOME / "held").touch()
        time.sleep(600)
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the product."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def url(database_server: DatabaseServer, tmp_path: Path) -> Iterator[str]:
    """A database with the shipped definitions."""
    found = shipped(database_server, tmp_path)
    yield found
    database_server.drop(found)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same, looked at from here."""
    found = Database(url)
    yield found
    found.close()


def rows(database: Database, statement: Any) -> list[Row[Any]]:
    """What a statement gives."""
    with database.read() as connection:
        return list(connection.execute(statement).all())


def count(database: Database, table: Any, *conditions: Any) -> int:
    """How many rows there are."""
    return int(rows(database, select(func.count()).select_from(table).where(*conditions))[0][0])


def applied(product: Product) -> Patient:
    """Apply the workflow through REST; gives a client."""
    client = Patient(Api(product.server.url, product.server.token()))
    answer = client.api.put("/workflows/welcome", WORKFLOW)
    assert answer.status == 201, answer.body
    return client


@pytest.mark.timeout(280)
def test_people_save_while_everything_is_killed(
    database: Database, url: str, home: Path, mail_server: MailServer
) -> None:
    product = Product.start(home, url, AMITY_SMTP_URL=mail_server.url)
    try:
        client = applied(product)
        promised: dict[str, set[dt.datetime]] = defaultdict(set)
        ids = _saved_while_killed(product, client, lambda: _look_at_waits(database, promised))
        _until_all_end(database)
        until(lambda: not count(database, outbox, outbox.c.state.in_(("waiting", "sending"))), 60, "mails")
    finally:
        product.end()
    _once_each(database, ids)
    _on_time(database, promised)
    _mails_once(database, mail_server, product.kills)


def _until_all_end(database: Database) -> None:
    """Wait until every run is at its end; says where those stand that are not."""
    going = run.c.state.not_in(("done", "failed"))
    try:
        until(lambda: count(database, run, ~going) >= RECORDS, 90, "the end of all runs")
    except AssertionError as error:
        stuck = rows(database, select(run.c.id, run.c.state, run.c.segment, run.c.lease).where(going))
        waiting = rows(database, select(run_wait))
        error.add_note(f"{count(database, run_request)} requests; {stuck}; {waiting}")
        raise


def _saved_while_killed(product: Product, client: Patient, look: Callable[[], None]) -> list[str]:
    """Create and change records from several sides until enough was killed; gives their ids.

    `look` is called before and after each kill.
    """
    dice, enough = random.Random(20261124), threading.Event()
    numbers = iter(range(RECORDS))
    guard = threading.Lock()

    def save(_: int) -> list[str]:
        found = []
        while True:
            with guard:
                number = next(numbers, None)
            if number is None:
                return found
            values = {"name": f"Customer {number}", "number": f"C-{number}", "stage": "prospect"}
            found.append(
                client.save("customer", {**values, "email": f"c{number}@customer.example"}, "number")
            )
            # So slowly that every kill meets people who save, however fast the machine is.
            enough.wait(0.9)

    with ThreadPoolExecutor(SAVERS) as pool:
        saving = pool.map(save, range(SAVERS))
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.3, 2.0))
            look()
            product.kill_one(dice)
            look()
        enough.set()
        ids = [id_ for some in saving for id_ in some]
        changing = pool.map(lambda id_: client.patch(f"/records/customer/{id_}", {"stage": "active"}), ids)
        for _ in range(3):
            time.sleep(dice.uniform(0.1, 1.0))
            product.kill_one(dice)
        assert {answer.status for answer in changing} == {200}
    return ids


def _once_each(database: Database, ids: list[str]) -> None:
    """Each record has one run, which came to its end and did each step once."""
    runs = rows(database, select(run.c.record, run.c.state, run.c.why))
    assert {item.state for item in runs} == {"done"}, runs
    assert Counter(item.record for item in runs) == Counter(ids) and len(set(ids)) == RECORDS
    kept = rows(database, text("SELECT f_name FROM e_customer WHERE f_name LIKE 'Customer %'"))
    assert Counter(item[0] for item in kept) == Counter(f"Customer {number}" for number in range(RECORDS))
    tasks = rows(database, text("SELECT f_title FROM e_task WHERE f_title LIKE 'Call Customer %'"))
    assert Counter(item[0] for item in tasks) == Counter(f"Call {item[0]}" for item in kept)
    steps = rows(database, select(run_step.c.key, run_step.c.state))
    keys = ("made", "first", "pause", "active", "second")
    assert Counter(steps) == {(key, "done"): RECORDS for key in keys}
    assert not count(database, run_request) and not count(database, run_wait)


def _look_at_waits(database: Database, promised: dict[str, set[dt.datetime]]) -> None:
    """Note until when runs wait now."""
    for item in rows(database, select(run_wait.c.run, run_wait.c.due_at).where(run_wait.c.key == "pause")):
        promised[item.run].add(item.due_at)


def _on_time(database: Database, promised: dict[str, set[dt.datetime]]) -> None:
    """Waits end at the time that they began with, counted from the step before, whoever was killed."""
    columns = (run_step.c.run, run_step.c.key, run_step.c.ended_at)
    ended = {(item.run, item.key): item.ended_at for item in rows(database, select(*columns))}
    assert len(promised) >= 5, "kills met runs that wait"
    for run_id, dues in promised.items():
        assert len(dues) == 1, f"{run_id} began to wait anew: {dues}"
    for (run_id, key), at in ended.items():
        if key == "pause":
            begun = ended[run_id, "first"]
            due = next(iter(promised.get(run_id, ())), begun + dt.timedelta(seconds=WAIT))
            assert begun + dt.timedelta(seconds=WAIT) == due <= at


def _mails_once(database: Database, mail_server: MailServer, kills: int) -> None:
    """Each step has one mail, which reached the server once; a kill leaves one in doubt at most."""
    mails = rows(database, select(outbox.c.key, outbox.c.state, outbox.c.message_id))
    assert len(mails) == len({item.key for item in mails}) == 2 * RECORDS
    ids = Counter(mail_server.ids)
    assert set(ids.values()) == {1}, ids.most_common(3)
    states = Counter(item.state for item in mails)
    assert states.keys() <= {"sent", "uncertain"} and states["uncertain"] <= kills, states
    assert {item.message_id for item in mails if item.state == "sent"} <= ids.keys()


def test_a_web_process_killed_between_write_and_commit_leaves_nothing(
    database: Database, url: str, home: Path
) -> None:
    folder = home / "extensions" / "holds"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(HOLD)
    product = Product.start(home, url, AMITY_TEST_HOLD=str(home))
    name = "SELECT count(*) FROM e_customer WHERE f_name = 'Held'"

    def traces() -> list[int]:
        events = "SELECT count(*) FROM event WHERE entity = 'customer'"
        found = [rows(database, text(statement))[0][0] for statement in (name, events)]
        return [*found, count(database, run_request), count(database, run)]

    try:
        client = applied(product)
        before = traces()
        assert before[0] == 0
        (home / "hold").touch()
        body = {"name": "Held", "email": "held@customer.example"}
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.post, "/records/customer", body)
            until((home / "held").exists, 60, "reaching the commit")
            assert traces() == before, "nobody sees what is not committed"
            (home / "hold").unlink()
            product.server.kill()
            assert traces() == before, "neither record nor event nor request nor run"
            product.server.start()
            # The client never got an answer, so it sent the same again: now it is saved, once, and runs.
            answer = waiting.result(120)
        assert answer.status == 201
        assert traces()[:2] == [1, before[1] + 1]
        asked = run.c.record == answer.body["id"]
        until(lambda: count(database, run, asked) == 1, 60, "its run")
        again = {"name": "Twice", "number": "T-1"}
        assert client.save("customer", again, "number") == client.save("customer", again, "number")
    finally:
        product.end()
