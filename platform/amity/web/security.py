"""What every request passes before its view, and what every answer carries.

Deny by default: a view is for signed-in people unless it is marked `@public`, and everything below
`/builder` is for admins.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from amity import texts
from amity.errors import Malformed, NotSignedIn
from amity.settings import Settings
from amity.web.context import current, locale, require_admin, visitor, workspace

View = TypeVar("View", bound=Callable[..., Any])

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
MAX_BODY: Final = 32 * 1024 * 1024
SESSION_DAYS: Final = 90
"""The cookie's age; when a session ends is said by the database."""

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "no-store",
}
_HTTPS_HEADERS: Final = {**_HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
"""Names are in title case: `_protect` looks for the given ones by it."""


def public(view: View) -> View:
    """Mark a view that needs no sign-in."""
    view.amity_public = True  # type: ignore[attr-defined]
    return view


def unforgeable(view: View) -> View:
    """Mark a public view whose requests are signed: no page of another site can send one."""
    view.amity_unforgeable = True  # type: ignore[attr-defined]
    return public(view)


def unbound(view: View) -> View:
    """Mark a public view that reads no definitions and must answer even when the database is gone."""
    view.amity_unbound = True  # type: ignore[attr-defined]
    return public(view)


def install(app: Flask, settings: Settings) -> None:
    """Set cookies, limits, the guard in front of all views and the headers of all answers."""
    secure = urlsplit(settings.base_url).scheme == "https"
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-amity" if secure else "amity",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_DAYS * 24 * 3600,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_CHECK_DEFAULT=False,  # `guard` decides, because of bearer tokens
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: nobody loses typing to a clock
        AMITY_HTTPS=secure,
        AMITY_HOSTS=_hosts(settings),
    )
    app.extensions["amity-csrf"] = CSRFProtect(app)
    app.before_request(guard)
    app.after_request(_protect)


def guard() -> None:
    """Run before every view: host, who it is, forgery, rights, definitions up to date."""
    texts.speak(texts.ENGLISH)  # whoever asked before in this thread
    g.request_id = secrets.token_hex(8)
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "amity_unbound", False):
        return
    _check_host()
    known = visitor()
    texts.speak(locale().language)
    is_public = getattr(view, "amity_public", False)
    if known is None and not is_public:
        raise NotSignedIn("Please sign in first.")
    if "Authorization" not in request.headers and not getattr(view, "amity_unforgeable", False):
        current_app.extensions["amity-csrf"].protect()
    if request.path == "/builder" or request.path.startswith("/builder/"):
        require_admin()
    if known is not None:
        current()
        definitions = workspace().definitions
        if definitions.revision != known.revision:
            definitions.refresh()


def _check_host() -> None:
    hosts = current_app.config["AMITY_HOSTS"]
    if hosts and not host_is_trusted(request.host, hosts):
        raise Malformed(
            "This address is not the one under which Amity is reached.",
            hint=f"Use {workspace().settings.base_url}, or let the operator change AMITY_BASE_URL.",
        )


def _hosts(settings: Settings) -> tuple[str, ...]:
    host = urlsplit(settings.base_url).hostname
    return (host, *LOOPBACK) if host else ()


def _protect(response: Response) -> Response:
    wanted = _HTTPS_HEADERS if current_app.config["AMITY_HTTPS"] else _HEADERS
    given = {name.title() for name, _ in response.headers}
    # In one go: to ask and to set header by header took a tenth of the time of reading a record.
    response.headers.extend([(name, value) for name, value in wanted.items() if name not in given])
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    return response
