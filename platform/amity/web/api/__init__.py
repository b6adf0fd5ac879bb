"""The REST interface below `/api/v1`: JSON in, JSON out, problems as RFC 9457."""

from __future__ import annotations

from flask import Blueprint

from amity.web.api import entities, openapi, records


def blueprint() -> Blueprint:
    """Make the blueprint; each app gets its own."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    for part in (entities, records, openapi):
        part.register(api)
    return api
