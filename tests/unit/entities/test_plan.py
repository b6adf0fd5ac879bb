"""What a plan says about live data, and what the apply then does to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from amity.errors import InUse, Invalid, NeedsConfirmation
from tests.factories.definitions import Desk, codes, line, occasion, schema

TEXT = {"type": "string"}


def with_property(
    desk: Desk, name: str, schema_: dict[str, Any] | None, *, required: bool | None = None
) -> dict[str, Any]:
    """The document of `thing` with one property replaced (or removed), its id kept."""
    document = desk.document("thing")
    known = document["properties"].get(name, {})
    if schema_ is None:
        del document["properties"][name]
    else:
        options = {**schema_.get("x-amity", {})}
        if known:
            options["id"] = known["x-amity"]["id"]
        document["properties"][name] = {**schema_, "x-amity": options}
    if required is not None:
        document["required"] = [name] if required else []
    return document


class TestRequired:
    """A field that becomes required."""

    def test_is_refused_where_records_are_empty(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
        desk.add("thing", {"name": "Box", "size": 1}, {"name": "Bag"}, {"name": "Cup"})
        document = with_property(desk, "size", {"type": "integer"}, required=True)
        plan = desk.plan("thing", document)
        refused = line(plan, "require_field")
        assert (str(refused.severity), refused.records) == ("refused", 2)
        assert {sample["label"] for sample in refused.samples} == {"Bag", "Cup"}
        with pytest.raises(InUse):
            desk.apply("thing", document)

    def test_fills_the_gaps_once_confirmed(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
        desk.add("thing", {"name": "Box", "size": 1}, {"name": "Bag"})
        document = with_property(desk, "size", {"type": "integer"}, required=True)
        with pytest.raises(NeedsConfirmation):
            desk.apply("thing", document, fill={"size": 7}, confirm=False)
        plan = desk.apply("thing", document, fill={"size": 7})
        assert ("converts", "require_field") in codes(plan)
        assert desk.values("thing", "size") == [1, 7]

    def test_a_new_required_field_takes_its_default(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT}))
        desk.add("thing", {"name": "Box"}, {"name": "Bag"})
        document = with_property(desk, "size", {"type": "integer"}, required=True)
        assert line(desk.plan("thing", document), "require_field").records == 2
        document["properties"]["size"]["default"] = 4
        desk.apply("thing", document)
        assert desk.values("thing", "size") == [4, 4]

    @pytest.mark.parametrize("value", ["abc", 2.5, [1]])
    def test_a_value_that_does_not_fit_the_field_is_refused(self, desk: Desk, value: Any) -> None:
        desk.apply("thing", schema({"name": TEXT}))
        desk.add("thing", {"name": "Box"})
        document = with_property(desk, "size", {"type": "integer"}, required=True)
        with pytest.raises(Invalid, match="cannot fill 'size'"):
            desk.plan("thing", document, fill={"size": value})

    def test_is_safe_where_all_are_filled_and_back(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT}))
        desk.add("thing", {"name": "Box"})
        assert codes(desk.apply("thing", with_property(desk, "name", TEXT, required=True))) == [
            ("safe", "require_field")
        ]
        assert codes(desk.apply("thing", with_property(desk, "name", TEXT, required=False))) == [
            ("safe", "optional_field")
        ]


class TestUnique:
    """Fields that become unique."""

    def test_is_refused_with_the_values_that_are_shared(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
        desk.add(
            "thing",
            {"name": "a", "size": 1},
            {"name": "a", "size": 2},
            {"name": "b"},
            {"size": 3},
            {"size": 3},
        )
        document = desk.document("thing")
        document["x-amity"]["unique"] = [["name"]]
        refused = line(desk.plan("thing", document), "unique")
        assert (str(refused.severity), refused.records, refused.samples[0]["old"]) == ("refused", 2, "a")
        document["x-amity"]["unique"] = [["name", "size"]]
        assert codes(desk.apply("thing", document)) == [("safe", "unique")]

    def test_holds_among_live_records_from_then_on(self, desk: Desk) -> None:
        from sqlalchemy.exc import IntegrityError

        desk.apply("thing", schema({"name": TEXT}))
        first, _ = desk.add("thing", {"name": "a"}, {"name": "b"})
        document = desk.document("thing")
        document["x-amity"]["unique"] = [["name"]]
        desk.apply("thing", document)
        with pytest.raises(IntegrityError):
            desk.add("thing", {"name": "a"})
        desk.delete("thing", first)
        desk.add("thing", {"name": "a"})
        del document["x-amity"]["unique"]
        assert codes(desk.apply("thing", document)) == [("safe", "not_unique")]
        desk.add("thing", {"name": "a"})


class TestChoices:
    """Choices by id: renames touch nothing, removals ask."""

    @staticmethod
    def choices(*values: str, **ids: str) -> dict[str, Any]:
        return {
            "oneOf": [
                {"const": value, **({"x-amity": {"id": ids[value]}} if value in ids else {})}
                for value in values
            ]
        }

    def test_rename_touches_no_record_and_rewrites_expressions(self, desk: Desk) -> None:
        checks = [{"expression": "stage != 'lead' || name != null", "message": "No."}]
        desk.apply("thing", schema({"name": TEXT, "stage": self.choices("lead", "won")}, checks=checks))
        desk.add("thing", {"name": "a", "stage": "lead"})
        document = with_property(desk, "stage", self.choices("prospect", "won", prospect="lead", won="won"))
        plan = desk.apply("thing", document, confirm=False)
        assert ("safe", "rename_choice") in codes(plan)
        assert desk.values("thing", "stage") == ["prospect"]
        assert (
            desk.document("thing")["x-amity"]["checks"][0]["expression"]
            == "stage != 'prospect' || name != null"
        )

    def test_removing_a_used_one_asks_what_becomes_of_it(self, desk: Desk) -> None:
        desk.apply("thing", schema({"stage": self.choices("lead", "won", "lost")}))
        desk.add("thing", {"stage": "lead"}, {"stage": "won"}, {})
        document = with_property(desk, "stage", self.choices("won", "lost"))
        refused = line(desk.plan("thing", document), "remove_choice")
        assert (str(refused.severity), refused.records, refused.details["choices"]) == (
            "refused",
            1,
            ["lost", "won"],
        )
        desk.apply("thing", document, choices={"stage": {"lead": "lost"}})
        assert desk.values("thing", "stage") == ["lost", "won", None]
        desk.apply(
            "thing", with_property(desk, "stage", self.choices("won")), choices={"stage": {"lost": None}}
        )
        assert desk.values("thing", "stage") == [None, "won", None]

    def test_an_unused_one_just_goes(self, desk: Desk) -> None:
        desk.apply("thing", schema({"stage": self.choices("lead", "won")}))
        desk.add("thing", {"stage": "won"})
        plan = desk.apply("thing", with_property(desk, "stage", self.choices("won")), confirm=False)
        assert codes(plan) == [("safe", "remove_choice")]

    def test_of_several(self, desk: Desk) -> None:
        many = {"type": "array", "items": self.choices("a", "b", "c")}
        desk.apply("thing", schema({"tags": many}))
        desk.add("thing", {"tags": ["a", "b"]}, {"tags": ["a"]}, {})
        document = with_property(desk, "tags", {"type": "array", "items": self.choices("b", "c")})
        desk.apply("thing", document, choices={"tags": {"a": "c"}})
        assert desk.values("thing", "tags") == [["c", "b"], ["c"], None]


class TestConversion:
    """Kinds that change over live data."""

    def test_blocks_then_parks_what_does_not_fit(self, desk: Desk) -> None:
        desk.apply("thing", schema({"name": TEXT, "size": TEXT}))
        desk.add("thing", {"name": "a", "size": "12"}, {"name": "b", "size": "a dozen"}, {"name": "c"})
        document = with_property(desk, "size", {"type": "integer"})
        plan = desk.plan("thing", document)
        found = line(plan, "convert_field")
        assert (str(found.severity), found.records, found.details["failing"]) == ("converts", 2, 1)
        assert found.samples[0]["old"] == "a dozen"
        assert found.samples[0]["label"] == "b"
        with pytest.raises(NeedsConfirmation):
            desk.apply("thing", document, confirm=False)
        desk.apply("thing", document)
        assert desk.values("thing", "size") == [12, None, None]
        (left,) = desk.definitions.unconverted("thing", "size")
        assert left["value"] == "a dozen"
        (parked,) = desk.definitions.parked("thing")
        assert (parked.kind, parked.reason, parked.records) == ("text", "converted", 2)

    def test_going_back_brings_the_exact_originals_but_keeps_later_edits(self, desk: Desk) -> None:
        desk.apply("thing", schema({"size": TEXT}))
        ids = desk.add("thing", {"size": "007"}, {"size": "a dozen"}, {"size": "08"}, {})
        desk.apply("thing", with_property(desk, "size", {"type": "integer"}))
        desk.change("thing", ids[2], size=9)
        desk.change("thing", ids[3], size=1)
        desk.definitions.restore_field("thing", "size", occasion())
        assert desk.values("thing", "size") == ["007", "a dozen", "9", "1"]
        assert desk.definitions.parked("thing") != [], "the numbers are parked now"

    def test_a_safe_one_needs_no_confirmation(self, desk: Desk) -> None:
        desk.apply("thing", schema({"size": {"type": "integer"}}))
        desk.add("thing", {"size": 5})
        plan = desk.apply("thing", with_property(desk, "size", TEXT), confirm=False)
        assert codes(plan) == [("safe", "convert_field")]
        assert desk.values("thing", "size") == ["5"]

    def test_a_senseless_one_is_refused(self, desk: Desk) -> None:
        desk.apply("thing", schema({"at": {"type": "string", "format": "date"}}))
        document = with_property(desk, "at", {"type": "boolean"})
        assert codes(desk.plan("thing", document)) == [("refused", "convert_field")]

    def test_required_ones_are_filled(self, desk: Desk) -> None:
        desk.apply("thing", schema({"size": TEXT}))
        desk.add("thing", {"size": "1"}, {"size": "x"}, {})
        document = with_property(desk, "size", {"type": "integer"}, required=True)
        desk.apply("thing", document, fill={"size": 0})
        assert desk.values("thing", "size") == [1, 0, 0]


class TestRelations:
    """Links between entities."""

    @staticmethod
    def relation(to: str, **options: Any) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": to, **options}}

    def test_to_many_and_back(self, desk: Desk) -> None:
        desk.apply("person", schema({"name": TEXT}, name="person"))
        a, b = desk.add("person", {"name": "a"}, {"name": "b"})
        desk.apply("thing", schema({"who": self.relation("person", inverse="things")}))
        desk.add("thing", {"who": a}, {})
        many = {"type": "array", "x-amity": {"kind": "relations", "to": ["person"], "inverse": "things"}}
        plan = desk.apply("thing", with_property(desk, "who", many), confirm=False)
        assert codes(plan) == [("safe", "convert_field")]
        assert desk.values("thing", "who") == [[["person", a]], None]
        desk.add("thing", {"who": [["person", a], ["person", b]]})
        desk.apply("thing", with_property(desk, "who", self.relation("person")))
        assert desk.values("thing", "who") == [a, None, None]
        (left,) = desk.definitions.unconverted("thing", "who")
        assert [link["id"] for link in left["value"]] == [a, b]

    def test_an_entity_that_is_pointed_to_stays(self, desk: Desk) -> None:
        desk.apply("person", schema({"name": TEXT}, name="person"))
        desk.apply("thing", schema({"who": self.relation("person")}))
        plan = desk.plan("person", None)
        assert codes(plan) == [("refused", "remove_entity")]
        assert plan.changes[0].used_by[0].owner == "thing"

    def test_renaming_an_entity_and_fields_rewrites_others(self, desk: Desk) -> None:
        desk.apply("person", schema({"name": TEXT}, name="person"))
        checks = [{"expression": "who.name != 'x'", "message": "No."}]
        desk.apply(
            "thing", schema({"title": TEXT, "who": self.relation("person", inverse="things")}, checks=checks)
        )
        person = desk.document("person")
        person["properties"]["full_name"] = person["properties"].pop("name")
        person["x-amity"]["name"] = "human"
        person["x-amity"]["checks"] = [{"expression": "things.all(t, t.title != 'x')", "message": "No."}]
        desk.apply("person", person, confirm=False)
        thing = desk.document("thing")
        assert thing["properties"]["who"]["x-amity"]["to"] == "human"
        assert thing["x-amity"]["checks"][0]["expression"] == "who.full_name != 'x'"
        thing["properties"]["who"]["x-amity"]["inverse"] = "objects"
        thing["properties"]["label"] = thing["properties"].pop("title")
        desk.apply("thing", thing, confirm=False)
        (check,) = desk.document("human")["x-amity"]["checks"]
        assert check["expression"] == "objects.all(t, t.label != 'x')"
        assert [version.version for version in desk.definitions.versions("entity", "human")] == [3, 2, 1]

    def test_a_field_that_another_entity_reads_stays(self, desk: Desk) -> None:
        desk.apply("person", schema({"name": TEXT, "age": {"type": "integer"}}, name="person"))
        checks = [{"expression": "who.age > 3", "message": "No."}]
        desk.apply("thing", schema({"who": self.relation("person")}, checks=checks))
        person = desk.document("person")
        del person["properties"]["age"]
        plan = desk.plan("person", person)
        assert codes(plan) == [("refused", "remove_field")]
        assert plan.changes[0].used_by[0].pointer == "/x-amity/checks/0/expression"
        uses = desk.definitions.where_used("person", "age")
        assert [(use.kind, use.owner) for use in uses] == [("expression", "thing")]


def test_tighter_rules_count_what_no_longer_fits(desk: Desk) -> None:
    desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "abc", "size": 1}, {"name": "abcdef", "size": 50})
    document = with_property(desk, "name", {"type": "string", "maxLength": 4})
    document["properties"]["size"]["maximum"] = 10
    plan = desk.apply("thing", document, confirm=False)
    assert [(item.code, item.records) for item in plan.changes] == [("change_rules", 1), ("change_rules", 1)]


def test_a_new_check_counts_who_fails(desk: Desk) -> None:
    desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "abc", "size": 1}, {"name": "abcdef", "size": 50}, {"name": "x"})
    document = desk.document("thing")
    document["x-amity"]["checks"] = [{"expression": "size < 10", "message": "Too big."}]
    found = line(desk.plan("thing", document), "add_check")
    assert found.records == 2
    assert {sample["label"] for sample in found.samples} == {"abcdef", "x"}


def test_vanished_and_appeared_fields_ask(desk: Desk) -> None:
    desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "a"})
    plan = desk.plan("thing", schema({"label": TEXT, "size": {"type": "integer"}}))
    assert [question.as_json()["candidates"] for question in plan.questions] == [["name"]]
    assert plan.needs_confirmation
    answered = desk.plan(
        "thing", schema({"label": TEXT, "size": {"type": "integer"}}), renamed_from={"label": "name"}
    )
    assert codes(answered) == [("safe", "rename_field")]
    assert not answered.questions


def test_a_removed_entity_comes_back_with_its_records(desk: Desk) -> None:
    desk.apply("thing", schema({"name": TEXT}))
    desk.add("thing", {"name": "a"})
    assert codes(desk.apply("thing", None)) == [("parks", "remove_entity")]
    assert "thing" not in desk.definitions.model.entities
    desk.apply("thing", schema({"name": TEXT}))
    assert desk.entity("thing").id == "thing_2", "a new one is not the old one"
    assert desk.values("thing", "name") == []
    desk.apply("thing", None)
    desk.definitions.restore("entity", "thing", occasion())
    assert desk.values("thing", "name") == ["a"]


def test_labels_and_order_are_safe(desk: Desk) -> None:
    desk.apply("thing", schema({"name": TEXT, "size": {"type": "integer"}}))
    document = desk.document("thing")
    document["properties"] = dict(reversed(document["properties"].items()))
    document["properties"]["name"]["title"] = "What it is called"
    document["title"] = "Item"
    plan = desk.apply("thing", document, confirm=False)
    assert {code for _, code in codes(plan)} == {"change_title", "label_field", "reorder_fields"}
    assert list(desk.document("thing")["properties"]) == ["size", "name"]
    assert desk.apply("thing", document).empty


def test_values_of_every_shape_are_carried(desk: Desk) -> None:
    """Filled gaps and values that were there go through the carry exactly, on both databases."""
    values = {
        "price": ({"type": "number"}, Decimal("12.3456")),
        "on": ({"type": "string", "format": "date"}, "2026-02-28"),
        "at": ({"type": "string", "format": "date-time"}, "2026-02-28T10:11:12.000013Z"),
        "ok": ({"type": "boolean"}, True),
        "home": ({"type": "object", "x-amity": {"kind": "address"}}, {"city": "Köln", "country": "DE"}),
        "mails": (
            {"type": "array", "x-amity": {"kind": "emails"}},
            [{"value": "a@example.com", "primary": True}],
        ),
        "tags": ({"type": "array", "items": {"type": "string"}}, ["x", "y"]),
        "name": (TEXT, 'O\'Hara \\ "{}", ü'),
    }
    desk.apply("thing", schema({name: property_ for name, (property_, _) in values.items()}))
    desk.add("thing", {name: value for name, (_, value) in values.items()}, {})
    document = desk.document("thing")
    document["required"] = list(values)
    desk.apply("thing", document, fill={name: value for name, (_, value) in values.items()})
    for name, (_, value) in values.items():
        first, second = desk.values("thing", name)
        assert first == second == value, name


@pytest.mark.parametrize("document", [[], {"properties": 5}, {"properties": {"x": {"x-amity": 7}}}])
def test_what_is_no_document_is_invalid(desk: Desk, document: Any) -> None:
    desk.apply("thing", schema({"name": TEXT}))
    for name in ("thing", "other"):
        with pytest.raises(Invalid):
            desk.plan(name, document)


def test_a_rename_is_followed_on_the_timeline(desk: Desk) -> None:
    fields = {
        "name": TEXT,
        "due": {"type": "string", "format": "date"},
        "who": {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": "thing"}},
    }
    document = schema(fields)
    timeline = {"at": ["due"], "with": ["who"], "open": "due == null", "fields": ["name", "due"]}
    document.setdefault("x-amity", {})["timeline"] = timeline
    desk.apply("thing", document)
    renamed = desk.document("thing")
    for old, new in (("due", "due_on"), ("who", "about")):
        schemas = renamed["properties"]
        renamed["properties"] = {new if key == old else key: value for key, value in schemas.items()}
    plan = desk.apply("thing", renamed)
    assert codes(plan) == [("safe", "rename_field"), ("safe", "rename_field")]
    assert desk.document("thing")["x-amity"]["timeline"] == {
        "at": ["due_on"], "with": ["about"], "open": "due_on == null", "fields": ["name", "due_on"],
    }  # fmt: skip
    changed = desk.document("thing")
    changed["x-amity"]["timeline"] = {"at": "due_on"}
    assert codes(desk.plan("thing", changed)) == [("safe", "change_timeline")]
