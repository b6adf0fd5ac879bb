"""Ids of fields and choices: given once, kept through every rename."""

from __future__ import annotations

from typing import Any

from amity.entities.identity import assign_ids
from amity.entities.loader import identify, load
from amity.entities.model import Entity
from tests.unit.entities.support import KINDS, document, places, problems, read

TEXT: dict[str, Any] = {"type": "string"}


def after(before: Entity, properties: dict[str, Any], answers: dict[str, str | None] | None = None) -> Entity:
    return load(document(properties), KINDS, previous=before, answers=answers)


def ids(entity: Entity) -> dict[str, str]:
    return {field.name: field.id for field in entity.fields}


def test_a_new_field_is_its_name() -> None:
    assert ids(read({"a": TEXT, "b": {**TEXT, "x-amity": {"id": "c"}}})) == {"a": "a", "b": "c"}


def test_ids_outlive_the_name_in_each_way_of_renaming() -> None:
    before = read({"name": TEXT, "mail": TEXT})
    by_id = {"name": TEXT, "email": {**TEXT, "x-amity": {"id": "mail"}}}
    by_word = {"name": TEXT, "email": {**TEXT, "x-amity": {"renamed_from": "mail"}}}
    assert ids(after(before, by_id)) == {"name": "name", "email": "mail"}
    assert ids(after(before, by_word)) == {"name": "name", "email": "mail"}
    assert ids(after(before, {"name": TEXT, "email": TEXT}, {"email": "mail"})) == {
        "name": "name",
        "email": "mail",
    }
    assert ids(after(before, {"name": TEXT, "email": TEXT}, {"email": None})) == {
        "name": "name",
        "email": "email",
    }


def test_renamed_from_is_answered_once_and_may_stay_in_the_file() -> None:
    before = read({"mail": TEXT})
    file = {"email": {**TEXT, "x-amity": {"renamed_from": "mail"}}}
    first = after(before, file)
    assert first.document["properties"]["email"]["x-amity"] == {"id": "mail"}
    assert ids(after(first, file)) == {"email": "mail"}
    assert ids(read(file)) == {"email": "email"}


def test_two_fields_can_change_places() -> None:
    before = read({"a": TEXT, "b": TEXT})
    swapped = after(before, {"b": {**TEXT, "x-amity": {"id": "a"}}, "a": {**TEXT, "x-amity": {"id": "b"}}})
    assert ids(swapped) == {"b": "a", "a": "b"}
    found = identify(swapped.document, before)
    assert found.renamed == (("a", "b"), ("b", "a"))
    assert (found.vanished, found.appeared, found.questions) == ((), (), {})


def test_a_name_that_is_free_again_gets_an_id_of_its_own() -> None:
    before = after(read({"mail": TEXT}), {"email": {**TEXT, "x-amity": {"id": "mail"}}})
    assert ids(after(before, {"email": TEXT, "mail": TEXT})) == {"email": "mail", "mail": "mail_2"}


def test_only_a_person_knows_whether_a_field_was_renamed() -> None:
    before = read({"name": TEXT, "mail": TEXT, "phone": TEXT})
    found = identify(document({"name": TEXT, "email": TEXT}), before)
    assert found.questions == {"email": ("mail", "phone")}
    assert found.vanished == ("mail", "phone")
    assert found.appeared == ("email",)
    assert (
        identify(document({"name": TEXT, "email": TEXT, "mail": TEXT, "phone": TEXT}), before).questions == {}
    )
    assert identify(document({"name": TEXT}), before).questions == {}
    sure = document({"name": TEXT, "email": {**TEXT, "x-amity": {"id": "email"}}})
    assert identify(sure, before).questions == {}


def test_a_wrong_renamed_from_names_the_nearest() -> None:
    found = assign_ids({"email": {"x-amity": {"renamed_from": "mial"}}}, read({"mail": TEXT}))
    assert places(list(found.problems)) == [("renamed_from", "/properties/email/x-amity/renamed_from")]
    assert "'mail'" in found.problems[0].message


def test_two_fields_cannot_be_one() -> None:
    twice = {"a": {**TEXT, "x-amity": {"id": "x"}}, "b": {**TEXT, "x-amity": {"id": "X"}}}
    assert places(problems(twice)) == [("duplicate", "/properties/b/x-amity/id")]
    both = {"a": {**TEXT, "x-amity": {"renamed_from": "x"}}, "b": {**TEXT, "x-amity": {"renamed_from": "x"}}}
    found = assign_ids(both, read({"x": TEXT}))
    assert places(list(found.problems)) == [("duplicate", "/properties/b/x-amity/renamed_from")]


def test_choices_keep_their_ids_too() -> None:
    def choices(*values: tuple[str, str | None]) -> dict[str, Any]:
        return {
            "stage": {"oneOf": [{"const": v, **({"x-amity": {"id": i}} if i else {})} for v, i in values]}
        }

    def found(entity: Entity) -> list[tuple[str, str]]:
        return [(choice.value, choice.id) for choice in entity.fields[0].choices]

    before = read(choices(("lead", None), ("won", None)))
    renamed = after(before, choices(("prospect", "lead"), ("won", None)))
    assert found(renamed) == [("prospect", "lead"), ("won", "won")]
    assert found(after(renamed, choices(("prospect", None), ("lead", None)))) == [
        ("prospect", "lead"),
        ("lead", "lead_2"),
    ]
    assert renamed.document["properties"]["stage"]["oneOf"][0]["x-amity"] == {"id": "lead"}
    as_enum = after(renamed, {"stage": {"enum": ["prospect", "won"]}})
    assert found(as_enum) == [("prospect", "lead"), ("won", "won")]
    assert found(load(as_enum.document, KINDS)) == found(as_enum)
    assert places(problems(choices(("a", "x"), ("b", "x")))) == [
        ("duplicate", "/properties/stage/oneOf/1/x-amity/id")
    ]


def test_choices_of_a_list_are_written_beside_its_items() -> None:
    entity = read({"tags": {"type": "array", "items": {"oneOf": [{"const": "a"}]}, "uniqueItems": True}})
    assert entity.fields[0].kind.name == "choices"
    assert entity.document["properties"]["tags"]["items"]["oneOf"] == [{"const": "a", "x-amity": {"id": "a"}}]


def test_the_entity_keeps_its_id() -> None:
    before = read({"a": TEXT})
    renamed = load(document({"a": TEXT}, name="client"), KINDS, previous=before)
    assert (renamed.id, renamed.name) == ("customer", "client")
    assert renamed.document["x-amity"] == {"name": "client", "id": "customer"}
