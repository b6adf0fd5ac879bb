"""What is kept of a step's input: everything has a form in JSON, nothing secret."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from amity import jsontext
from amity.entities.model import Model
from amity.expressions import compile
from amity.records.me import Linked
from amity.workflows.documents.decisions import Decision
from amity.workflows.documents.filters import Filter
from amity.workflows.documents.letters import Letter
from amity.workflows.documents.scope import WorkflowScope
from amity.workflows.engine.journal import kept
from tests.factories.worlds import FUNCTIONS


def test_records_conditions_tables_and_mails_are_told() -> None:
    scope = WorkflowScope.of(Model(1), FUNCTIONS, None, ())
    found = kept(
        {
            "record": Linked(None, None, None, "r1", "r1"),  # type: ignore[arg-type]
            "where": Filter(compile("1 == 1", scope), {"record": object()}),
            "rows": Decision(2, {"who": "ada"}),
            "mail": Letter("Hi", "Dear", None),
            "others": [Linked(None, None, None, "r2", "r2")],  # type: ignore[arg-type]
            "on": dt.date(2026, 1, 2),
            "price": Decimal("1.50"),
            "api_key": "x",
        }
    )
    assert found is not None
    assert jsontext.loads(jsontext.dumps(found)) == {
        "record": "r1",
        "where": {"compiled": "1 == 1"},
        "rows": {"row": 2, "values": {"who": "ada"}},
        "mail": {"subject": "Hi", "body": "Dear", "html": None},
        "others": ["r2"],
        "on": "2026-01-02",
        "price": Decimal("1.50"),
        "api_key": "•••",
    }
