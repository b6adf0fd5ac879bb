"""The REST interface below `/api/v1`: JSON in, JSON out, problems as RFC 9457."""

from __future__ import annotations

from flask import Blueprint

from amity.web.api import back_tests, entities, openapi, records, runs, schemas, workflows

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
for _part in (entities, workflows, back_tests, runs, schemas, records, openapi):
    _part.register(blueprint)
