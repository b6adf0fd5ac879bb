"""The actions `notify` and `comment`, and comments of people."""

from __future__ import annotations

import pytest

from amity.database.schema_workflows import comment, notification
from amity.errors import Forbidden, Invalid, NotFound
from amity.workflows.action import ActionFailed, Done, Skipped
from amity.workflows.people import comments, notifications
from tests.factories.steps import Bench


def told(bench: Bench, name: str) -> list[str]:
    return [row.text for row in bench.rows(notification, account=bench.account(name))]


def test_owner_manager_people_and_roles_are_told_once(bench: Bench) -> None:
    boss = bench.make("employee", last_name="Boss")
    worker = bench.make("employee", last_name="Worker", manager=boss.id)
    admin = bench.actor("Ada")
    bench.workspace.accounts.link_employee(bench.account("Sam"), worker.id, by=admin)
    bench.workspace.accounts.link_employee(bench.account("Mia"), boss.id, by=admin)
    record = bench.make("customer", name="Acme")
    bench.own(record, "Sam")
    step = {
        "do": "notify", "owner": True, "manager": True, "to": ["sam@example.test"], "roles": ["admin"],
        "text": "{{ record.name }}\nis late",
    }  # fmt: skip
    assert "Sam, Mia, Ada would be told" in bench.preview(step, record).text
    done = bench.run(step, record)
    assert done.output == {"count": 3}
    for name in ("Ada", "Sam", "Mia"):
        assert told(bench, name) == ["Acme is late"]
    row = bench.rows(notification)[0]
    assert row.url == f"/e/customer/{record.id}" and row.read_at is None


def test_who_is_deactivated_is_not_told(bench: Bench) -> None:
    record = bench.make("customer", name="Acme")
    bench.own(record, "Sam")
    bench.workspace.accounts.deactivate(bench.account("Sam"), by=bench.actor("Ada"))
    assert isinstance(bench.run({"do": "notify", "owner": True, "text": "x"}, record), Skipped)
    with pytest.raises(ActionFailed, match="gone@"):
        bench.run({"do": "notify", "to": ["gone@example.test"], "text": "x"}, record)
    with pytest.raises(Invalid, match="who"):
        bench.workflow({"do": "notify", "text": "x"})


def test_reading_notifications(bench: Bench) -> None:
    record = bench.make("customer", name="Acme")
    for number in range(3):
        bench.run({"do": "notify", "to": ["sam@example.test"], "text": f"No {number}"}, record)
    database, sam = bench.workspace.database, bench.account("Sam")
    assert notifications.unread(database, sam) == 3
    rows, following = notifications.newest(database, sam, limit=2)
    assert [row.text for row in rows] == ["No 2", "No 1"] and following is not None
    now = bench.ctx().now
    assert notifications.mark_read(database, bench.account("Mia"), now, rows[0].seq) is None
    assert notifications.unread(database, sam) == 3
    assert notifications.mark_read(database, sam, now, rows[0].seq) == f"/e/customer/{record.id}"
    assert notifications.unread(database, sam) == 2
    notifications.mark_read(database, sam, now)
    assert notifications.unread(database, sam) == 0


def test_a_workflow_comments(bench: Bench) -> None:
    record = bench.make("customer", name="Acme")
    step = {"do": "comment", "text": "Called {{ record.name }}."}
    assert "Called Acme." in bench.preview(step, record).text
    done = bench.run(step, record)
    assert isinstance(done, Done)
    (row,) = bench.rows(comment)
    assert (row.record, row.text, row.account) == (record.id, "Called Acme.", None)
    assert row.cause["title"] == "Test" and row.cause["run"] == bench.run_id


# -- people -----------------------------------------------------------------------------------------------
def say(bench: Bench, name: str, record: str, text: str) -> str:
    entity = bench.workspace.definitions.model.entities["customer"]
    people = bench.workspace.accounts.all()
    ctx = bench.ctx(bench.actor(name))
    return comments.add(bench.workspace.database, bench.workspace.records, people, ctx, entity, record, text)


def test_people_mention_each_other(bench: Bench) -> None:
    bench.workspace.accounts.create("no@example.test", "No Rights", [], "four quiet lamps bend")
    record = bench.make("customer", name="Acme")
    text = "Ask @sam or @MIA@example.test, not @Samantha; @no rights and @Ada know it."
    say(bench, "Ada", record.id, text)
    assert told(bench, "Sam") == told(bench, "Mia") == ["Ada mentioned you: Acme"]
    assert told(bench, "Ada") == []
    assert len(bench.rows(notification)) == 2, "who may not read the record learns nothing of it"
    entity = bench.workspace.definitions.model.entities["customer"]
    (row,) = comments.of_record(bench.workspace.database, entity, record.id)
    assert row.text == text and row.account == bench.account("Ada")


def test_who_may_comment_and_delete(bench: Bench) -> None:
    bench.workspace.accounts.create("no@example.test", "No", [], "four quiet lamps bend")
    record = bench.make("customer", name="Acme")
    with pytest.raises((NotFound, Forbidden)):
        say(bench, "No", record.id, "x")
    for text in ("", "  \r\n ", "x" * 10_001, "a\0b"):
        with pytest.raises(Invalid):
            say(bench, "Sam", record.id, text)
    made = say(bench, "Sam", record.id, "x")
    entity = bench.workspace.definitions.model.entities["customer"]
    with pytest.raises(Forbidden):
        comments.remove(bench.workspace.database, bench.ctx(bench.actor("Mia")), entity, record.id, made)
    comments.remove(bench.workspace.database, bench.ctx(bench.actor("Ada")), entity, record.id, made)
    assert bench.rows(comment) == []
