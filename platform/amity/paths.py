"""Where the shipped content lies: in the repository, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Give the folder of shipped content `name`: "entities", "workflows", "extensions" or "templates".

    A wheel carries them as `amity/_bundled/<name>`; in a checkout they are top-level folders.
    """
    packaged = _PACKAGE / "_bundled" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent / name
