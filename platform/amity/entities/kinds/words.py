"""The few words that kinds write themselves into lists and labels, per language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from amity.entities.kinds.base import Locale

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "yes": {"en": "Yes", "de": "Ja", "fr": "Oui", "es": "Sí", "it": "Sì", "nl": "Ja", "pt": "Sim"},
    "no": {"en": "No", "de": "Nein", "fr": "Non", "es": "No", "it": "No", "nl": "Nee", "pt": "Não"},
}


def word(name: str, locale: Locale) -> str:
    """Give a word in the reader's language, else in English."""
    translated = _WORDS[name]
    return translated.get(locale.language.replace("_", "-").split("-")[0].lower(), translated["en"])
