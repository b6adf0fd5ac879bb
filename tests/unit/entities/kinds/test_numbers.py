"""Whole numbers, decimals, percentages, money and ratings: exact, or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity import jsontext
from amity.entities.kinds.base import ValueProblem
from tests.factories.fields import Reader, field_of, make_field


def parsed(field: Any, value: Any) -> Any:
    return field.kind.parse(field, value)


def refused(field: Any, value: Any) -> ValueProblem:
    with pytest.raises(ValueProblem) as caught:
        field.kind.parse(field, value)
    return caught.value


@pytest.mark.parametrize("value", [0, -(2**63), 2**63 - 1, Decimal("5.0"), Decimal("1E+3")])
def test_integer_takes_64_bits(value: Any) -> None:
    assert parsed(field_of("integer"), value) == value
    assert type(parsed(field_of("integer"), value)) is int


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, Decimal("1E+999999"), Decimal("1.5"), True, "1", None, 1.0]
)
def test_integer_refuses_the_rest(value: Any) -> None:
    refused(field_of("integer"), value)


@pytest.mark.parametrize("scale", range(7))
def test_decimal_has_fifteen_digits(scale: int) -> None:
    field = field_of("decimal", scale=scale)
    step = Decimal(1).scaleb(-scale)
    largest = (10**15 - 1) * step
    assert parsed(field, largest) == largest
    assert parsed(field, -largest) == -largest
    assert refused(field, largest + step).code == "range"
    assert refused(field, step / 10).code == "scale"
    assert refused(field, 10 ** (15 - scale)).code == "range"


@pytest.mark.parametrize("text", ["1e999999", "-1e999999", "1e-999999", "0.00001"])
def test_decimal_answers_quickly_for_monsters(text: str) -> None:
    assert refused(field_of("decimal"), jsontext.loads(text)).code in ("range", "scale")


def test_a_float_never_gets_in() -> None:
    assert refused(field_of("decimal"), 0.1).code == "type"


def test_no_negative_zero_and_no_idle_zeros() -> None:
    field = field_of("decimal")
    assert str(parsed(field, Decimal("-0.0"))) == "0.0000"
    assert jsontext.dumps(field.kind.dump(field, parsed(field, Decimal("12.5000")))) == "12.5"
    assert jsontext.dumps(field.kind.dump(field, parsed(field, Decimal("1E+3")))) == "1000"
    assert field.kind.to_text(field, parsed(field, 1000)) == "1000"


def test_scale_comes_from_the_option_then_multiple_of_then_the_kind() -> None:
    schema = {"type": "number", "multipleOf": Decimal("0.01")}
    assert make_field(schema).kind.columns(make_field(schema))[0].type == "decimal:2"
    both = make_field({**schema, "x-amity": {"scale": 5}})
    assert both.kind.columns(both)[0].type == "decimal:5"
    assert field_of("decimal").kind.columns(field_of("decimal"))[0].type == "decimal:4"
    assert field_of("percent").kind.columns(field_of("percent"))[0].type == "decimal:2"


@given(st.decimals(min_value=-(10**11) + 1, max_value=10**11 - 1, places=4))
def test_decimals_survive_json_and_text(value: Decimal) -> None:
    field = field_of("decimal")
    typed = parsed(field, value)
    assert typed == value
    assert parsed(field, jsontext.loads(jsontext.dumps(field.kind.dump(field, typed)))) == value
    assert field.kind.from_text(field, field.kind.to_text(field, typed)) == value


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    field = field_of("decimal")
    try:
        value = field.kind.from_text(field, text)
    except ValueProblem:
        return
    assert Decimal(text.strip()) == value


@pytest.mark.parametrize("text", ["1,5", "1'000", "1 000", "0x10", "1e3", "½", "١٢", "Infinity", "--1", "."])
def test_numbers_as_no_program_writes_them_are_refused(text: str) -> None:
    with pytest.raises(ValueProblem, match="decimal point"):
        field_of("decimal").kind.from_text(field_of("decimal"), text)


def test_formats_as_the_reader_writes() -> None:
    german = Reader("de")
    assert field_of("decimal").kind.format(field_of("decimal"), Decimal("1234.5000"), german) == "1.234,5"
    assert field_of("percent").kind.format(field_of("percent"), Decimal("12.50"), Reader()) == "12.5%"
    assert field_of("money").kind.format(field_of("money"), Decimal("1234.50"), Reader()) == "€1,234.50"


MONEY = make_field({"type": "object", "x-amity": {"kind": "money", "currency": "record"}})


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"amount": 1}, "required", "/currency"),
        ({"currency": "EUR"}, "required", "/amount"),
        ({"amount": 1, "currency": "eur"}, "currency", "/currency"),
        ({"amount": 1, "currency": "EURO"}, "currency", "/currency"),
        ({"amount": 1, "currency": "XYZ"}, "currency", "/currency"),
        ({"amount": Decimal("0.001"), "currency": "EUR"}, "scale", "/amount"),
        ({"amount": "1", "currency": "EUR"}, "type", "/amount"),
        ({"amount": 1, "currency": "EUR", "tax": 2}, "unknown", ""),
        (12, "type", ""),
    ],
)
def test_money_of_each_record_names_the_place(value: Any, code: str, pointer: str) -> None:
    problem = refused(MONEY, value)
    assert (problem.code, problem.pointer) == (code, pointer)


def test_money_of_each_record_has_two_columns() -> None:
    typed = parsed(MONEY, {"amount": Decimal("12.5"), "currency": "CHF"})
    assert MONEY.kind.store(MONEY, typed) == {"": Decimal("12.50"), "currency": "CHF"}
    assert MONEY.kind.to_text(MONEY, typed) == "12.5 CHF"
    assert MONEY.kind.from_text(MONEY, "12.5 chf") == {"amount": Decimal("12.5"), "currency": "CHF"}
    assert MONEY.kind.load(MONEY, {"": None, "currency": None}) is None


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "number", "x-amity": {"kind": "money"}}, "/x-amity"),
        ({"type": "number", "x-amity": {"kind": "money", "currency": "XYZ"}}, "/x-amity/currency"),
        ({"type": "number", "x-amity": {"kind": "money", "currency": "record"}}, "/type"),
        ({"type": "object", "x-amity": {"kind": "money", "currency": "EUR"}}, "/type"),
    ],
)
def test_money_wants_its_currency(schema: Any, pointer: str) -> None:
    field = make_field(schema)
    assert [problem.pointer for problem in field.kind.problems(field)] == [pointer]


def test_ratings_have_their_maximum() -> None:
    field = field_of("rating", maximum=3)
    assert list(field.kind.samples(field)) == [1, 2, 3]
    for value in (0, 4, -1):
        assert refused(field, value).code == "range"
    plain = make_field({"type": "integer", "x-amity": {"kind": "rating"}})
    assert parsed(plain, 5) == 5 and refused(plain, 6)
