"""Slows down those who guess passwords: counted in the database, so it holds across processes.

An attempt is counted *before* the password is looked at; many at once cannot slip through together.
A success takes the count of the person back, never that of the address.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, case, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from amity.database.engine import Database
from amity.database.schema import throttle
from amity.errors import TooManyRequests

WINDOW: Final = dt.timedelta(minutes=15)
"""Counting starts anew so long after the first attempt."""
PER_EMAIL: Final = 8
PER_ADDRESS: Final = 60
"""More than per e-mail: many people sit behind one address."""
PUBLIC_PER_ADDRESS: Final = 30
"""Public forms that may come from one address."""


def attempt(database: Database, email_key: str, address: str, now: dt.datetime) -> None:
    """Count one attempt; raises `TooManyRequests` where there were too many of this e-mail or address."""
    _count(database, {_email(email_key): PER_EMAIL, _address(address): PER_ADDRESS}, now)


def public(database: Database, address: str, now: dt.datetime) -> None:
    """Count a public form; raises `TooManyRequests` where there were too many of this address."""
    _count(database, {f"public:{_address(address)}": PUBLIC_PER_ADDRESS}, now)


def _count(database: Database, keys: Mapping[str, int], now: dt.datetime) -> None:
    def count(connection: Connection) -> int:
        connection.execute(delete(throttle).where(throttle.c.since <= now - WINDOW))
        wait = 0
        for key, allowed in sorted(keys.items()):  # one order for all: no deadlock
            failures, since = _increment(connection, key, now)
            if failures > allowed:
                wait = max(wait, int((since + WINDOW - now).total_seconds()) + 1)
        return wait

    wait = database.run(count)
    if wait:
        minutes = -(-wait // 60)
        raise TooManyRequests(
            f"Too many attempts. Please try again in {minutes} minute{'s' if minutes > 1 else ''}.",
            retry_after=wait,
        )


def succeeded(connection: Connection, email_key: str) -> None:
    """Forget the attempts of a person who signed in."""
    connection.execute(delete(throttle).where(throttle.c.key == _email(email_key)))


def _increment(connection: Connection, key: str, now: dt.datetime) -> tuple[int, dt.datetime]:
    make = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
    statement = make(throttle).values(key=key, failures=1, since=now)
    statement = statement.on_conflict_do_update(
        index_elements=[throttle.c.key],
        # Stop counting far above the limit: the number has to fit.
        set_={"failures": case((throttle.c.failures < 10_000, throttle.c.failures + 1), else_=10_000)},
    )
    connection.execute(statement)
    row = connection.execute(select(throttle.c.failures, throttle.c.since).where(throttle.c.key == key)).one()
    return row.failures, row.since


def _email(email_key: str) -> str:
    return "email:" + hashlib.sha256(email_key.encode("utf-8", "surrogatepass")).hexdigest()


def _address(address: str) -> str:
    """An IPv6 customer has a whole /64 to call from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "address:unknown"
    if parsed.version == 6:
        return f"address:{ipaddress.ip_network((int(parsed), 64), strict=False).network_address}"
    return f"address:{parsed}"
