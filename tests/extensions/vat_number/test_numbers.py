"""The numbers themselves: forms, check digits, and what people type."""

from __future__ import annotations

import pytest
from amity.extensions.vat_number.numbers import COUNTRIES, fault, has_check, written
from hypothesis import given
from hypothesis import strategies as st

CHECKED = sorted(code for code, country in COUNTRIES.items() if country.check)


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_the_example_of_each_country_is_right(code: str) -> None:
    assert fault(COUNTRIES[code].example) is None
    assert COUNTRIES[code].example.startswith(code)


@pytest.mark.parametrize("code", CHECKED)
def test_one_wrong_digit_is_found(code: str) -> None:
    """Every rule finds nearly all single slips; a rule that never says no would be no check."""
    number = COUNTRIES[code].example
    slips = [
        number[:place] + digit + number[place + 1 :]
        for place in range(2, len(number))
        if number[place].isdigit()
        for digit in "0123456789"
        if digit != number[place]
    ]
    found = [slip for slip in slips if fault(slip) is not None]
    # Sweden's last two digits (01) are a running number outside the check
    assert len(found) >= 0.8 * len(slips)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "country"),
        ("136695976", "country"),
        ("GB980780684", "country"),
        ("de136695976", "country"),
        ("DE13669597", "format"),
        ("DE1366959760", "format"),
        ("DE٣٤٥٦٧٨٩٠١", "format"),
        ("DE136695976\n", "format"),
        ("DE136695967", "check_digits"),
        ("FRAB303265045", None),
        ("XIGD123", None),
    ],
)
def test_what_is_wrong_is_named(number: str, code: str | None) -> None:
    problem = fault(number)
    assert (problem[0] if problem else None) == code


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    fault(text)
    assert written(written(text)) == written(text)
    has_check(text)


def test_what_people_type_is_brought_into_form() -> None:
    assert written(" de 136.695-976 ") == "DE136695976"
