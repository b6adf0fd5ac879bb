"""Texts for people: `gettext` and `ngettext`, in the language that is spoken at the moment.

Catalogues lie in `amity/translations/<language>/LC_MESSAGES/messages.mo`; where there is none, the texts of
the code (English) stand as they are. A request speaks its reader's language, a worker that of the workspace:
what it writes is read by many (docs/decisions/0087).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel.support import NullTranslations, Translations

FOLDER: Final = Path(__file__).resolve().parent / "translations"
ENGLISH: Final = "en"
_spoken: ContextVar[str] = ContextVar("amity_language", default=ENGLISH)


def language() -> str:
    """The language that is spoken now, as a BCP 47 tag such as `de-AT`."""
    return _spoken.get()


def speak(tag: str) -> None:
    """Speak a language from now on, in this thread (or task)."""
    _spoken.set(tag)


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Speak a language inside the block: for texts that somebody else than who acts will read."""
    token = _spoken.set(tag)
    try:
        yield
    finally:
        _spoken.reset(token)


@lru_cache(maxsize=64)
def _catalogue(tag: str, folder: Path) -> NullTranslations:
    return Translations.load(str(folder), [tag.replace("-", "_"), tag.split("-")[0]])


def gettext(message: str, /, **values: Any) -> str:
    """Translate; `%(name)s` in the text is filled from `values`."""
    text = _catalogue(language(), FOLDER).ugettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> str:
    """Translate by number; `%(num)s` is the number."""
    text = _catalogue(language(), FOLDER).ungettext(singular, plural, number)
    return text % {"num": number, **values}
