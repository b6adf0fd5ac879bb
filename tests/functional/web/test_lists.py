"""Lists: what they show, how they filter, sort and page, and what a wrong address gets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from sqlalchemy import event

from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.apps import Visitor


def names(page: str) -> list[str]:
    """The labels of the rows, in order."""
    return [html.unescape(text) for text in re.findall(r'class="record-link"[^>]*>([^<]*)<', page)]


def test_an_empty_list_teaches_the_first_step(staff: Visitor, admin: Visitor) -> None:
    page = staff.get("/e/company").text
    assert "No Companies yet" in page and "Whom we deal with." in page
    assert "/e/company/new" in page
    assert "/builder/entities/company" not in page
    assert "/builder/entities/company" in admin.get("/e/company").text


def test_the_first_view_is_shown_with_its_columns_and_order(staff: Visitor, made: Made) -> None:
    for name in ("Beta", "Alpha", "Gamma"):
        made.company(name, revenue=Decimal("1234.5"))
    page = staff.get("/e/company").text
    assert names(page) == ["Alpha", "Beta", "Gamma"]
    assert 'aria-sort="ascending"' in page and "1,234.5" in page
    assert "3 records" in page


STATES = [
    ("sort=-name", ["Gamma", "Beta", "Alpha"]),
    ("view=active", ["Beta"]),
    ("where=" + quote("name != 'Beta'"), ["Alpha", "Gamma"]),
    ("q=gam", ["Gamma"]),
    ("view=active&where=", ["Alpha", "Beta", "Gamma"]),
    ("columns=name,email", ["Alpha", "Beta", "Gamma"]),
]
"""Query strings and the names that the list shows."""


def test_the_address_holds_the_state(staff: Visitor, made: Made) -> None:
    made.company("Alpha")
    made.company("Beta", stage="active", reason="because")
    made.company("Gamma")
    for query, expected in STATES:
        assert names(staff.get(f"/e/company?{query}").text) == expected, query


def test_the_builder_of_filters_writes_an_expression_into_the_address(staff: Visitor, made: Made) -> None:
    made.company("Alpha")
    made.company("Beta", stage="active", reason="because")
    answer = staff.get("/e/company?add=1&field=stage&operator=is&value=active")
    assert answer.status_code == 303
    where = parse_qs(urlsplit(answer.location).query)["where"]
    assert where == ["stage == 'active'"]
    page = staff.get(answer.location).text
    assert names(page) == ["Beta"]
    assert "Stage is Active" in page


def test_a_filter_that_cannot_be_written_says_why_and_keeps_what_was_typed(staff: Visitor) -> None:
    answer = staff.get("/e/company?add=1&field=revenue&operator=more&value=lots")
    assert answer.status_code == 422
    assert "“lots” is not a number." in answer.text and 'value="lots"' in answer.text


def test_a_wrong_expression_names_its_column(staff: Visitor) -> None:
    answer = staff.get("/e/company?where=stge+%3D%3D+1")
    assert answer.status_code == 422
    assert "Column 1" in answer.text and "stage" in answer.text


def test_nonsense_in_the_address_is_told_on_the_page(staff: Visitor, made: Made) -> None:
    made.company()
    for query in (
        "sort=nonsense",
        "after=garbage",
        "where=" + "(" * 900,
        "q=%00",
        "columns=,,,x",
        "view=%F0%9F",
    ):
        answer = staff.get(f"/e/company?{query}")
        assert answer.status_code in (200, 404, 422) and "<html" in answer.text, query


def test_an_unknown_list_or_view_is_not_found(staff: Visitor) -> None:
    assert staff.get("/e/nothing").status_code == 404
    assert staff.get("/e/company?view=gone").status_code == 404


def test_pages_follow_each_other_without_gaps(staff: Visitor, workspace: Workspace, made: Made) -> None:
    rows = [{"name": f"C {number:03}"} for number in range(120)]
    workspace.records.bulk(made.ctx, "company", rows, mode="all")
    url, seen = "/e/company", []
    for _page in range(3):
        page = staff.get(url).text
        seen += names(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = html.unescape(found.group(1)) if found else ""
    assert seen == [row["name"] for row in rows] and url == ""


def test_htmx_gets_the_part_that_the_page_includes(staff: Visitor, made: Made) -> None:
    made.company("Alpha")
    whole = staff.get("/e/company")
    part = staff.get("/e/company", headers={"HX-Request": "true"})
    assert "<html" not in part.text and part.text.lstrip().startswith('<div id="list"')
    for answer in (whole, part):
        assert "HX-Request" in answer.headers["Vary"]
    strip = re.compile(r'value="[^"]{40,}"|\s+')
    assert strip.sub("", part.text) in strip.sub("", whole.text)


def test_the_number_of_statements_does_not_grow_with_the_rows(
    staff: Visitor, workspace: Workspace, made: Made
) -> None:
    acme = made.company("Acme")
    counts = []
    for target in (2, 40):
        rows = [{"name": f"P{target} {number}", "company": acme.id} for number in range(target)]
        workspace.records.bulk(made.ctx, "person", rows, mode="all")
        staff.get("/e/person")
        with counted(workspace) as statements:
            page = staff.get("/e/person").text
        assert page.count(">Acme</a>") == (2 if target == 2 else 42)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


@contextmanager
def counted(workspace: Workspace) -> Iterator[list[str]]:
    """Collect the SQL statements of a block, without those that begin and end transactions."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            found.append(statement)

    event.listen(workspace.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(workspace.database.engine, "before_cursor_execute", note)


def test_my_own_view_is_mine_alone(staff: Visitor, admin: Visitor, made: Made) -> None:
    made.company("Alpha")
    made.company("Beta", stage="active", reason="because")
    answer = staff.post("/e/company/views", {"name": "Leads", "where": "stage == 'lead'", "sort": "-name"})
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert names(page) == ["Alpha"] and ">Leads</a>" in page
    assert ">Leads</a>" not in admin.get("/e/company").text
    identity = parse_qs(urlsplit(answer.location).query)["view"][0].removeprefix("mine:")
    assert admin.post(f"/e/company/views/{identity}/delete").status_code == 404
    assert staff.post(f"/e/company/views/{identity}/delete").status_code == 303
    assert ">Leads</a>" not in staff.get("/e/company").text


def test_a_list_is_exported_as_it_is_filtered(staff: Visitor, made: Made) -> None:
    made.company("Alpha", email="a@example.test")
    made.company("Beta")
    answer = staff.get("/e/company/export?where=name+%3D%3D+'Alpha'")
    assert answer.mimetype == "text/csv" and "company.csv" in answer.headers["Content-Disposition"]
    lines = answer.text.splitlines()
    assert len(lines) == 2 and "Alpha" in lines[1] and "name" in lines[0]
    assert len(staff.get("/e/company/export?q=bet").text.splitlines()) == 2
    assert staff.get("/e/company/export?where=nonsense").status_code == 422


def test_columns_are_chosen_with_boxes(staff: Visitor, made: Made) -> None:
    made.company("Alpha", email="a@example.test")
    answer = staff.get("/e/company/columns?column=name&column=email&sort=-name")
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert "a@example.test" in page and 'aria-sort="descending"' in page
