"""The icons that the designer offers for entities: the second part of `static/icons.txt`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_BEGIN: Final = "# -- for entities"


@dataclass(frozen=True, slots=True)
class Icon:
    """An icon of the sprite."""

    name: str
    words: str
    """What people may look for, in English; the name is one of them."""


@cache
def offered() -> tuple[Icon, ...]:
    """Give the icons that an entity can have, in the order of the list."""
    return tuple(
        Icon(name.strip(), f"{name.strip().replace('-', ' ')} {words.strip()}".strip())
        for name, words in _lines(after=_BEGIN)
    )


@cache
def shipped() -> frozenset[str]:
    """Give the names of all icons of the sprite."""
    return frozenset(name.strip() for name, _words in _lines())


def _lines(after: str = "") -> list[tuple[str, str]]:
    text = files("amity").joinpath("static", "icons.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    if after:
        lines = lines[next(number for number, line in enumerate(lines) if line.startswith(after)) :]
    found = [line.partition("#") for line in lines]
    return [(name, words) for name, _mark, words in found if name.strip()]
