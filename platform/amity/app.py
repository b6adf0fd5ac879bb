"""The Flask app of one workspace."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from flask import Flask

from amity.settings import Settings, load
from amity.web import context, errors, htmx, security, templates
from amity.workspace import Workspace

BLUEPRINTS: Final = (
    "amity.web.assets",
    "amity.web.health",
    "amity.web.auth",
    "amity.web.people",
    "amity.web.staff",
    "amity.web.inbox",
    "amity.web.public",
    "amity.web.outbox",
    "amity.web.extensions",
    "amity.web.workspace_settings",
    "amity.web.extension_pages",
    "amity.web.builder.entities",
    "amity.web.builder.jobs",
    "amity.web.builder.designer",
    "amity.web.builder.flows.overview",
    "amity.web.builder.flows.editor",
    "amity.web.builder.runs",
    "amity.web.builder.letters",
    "amity.web.builder.secrets",
    "amity.web.builder.run_page",
    "amity.web.builder.plan",
    "amity.web.builder.versions",
    "amity.web.builder.parked",
    "amity.web.builder.trying",
    "amity.web.builder.tested",
    "amity.web.api",
    "amity.web.files",
)
"""Modules (or packages) that hold a `blueprint`."""


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app that serves the workspace of `settings` (default: of flags' defaults and environment).

    Apps share nothing: each has its own workspace, at `app.extensions["amity"]`.
    """
    workspace = Workspace.open(settings or load())
    try:
        return _make(workspace)
    except BaseException:
        workspace.close()
        raise


def _make(workspace: Workspace) -> Flask:
    settings = workspace.settings
    app = Flask("amity", static_folder=None, template_folder=None)
    app.extensions[context.EXTENSION] = workspace
    htmx.install(app)
    templates.install(app, workspace.plugins.template_folders(), dev=settings.dev)
    security.install(app, settings)
    errors.install(app)
    for dotted in BLUEPRINTS:
        app.register_blueprint(import_module(dotted).blueprint)
    return app
