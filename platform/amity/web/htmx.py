"""What is special about a request by htmx, and the headers that answer it.

htmx-flask's own check of `reswap` refuses valid values, so the headers are set here.
"""

from __future__ import annotations

from flask import Flask, Response, request
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest


class Request(HtmxAwareRequest):  # type: ignore[misc]
    """The request of Amity's apps."""

    max_form_parts = 20_000
    """A form with child tables has many inputs."""


def install(app: Flask) -> None:
    """Let the app know htmx."""
    Htmx(app)
    app.request_class = Request  # after the line above, which sets its own
    app.after_request(_vary)


def is_fragment() -> bool:
    """Say whether only a part of the page is asked for (a boosted link or a restored page wants all)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def answer(
    response: Response,
    *,
    reswap: str | None = None,
    retarget: str | None = None,
    trigger: str | None = None,
    push_url: str | None = None,
    redirect: str | None = None,
) -> Response:
    """Set htmx's response headers, e.g. `reswap="afterbegin show:top"`."""
    for name, value in (
        ("HX-Reswap", reswap),
        ("HX-Retarget", retarget),
        ("HX-Trigger", trigger),
        ("HX-Push-Url", push_url),
        ("HX-Redirect", redirect),
    ):
        if value is not None:
            response.headers[name] = value
    return response


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response
