"""Passwords: what is accepted, and how they are hashed.

Hashing costs about 50 ms by intention; never do it inside a transaction or under a lock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from amity.errors import Invalid

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 256
_ADVICE: Final = "Three or four words that do not belong together do well."
WEAKEST_SCORE: Final = 2
"""Of zxcvbn's scores 0 to 4; 2 means more than 10**6 guesses."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$YW1pdHktbm9ib2R5LTAwMQ$HsdW1Kx2jXhVWTNTNoHXC3B1MsYzYe2v8mqcKgW0Zxw"
)
"""A hash that no password has: verified where there is no account, so that the answer takes as long."""


def check(password: str, *, related: Sequence[str] = (), pointer: str = "/password") -> None:
    """Raise `Invalid` where the password is short, well known from breaches, or easy to guess.

    `related` are words that an attacker tries first: the person's name and address.
    """
    problem = _problem(password, related)
    if problem is not None:
        code, message = problem
        raise Invalid.at(
            pointer, code, message, hint="Three or four words that do not belong together do well."
        )


def _problem(password: str, related: Sequence[str]) -> tuple[str, str] | None:
    if len(password) < MIN_LENGTH:
        return (
            "too_short",
            f"A password needs at least {MIN_LENGTH} characters, not {len(password)}.",
        )
    if len(password) > MAX_LENGTH:
        return "too_long", f"A password has at most {MAX_LENGTH} characters, not {len(password)}."
    if "\0" in password or any("\ud800" <= sign <= "\udfff" for sign in password):
        return "invalid", "A password is made of printable characters."
    words = [word for text in related for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2]
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    if len(rest) < MIN_LENGTH / 2:
        return "too_weak", "This password is made of your own name or address."
    from zxcvbn import zxcvbn  # its word lists are only needed here

    # zxcvbn takes quadratic time; what decides stands in the first characters.
    result = zxcvbn(password[:72], user_inputs=words)
    if result["score"] < WEAKEST_SCORE:
        warning = result["feedback"]["warning"] or "It is easy to guess."
        return (
            "too_weak",
            f"This password is in lists that attackers use, or close to one. {warning}",
        )
    return None


def hash_password(password: str) -> str:
    """Give the argon2id hash of an accepted password."""
    return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Say whether `password` is the one; without a stored hash it takes as long and says no."""
    try:
        return _HASHER.verify(stored or _NOBODY, password[: MAX_LENGTH * 4]) and stored is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def needs_rehash(stored: str) -> bool:
    """Say whether the hash was made with older parameters."""
    return _HASHER.check_needs_rehash(stored)
