"""Who asks, bound once per request: everything in `web` gets its `Workspace` and `Context` here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, cast
from urllib.parse import urlsplit

from flask import current_app, g, request, session

from amity.access.context import Actor, Context
from amity.access.people import Account
from amity.access.recognition import Recognised
from amity.errors import Forbidden, NotSignedIn
from amity.workspace import Workspace

EXTENSION: Final = "amity"
SESSION_KEY: Final = "key"
"""Where the signed cookie holds the key of the session in the database."""


@dataclass(frozen=True, slots=True)
class Locale:
    """How the reader wants things written (`amity.entities.kinds.base.Locale`)."""

    language: str
    timezone: str


def workspace() -> Workspace:
    """Give the workspace that this app serves."""
    return cast(Workspace, current_app.extensions[EXTENSION])


def visitor() -> Recognised | None:
    """Give who sends this request, None for nobody; looked up once.

    A request with an `Authorization` header counts by that alone: a wrong token never falls back onto the
    cookie, because such requests are not protected against forgery. Raises `NotSignedIn` for a wrong one.
    """
    if "visitor" not in g:
        g.visitor = None  # also where the next line raises: the page about that is nobody's
        g.visitor = _by_header() if "Authorization" in request.headers else _by_cookie()
    return cast("Recognised | None", g.visitor)


def current() -> Context:
    """Give the context of this request: who, now, why. Raises `NotSignedIn` where it is nobody."""
    if "context" not in g:
        found = visitor()
        if found is None:
            raise NotSignedIn("Please sign in first.")
        g.context = workspace().context(_actor(found.account), "api" if is_api() else "form")
    return cast(Context, g.context)


def account() -> Account:
    """Give the signed-in person's account. Raises `NotSignedIn`."""
    found = visitor()
    if found is None:
        raise NotSignedIn("Please sign in first.")
    return found.account


def with_cause(**cause: object) -> Context:
    """Give the context of this request with more said about its cause."""
    context = current()
    return replace(context, cause={**context.cause, **cause})


def require_admin() -> Context:
    """Give the context of an admin. Raises `NotSignedIn` or `Forbidden`."""
    context = current()
    if not context.actor.is_admin:
        raise Forbidden("Only admins may open the builder.", hint="Ask an admin to do it, or for the role.")
    return context


def locale() -> Locale:
    """Give the reader's language and time zone; the workspace's for nobody."""
    if "locale" not in g:
        found, profile = visitor(), workspace().profile
        known = found.account if found is not None else None
        g.locale = Locale(
            (known and known.language) or profile.locale, (known and known.timezone) or profile.timezone
        )
    return cast(Locale, g.locale)


def is_api() -> bool:
    """Say whether the request is for the API."""
    return request.path.startswith(("/api/", "/hooks/"))


def sign_in_here(key: str) -> None:
    """Put a fresh session into the answer's cookie; nothing of the visitor's old cookie stays."""
    session.clear()
    session.permanent = True
    session[SESSION_KEY] = key
    g.pop("csrf_token", None)


def sign_out_here() -> None:
    """Empty the cookie."""
    session.clear()
    g.pop("csrf_token", None)


def safe_next(target: str | None, otherwise: str = "/") -> str:
    """Give `target` where it is a path of this site, else `otherwise`: nobody is sent elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if not target.isprintable() or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc else target


def link_to(path: str) -> str:
    """Give an address that works outside of this page, for one-time links."""
    base = workspace().settings.base_url or request.host_url
    return base.rstrip("/") + path


def _by_header() -> Recognised:
    scheme, _, text = request.headers["Authorization"].partition(" ")
    found = workspace().accounts.credentials.by_token(text.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise NotSignedIn(
            "The token is unknown, expired or revoked.", hint="Send `Authorization: Bearer amity_...`."
        )
    return found


def _by_cookie() -> Recognised | None:
    key = session.get(SESSION_KEY)
    if not isinstance(key, str):
        return None
    return workspace().accounts.credentials.by_session(key)


def _actor(known: Account) -> Actor:
    profile = workspace().profile
    return known.actor(language=profile.locale, timezone=profile.timezone)
