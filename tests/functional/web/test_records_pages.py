"""Record pages, deleting with Undo, the bin, several at once, search and home."""

from __future__ import annotations

import re

from amity.access.policy import Decision
from amity.errors import NotFound
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.functional.web.test_lists import counted
from tests.support.apps import Visitor


def test_everything_about_a_record_is_on_its_page(staff: Visitor, made: Made) -> None:
    acme = made.company("Acme", email="a@acme.example")
    zoe = made.person("Zoë", company=acme.id)
    page = staff.get(f"/e/company/{acme.id}").text
    assert "a@acme.example" in page and f'href="/e/person/{zoe.id}"' in page
    assert f"/e/person/new?set-company={acme.id}" in page
    assert "Amity</strong> added this" in page
    back = staff.get(f"/e/person/{zoe.id}").text
    assert f'href="/e/company/{acme.id}">Acme</a>' in back


def test_a_record_page_asks_as_often_whatever_it_shows(
    staff: Visitor, made: Made, workspace: Workspace
) -> None:
    counts = []
    acme = made.company("Acme")
    for number in (1, 4):
        for index in range(number):
            made.person(f"P{number}{index}", company=acme.id)
        staff.get(f"/e/company/{acme.id}")
        with counted(workspace) as statements:
            page = staff.get(f"/e/company/{acme.id}").text
        assert page.count("/e/person/0") == (1 if number == 1 else 5)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 25


def test_unknown_records_are_not_found(staff: Visitor, made: Made) -> None:
    acme = made.company()
    assert staff.get(f"/e/person/{acme.id}").status_code == 404
    assert staff.get("/e/company/0190b6a2-7c1e-7000-8000-3f2a9c5d1e77").status_code == 404
    assert staff.get("/e/company/not-an-id").status_code == 404


def test_deleting_says_before_what_goes_and_offers_undo_after(staff: Visitor, made: Made) -> None:
    acme = made.company("Acme")
    zoe = made.person("Zoë", company=acme.id)
    question = staff.get(f"/e/company/{acme.id}/delete").text
    assert "1 Person is deleted, too." in question
    assert "Delete 2 records" in question
    dialog = staff.get(f"/e/company/{acme.id}/delete", headers={"HX-Request": "true"}).text
    assert "<html" not in dialog and 'id="dialog-title"' in dialog
    answer = staff.post(f"/e/company/{acme.id}/delete", {"version": "1"})
    assert answer.location == "/e/company"
    page = staff.get(answer.location).text
    assert "Acme is deleted." in page and f'action="/e/company/{acme.id}/restore"' in page
    for gone in (f"/e/company/{acme.id}", f"/e/person/{zoe.id}"):
        assert staff.get(gone).status_code == 404
    assert "Acme" in staff.get("/e/company/bin").text
    assert staff.post(f"/e/company/{acme.id}/restore").location == f"/e/company/{acme.id}"
    assert staff.get(f"/e/person/{zoe.id}").status_code == 200


def test_several_are_changed_deleted_and_brought_back(
    staff: Visitor, made: Made, workspace: Workspace
) -> None:
    records = [made.company(f"C{number}") for number in range(3)]
    chosen = [f"{record.id}:{record.version}" for record in records]
    page = staff.post("/e/company/bulk", {"action": "edit", "record": chosen}).text
    assert "Change 3 records" in page
    fields = {"record": chosen, "field": "revenue", "revenue": "12.5"}
    answer = staff.post("/e/company/bulk/edit", fields)
    assert "3 records are changed." in staff.get(answer.location).text
    assert all(str(made.get(record).get("revenue")).startswith("12.5") for record in records)
    wrong = staff.post("/e/company/bulk/edit", {"record": chosen, "field": "revenue", "revenue": "many"})
    assert wrong.status_code == 422 and 'value="many"' in wrong.text
    chosen = [f"{record.id}:2" for record in records]
    assert "Delete 3 records?" in staff.post("/e/company/bulk", {"action": "delete", "record": chosen}).text
    answer = staff.post("/e/company/bulk/delete", {"record": chosen})
    page = staff.get(answer.location).text
    assert "3 records are deleted." in page
    cause = re.search(r'name="cause" value="([^"]+)"', page)
    assert cause is not None
    answer = staff.post("/e/company/bulk/restore", {"cause": cause.group(1)})
    assert "3 records are back." in staff.get(answer.location).text
    assert len(workspace.records.find(made.ctx, "company").records) == 3


def test_hundreds_go_in_one_step_and_come_back_in_one(
    staff: Visitor, made: Made, workspace: Workspace
) -> None:
    """The Undo button holds for any number: the session's cookie could not carry their ids."""
    rows = [{"name": f"C{number}", "email": f"c{number}@acme.example"} for number in range(600)]
    ids = workspace.records.bulk(made.ctx, "company", rows).ids
    made.person("Zoë", company=ids[0])
    chosen = [f"{key}:1" for key in ids]
    question = staff.post("/e/company/bulk", {"action": "delete", "record": chosen}).text
    assert "Delete 600 records?" in question and "1 Person is deleted, too." in question
    with counted(workspace) as statements:
        answer = staff.post("/e/company/bulk/delete", {"record": chosen})
    assert len(statements) <= 60
    page = staff.get(answer.location).text
    assert "600 records are deleted. 1 linked record went with it." in page
    cause = re.search(r'name="cause" value="([^"]+)"', page)
    assert cause is not None
    answer = staff.post("/e/company/bulk/restore", {"cause": cause.group(1)})
    assert "600 records are back." in staff.get(answer.location).text
    assert len(workspace.records.find(made.ctx, "person").records) == 1


def test_nothing_selected_is_told(staff: Visitor, made: Made) -> None:
    made.company()
    answer = staff.post("/e/company/bulk", {"action": "delete"})
    assert "Select some records first." in staff.get(answer.location).text


def test_search_goes_across_entities(staff: Visitor, made: Made) -> None:
    acme, zoe = made.company("Acme Bakery"), made.person("Bakery Zoë")
    page = staff.get("/search?q=bakery").text
    assert f"/e/company/{acme.id}" in page and f"/e/person/{zoe.id}" in page
    hits = staff.get("/search/palette?q=bakery").json["hits"]
    assert {hit["note"] for hit in hits} == {"Company", "Person"}
    assert "Nothing found" in staff.get("/search?q=zzzzz").text
    assert "Search in all records" in staff.get("/search").text


def test_home_shows_what_i_touched(staff: Visitor, admin: Visitor) -> None:
    assert "All records" in staff.get("/").text
    staff.post("/e/company/new", {"name": "Touched Ltd", "stage": "lead"})
    assert "Touched Ltd" in staff.get("/").text
    assert "Touched Ltd" not in admin.get("/").text.partition("All records")[0]


class Hiding:
    """A policy that hides the companies called Secret and the field `email`; people may not be deleted."""

    def decide(self, actor, verb, entity):  # type: ignore[no-untyped-def]
        if actor.is_system:
            return Decision(True)
        if entity.name == "company":
            fields = frozenset(name for name in entity.by_name if name != "email")
            return Decision(True, "name != 'Secret'", fields, fields)
        return Decision(verb != "delete")


def test_what_may_not_be_seen_is_nowhere(staff: Visitor, workspace: Workspace, made: Made) -> None:
    secret = made.company("Secret", email="hidden@acme.example")
    shown = made.company("Shown", email="hidden2@acme.example")
    zoe = made.person("Zoë", company=secret.id)
    workspace.policy = workspace.records.machine.policy = Hiding()
    urls = [
        "/", "/e/company", "/e/company?columns=name,email", "/search?q=secret", "/search?q=hidden",
        f"/e/company/{shown.id}", f"/e/company/{shown.id}/edit", f"/e/person/{zoe.id}",
        f"/e/person/{zoe.id}/edit",
        "/e/person", "/e/company/bin", "/e/person/new", "/e/company/picker?q=sec", "/search/palette?q=secret",
        f"/e/company/{shown.id}/history",
    ]  # fmt: skip
    for url in urls:
        answer = staff.get(url)
        assert answer.status_code == 200, url
        text = re.sub(r'value="[^"]*"|placeholder="[^"]*"|“secret”|q=secret', "", answer.text)
        assert "Secret" not in text and "hidden@" not in text and "hidden2@" not in text, url
        assert "E-mail" not in text or "/e/company" not in url, url
    assert staff.get(f"/e/company/{secret.id}").status_code == 404
    assert staff.get(f"/e/person/{zoe.id}/delete").status_code == 403
    assert "bulk-bar" in staff.get("/e/person").text
    assert staff.get("/e/company?where=email+%3D%3D+'x'").status_code == 422
    assert NotFound.status == 404
