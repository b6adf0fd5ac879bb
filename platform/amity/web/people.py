"""The builder's page of people: invite, roles, reset, sign out, deactivate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.access.people import ROLES, Account
from amity.errors import Conflict, Invalid
from amity.records.me import PERSON_ENTITY
from amity.records.shapes import Query
from amity.web.auth import by_input
from amity.web.context import current, link_to, require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _

MOST_EMPLOYEES: Final = 500
blueprint: Final = Blueprint("people", __name__, url_prefix="/builder/people")


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Context of `pages/builder/people.html`."""

    people: list[Account]
    me: str
    """Own account id."""
    roles: Mapping[str, str]
    employees: Sequence[tuple[str, str]] = ()
    """Records that a person may be, with their labels; empty where there are none."""
    link: str | None = None
    """A one-time link just made: shown this once."""
    link_for: Account | None = None
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    typed_roles: frozenset[str] = frozenset({"staff"})


@blueprint.get("")
def people() -> ResponseReturnValue:
    """List everybody."""
    return _page()


@blueprint.post("/invite")
def invite() -> ResponseReturnValue:
    """Make an account and show its one-time link."""
    form = request.form
    try:
        invited, key = workspace().accounts.invite(
            form.get("email", ""), form.get("name", ""), form.getlist("roles"), by=require_admin().actor
        )
    except Invalid as error:
        return _page(error=error)
    return _page(link=link_to(url_for("auth.link", key=key)), link_for=invited)


@blueprint.post("/<account_id>/link")
def new_link(account_id: str) -> ResponseReturnValue:
    """Make a new one-time link: an invitation again, or to choose another password."""
    key = workspace().accounts.password_link(account_id, by=require_admin().actor)
    person = workspace().accounts.get(account_id)
    return _page(link=link_to(url_for("auth.link", key=key)), link_for=person)


@blueprint.post("/<account_id>/roles")
def set_roles(account_id: str) -> ResponseReturnValue:
    """Give a person other roles, and say which employee record they are."""
    accounts, actor = workspace().accounts, require_admin().actor
    try:
        accounts.set_roles(account_id, request.form.getlist("roles"), by=actor)
        if "employee" in request.form:
            accounts.link_employee(account_id, _employee(request.form["employee"]), by=actor)
    except (Conflict, Invalid) as error:
        return _page(error=error)
    return _done(_("The changes are saved."))


@blueprint.post("/<account_id>/sign-out")
def sign_out(account_id: str) -> ResponseReturnValue:
    """End all sessions of a person."""
    workspace().accounts.credentials.sign_out_everywhere(account_id, by=require_admin().actor)
    return _done(_("That person is signed out everywhere."))


@blueprint.post("/<account_id>/deactivate")
def deactivate(account_id: str) -> ResponseReturnValue:
    """Shut a person out."""
    try:
        workspace().accounts.deactivate(account_id, by=require_admin().actor)
    except Conflict as error:
        return _page(error=error)
    return _done(_("The account is deactivated: its sessions are ended, its tokens revoked."))


@blueprint.post("/<account_id>/activate")
def activate(account_id: str) -> ResponseReturnValue:
    """Let a person in again."""
    workspace().accounts.activate(account_id, by=require_admin().actor)
    return _done(_("The account is active again."))


def _employee(text: str) -> str | None:
    """Give the id of the chosen record; raises `NotFound` where the admin sees none of this id."""
    return str(workspace().records.get(current(), PERSON_ENTITY, text).values["id"]) if text else None


def _employees() -> list[tuple[str, str]]:
    here = workspace()
    if PERSON_ENTITY not in here.definitions.model.entities:
        return []
    page = here.records.find(current(), PERSON_ENTITY, Query(fields=("id",), limit=MOST_EMPLOYEES))
    labels = here.records.labels(current(), PERSON_ENTITY, [str(item.values["id"]) for item in page.records])
    return sorted(labels.items(), key=lambda item: item[1].casefold())


def _done(text: str) -> ResponseReturnValue:
    note(text)
    return redirect(url_for("people.people"), 303)


def _page(
    *,
    error: Conflict | Invalid | None = None,
    link: str | None = None,
    link_for: Account | None = None,
) -> ResponseReturnValue:
    form = request.form if error else {}
    page = PeoplePage(
        people=workspace().accounts.all(),
        me=require_admin().actor.account or "",
        roles=ROLES,
        employees=_employees(),
        link=link,
        link_for=link_for,
        problems=by_input(error) if error else {},
        typed={name: form.get(name, "") for name in ("email", "name")},
        typed_roles=frozenset(request.form.getlist("roles")) if error else frozenset({"staff"}),
    )
    return render_template("pages/builder/people.html", page=page), error.status if error else 200
