"""All texts go through gettext: `_` and `ngettext`, in Python and in templates, in the reader's language.

Catalogues lie in `amity/translations/<language>/LC_MESSAGES/messages.mo`; where there is none, the texts
of the code (English) stand as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_app_context

_FOLDER: Final = Path(__file__).resolve().parent.parent / "translations"


def _catalogue() -> NullTranslations:
    if not has_app_context():
        return NullTranslations()
    language: str = g.get("language", "en")
    known: dict[str, NullTranslations] = current_app.extensions.setdefault("amity-texts", {})
    if language not in known:
        known[language] = Translations.load(
            str(_FOLDER), [language.replace("-", "_"), language.split("-")[0]]
        )
    return known[language]


def gettext(message: str, **values: Any) -> str:
    """Translate; `%(name)s` in the text is filled from `values`."""
    text = _catalogue().ugettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, **values: Any) -> str:
    """Translate by number; `%(num)s` is the number."""
    text = _catalogue().ungettext(singular, plural, number)
    return text % {"num": number, **values}


def install(app: Flask) -> None:
    """Give templates `_`, `ngettext` and `{% trans %}`."""
    if "jinja2.ext.InternationalizationExtension" not in app.jinja_env.extensions:
        app.jinja_env.add_extension("jinja2.ext.i18n")
    install_callables: Any = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install_callables(
        lambda message: _catalogue().ugettext(message),
        lambda singular, plural, number: _catalogue().ungettext(singular, plural, number),
        newstyle=True,
    )
