"""Write REST answers."""

from __future__ import annotations

from typing import Any

from flask import Response

from amity import jsontext


def answer(
    value: Any, status: int = 200, *, version: int | None = None, location: str | None = None
) -> Response:
    """Give `value` as JSON, with the ETag of `version` and a Location where they apply."""
    response = Response(jsontext.dumps_bytes(value), status, mimetype="application/json")
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    if location is not None:
        response.headers["Location"] = location
    response.headers["Cache-Control"] = "no-store"
    return response


def nothing() -> Response:
    """Give 204: done, and there is nothing to say."""
    return Response(status=204)
