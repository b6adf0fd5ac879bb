"""Accounts: links that work once, rights, and always one admin who can get in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from amity.access.accounts import Accounts
from amity.access.context import SYSTEM
from amity.access.credentials import Place
from amity.database import schema
from amity.database.engine import Database
from amity.errors import AmityError, Conflict, Invalid, NotFound, NotSignedIn
from tests.support.apps import ADMIN, PASSWORD, STAFF
from tests.unit.access.conftest import Clock

HERE = Place("192.0.2.7", "tests")
OTHER = "seven green boats rest"


def access_revision(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(schema.workspace.c.access_revision)).scalar_one())


def test_the_first_admin_comes_through_a_link_that_works_once(accounts: Accounts, database: Database) -> None:
    with database.write() as connection:
        connection.execute(schema.account.delete())
    assert accounts.needs_setup()
    replaced, key = accounts.setup_link(), accounts.setup_link()
    with pytest.raises(NotFound):
        accounts.open_link(replaced)
    made = accounts.accept(key, PASSWORD, email=" Eve@Example.test ", name="Eve")
    assert (made.email, made.roles, made.state) == ("Eve@example.test", {"admin"}, "active")
    assert not accounts.needs_setup()
    with pytest.raises(NotFound):
        accounts.accept(key, PASSWORD, email="mallory@example.test", name="Mallory")
    with pytest.raises(Conflict):
        accounts.setup_link()


def test_two_who_open_the_setup_link_at_once_make_one_admin(accounts: Accounts, database: Database) -> None:
    with database.write() as connection:
        connection.execute(schema.account.delete())
    key = accounts.setup_link()

    def take(number: int) -> str:
        try:
            accounts.accept(key, PASSWORD, email=f"p{number}@example.test", name=f"P{number}")
        except AmityError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(take, range(4)))
    assert outcomes.count("made") == 1
    assert len(accounts.all()) == 1


def test_a_setup_link_dies_when_there_is_an_admin(accounts: Accounts, database: Database) -> None:
    with database.write() as connection:
        connection.execute(schema.account.delete())
    key = accounts.setup_link()
    accounts.create(ADMIN, "Ada", ["admin"], PASSWORD)
    with pytest.raises(Conflict):
        accounts.open_link(key)
    with pytest.raises(Conflict):
        accounts.accept(key, PASSWORD, email="mallory@example.test", name="Mallory")


def test_an_invited_person_cannot_sign_in_before_the_link_is_used(accounts: Accounts, clock: Clock) -> None:
    invited, key = accounts.invite("new@example.test", "New", ["staff"], by=SYSTEM)
    assert invited.state == "invited"
    with pytest.raises(NotSignedIn):
        accounts.credentials.sign_in("new@example.test", "", HERE)
    accounts.accept(key, OTHER)
    found, _key = accounts.credentials.sign_in("NEW@example.test", OTHER, HERE)
    assert found.id == invited.id


def test_links_grow_old_and_are_replaced(accounts: Accounts, clock: Clock) -> None:
    invited, first = accounts.invite("new@example.test", "New", ["staff"], by=SYSTEM)
    second = accounts.password_link(invited.id, by=SYSTEM)
    with pytest.raises(NotFound):
        accounts.open_link(first)
    clock.forward(days=8)
    with pytest.raises(NotFound):
        accounts.open_link(second)


def test_a_refused_password_leaves_the_link_working(accounts: Accounts) -> None:
    _invited, key = accounts.invite("new@example.test", "New", ["staff"], by=SYSTEM)
    with pytest.raises(Invalid):
        accounts.accept(key, "password1234")
    assert accounts.accept(key, OTHER).state == "active"


def test_a_reset_ends_every_session(accounts: Accounts) -> None:
    sam = accounts.by_email(STAFF)
    _found, session = accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    accounts.accept(accounts.password_link(sam.id, by=SYSTEM), OTHER)
    assert accounts.credentials.by_session(session) is None
    with pytest.raises(NotSignedIn):
        accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    accounts.credentials.sign_in(STAFF, OTHER, HERE)


def test_deactivating_shuts_out_at_once_and_activating_brings_no_token_back(accounts: Accounts) -> None:
    sam, credentials = accounts.by_email(STAFF), accounts.credentials
    _found, session = credentials.sign_in(STAFF, PASSWORD, HERE)
    _token, text = credentials.create_token(sam.id, "import")
    link = accounts.password_link(sam.id, by=SYSTEM)
    accounts.deactivate(sam.id, by=SYSTEM)
    assert credentials.by_session(session) is None and credentials.by_token(text) is None
    with pytest.raises(NotSignedIn):
        credentials.sign_in(STAFF, PASSWORD, HERE)
    with pytest.raises(NotFound):
        accounts.accept(link, OTHER)
    with pytest.raises(Conflict):
        accounts.password_link(sam.id, by=SYSTEM)
    accounts.activate(sam.id, by=SYSTEM)
    assert credentials.by_token(text) is None and credentials.by_session(session) is None
    credentials.sign_in(STAFF, PASSWORD, HERE)


def test_the_last_admin_stays(accounts: Accounts) -> None:
    ada = accounts.by_email(ADMIN)
    for refused in (
        lambda: accounts.deactivate(ada.id, by=SYSTEM),
        lambda: accounts.set_roles(ada.id, ["staff"], by=SYSTEM),
        lambda: accounts.set_roles(ada.id, [], by=SYSTEM),
    ):
        with pytest.raises(Conflict, match="last active admin"):
            refused()
    assert accounts.get(ada.id).roles == {"admin"}


def test_an_invited_admin_does_not_count_as_one(accounts: Accounts) -> None:
    accounts.invite("new@example.test", "New", ["admin"], by=SYSTEM)
    with pytest.raises(Conflict):
        accounts.deactivate(accounts.by_email(ADMIN).id, by=SYSTEM)


def test_two_admins_cannot_deactivate_each_other_at_once(accounts: Accounts) -> None:
    for _ in range(5):
        ada, sam = accounts.by_email(ADMIN), accounts.by_email(STAFF)
        accounts.set_roles(sam.id, ["admin"], by=SYSTEM)

        def shut_out(account_id: str) -> bool:
            try:
                accounts.deactivate(account_id, by=SYSTEM)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(shut_out, [ada.id, sam.id])) == [False, True]
        for person in (ada, sam):
            accounts.activate(person.id, by=SYSTEM)
        accounts.set_roles(ada.id, ["admin"], by=SYSTEM)


def test_changed_rights_are_counted(accounts: Accounts, database: Database) -> None:
    before = access_revision(database)
    accounts.set_roles(accounts.by_email(STAFF).id, ["admin", "staff"], by=SYSTEM)
    assert access_revision(database) == before + 1


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"email": "no address"}, "/email"),
        ({"email": "a@b\u0000.test"}, "/email"),
        ({"email": ADMIN.upper()}, "/email"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"roles": ["root"]}, "/roles"),
    ],
)
def test_a_wrong_invitation_names_its_place(accounts: Accounts, values: dict[str, Any], pointer: str) -> None:
    given = {"email": "new@example.test", "name": "New", "roles": ["staff"], **values}
    with pytest.raises(Invalid) as caught:
        accounts.invite(**given, by=SYSTEM)
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert len(accounts.all()) == 2


def test_an_address_is_found_whatever_its_case(accounts: Accounts) -> None:
    assert accounts.by_email(" ADA@Example.TEST").email == ADMIN
    with pytest.raises(NotFound):
        accounts.by_email("nobody@example.test")
