"""The designer on the server: the draft travels with the form, and nothing of it is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.testing.visitor import Visitor
from tests.support.forms import read_form

DESIGN = "/builder/entities/design"


class Designer:
    """Works in the designer as a browser without JavaScript does."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.html = ""

    def open(self, entity: str, field: str = "") -> Designer:
        """Open the designer of an entity."""
        self.html = self.visitor.get(f"/builder/entities/{entity}?field={field}").text
        return self

    @property
    def form(self) -> MultiDict[str, str]:
        """What the browser would send now."""
        own = self.html.partition('<form id="designer"')[2].partition("</form>")[0]
        # The form to come is disabled: a browser sends nothing of it.
        return MultiDict(
            (name, value) for name, value in read_form(own).sent if not name.startswith("preview-")
        )

    @property
    def document(self) -> Any:
        """The draft."""
        return jsontext.loads(self.form["document"])

    def press(self, do: str = "refresh", **typed: str | list[str]) -> Designer:
        """Type (`f_title="Power"` is the input `f-title`) and press a button."""
        form = self.form
        for key, value in typed.items():
            form.setlist(key.replace("_", "-"), value if isinstance(value, list) else [value])
        return self.send(form, do)

    def send(self, form: MultiDict[str, str], do: str = "refresh") -> Designer:
        """Send the form with a button."""
        form["do"] = do
        answer = self.visitor.client.post(DESIGN, data=form)
        assert answer.status_code in (200, 422), answer.text
        self.html = answer.text
        return self


@pytest.fixture
def designer(admin: Visitor) -> Designer:
    """The designer, opened by Ada."""
    return Designer(admin)


def test_a_title_waits_for_its_kind(designer: Designer) -> None:
    designer.open("company").press(new_title="Maker")
    assert designer.form["new-title"] == "Maker"
    designer.press("add:email")
    assert designer.form["new-title"] == "" and designer.form["f-title"] == "Maker"
    assert designer.document["properties"]["maker"]["title"] == "Maker"


def test_json_that_was_typed_stays_until_it_is_taken_over_or_put_back(designer: Designer) -> None:
    typed = designer.open("company").form["json"].replace('"Company"', '"Firm"')
    designer.press(json=typed)
    assert designer.form["json"] == typed and designer.document["title"] == "Company"
    designer.press("drop-json")
    assert designer.document["title"] == "Company" and '"Firm"' not in designer.form["json"]
    designer.press("use-json", json=typed)
    assert designer.document["title"] == "Firm"


def test_json_that_is_none_stays_as_it_was_typed(designer: Designer) -> None:
    designer.open("company").press("use-json", json='{"title": ')
    assert designer.form["json"] == '{"title": ' and 'id="input-json-problems"' in designer.html


def test_a_plan_is_not_made_past_json_that_was_typed(designer: Designer) -> None:
    form = designer.open("company").form
    form["json"] = form["json"].replace('"Company"', '"Firm"')
    answer = designer.visitor.client.post("/builder/plan", data=form)
    assert answer.status_code == 422 and "not taken over" in answer.text


def test_fields_are_put_into_an_order(designer: Designer) -> None:
    names = list(designer.open("company").document["properties"])
    turned = names[::-1]
    assert list(designer.press(f"order:{jsontext.dumps(turned)}").document["properties"]) == turned
    for wrong in ("", "[", "{}", '["name"]', '["name", 1]'):
        assert list(designer.press(f"order:{wrong}").document["properties"]) == turned
