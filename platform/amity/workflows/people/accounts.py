"""The accounts that a step means: by their e-mail addresses, as owner or manager of a record, by role.

Documents name accounts by e-mail, so that they mean the same people in every workspace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from amity.access import people
from amity.access.people import Account
from amity.database.schema import account
from amity.entities.model import Model
from amity.records.me import PERSON_ENTITY
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call

EMAIL: Final[Mapping[str, Any]] = {"type": "string", "maxLength": 320, "x-amity": {"input": "account"}}
"""Schema of one account in a document."""
PEOPLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "to": {
        "type": "array",
        "title": "People",
        "description": "The accounts that are meant, by their e-mail addresses.",
        "items": EMAIL,
        "maxItems": 100,
    },
    "owner": {
        "type": "boolean",
        "title": "The owner of the record",
        "description": "Whoever owns the record when the step runs.",
        "default": False,
    },
    "manager": {
        "type": "boolean",
        "title": "The manager of the owner",
        "description": "As the owner's employee record names it.",
        "default": False,
    },
    "roles": {
        "type": "array",
        "title": "Everybody with a role",
        "description": "All active accounts that have one of these roles.",
        "items": {"type": "string", "enum": sorted(people.ROLES)},
        "maxItems": 20,
    },
}
"""Schemas of the parameters by which a step says which people it is about."""


def by_emails(call: Call, emails: Iterable[str]) -> list[Account]:
    """Find accounts by address. Raises `ActionFailed` for an unknown one."""
    known = {people.email_key(item.email): item for item in call.services.accounts.all()}
    found = []
    for email in emails:
        item = known.get(people.email_key(email))
        if item is None:
            raise ActionFailed(_("Nobody has the account %(email)s.", email=email), again=False)
        found.append(item)
    return found


def chosen(call: Call, model: Model, *, active: bool = True) -> list[Account]:
    """Give the people whom the parameters of `PEOPLE` mean, each once; with `active` only those who work."""
    params = call.params
    every = call.services.accounts.all()
    found = by_emails(call, params.get("to") or ())
    owner = _owner(call, every) if params.get("owner") or params.get("manager") else None
    if owner is not None and params.get("owner"):
        found.append(owner)
    if owner is not None and params.get("manager"):
        boss = manager_of(call.services, model, owner, every)
        found += [boss] if boss is not None else []
    roles = set(params.get("roles") or ())
    found += [item for item in every if item.roles & roles and item.state == "active"]
    unique = {item.id: item for item in found}
    return [item for item in unique.values() if item.state == "active" or not active]


def _owner(call: Call, every: Sequence[Account]) -> Account | None:
    record = call.env.get("record") or call.env.get("old")
    owner = record.get("owner") if record is not None else None
    return next((item for item in every if item.id == owner), None)


def manager_of(services: Any, model: Model, person: Account, every: Sequence[Account]) -> Account | None:
    """Find the account of a person's manager: over the employee records; None where there is none."""
    entity = model.entities.get(PERSON_ENTITY)
    field = entity.by_name.get("manager") if entity is not None else None
    if entity is None or field is None or person.employee is None or field.kind.to_many:
        return None
    statement = select(entity.column(field)).where(
        entity.table.c.id == person.employee, entity.table.c.deleted_at.is_(None)
    )
    with services.database.read() as connection:
        boss = connection.execute(statement).scalar()
    return next((item for item in every if boss is not None and item.employee == boss), None)


def active_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Give those of some accounts that are active, as this transaction sees them."""
    statement = select(account.c.id).where(account.c.id.in_(ids), account.c.state == "active")
    return set(connection.execute(statement).scalars())


def described(params: Mapping[str, Any]) -> str:
    """Say for a step's card which people the parameters of `PEOPLE` mean."""
    parts = [str(item) for item in params.get("to") or ()]
    parts += [_("the owner")] if params.get("owner") else []
    parts += [_("the owner's manager")] if params.get("manager") else []
    parts += [_("everybody with the role %(role)s", role=role) for role in params.get("roles") or ()]
    return ", ".join(parts) or "…"


def nobody_named(params: Mapping[str, Any]) -> bool:
    """Tell whether a document names no people at all."""
    return not any(params.get(name) for name in PEOPLE)
