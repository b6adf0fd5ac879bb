"""The actions on records: what they do, what they predict, what they refuse; on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from amity.errors import Forbidden, Invalid, NotFound
from amity.records.shapes import Query, Record
from amity.workflows.action import ActionFailed, Done, Skipped
from tests.factories.steps import Bench


def customer(bench: Bench, name: str = "Acme", **values: Any) -> Record:
    return bench.make("customer", name=name, **values)


def predicted(bench: Bench, step: Mapping[str, Any], record: Record | None = None, **more: Any) -> list[Any]:
    """The writes that the preview tells."""
    return [dict(write) for write in bench.preview(step, record, **more).writes]


def happened(bench: Bench, since: int) -> list[Any]:
    """The writes that the log of events tells, in the form of predictions."""
    feed = bench.workspace.records.feed(bench.ctx(), limit=500)
    verbs = {"created": "create", "updated": "update", "deleted": "delete"}
    found = []
    for event in feed.events[since:]:
        write: dict[str, Any] = {"verb": verbs[event.kind], "entity": event.entity}
        if event.kind != "created":
            write["record"] = event.record
        found.append({**write, "values": {name: new for name, (_, new) in event.changes.items()}})
    return found


def count(bench: Bench) -> int:
    return len(bench.workspace.records.feed(bench.ctx(), limit=500).events)


CASES: list[Mapping[str, Any]] = [
    {"do": "create", "entity": "task", "values": {"title": "Call {{ record.name }}"}},
    {"do": "create", "entity": "task", "values": {"title": "A", "due_on": {"expression": "today()"}}},
    {"do": "update", "values": {"name": "{{ record.name }} Ltd"}},
    {"do": "update", "values": {"name": "Acme", "email": "new@example.test"}},
    {"do": "update", "values": {"name": "Acme"}},
    {"do": "set_owner", "account": "sam@example.test"},
    {"do": "set_owner", "accounts": ["mia@example.test", "sam@example.test"]},
    {
        "do": "set_owner",
        "table": [{"when": "record.name == 'Acme'", "then": {"account": "mia@example.test"}}],
    },
    {"do": "set_owner", "table": [{"when": "record.name == 'X'", "then": {"account": "mia@example.test"}}]},
    {"do": "delete"},
]


@pytest.mark.parametrize("step", CASES, ids=lambda step: f"{step['do']}-{len(str(step))}")
def test_the_prediction_is_what_happens(bench: Bench, step: Mapping[str, Any]) -> None:
    record = customer(bench)
    wanted = predicted(bench, step, record)
    before = count(bench)
    bench.run(step, record)
    assert happened(bench, before) == wanted


def test_create_gives_the_new_record(bench: Bench) -> None:
    record = customer(bench)
    step = {"do": "create", "entity": "task", "values": {"title": "Call {{ record.name }}"}}
    done = bench.run(step, record)
    assert isinstance(done, Done)
    made = bench.workspace.records.get(bench.ctx(), "task", done.output["id"])
    assert made.get("title") == "Call Acme"
    assert done.output["record"] == made.id


def test_create_asks_for_required_fields_when_it_is_saved(bench: Bench) -> None:
    with pytest.raises(Invalid) as caught:
        bench.workflow({"do": "create", "entity": "task", "values": {"description": "x"}})
    assert caught.value.problems[0].pointer == "/steps/0/values"
    assert "What is to be done" in caught.value.problems[0].message


def test_create_that_the_gate_refuses_is_predicted_as_refused(bench: Bench) -> None:
    record = customer(bench, "A" * 150)
    step = {"do": "create", "entity": "task", "values": {"title": "{{ record.name }}{{ record.name }}"}}
    told = bench.preview(step, record)
    assert not told.writes and told.stops
    with pytest.raises(Invalid):
        bench.run(step, record)


def test_update_follows_a_relation(bench: Bench) -> None:
    boss = bench.make("employee", last_name="Boss")
    worker = bench.make("employee", last_name="Worker", manager=boss.id)
    step = {
        "do": "update",
        "record": "record.manager",
        "values": {"job_title": "Boss of {{ record.last_name }}"},
    }
    wanted = predicted(bench, step, worker)
    bench.run(step, worker)
    assert bench.get(boss).get("job_title") == "Boss of Worker"
    assert wanted[0]["record"] == boss.id
    skipped = bench.run(step, boss)
    assert isinstance(skipped, Skipped) and "empty" in skipped.reason


def test_update_checks_the_fields_of_the_record_it_means(bench: Bench) -> None:
    step = {"do": "update", "record": "record.manager", "values": {"revenue": 3}}
    with pytest.raises(Invalid) as caught:
        bench.workflow(step, entity="employee")
    assert caught.value.problems[0].pointer == "/steps/0/values/revenue"
    with pytest.raises(Invalid, match="record"):
        bench.workflow({**step, "record": "record.last_name"}, entity="employee")


def test_without_a_record_of_its_own_it_must_say_which(bench: Bench) -> None:
    with pytest.raises(ActionFailed, match="which record"):
        bench.run({"do": "delete"})


def test_a_person_without_rights_changes_nothing(bench: Bench) -> None:
    record = customer(bench)
    nobody = bench.workspace.accounts.create("no@example.test", "No", [], "four quiet lamps bend").actor()
    for step in (CASES[0], CASES[2], {"do": "delete"}, CASES[5]):
        with pytest.raises((Forbidden, NotFound)):
            bench.run(step, record, actor=nobody)
    assert bench.get(record).version == record.version


def test_delete_predicts_what_goes_along(bench: Bench) -> None:
    boss = bench.make("employee", last_name="Boss")
    bench.make("employee", last_name="Worker", manager=boss.id)
    wanted = predicted(bench, {"do": "delete"}, boss)
    before = count(bench)
    bench.run({"do": "delete"}, boss)
    assert sorted(happened(bench, before), key=str) == sorted(wanted, key=str)
    assert len(wanted) == 2


def test_find_by_values_of_the_run(bench: Bench) -> None:
    boss = bench.make("employee", last_name="Boss")
    names = ["Adam", "Berta", "Carl"]
    made = [bench.make("employee", last_name=name, manager=boss.id) for name in names]
    bench.make("employee", last_name="Other")
    step = {
        "do": "find", "entity": "employee", "where": "manager == record && last_name != 'Carl'",
        "sort": "-last_name", "limit": 10,
    }  # fmt: skip
    done = bench.run(step, boss)
    assert isinstance(done, Done)
    assert done.output["ids"] == [made[1].id, made[0].id]
    assert done.output["count"] == 2 and done.output["first"] == made[1].id
    assert bench.preview(step, boss).output == done.output
    few = bench.run({**step, "limit": 1}, boss)
    assert few.output["ids"] == [made[1].id]


def test_find_refuses_unknown_names_when_it_is_saved(bench: Bench) -> None:
    for step, place in (
        ({"do": "find", "entity": "employee", "where": "lastname == 'x'"}, "/steps/0/where"),
        ({"do": "find", "entity": "employee", "where": "last_name == record.nam"}, "/steps/0/where"),
        ({"do": "find", "entity": "employee", "sort": "-lastname"}, "/steps/0/sort"),
        ({"do": "find", "entity": "employe"}, "/steps/0/entity"),
    ):
        with pytest.raises(Invalid) as caught:
            bench.workflow(step)
        assert caught.value.problems[0].pointer == place


def test_later_steps_may_name_what_was_found(bench: Bench) -> None:
    bench.workflow(
        {"id": "people", "do": "find", "entity": "employee"},
        {
            "for_each": "steps.people.records", "as": "person",
            "steps": [{"do": "update", "record": "person", "values": {"job_title": "{{ person.id }}"}}],
        },
        {"if": "steps.people.count > 3 && steps.people.first.last_name == 'A'", "then": []},
    )  # fmt: skip


def test_link_and_unlink(bench: Bench) -> None:
    one, two = customer(bench, "One"), customer(bench, "Two")
    visit = bench.make("interaction", subject="Visit", at="2026-01-01T10:00:00Z",
                       participants=[{"entity": "customer", "id": one.id, "role": "from"}])  # fmt: skip
    link = {"do": "link", "field": "participants", "targets": "steps.all.records", "values": {"role": "copy"}}
    unlink = {"do": "unlink", "field": "participants", "targets": "steps.all.records"}
    before = ({"id": "all", "do": "find", "entity": "customer"},)
    found = bench.facts(one, two)
    told = bench.preview(link, visit, before=before, steps=Steps({"records": found}))
    done = bench.run(link, visit, before=before, steps=Steps({"records": found}))
    assert done.output == told.output == {"count": 1}
    links = bench.get(visit).as_json()["participants"]
    assert links == [
        {"entity": "customer", "id": one.id, "role": "from"},
        {"entity": "customer", "id": two.id, "role": "copy"},
    ]
    assert len(told.writes) == 1
    again = bench.run(link, visit, before=before, steps=Steps({"records": found}))
    assert isinstance(again, Skipped)
    assert bench.run(unlink, visit, before=before, steps=Steps({"records": found[:1]})).output == {"count": 1}
    assert [item["id"] for item in bench.get(visit).as_json()["participants"]] == [two.id]


class Steps:
    """The result of the one earlier step, whatever it is called."""

    id = None

    def __init__(self, result: Mapping[str, Any]) -> None:
        self.result = result

    def get(self, name: str) -> Any:
        return self.result.get(name, self)


def test_link_takes_lists_of_links_only(bench: Bench) -> None:
    with pytest.raises(Invalid) as caught:
        bench.workflow({"do": "link", "field": "name", "targets": "record"})
    assert caught.value.problems[0].pointer == "/steps/0/field"


# -- owners -----------------------------------------------------------------------------------------------
def test_owners_take_turns(bench: Bench) -> None:
    step = {"do": "set_owner", "accounts": [f"{name}@example.test" for name in ("ada", "sam", "mia")]}
    records = [customer(bench, f"C{number}") for number in range(7)]
    names = [bench.run(step, record).output["name"] for record in records]
    assert names == ["Ada", "Sam", "Mia", "Ada", "Sam", "Mia", "Ada"]
    bench.workspace.accounts.deactivate(bench.account("Sam"), by=bench.actor("Ada"))
    assert [bench.run(step, customer(bench, f"D{number}")).output["name"] for number in range(3)] == [
        "Mia", "Ada", "Mia",
    ]  # fmt: skip


def test_a_change_of_the_owner_is_in_the_history(bench: Bench) -> None:
    record = customer(bench)
    bench.run({"do": "set_owner", "account": "sam@example.test"}, record)
    again = bench.run({"do": "set_owner", "account": "SAM@example.test"}, record)
    assert isinstance(again, Skipped)
    now = bench.get(record)
    assert now.get("owner") == bench.account("Sam") and now.version == record.version + 1
    events = bench.workspace.records.history(bench.ctx(), "customer", record.id).events
    assert events[0].changes == {"owner": (None, bench.account("Sam"))}
    page = bench.workspace.records.find(
        bench.ctx(), "customer", Query(where=f"owner == '{now.get('owner')}'")
    )
    assert [item.id for item in page.records] == [record.id]


def test_an_unknown_account_fails_with_its_name(bench: Bench) -> None:
    with pytest.raises(ActionFailed, match=r"gone@example\.test"):
        bench.run({"do": "set_owner", "account": "gone@example.test"}, customer(bench))


def test_one_way_to_choose_the_owner(bench: Bench) -> None:
    for more in ({}, {"account": "a@b.test", "accounts": ["c@d.test"]}):
        with pytest.raises(Invalid, match="one way"):
            bench.workflow({"do": "set_owner", **more})


# -- decision tables ---------------------------------------------------------------------------------
TABLE = {
    "do": "decision_table",
    "rows": [
        {"when": "record.name == 'Acme'", "then": {"discount": 10, "text": "Hello {{ record.name }}"}},
        {"when": "record.email != null", "then": {"discount": 5, "text": "x"}},
        {"then": {"discount": 0, "text": "none"}},
    ],
}


def test_the_first_row_decides(bench: Bench) -> None:
    for record, wanted in (
        (customer(bench), {"discount": 10, "text": "Hello Acme", "row": 1}),
        (customer(bench, "B", email="b@example.test"), {"discount": 5, "text": "x", "row": 2}),
        (customer(bench, "C"), {"discount": 0, "text": "none", "row": 3}),
    ):
        assert bench.run(TABLE, record).output == wanted
        assert bench.preview(TABLE, record).output == wanted
    later = {"if": "steps.decision_table.discount > 3 && steps.decision_table.text == 'x'", "then": []}
    bench.workflow(TABLE, later)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([{"when": "record.nam == 'x'", "then": {"a": 1}}], "/rows/0/when"),
        ([{"when": "record.name", "then": {"a": 1}}], "/rows/0/when"),
        ([{"then": {"a": "{{ record.nam }}"}}], "/rows/0/then/a"),
        ([{"then": {"a": 1}}, {"when": "true", "then": {"a": 2}}], "/rows/0"),
        ([{"when": "true", "then": {"a": 1}}, {"then": {"b": 2}}], "/rows/1/then"),
        ([{"then": {"row": 1}}], "/rows"),
    ],
)
def test_wrong_tables_are_refused_when_they_are_saved(bench: Bench, rows: Any, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        bench.workflow({"do": "decision_table", "rows": rows})
    assert [problem.pointer for problem in caught.value.problems] == [f"/steps/0{place}"]


def test_stop_ends_the_run(bench: Bench) -> None:
    stopped = bench.run({"do": "stop", "reason": "{{ record.name }} is done"}, customer(bench))
    assert stopped.reason == "Acme is done" and not stopped.failed
