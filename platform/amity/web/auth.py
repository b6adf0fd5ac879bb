"""Signing in and out, one-time links, and a person's own settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.access.credentials import Place
from amity.access.people import Account, time_zones
from amity.access.sessions import Session
from amity.access.tokens import Token
from amity.errors import AmityError, Invalid, NotSignedIn, Problem, TooManyRequests
from amity.web.context import account, current, safe_next, sign_in_here, sign_out_here, visitor, workspace
from amity.web.security import public
from amity.web.shell import note
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("auth", __name__, url_prefix="/auth")
LANGUAGES: Final = (("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"))
LIFETIMES: Final = (30, 90, 365)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Context of `pages/auth/sign_in.html`."""

    email: str = ""
    next: str = "/"
    problem: str = ""
    needs_setup: bool = False


@dataclass(frozen=True, slots=True)
class LinkPage:
    """Context of `pages/auth/link.html`."""

    purpose: str
    action: str
    email: str
    name: str
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    """Messages by input name; "" is the whole form."""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Context of `pages/auth/settings.html`."""

    account: Account
    sessions: list[Session]
    session: str | None
    """Id of the session in use."""
    tokens: list[Token]
    now: dt.datetime
    languages: tuple[tuple[str, str], ...] = LANGUAGES
    timezone_options: Sequence[tuple[str, str]] = ()
    lifetime_options: Sequence[tuple[str, str]] = ()
    new_token: str | None = None
    """The text of the token just made: shown this once."""
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was typed into a form that was refused; never a password."""


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password; who is signed in already goes on."""
    target = safe_next(request.args.get("next"))
    if visitor() is not None:
        return redirect(target)
    page = SignInPage(next=target, needs_setup=workspace().accounts.needs_setup())
    return render_template("pages/auth/sign_in.html", page=page)


@blueprint.post("/sign-in")
@public
def do_sign_in() -> ResponseReturnValue:
    """Sign in; a refusal says one thing for every reason."""
    target, email = safe_next(request.form.get("next")), request.form.get("email", "")
    try:
        _found, key = workspace().accounts.credentials.sign_in(
            email, request.form.get("password", ""), _place()
        )
    except (NotSignedIn, TooManyRequests) as error:
        page = SignInPage(email, target, error.message, workspace().accounts.needs_setup())
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
        status = 429 if isinstance(error, TooManyRequests) else 422
        return render_template("pages/auth/sign_in.html", page=page), status, headers
    _end_old_session()
    sign_in_here(key)
    return redirect(target, 303)


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this session, on the server, too."""
    _end_old_session()
    sign_out_here()
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.get("/link/<key>")
@public
def link(key: str) -> ResponseReturnValue:
    """Open a one-time link; looking at it does not use it up (mail scanners look)."""
    found, person = workspace().accounts.open_link(key)
    page = LinkPage(
        found.purpose,
        url_for("auth.accept_link", key=key),
        person.email if person else "",
        person.name if person else "",
    )
    return render_template("pages/auth/link.html", page=page)


@blueprint.post("/link/<key>")
@public
def accept_link(key: str) -> ResponseReturnValue:
    """Choose the password that the link is for, and be signed in."""
    accounts = workspace().accounts
    found, person = accounts.open_link(key)
    email = person.email if person else request.form.get("email", "")
    name = person.name if person else request.form.get("name", "")
    password = request.form.get("password", "")
    try:
        if password != request.form.get("repeated", password):
            raise Invalid.at("/repeated", "differs", _("The two passwords differ."))
        accepted = accounts.accept(key, password, email=email, name=name)
    except Invalid as error:
        page = LinkPage(found.purpose, url_for("auth.accept_link", key=key), email, name, by_input(error))
        return render_template("pages/auth/link.html", page=page), 422
    _end_old_session()
    sign_in_here(accounts.credentials.start_session(accepted.id, _place()))
    note(_("Welcome, %(name)s.", name=accepted.name))
    return redirect("/", 303)


@blueprint.get("/settings")
def settings() -> ResponseReturnValue:
    """Show a person's own settings, sessions and tokens."""
    return _settings_page()


@blueprint.post("/settings")
def save_settings() -> ResponseReturnValue:
    """Change name, language, time zone and theme."""
    form = request.form
    try:
        workspace().accounts.credentials.update_profile(
            account().id,
            name=form.get("name", ""),
            language=form.get("language") or None,
            timezone=form.get("timezone") or None,
            theme=form.get("theme") or None,
        )
    except Invalid as error:
        return _settings_page(error)
    note(_("Your settings are saved."))
    return redirect(url_for("auth.settings"), 303)


@blueprint.post("/password")
def change_password() -> ResponseReturnValue:
    """Set another password; all other sessions end."""
    form, known = request.form, visitor()
    new = form.get("new_password", "")
    try:
        if new != form.get("repeated", new):
            raise Invalid.at("/repeated", "differs", _("The two passwords differ."))
        workspace().accounts.credentials.change_password(
            account().id,
            form.get("password", ""),
            new,
            _place(),
            but=known.session.id if known and known.session else None,
        )
    except (Invalid, TooManyRequests) as error:
        return _settings_page(error)
    note(_("Your password is changed; you are signed out everywhere else."))
    return redirect(url_for("auth.settings"), 303)


@blueprint.post("/sessions/end")
def end_sessions() -> ResponseReturnValue:
    """End one other session (`id`), or all others."""
    known, credentials = visitor(), workspace().accounts.credentials
    one = request.form.get("id")
    if one:
        credentials.sign_out(account().id, one)
        note(_("That session is ended."))
    else:
        own = known.session.id if known and known.session else None
        credentials.sign_out_everywhere(account().id, by=current().actor, but=own)
        note(_("You are signed out everywhere else."))
    return redirect(url_for("auth.settings"), 303)


@blueprint.post("/tokens")
def create_token() -> ResponseReturnValue:
    """Make an API token and show it once."""
    text = request.form.get("days", "0")
    if text not in {"0", *map(str, LIFETIMES)}:
        return _settings_page(Invalid.at("/days", "days", _("Choose how long the token works.")))
    days = int(text)
    lifetime = dt.timedelta(days=days) if days else None
    try:
        _made, new_token = workspace().accounts.credentials.create_token(
            account().id, request.form.get("token_name", ""), lifetime, pointer="/token_name"
        )
    except Invalid as error:
        return _settings_page(error)
    return _settings_page(new_token=new_token)


@blueprint.post("/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """Make a token stop working."""
    workspace().accounts.credentials.revoke_token(account().id, token_id)
    note(_("The token is revoked."))
    return redirect(url_for("auth.settings"), 303)


def by_input(error: AmityError) -> dict[str, list[str]]:
    """Give an error's messages by the name of the input that they belong to ("" is the whole form)."""
    problems = error.problems or (Problem(error.code, error.message),)
    sorted_out: dict[str, list[str]] = {}
    for problem in problems:
        message = f"{problem.message} {error.hint}" if error.hint else problem.message
        sorted_out.setdefault((problem.pointer or "").strip("/"), []).append(message)
    return sorted_out


def _settings_page(error: AmityError | None = None, new_token: str | None = None) -> ResponseReturnValue:
    known, credentials = visitor(), workspace().accounts.credentials
    shown = workspace().accounts.get(account().id)
    kept = ("name", "language", "timezone", "theme", "token_name")
    page = SettingsPage(
        account=shown,
        sessions=credentials.sessions(shown.id),
        session=known.session.id if known and known.session else None,
        tokens=credentials.tokens(shown.id),
        now=current().now,
        timezone_options=[(name, name.replace("_", " ")) for name in sorted(time_zones())],
        lifetime_options=[
            *((str(days), _("%(days)s days", days=days)) for days in LIFETIMES),
            ("0", _("Until I revoke it")),
        ],
        new_token=new_token,
        problems=by_input(error) if error else {},
        typed={name: request.form[name] for name in kept if name in request.form} if error else {},
    )
    return render_template("pages/auth/settings.html", page=page), error.status if error else 200


def _place() -> Place:
    return Place(request.remote_addr or "", request.headers.get("User-Agent"))


def _end_old_session() -> None:
    known = visitor()
    if known is not None and known.session is not None:
        workspace().accounts.credentials.sign_out(known.account.id, known.session.id)
