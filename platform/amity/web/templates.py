"""Where templates come from: the shipped folder first, then the extensions.

An extension's templates are found under its own name (`<name>/panel.html`), so that two never meet; the
field templates of its kinds under `fields/input|display|cell/<kind>.html`. It cannot replace shipped ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from flask import Flask, g, request
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined

from amity.paths import bundled
from amity.web import assets, texts
from amity.web.context import locale, visitor, workspace
from amity.web.shell import Shell, build_shell
from amity.workflows.people import notifications


def install(app: Flask, extensions: Sequence[tuple[str, Path]], *, dev: bool) -> None:
    """Let the app find templates and give every template `shell`, `asset` and the texts."""
    app.jinja_loader = loader(extensions)
    app.jinja_options = {"undefined": StrictUndefined, "auto_reload": dev}
    texts.install(app)
    assets.install(app, dev=dev)
    app.jinja_env.globals["moment"] = moment
    app.context_processor(lambda: {"shell": shell()})


def loader(extensions: Sequence[tuple[str, Path]]) -> BaseLoader:
    """Make the loader; `extensions` are names and `templates/` folders."""
    own = PrefixLoader({name: FileSystemLoader(folder / name) for name, folder in extensions})
    fields = PrefixLoader(
        {"fields": ChoiceLoader([FileSystemLoader(path / "fields") for _, path in extensions])}
    )
    return ChoiceLoader([FileSystemLoader(bundled("templates")), own, fields])


def moment(when: dt.datetime) -> str:
    """Write a moment in the reader's language and time zone; for templates."""
    reader = locale()
    try:
        language = Locale.parse(reader.language, sep="-")
    except (ValueError, UnknownLocaleError):
        language = Locale("en")
    return format_datetime(when, "medium", tzinfo=ZoneInfo(reader.timezone), locale=language)


def shell() -> Shell:
    """Give the frame of this request, made once."""
    if "shell" not in g:
        g.shell = _build()
    made: Shell = g.shell
    return made


def _build() -> Shell:
    here, known = workspace(), visitor()
    if known is None:
        return build_shell(
            workspace=here.profile.name, actor=None, model=None, policy=None, path=request.path
        )
    preferred = locale()
    return build_shell(
        workspace=here.profile.name,
        actor=known.account.actor(language=preferred.language, timezone=preferred.timezone),
        model=here.definitions.model,
        policy=here.policy,
        path=request.path,
        menu=[entry for _, entry in here.plugins.given.amity_menu],
        theme=known.account.theme,
        waiting=lambda: notifications.waiting(here.database, known.account.id),
    )
