"""Forms: what is typed is saved or stays, what is wrong stands beside its input, conflicts are settled."""

from __future__ import annotations

from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.apps import Visitor

NEW = {"name": "Acme", "stage": "lead", "email": "office@acme.example"}


def test_a_new_record_is_saved_and_shown(staff: Visitor, workspace: Workspace) -> None:
    assert 'name="name"' in staff.get("/e/company/new").text
    answer = staff.post("/e/company/new", NEW)
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert "Acme is saved." in page and "office@acme.example" in page
    assert "Acme is saved." not in staff.get(answer.location).text


def test_another_one_follows(staff: Visitor) -> None:
    answer = staff.post("/e/company/new", {**NEW, "amity-another": "1"})
    assert answer.location == "/e/company/new"
    assert "Acme is saved." in staff.get(answer.location).text


def test_what_is_wrong_stands_beside_its_input_and_what_was_typed_stays(staff: Visitor) -> None:
    answer = staff.post(
        "/e/company/new", {"name": "", "stage": "lead", "email": "not an address", "since": "x"}
    )
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert 'id="input-email-problems"' in answer.text and 'id="input-name-problems"' in answer.text
    assert 'aria-invalid="true"' in answer.text and 'href="#input-email"' in answer.text


def test_a_condition_requires_a_field_on_the_server(staff: Visitor) -> None:
    answer = staff.post("/e/company/new", {**NEW, "stage": "active"})
    assert answer.status_code == 422 and 'id="input-reason-problems"' in answer.text
    assert staff.post("/e/company/new", {**NEW, "stage": "active", "reason": "They asked"}).status_code == 303


def test_conditions_decide_what_is_shown(staff: Visitor, made: Made) -> None:
    page = staff.get("/e/company/new").text
    assert 'data-conditional="reason" hidden disabled' in page
    assert 'data-conditional-section="section-2" hidden disabled' in page
    assert 'data-live="stage"' in page
    rules = staff.post("/e/company/rules", {"stage": "active"}).json
    assert rules == {
        "fields": {"reason": {"visible": True, "required": True}},
        "sections": {"section-2": True},
    }
    lead = made.company("Lead", revenue=5)
    page = staff.get(f"/e/company/{lead.id}").text
    assert "<dt>Revenue" not in page and "<dt>Stage" in page


def test_an_edit_changes_what_was_typed_and_nothing_else(staff: Visitor, made: Made) -> None:
    acme = made.company("Acme", email="a@acme.example", revenue=7)
    url = f"/e/company/{acme.id}/edit"
    assert 'value="a@acme.example"' in staff.get(url).text
    answer = staff.post(url, {"name": "Acme Ltd", "stage": "lead", "email": "", "amity-version": "1"})
    assert answer.location == f"/e/company/{acme.id}"
    saved = made.get(acme)
    assert (saved.get("name"), saved.get("email"), saved.get("revenue")) == (
        "Acme Ltd",
        None,
        acme.get("revenue"),
    )
    page = staff.get(answer.location).text
    assert "Acme</s>" in page and "Sam Staff" in page, "the history tells old, new and who"


def test_saving_without_a_change_says_so(staff: Visitor, made: Made) -> None:
    acme = made.company("Acme")
    answer = staff.post(f"/e/company/{acme.id}/edit", {"name": "Acme", "stage": "lead", "amity-version": "1"})
    assert "Nothing was changed." in staff.get(answer.location).text
    assert made.get(acme).version == 1


def test_two_people_settle_a_conflict_field_by_field(staff: Visitor, admin: Visitor, made: Made) -> None:
    acme = made.company("Acme", email="old@acme.example", stage="active", reason="first", revenue=1)
    url = f"/e/company/{acme.id}/edit"
    theirs = {"name": "Acme of Ada", "email": "ada@acme.example", "revenue": "1", "amity-version": "1"}
    assert admin.post(url, theirs).status_code == 303
    mine = {"name": "Acme of Sam", "email": "old@acme.example", "revenue": "9", "amity-version": "1"}
    answer = staff.post(url, mine)
    assert answer.status_code == 409
    assert "Acme of Ada" in answer.text and "Acme of Sam" in answer.text and "Ada Admin" in answer.text
    assert 'name="amity-take-email" value="theirs"' in answer.text, "only Ada changed the address"
    choice = {**mine, "amity-version": "2", "amity-take-name": "theirs", "amity-take-email": "theirs"}
    assert staff.post(url, choice).status_code == 303
    saved = made.get(acme)
    assert (saved.get("name"), saved.get("email"), int(saved.get("revenue"))) == (
        "Acme of Ada", "ada@acme.example", 9,
    )  # fmt: skip


def test_children_are_saved_with_their_parent_or_not_at_all(
    staff: Visitor, made: Made, workspace: Workspace
) -> None:
    rows = {"child.people.0.name": "Zoë", "child.people.1.name": "", "child.people.0.vip": "true"}
    answer = staff.post("/e/company/new", {**NEW, "email": "nonsense", **rows})
    assert answer.status_code == 422 and 'value="Zoë"' in answer.text
    assert workspace.records.find(made.ctx, "person").records == []
    answer = staff.post("/e/company/new", {**NEW, **rows})
    assert answer.status_code == 303
    [zoe] = workspace.records.find(made.ctx, "person").records
    assert zoe.get("name") == "Zoë" and zoe.get("vip") is True
    page = staff.get(f"{answer.location}/edit").text
    assert f'name="child.people.0.~id" value="{zoe.id}"' in page
    change = {
        **NEW, "amity-version": "1", "child.people.0.~id": zoe.id, "child.people.0.~version": "1",
        "child.people.0.name": "Zoë B.", "child.people.5.name": "Yan",
    }  # fmt: skip
    assert staff.post(f"{answer.location}/edit", change).status_code == 303
    found = workspace.records.find(made.ctx, "person").records
    assert {item.get("name") for item in found} == {"Zoë B.", "Yan"}


def test_a_wrong_child_row_is_told_in_its_row(staff: Visitor, made: Made, workspace: Workspace) -> None:
    rows = {"child.people.0.name": "Fine", "child.people.3.name": "x" * 81}
    answer = staff.post("/e/company/new", {**NEW, **rows})
    assert answer.status_code == 422
    assert 'id="input-child.people.3.name-problems"' in answer.text
    assert workspace.records.find(made.ctx, "company").records == []


def test_a_row_is_added_without_javascript(staff: Visitor) -> None:
    answer = staff.post("/e/company/new", {**NEW, "child.people.0.name": "Zoë", "amity-add": "people"})
    assert answer.status_code == 200
    assert 'value="Zoë"' in answer.text and 'name="child.people.1.name"' in answer.text


def test_a_form_is_filled_from_its_address_and_from_a_copy(staff: Visitor, made: Made) -> None:
    acme = made.company("Acme", email="unique@acme.example")
    page = staff.get(f"/e/person/new?set-company={acme.id}&back=/e/company/{acme.id}").text
    assert f'<option value="{acme.id}" selected>Acme</option>' in page
    assert f'name="amity-back" value="/e/company/{acme.id}"' in page
    copy = staff.get(f"/e/company/new?copy={acme.id}").text
    assert 'value="Acme"' in copy and "unique@acme.example" not in copy


def test_nobody_is_sent_elsewhere(staff: Visitor) -> None:
    for number, back in enumerate(("https://evil.example/", "//evil.example", "/\\evil.example")):
        answer = staff.post("/e/company/new", {"name": f"N{number}", "amity-back": back})
        assert answer.location.startswith("/e/company/"), back


def test_markup_in_values_is_text(staff: Visitor, made: Made) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"[:80]
    record = made.company(evil)
    for url in ("/e/company", f"/e/company/{record.id}", f"/e/company/{record.id}/edit", "/search?q=script"):
        page = staff.get(url).text
        assert "<script>alert" not in page and "<img src=x" not in page, url


def test_the_picker_finds_records_by_their_label(staff: Visitor, made: Made) -> None:
    acme, _other = made.company("Acme"), made.company("Beta")
    found = staff.get("/e/company/picker?q=acm").json
    assert found == {"options": [{"value": acme.id, "title": "Acme"}]}
    several = staff.get("/picker?entities=company,person&q=acm").json
    assert several == {"options": [{"value": f"company/{acme.id}", "title": "Acme (Company)"}]}
