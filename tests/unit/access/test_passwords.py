"""Passwords: what is accepted, and that verifying says nothing but yes or no."""

from __future__ import annotations

import time

import pytest

from amity.access import passwords
from amity.errors import Invalid


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("tiny words", "ok"),
        ("short", "too_short"),
        ("x" * 257, "too_long"),
        ("four\0quiet lamps", "invalid"),
        ("four\ud800quiet lamps", "invalid"),
        ("password1234", "too_weak"),
        ("1234567890", "too_weak"),
        ("qwertyuiop", "too_weak"),
        ("aaaaaaaaaaaaaaaa", "too_weak"),
        ("ada.lovelace", "too_weak"),
        ("four quiet lamps bend", "ok"),
        ("пять тихих ламп", "ok"),
    ],
)
def test_short_known_and_personal_passwords_are_refused(password: str, code: str) -> None:
    try:
        passwords.check(password, related=("Ada Lovelace", "ada.lovelace@example.test"))
    except Invalid as error:
        assert [problem.code for problem in error.problems] == [code]
        assert error.problems[0].pointer == "/password"
    else:
        assert code == "ok"


def test_a_long_hostile_password_is_judged_quickly() -> None:
    began = time.perf_counter()
    passwords.check("aB3$" + "q9!Zx" * 50)
    assert time.perf_counter() - began < 2


def test_a_hash_is_argon2id_salted_and_verifies() -> None:
    first, second = passwords.hash_password("four quiet lamps"), passwords.hash_password("four quiet lamps")
    assert first != second and first.startswith("$argon2id$")
    assert passwords.verify(first, "four quiet lamps")
    assert not passwords.verify(first, "four quiet lamps ")
    assert not passwords.needs_rehash(first)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=1"])
def test_without_a_usable_hash_nobody_gets_in(stored: str | None) -> None:
    assert not passwords.verify(stored, "four quiet lamps")


def test_the_hash_of_nobody_costs_the_same_work() -> None:
    """Otherwise the time of the answer would tell which accounts exist."""
    assert not passwords.needs_rehash(passwords._NOBODY)
    with pytest.raises(passwords.VerificationError):
        passwords._HASHER.verify(passwords._NOBODY, "anything at all")
