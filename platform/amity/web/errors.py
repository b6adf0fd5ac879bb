"""One renderer for everything that goes wrong: a page, an htmx fragment or problem+json (RFC 9457).

People never see a traceback. An error that nobody expected gets the request's id, which stands on the page
and in the log. The log names the rule of the URL, never the URL: paths hold the keys of one-time links.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from amity import jsontext
from amity.errors import AmityError, Busy, NotSignedIn, Problem, TooManyRequests
from amity.web import htmx
from amity.web.context import is_api

log: Final = logging.getLogger("amity.web")
SWAPPED: Final = frozenset({404, 409, 422})
"""Errors that the pages' htmx settings let into the page; others are told in words of the script."""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Context of `pages/error.html` and `fragments/error.html`."""

    status: int
    title: str
    message: str
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
    request_id: str | None = None
    """Only where the operator can find more under it in the log."""


def install(app: Flask) -> None:
    """Render all errors of the app."""
    app.register_error_handler(AmityError, _amity)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _amity(error: AmityError) -> ResponseReturnValue:
    if error.status >= 500 and not isinstance(error, Busy):
        _log(error)
    wants_page = not (is_api() or wants_json() or htmx.is_fragment() or "Authorization" in request.headers)
    if isinstance(error, NotSignedIn) and wants_page and request.endpoint != "auth.sign_in":
        if request.method in ("GET", "HEAD"):
            return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
        return redirect(url_for("auth.sign_in"))
    body = {"code": error.code, **error.details}
    page = ErrorPage(error.status, error.title, error.message, error.hint, error.problems)
    response = render(page, body)
    if isinstance(error, TooManyRequests | Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotSignedIn) and (is_api() or "Authorization" in request.headers):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Amity"'
    return response


def _forged(error: CSRFError) -> ResponseReturnValue:
    page = ErrorPage(
        400,
        "The page was too old",
        "The form's key does not belong to your session. Nothing was changed.",
        "Reload the page and send the form again; programs use a bearer token.",
    )
    return render(page, {"code": "csrf"})


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:  # a redirect of the router
        return error
    if status >= 500:
        return _unexpected(error)
    title, message, hint = _WORDS.get(status, (error.name, error.description or error.name, None))
    response = render(ErrorPage(status, title, message, hint), {"code": _code(error)})
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if isinstance(error, RequestEntityTooLarge):
        response.headers["Connection"] = "close"
    return response


def _unexpected(error: Exception) -> ResponseReturnValue:
    _log(error)
    page = ErrorPage(
        500,
        "Something went wrong",
        "Amity met an error that it did not expect. It is in the operator's log.",
        "Try again; if it stays, tell the operator the number below.",
        request_id=g.get("request_id"),
    )
    return render(page, {"code": "internal"})


def _log(error: Exception) -> None:
    log.error(
        "unexpected error",
        exc_info=error,
        extra={
            "request": g.get("request_id"),
            "method": request.method,
            "rule": str(request.url_rule),
            "account": g.visitor.account.id if g.get("visitor") else None,
        },
    )


def render(page: ErrorPage, members: Mapping[str, Any]) -> Response:
    """Make the answer in the form that the client asked for; `members` are for problem+json alone."""
    if is_api() or wants_json():
        return _problem_document(page, members)
    if htmx.is_fragment():
        response = make_response(_html("fragments/error.html", page), page.status)
        if page.status in SWAPPED:
            htmx.answer(response, retarget="#messages", reswap="innerHTML")
        return response
    return make_response(_html("pages/error.html", page), page.status)


def _html(template: str, page: ErrorPage) -> str:
    """Render; where the frame itself cannot be made (the database is gone), give a page without it."""
    try:
        return render_template(template, page=page)
    except Exception as error:
        log.error("the error page itself failed", exc_info=error, extra={"request": g.get("request_id")})
        number = f" ({page.request_id})" if page.request_id else ""
        return str(
            Markup(
                "<!doctype html><html lang=en><title>{0}</title><h1>{0}</h1><p>{1} {2}{3}</p></html>"
            ).format(page.title, page.message, page.hint or "", number)
        )


def wants_json() -> bool:
    """Say whether the client prefers JSON to a page."""
    offered = ["text/html", "application/json", "application/problem+json"]
    best = request.accept_mimetypes.best_match(offered, default="text/html")
    return best != "text/html"


def _problem_document(page: ErrorPage, members: Mapping[str, Any]) -> Response:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": page.title,
        "status": page.status,
        "detail": page.message,
        **members,
    }
    if page.problems:
        document["errors"] = [problem.as_json() for problem in page.problems]
    if page.hint:
        document["hint"] = page.hint
    if page.request_id:
        document["request_id"] = page.request_id
    return Response(jsontext.dumps_bytes(document), page.status, content_type="application/problem+json")


def _code(error: HTTPException) -> str:
    return error.name.lower().replace(" ", "_")


_WORDS: Final[dict[int, tuple[str, str, str | None]]] = {
    404: ("Not found", "There is nothing at this address.", "Go back, or search for what you look for."),
    405: ("Not like this", "This address does not answer to that method.", None),
    413: ("Too large", "The request is larger than 32 MB.", "Send it in several parts."),
}
