"""All texts go through gettext: `_` and `ngettext`, in Python and in templates, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import Flask

from amity import texts
from amity.texts import gettext, ngettext

__all__ = ["gettext", "install", "ngettext"]


def install(app: Flask) -> None:
    """Give templates `_`, `ngettext` and `{% trans %}`; no request speaks the language of the one before."""
    if "jinja2.ext.InternationalizationExtension" not in app.jinja_env.extensions:
        app.jinja_env.add_extension("jinja2.ext.i18n")
    install_callables: Any = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install_callables(
        lambda message: gettext(message),
        lambda singular, plural, number: ngettext(singular, plural, number),
        newstyle=True,
    )
    app.teardown_request(lambda _error: texts.speak(texts.ENGLISH))
