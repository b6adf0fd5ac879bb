"""`/api/v1/schemas`: the meta-schemas of entity documents, for editors that check while one types."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from amity.entities.metaschema import NAMES, published
from amity.errors import NotFound
from amity.web.api import requests
from amity.web.api.responses import answer
from amity.web.context import workspace

SCHEMAS: Final = ("document", *NAMES)
"""`document` is for whole files and carries the others."""


def register(api: Blueprint) -> None:
    """Add the route to the blueprint."""
    api.add_url_rule("/schemas/<name>", view_func=read_schema, methods=["GET"])


def read_schema(name: str) -> Response:
    """Give one meta-schema, with the keys of this workspace's kinds."""
    requests.parameters(())
    if name not in SCHEMAS:
        raise NotFound(f"There is no schema {name!r}; there are {', '.join(SCHEMAS)}.")
    return answer(published(workspace().kinds)[name])
