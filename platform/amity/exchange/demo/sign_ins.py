"""The six people of the demo organisation, as accounts that can sign in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from amity.access.accounts import Accounts
from amity.access.context import Actor
from amity.exchange.demo import names
from amity.exchange.demo.content import email_of

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who can sign in to the demo."""

    name: str
    email: str
    job: str
    role: str


def people() -> list[SignIn]:
    """Give everybody who signs in, the admin first."""
    found = [
        SignIn(f"{first} {last}", email_of(key), job, role)
        for key, first, last, job, _team, _manager, role in names.PEOPLE
    ]
    return sorted(found, key=lambda person: person.role)


def new_password() -> str:
    """Make a password that can be read out and typed."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(3))


def create(accounts: Accounts, ids: Mapping[str, str], password: str, *, by: Actor) -> None:
    """Make the accounts, all with `password`, each linked to its employee (`ids` as `load` gives them)."""
    for key, *_ in names.PEOPLE:
        (person,) = [person for person in people() if person.email == email_of(key)]
        account = accounts.create(person.email, person.name, [person.role], password)
        accounts.link_employee(account.id, ids[f"employee:{key}"], by=by)


def exist(accounts: Accounts) -> bool:
    """Say whether the demo was loaded into this workspace."""
    present = {account.email for account in accounts.all()}
    return all(person.email in present for person in people())
