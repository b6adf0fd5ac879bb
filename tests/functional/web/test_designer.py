"""The designer on the server: the draft travels with the form, and nothing of it is lost on the way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.entities.kinds.text import TextKind
from amity.paths import bundled
from amity.testing.visitor import Visitor
from amity.web.builder.default_editor import has_default
from amity.workspace import Workspace
from tests.contracts.test_kinds_in_pages import LINKS
from tests.contracts.test_kinds_in_the_gate import samples, schema_of
from tests.contracts.test_kinds_over_rest import own_kinds
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


# -- what nobody touches stays as it is --------------------------------------------------------------------
SHIPPED = sorted(bundled("entities").glob("*.json"))


def as_text(document: Any) -> str:
    """A document with the order of its keys."""
    return jsontext.dumps(document)


def one_of_each(properties: dict[str, Any]) -> list[str]:
    """One field for each set of keys that fields have."""
    found: dict[str, str] = {}
    for name, schema in properties.items():
        own = schema.get("x-amity", {})
        found.setdefault(as_text([[*schema], schema.get("format"), [*own], own.get("kind")]), name)
    return list(found.values())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_shipped_entity_comes_back_to_the_last_key(designer: Designer, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    designer.open("company").press("use-json", json=text)
    before = as_text(designer.document)
    assert before == as_text(jsontext.loads(text))
    for name in [*one_of_each(designer.document["properties"]), ""]:
        # The press reads what the editor of the field before has sent.
        changed = as_text(designer.press(f"select:{name}").document) != before
        assert not changed, f"the field before {name} was changed by being looked at"


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_every_kind_has_an_editor_and_comes_back_to_the_last_key(designer: Designer) -> None:
    groups = [{kind.name: schema_of(kind)} for kind in own_kinds()]
    for kind, group in zip(own_kinds(), groups, strict=True):
        if has_default(kind):
            group["filled"] = {**schema_of(kind), "default": samples(kind)[0]}
    own = {"name": "thing", "plural": "Things"}
    for properties in (*groups, LINKS):
        document = {"title": "Thing", "type": "object", "properties": properties, "x-amity": own}
        designer.open("new").press("use-json", json=as_text(document))
        before = as_text(designer.document)
        for name in properties:
            designer.press(f"select:{name}")
            assert designer.form["f-name"] == name
            assert as_text(designer.press().document) == before, f"{name} was changed by being looked at"


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_field_of_every_kind_can_be_added_and_looked_at(designer: Designer, workspace: Workspace) -> None:
    designer.open("new")
    for kind in workspace.kinds:
        designer.press(f"add:{kind.name}", new_title=f"My {kind.name}")
        name = designer.form["selected"]
        assert designer.form["f-kind"] == kind.name
        added = as_text(designer.document)
        assert as_text(designer.press().document) == added, f"{name} was changed by being looked at"
        designer.press(f"remove:{name}")


ODD: dict[str, Any] = {
    "properties of another type": {"properties": {"a": True, "b": 3, "c": None, "d": [], "e": "text"}},
    "no properties": {"properties": 7, "x-amity": []},
    "layout": {"properties": {"a": {"type": "string"}}, "x-amity": {"layout": {"a": 1}, "checks": 3}},
    "sections": {"x-amity": {"layout": [1, {"fields": "a"}], "checks": ["x", {}], "views": 3, "unique": 3}},
    "choices": {"properties": {"a": {"oneOf": 3, "x-amity": {"kind": "choice"}}, "b": {"enum": 3}}},
    "choice": {"properties": {"a": {"oneOf": [3, {"const": [1]}], "x-amity": {"kind": "choice"}}}},
    "options": {"properties": {"a": {"type": "string", "x-amity": 3}, "b": {"x-amity": {"kind": 5}}}},
    "targets": {"properties": {"b": {"x-amity": {"kind": "relation", "to": 3}}}},
    "nested": {"properties": {"a": {"type": "object", "properties": {"x": True, "y": {"$ref": "#/z"}}}}},
    "list": {"properties": {"a": {"type": "array", "items": 3}}},
    "items": {"properties": {"b": {"type": "array", "items": {"type": []}}}},
    "link": {"properties": {"a": {"type": "array", "x-amity": {"kind": "relations", "link_fields": 3}}}},
    "labels": {"properties": {"a": {"type": "array", "x-amity": {"kind": "emails", "labels": [1]}}}},
    "default": {"properties": {"a": {"type": "string", "format": "date", "default": {"x": 1}}}},
    "required": {"properties": {"a": {"type": "string"}}, "required": 3},
    "titles": {"title": 3, "description": [], "properties": {"a": {"title": {"x": 1}, "type": "string"}}},
}  # fmt: skip


@pytest.mark.parametrize("document", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_document_that_is_not_right_can_be_looked_at_and_mended(designer: Designer, document: Any) -> None:
    designer.open("company").press("use-json", json=as_text({"type": "object", **document}))
    before = as_text(designer.document)
    names = document.get("properties")
    for name in names if isinstance(names, dict) else ():
        assert as_text(designer.press(f"select:{name}").document) == before
        assert as_text(designer.press().document) == before
        designer.press(f"remove:{name}")
        assert name not in designer.document["properties"]
        designer.press("use-json", json=before)


# -- sections ----------------------------------------------------------------------------------------------
def layout(designer: Designer) -> list[list[str]]:
    """Title and fields of each section."""
    return [[item["section"], *item["fields"]] for item in designer.document["x-amity"]["layout"]]


def test_a_section_keeps_what_the_editor_does_not_show(designer: Designer) -> None:
    designer.open("company").press(section_0_title="About", section_1_columns="1")
    first, second = designer.document["x-amity"]["layout"]
    assert first == {
        "section": "About", "fields": ["name", "stage", "reason", "email"], "children": ["people"],
    }  # fmt: skip
    assert second["columns"] == 1 and second["visible"] == "stage == 'active'"


def test_fields_move_within_and_between_sections_by_buttons_and_lists(designer: Designer) -> None:
    designer.open("company").press("place-up:email")
    assert layout(designer)[0] == ["Profile", "name", "stage", "email", "reason"]
    designer.press("place-down:reason")
    assert layout(designer) == [
        ["Profile", "name", "stage", "email"],
        ["Money", "reason", "revenue", "since"],
    ]
    designer.press(place_name="1")
    assert layout(designer) == [
        ["Profile", "stage", "email"],
        ["Money", "reason", "revenue", "since", "name"],
    ]
    designer.press(place_stage="")
    assert layout(designer)[0] == ["Profile", "email"] and designer.form["place-stage"] == ""
    designer.press(place_stage="0")
    assert layout(designer)[0] == ["Profile", "email", "stage"]


def test_the_order_of_the_form_is_the_order_of_the_layout(designer: Designer) -> None:
    """As after dragging: the inputs stand elsewhere."""
    form = designer.open("company").form
    turned = MultiDict(sorted(form.items(multi=True), key=lambda pair: pair[0].startswith("section-0")))
    turned.setlist("section-0-field", ["email", "name", "revenue"])
    turned.setlist("section-1-field", ["since", "stage", "reason"])
    for name, number in (("revenue", "0"), ("stage", "1"), ("reason", "1")):
        turned[f"place-{name}"] = number
    designer.send(turned)
    assert layout(designer) == [
        ["Money", "since", "stage", "reason"],
        ["Profile", "email", "name", "revenue"],
    ]


def test_sections_move_come_and_go(designer: Designer) -> None:
    designer.open("company").press("row-down:section:0")
    assert [item[0] for item in layout(designer)] == ["Money", "Profile"]
    designer.press("row-remove:section:1")
    assert layout(designer) == [["Money", "revenue", "since"]]
    assert designer.form["place-name"] == ""
    designer.press("section-add").press(section_1_title="Who", place_name="1")
    assert layout(designer) == [["Money", "revenue", "since"], ["Who", "name"]]
    designer.press("layout-auto")
    assert "layout" not in designer.document["x-amity"]
    designer.press("layout-own")
    assert layout(designer)[0][0] == "Details" and "name" in layout(designer)[0]
    designer.press("add:text", new_title="More")
    assert "more" in layout(designer)[-1]


# -- choices and what is inside ------------------------------------------------------------------------------
def test_choices_keep_what_the_rows_do_not_show(designer: Designer) -> None:
    designer.open("company", "stage")
    choices = designer.document["properties"]["stage"]["oneOf"]
    choices[0]["x-amity"] = {"id": "lead", "active": False}
    document = designer.document
    document["properties"]["stage"]["oneOf"] = choices
    designer.press("use-json", json=as_text(document)).press("select:stage")
    designer.press(
        "row-down:choice:0", choice_0_title="Prospect", choice_1_color="green", choice_2_title="Über uns"
    )
    assert designer.document["properties"]["stage"]["oneOf"] == [
        {"const": "active", "title": "Active", "x-amity": {"color": "green", "id": "active"}},
        {"const": "lead", "title": "Prospect", "x-amity": {"id": "lead", "active": False}},
        {"const": "uber_uns", "title": "Über uns"},
    ]


def test_the_value_of_a_new_choice_follows_its_title(designer: Designer) -> None:
    designer.open("new").press("add:choice", new_title="Condition")
    designer.press(choice_0_title="Good", choice_1_title="Broken", choice_1_value="b")
    assert designer.document["properties"]["condition"]["oneOf"] == [
        {"const": "good", "title": "Good"}, {"const": "b", "title": "Broken"},
    ]  # fmt: skip


def test_fields_of_a_group_are_rows(designer: Designer) -> None:
    designer.open("new").press("add:object", new_title="Contract")
    designer.press(
        nested_0_title="Number", nested_0_required="true", nested_2_title="Signed on", nested_2_kind="date"
    )
    own = designer.document["properties"]["contract"]
    assert list(own["properties"]) == ["name", "amount", "signed_on"] and own["required"] == ["name"]
    assert own["properties"]["name"]["title"] == "Number"
    assert own["properties"]["signed_on"] == {"title": "Signed on", "type": "string", "format": "date"}
    designer.press("row-up:nested:2", nested_1_kind="choice")
    own = designer.document["properties"]["contract"]
    assert list(own["properties"]) == ["name", "signed_on", "amount"]
    designer.press(nested_2_choice_0_title="Small", nested_1_name="signed")
    own = designer.document["properties"]["contract"]["properties"]
    assert own["amount"]["oneOf"][0] == {"const": "small", "title": "Small"} and "signed" in own
    designer.press("row-remove:nested:0")
    own = designer.document["properties"]["contract"]
    assert list(own["properties"]) == ["signed", "amount"] and "required" not in own


def test_what_rows_cannot_say_stays_and_is_named(designer: Designer) -> None:
    deep = {"type": "object", "properties": {"x": {"type": "integer"}}}
    members = {
        "code": {"type": "string", "maxLength": 5, "x-amity": {"help": "Short"}},
        "size": {"$ref": "#/$defs/size"},
        "deep": deep,
    }
    document = {
        "title": "Thing", "type": "object", "$defs": {"size": {"type": "integer"}},
        "properties": {"group": {"type": "object", "properties": members}}, "x-amity": {"name": "thing"},
    }  # fmt: skip
    designer.open("new").press("use-json", json=as_text(document)).press("select:group")
    assert "<code>maxLength</code>" in designer.html and "<code>help</code>" in designer.html
    assert "only JSON can show" in designer.html
    designer.press(nested_0_title="Code", nested_3_title="More")
    assert designer.document["properties"]["group"]["properties"] == {
        **members,
        "code": {**members["code"], "title": "Code"},
        "more": {"title": "More", **TextKind().new_schema()},
    }


def test_rows_of_a_list_hold_fields_or_one_value(designer: Designer) -> None:
    designer.open("new").press("add:list", new_title="Lines").press(
        nested_2_title="Price", nested_2_kind="money"
    )
    items = designer.document["properties"]["lines"]["items"]
    assert list(items["properties"]) == ["item", "count", "price"]
    designer.press(nested_plain="date")
    assert designer.document["properties"]["lines"]["items"] == {"type": "string", "format": "date"}
    designer.press(nested_plain="choice").press(nested_choice_0_title="Red")
    assert designer.document["properties"]["lines"]["items"]["oneOf"][0] == {"const": "red", "title": "Red"}
    designer.press(nested_plain="")
    assert list(designer.document["properties"]["lines"]["items"]["properties"]) == ["value"]


def test_a_link_has_fields_and_people_work_with_them(designer: Designer) -> None:
    designer.open("person", "friends").press(nested_0_title="Since", nested_0_kind="date")
    designer.press(nested_1_title="How close", nested_1_kind="choice")
    fields = designer.document["properties"]["friends"]["x-amity"]["link_fields"]
    assert fields["since"] == {"title": "Since", "type": "string", "format": "date"}
    assert fields["how_close"]["oneOf"][0]["const"] == "first"
    answer = designer.visitor.client.post("/builder/plan", data=designer.form)
    assert answer.status_code == 200 and "fields on the link" in answer.text
    designer.press("row-remove:nested:0").press("row-remove:nested:0")
    assert "link_fields" not in designer.document["properties"]["friends"]["x-amity"]


# -- one input for one thing ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        ("boolean", "false", False), ("boolean", "true", True), ("integer", "0", 0),
        ("date", "2026-11-24", "2026-11-24"), ("choice", "second", "second"), ("text", "abc", "abc"),
        ("integer", "many", "many"), ("percent", "0.5", Decimal("0.5")),
    ],
)  # fmt: skip
def test_a_default_has_the_input_of_its_kind(
    designer: Designer, kind: str, typed: str, expected: Any
) -> None:
    designer.open("new").press(f"add:{kind}", new_title="Thing").press(f_default=typed)
    assert designer.document["properties"]["thing"]["default"] == expected
    assert designer.form["f-default"] == typed
    designer.press(f_default="")
    assert "default" not in designer.document["properties"]["thing"]


def test_options_have_lists_to_choose_from(designer: Designer) -> None:
    designer.open("new").press("add:money", new_title="Price")
    assert "Euro (EUR)" in designer.html
    designer.press(option_currency="CHF", option_scale="3")
    own = designer.document["properties"]["price"]["x-amity"]
    assert own == {"kind": "money", "currency": "CHF", "scale": 3}
    designer.press("add:phones", new_title="Phones").press(
        option_labels="work\r\nboat\r\n", option_region="DE"
    )
    own = designer.document["properties"]["phones"]["x-amity"]
    assert own["labels"] == ["work", "boat"] and own["region"] == "DE"


def test_a_relation_links_one_entity_or_several(designer: Designer) -> None:
    designer.open("new").press("add:relation", new_title="Firm").press(f_to="company")
    assert designer.document["properties"]["firm"]["x-amity"]["to"] == "company"
    designer.press("add:relations", new_title="All").press(f_to=["company", "person"], f_inverse="things")
    own = designer.document["properties"]["all"]["x-amity"]
    assert own["to"] == ["company", "person"] and own["inverse"] == "things"


def test_checks_keep_their_order_and_go(designer: Designer) -> None:
    designer.open("company").press(
        check_0_expression="name != ''", check_0_message="A name", check_0_field="name"
    )
    designer.press(check_1_expression="revenue > 0", check_1_message="Money").press("row-up:check:1")
    checks = designer.document["x-amity"]["checks"]
    assert [item["message"] for item in checks] == ["Money", "A name"] and checks[1]["field"] == "name"
    assert len(designer.press("row-remove:check:0").document["x-amity"]["checks"]) == 1


def test_an_icon_is_chosen_and_an_unknown_one_stays(designer: Designer) -> None:
    assert designer.open("company").form["s-icon"] == "building"
    assert designer.press(s_icon="truck").document["x-amity"]["icon"] == "truck"
    designer.press("use-json", json=designer.form["json"].replace('"truck"', '"unicorn"'))
    assert designer.press(s_description="x").document["x-amity"]["icon"] == "unicorn"
    assert "not among the pictures" in designer.html
    designer.press(s_icon="")
    assert "icon" not in designer.document["x-amity"]


def test_a_new_entity_is_called_as_its_title_says_until_it_has_a_name(designer: Designer) -> None:
    designer.open("new").press(s_title="Water pump")
    assert designer.form["s-name"] == "water_pump" and designer.form["s-plural"] == "Water pumps"
    designer.press(s_title="Pump", s_plural="Pumpen")
    assert designer.form["s-name"] == "pump" and designer.form["s-plural"] == "Pumpen"
    designer.press(s_name="pmp").press(s_title="Big pump")
    assert designer.form["s-name"] == "pmp" and designer.form["s-plural"] == "Pumpen"


def test_a_field_becomes_a_computed_one(designer: Designer) -> None:
    designer.open("company").press(new_title="Doubled").press("add:money")
    designer.press(**{"f-formula": "revenue * 2"})
    assert designer.document["properties"]["doubled"]["x-amity"]["formula"] == "revenue * 2"
    assert designer.form["f-formula"] == "revenue * 2"
    designer.press(**{"f-formula": "revenu * 2"})
    answer = designer.visitor.client.post("/builder/plan", data=designer.form)
    assert answer.status_code == 422 and "is not a known name" in answer.text and "revenue" in answer.text
    designer.press(**{"f-formula": ""})
    assert "formula" not in designer.document["properties"]["doubled"]["x-amity"]
    assert "f-formula" not in designer.open("company", "stage").form, "a choice is not computed"


def test_a_field_sums_up_the_records_that_point_here(designer: Designer) -> None:
    designer.open("company").press(new_title="VIPs").press("add:integer")
    designer.press(**{"f-rollup-over": "people"})
    own = designer.document["properties"]["vips"]["x-amity"]
    assert own["rollup"] == {"over": "people", "do": "count"} and "f-rollup-of" not in designer.form
    designer.press(**{"f-rollup-where": "vip"})
    rollup = designer.document["properties"]["vips"]["x-amity"]["rollup"]
    assert rollup == {"over": "people", "do": "count", "where": "vip"}
    designer.press(**{"f-rollup-do": "max"}).press(**{"f-rollup-of": "name"})
    rollup = designer.document["properties"]["vips"]["x-amity"]["rollup"]
    assert rollup == {"over": "people", "do": "max", "of": "name", "where": "vip"}
    answer = designer.visitor.client.post("/builder/plan", data=designer.form)
    assert answer.status_code == 422 and "the field holds integer" in answer.text
    designer.press(**{"f-rollup-over": ""})
    assert "rollup" not in designer.document["properties"]["vips"]["x-amity"]
