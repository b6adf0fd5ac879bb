"""Signing in, sessions, tokens and the throttle."""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from amity.access import sessions, throttle
from amity.access.accounts import Accounts
from amity.access.context import SYSTEM
from amity.access.credentials import Place
from amity.database import schema
from amity.database.engine import Database
from amity.errors import AmityError, Conflict, Forbidden, Invalid, NotFound, NotSignedIn, TooManyRequests
from tests.support.apps import ADMIN, PASSWORD, STAFF
from tests.unit.access.conftest import Clock

HERE = Place("192.0.2.7", "tests")


def test_every_refusal_sounds_the_same(accounts: Accounts) -> None:
    accounts.invite("new@example.test", "New", ["staff"], by=SYSTEM)
    answers = set()
    for email, password in [
        (ADMIN, "wrong"),
        ("nobody@example.test", PASSWORD),
        ("new@example.test", PASSWORD),
        ("", ""),
        ("\ud800", "\ud800"),
        ("' OR 1=1 --", "x"),
    ]:
        with pytest.raises(NotSignedIn) as caught:
            accounts.credentials.sign_in(email, password, HERE)
        answers.add(caught.value.message)
    assert len(answers) == 1


def test_keys_are_stored_as_hashes_only(accounts: Accounts, database: Database) -> None:
    _found, key = accounts.credentials.sign_in(ADMIN, PASSWORD, HERE)
    _token, text = accounts.credentials.create_token(accounts.by_email(ADMIN).id, "import")
    link = accounts.password_link(accounts.by_email(ADMIN).id, by=SYSTEM)
    with database.read() as connection:
        for table in (schema.session, schema.token, schema.one_time_link, schema.account, schema.throttle):
            content = repr(connection.execute(select(table)).all())
            assert not [secret for secret in (key, text, link, PASSWORD) if secret in content]


def test_no_secret_gets_into_the_log(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _found, key = accounts.credentials.sign_in(ADMIN, PASSWORD, HERE)
    _token, text = accounts.credentials.create_token(accounts.by_email(ADMIN).id, "import")
    link = accounts.password_link(accounts.by_email(ADMIN).id, by=SYSTEM)
    accounts.accept(link, "seven green boats rest")
    with pytest.raises(NotSignedIn):
        accounts.credentials.sign_in(ADMIN, "a wrong password", HERE)
    written = "\n".join(str(vars(record)) for record in caplog.records)
    assert "signed in" in written
    for secret in (key, text, link, PASSWORD, "seven green boats rest", "a wrong password"):
        assert secret not in written


def test_a_session_ends_when_idle_and_at_its_longest_age(accounts: Accounts, clock: Clock) -> None:
    _found, key = accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    clock.forward(days=13)
    assert accounts.credentials.by_session(key) is not None  # notes the use: two more weeks
    clock.forward(days=13)
    assert accounts.credentials.by_session(key) is not None
    clock.forward(days=15)
    assert accounts.credentials.by_session(key) is None
    _found, key = accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    for _ in range(9):
        clock.forward(days=9.9)
        assert accounts.credentials.by_session(key) is not None
    clock.forward(days=2)
    assert accounts.credentials.by_session(key) is None


def test_reading_does_not_write_each_time(accounts: Accounts, database: Database, clock: Clock) -> None:
    _found, key = accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    sam = accounts.by_email(STAFF).id
    _token, text = accounts.credentials.create_token(sam, "import")
    clock.forward(minutes=5)
    accounts.credentials.by_session(key)
    accounts.credentials.by_token(text)
    used = accounts.credentials.tokens(sam)[0].last_used_at
    assert used == clock.now
    clock.forward(minutes=4)
    accounts.credentials.by_session(key)
    accounts.credentials.by_token(text)
    assert accounts.credentials.tokens(sam)[0].last_used_at == used
    assert accounts.credentials.sessions(sam)[0].last_seen_at == clock.now - dt.timedelta(minutes=9)
    clock.forward(hours=2)
    accounts.credentials.by_token(text)
    assert accounts.credentials.tokens(sam)[0].last_used_at == clock.now


def test_ended_sessions_are_cleared_away(accounts: Accounts, database: Database, clock: Clock) -> None:
    accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    clock.forward(days=30)
    accounts.credentials.sign_in(ADMIN, PASSWORD, HERE)
    with database.read() as connection:
        assert len(connection.execute(select(schema.session)).all()) == 1


def test_a_hostile_browser_name_is_stored_readable(accounts: Accounts) -> None:
    agent = "x\0\n\ud800<script>" + "y" * 10_000
    accounts.credentials.sign_in(STAFF, PASSWORD, Place("::1", agent))
    kept = accounts.credentials.sessions(accounts.by_email(STAFF).id)[0].agent
    assert kept is not None and kept.isprintable() and len(kept) <= 200


def test_sign_out_everywhere_can_leave_one(accounts: Accounts) -> None:
    sam = accounts.by_email(STAFF)
    keys = [accounts.credentials.sign_in(STAFF, PASSWORD, HERE)[1] for _ in range(3)]
    kept = accounts.credentials.by_session(keys[0])
    assert kept is not None and kept.session is not None
    accounts.credentials.sign_out_everywhere(sam.id, by=SYSTEM, but=kept.session.id)
    assert [accounts.credentials.by_session(key) is not None for key in keys] == [True, False, False]
    accounts.credentials.sign_out_everywhere(sam.id, by=SYSTEM)
    assert accounts.credentials.by_session(keys[0]) is None


def test_nobody_ends_anothers_session_or_token(accounts: Accounts) -> None:
    ada, sam = accounts.by_email(ADMIN), accounts.by_email(STAFF)
    _found, key = accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    seen = accounts.credentials.by_session(key)
    assert seen is not None and seen.session is not None
    accounts.credentials.sign_out(ada.id, seen.session.id)
    assert accounts.credentials.by_session(key) is not None
    made, text = accounts.credentials.create_token(sam.id, "import")
    with pytest.raises(NotFound):
        accounts.credentials.revoke_token(ada.id, made.id)
    assert accounts.credentials.by_token(text) is not None


def test_tokens_expire_are_revoked_and_look_like_tokens(accounts: Accounts, clock: Clock) -> None:
    sam = accounts.by_email(STAFF)
    made, text = accounts.credentials.create_token(sam.id, "import", dt.timedelta(days=1))
    assert text.startswith("amity_") and len(text) > 40
    found = accounts.credentials.by_token(text)
    assert found is not None and found.account.id == sam.id
    clock.forward(days=2)
    assert accounts.credentials.by_token(text) is None
    made, text = accounts.credentials.create_token(sam.id, "import")
    accounts.credentials.revoke_token(sam.id, made.id)
    assert accounts.credentials.by_token(text) is None
    for wrong in ("", "amity_", "amity_\ud800", text.upper(), text + "x", "x" * 100_000):
        assert accounts.credentials.by_token(wrong) is None


def test_nobody_gets_endless_tokens(accounts: Accounts) -> None:
    sam = accounts.by_email(STAFF)
    for number in range(50):
        accounts.credentials.create_token(sam.id, f"t{number}")
    with pytest.raises(Invalid):
        accounts.credentials.create_token(sam.id, "one more")


def test_changing_the_own_password_needs_the_present_one(accounts: Accounts) -> None:
    sam = accounts.by_email(STAFF)
    keys = [accounts.credentials.sign_in(STAFF, PASSWORD, HERE)[1] for _ in range(2)]
    kept = accounts.credentials.by_session(keys[0])
    assert kept is not None and kept.session is not None
    with pytest.raises(Forbidden):
        accounts.credentials.change_password(sam.id, "wrong", "seven green boats rest", HERE, but=None)
    with pytest.raises(Invalid) as caught:
        accounts.credentials.change_password(sam.id, PASSWORD, "short", HERE, but=None)
    own = kept.session.id
    assert caught.value.problems[0].pointer == "/new_password"
    accounts.credentials.change_password(sam.id, PASSWORD, "seven green boats rest", HERE, but=own)
    assert accounts.credentials.by_session(keys[0]) is not None
    assert accounts.credentials.by_session(keys[1]) is None


def test_a_profile_takes_what_exists(accounts: Accounts) -> None:
    sam = accounts.by_email(STAFF)
    changed = accounts.credentials.update_profile(
        sam.id, name="Sam S.", language="pt_BR", timezone="Europe/Berlin", theme="dark"
    )
    assert (changed.name, changed.language, changed.timezone) == ("Sam S.", "pt-BR", "Europe/Berlin")
    actor = changed.actor()
    assert (actor.language, actor.timezone, actor.account) == ("pt-BR", "Europe/Berlin", sam.id)
    for wrong in (
        {"language": "../../etc"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Mars/Base"},
        {"theme": "neon"},
    ):
        given = {"language": None, "timezone": None, "theme": None, **wrong}
        with pytest.raises(Invalid) as caught:
            accounts.credentials.update_profile(sam.id, name="Sam", **given)
        assert caught.value.problems[0].pointer == "/" + next(iter(wrong))


# -- throttle --------------------------------------------------------------------------------------
def test_guessing_is_slowed_down_and_forgiven(accounts: Accounts, clock: Clock) -> None:
    for _ in range(throttle.PER_EMAIL):
        with pytest.raises(NotSignedIn):
            accounts.credentials.sign_in(STAFF, "wrong", HERE)
    with pytest.raises(TooManyRequests) as caught:
        accounts.credentials.sign_in(STAFF, PASSWORD, HERE)  # not even the right one, for now
    assert 0 < caught.value.retry_after <= 15 * 60 + 1
    accounts.credentials.sign_in(ADMIN, PASSWORD, HERE)  # others at the same address are not shut out
    clock.forward(seconds=caught.value.retry_after + 1)
    accounts.credentials.sign_in(STAFF, PASSWORD, HERE)


def test_it_does_not_tell_whether_an_account_exists(accounts: Accounts) -> None:
    for email in (STAFF, "nobody@example.test"):
        codes = []
        for _ in range(throttle.PER_EMAIL + 1):
            with pytest.raises(AmityError) as caught:
                accounts.credentials.sign_in(email, "wrong", HERE)
            codes.append(caught.value.code)
        assert codes == ["not_signed_in"] * throttle.PER_EMAIL + ["too_many_requests"]


def test_a_success_forgets_the_persons_slips_only(accounts: Accounts, database: Database) -> None:
    for _ in range(3):
        for _ in range(throttle.PER_EMAIL - 1):
            with pytest.raises(NotSignedIn):
                accounts.credentials.sign_in(STAFF, "wrong", HERE)
        accounts.credentials.sign_in(STAFF, PASSWORD, HERE)
    with database.read() as connection:
        counted = connection.execute(select(schema.throttle.c.key, schema.throttle.c.failures)).all()
    assert [row.key for row in counted] == ["address:192.0.2.7"] and counted[0].failures == 24


def test_one_address_cannot_try_everybody(database: Database, clock: Clock) -> None:
    for number in range(throttle.PER_ADDRESS):
        throttle.attempt(database, f"p{number}@example.test", "2001:db8::1", clock.now)
    with pytest.raises(TooManyRequests):  # another address of the same customer
        throttle.attempt(database, "other@example.test", "2001:db8::ffff", clock.now)
    throttle.attempt(database, "other@example.test", "2001:db8:0:1::1", clock.now)
    throttle.attempt(database, "p1@example.test", "no address", clock.now)


def test_many_attempts_at_once_do_not_slip_through(database: Database, clock: Clock) -> None:
    def guess(_number: int) -> bool:
        try:
            throttle.attempt(database, STAFF, "192.0.2.9", clock.now)
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(40))) == throttle.PER_EMAIL


def test_a_count_never_grows_beyond_its_column(database: Database, clock: Clock) -> None:
    throttle.attempt(database, STAFF, "192.0.2.9", clock.now)
    with database.write() as connection:
        connection.execute(update(schema.throttle).values(failures=10_000))
    with pytest.raises(TooManyRequests):
        throttle.attempt(database, STAFF, "192.0.2.9", clock.now)
    with database.read() as connection:
        assert set(connection.execute(select(schema.throttle.c.failures)).scalars()) == {10_000}


def test_the_idle_time_is_shorter_than_the_longest() -> None:
    assert sessions.TOUCH_AFTER < sessions.IDLE < sessions.LONGEST


def test_an_operator_gives_a_program_a_token_before_the_person_signed_in(accounts: Accounts) -> None:
    invited, _key = accounts.invite("robot@example.test", "Robot", ["staff"], by=SYSTEM)
    _made, text = accounts.credentials.create_token(invited.id, "import")
    found = accounts.credentials.by_token(text)
    assert found is not None and found.account == invited
    accounts.deactivate(invited.id, by=SYSTEM)
    assert accounts.credentials.by_token(text) is None
    with pytest.raises(Conflict):
        accounts.credentials.create_token(invited.id, "import")
