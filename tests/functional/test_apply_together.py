"""Definitions that change while people work: in other threads, and in other processes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from amity.entities import carrying
from amity.errors import Conflict, Stale
from tests.factories.definitions import Desk, desk, occasion, schema

TEXT = {"type": "string"}


def numbers(opened: Desk) -> dict[str, object]:
    """The document in force with `size` as a number."""
    document = opened.document("thing")
    document["properties"]["size"] = {"type": "integer", "x-amity": {"id": "size"}}
    return document


def test_what_is_written_during_a_conversion_is_carried_over(
    desk_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 50)
    with desk(desk_url) as one, desk(desk_url) as two:
        one.apply("thing", schema({"name": TEXT, "size": TEXT}))
        ids = one.add("thing", *({"name": str(number), "size": "1"} for number in range(1500)))
        two.definitions.refresh()
        stop = threading.Event()
        last: dict[str, int] = {}

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                record = ids[(number * 7919) % len(ids)]
                is_text = two.entity("thing").by_name["size"].kind.name == "text"
                try:
                    two.change("thing", record, size=str(number) if is_text else number)
                except Exception:
                    if two.entity("thing").by_name["size"].kind.name == "text":
                        raise
                    two.change("thing", record, size=number)
                last[record] = number

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            one.apply("thing", numbers(one))
            time.sleep(0.1)
            stop.set()
            writing.result()
        found = dict(zip(sorted(ids), one.values("thing", "size"), strict=True))
        assert {record: found[record] for record in last} == last
        assert set(found.values()) == {1, *last.values()}
        assert two.entity("thing").by_name["size"].kind.name == "integer"


def test_another_process_sees_a_change_on_its_next_request(desk_url: str) -> None:
    with desk(desk_url) as one, desk(desk_url) as two:
        one.apply("thing", schema({"name": TEXT}))
        assert "thing" in two.definitions.refresh().entities
        model = two.definitions.model
        assert two.definitions.refresh() is model, "nothing moved: the very same model"
        document = one.document("thing")
        document["properties"]["size"] = {"type": "integer"}
        one.apply("thing", document)
        assert "size" not in two.entity("thing").by_name
        with two.database.write() as connection:
            assert two.definitions.refresh_in(connection) is True
            assert two.definitions.refresh_in(connection) is False
        assert "size" in two.entity("thing").by_name


def test_of_two_who_apply_on_the_same_revision_one_is_stale(desk_url: str) -> None:
    with desk(desk_url) as one, desk(desk_url) as two:
        one.apply("thing", schema({"name": TEXT}))
        two.definitions.refresh()
        revision = one.definitions.revision
        start = threading.Barrier(2)

        def add(opened: Desk, field: str) -> str:
            document = opened.document("thing")
            document["properties"][field] = {"type": "integer"}
            start.wait()
            try:
                opened.apply("thing", document, revision=revision)
            except Stale:
                return "stale"
            return "applied"

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(add, (one, two), ("a", "b")))
        assert sorted(outcomes) == ["applied", "stale"]
        assert len(one.definitions.refresh().entities["thing"].fields) == 2


def test_a_second_apply_waits_for_a_long_one(desk_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(desk_url) as one, desk(desk_url) as two:
        one.apply("thing", schema({"name": TEXT, "size": TEXT}))
        one.add("thing", {"size": "1"})
        inside, go_on = threading.Event(), threading.Event()
        original = carrying.Carrier.run

        def slow(self: carrying.Carrier, *arguments: object) -> None:
            inside.set()
            assert go_on.wait(30)
            original(self, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(carrying.Carrier, "run", slow)
        with ThreadPoolExecutor(1) as pool:
            applying = pool.submit(one.apply, "thing", numbers(one))
            assert inside.wait(30)
            document = two.definitions.refresh() and two.document("thing")
            document["title"] = "Item"
            with pytest.raises(Conflict, match="being applied"):
                two.apply("thing", document)
            assert two.definitions.run_jobs() == 0, "nobody takes over a job whose process lives"
            assert two.values("thing", "size") == ["1"], "readers see the old model meanwhile"
            go_on.set()
            applying.result()
        two.definitions.refresh()
        assert two.values("thing", "size") == [1]
        document = two.document("thing")
        document["title"] = "Item"
        two.apply("thing", document)


def test_a_failed_conversion_leaves_the_old_model_and_cleans_up(
    desk_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(desk_url) as one:
        one.apply("thing", schema({"name": TEXT, "size": TEXT}))
        one.add("thing", {"size": "1"}, {"size": "2"})

        def broken(self: carrying.Carrier, *_: object) -> None:
            raise RuntimeError("a bug")

        with monkeypatch.context() as patched:
            patched.setattr(carrying.Carrier, "finish", broken)
            with pytest.raises(RuntimeError):
                one.apply("thing", numbers(one))
        one.definitions.refresh()
        assert one.values("thing", "size") == ["1", "2"]
        one.definitions.run_jobs()
        one.apply("thing", numbers(one))
        assert one.values("thing", "size") == [1, 2]
        one.definitions.restore_field("thing", "size", occasion())
        assert one.values("thing", "size") == ["1", "2"]
