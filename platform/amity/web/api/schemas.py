"""`/api/v1/schemas`: the meta-schemas of documents, for editors that check while one types."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from amity.entities.metaschema import NAMES, published
from amity.errors import NotFound
from amity.web.api import requests
from amity.web.api.responses import answer
from amity.web.context import workspace
from amity.workflows.documents.metaschema import published as published_workflow

WORKFLOW: Final = "workflow"
SCHEMAS: Final = ("document", *NAMES, WORKFLOW)
"""`document` is for whole files of entities and carries the others, `workflow` for those of workflows."""


def register(api: Blueprint) -> None:
    """Add the route to the blueprint."""
    api.add_url_rule("/schemas/<name>", view_func=read_schema, methods=["GET"])


def read_schema(name: str) -> Response:
    """Give one meta-schema, with the keys of this workspace's kinds."""
    requests.parameters(())
    if name not in SCHEMAS:
        raise NotFound(f"There is no schema {name!r}; there are {', '.join(SCHEMAS)}.")
    if name == WORKFLOW:
        return answer(published_workflow(workspace().workflows.registry))
    return answer(published(workspace().kinds)[name])
