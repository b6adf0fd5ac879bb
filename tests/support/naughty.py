"""The big list of naughty strings (github.com/minimaxir/big-list-of-naughty-strings), where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final


def _found() -> Path:
    """Where the list lies: beside the checkout or a folder above it, so that every work tree finds it."""
    name = Path("shared") / "data" / "blns" / "blns.json"
    places = [folder / name for folder in Path(__file__).resolve().parents]
    return next((place for place in places if place.is_file()), places[-1])


BLNS: Final = _found()
"""The file; it need not be there."""


def naughty_strings() -> list[str]:
    """Give the big list of naughty strings where it lies beside the checkout, else a few of their kind."""
    if BLNS.is_file():
        found: list[str] = json.loads(BLNS.read_text(encoding="utf-8"))
        return found
    return [
        "",
        "undefined",
        "1/0",
        "\u202etest",
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "ﾟ･✿",
        "Ω≈ç√",
        "田中さん",
        "../../etc/passwd",
        "%s%n",
        "\x00",
    ]
