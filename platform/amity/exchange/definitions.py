"""Definitions in from files and out to files: deterministic JSON that git can review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from amity import jsontext
from amity.definitions.documents import DefinitionChange
from amity.entities.model import Model
from amity.errors import Invalid, Malformed, Problem

FOLDERS: Final[Mapping[str, str]] = {"entity": "entities"}
"""Folder of each kind of document, in an export and in the repository."""
MAX_BYTES: Final = 10_000_000


def read(paths: Iterable[Path]) -> list[DefinitionChange]:
    """Read all documents of files and folders (`*.json`, folders of any depth), in the order of their names.

    Raises `Invalid` naming each file that cannot be used.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.rglob("*.json"))
        elif path.is_file():
            files.append(path)
        else:
            raise Invalid(f"There is no file or folder {path}.")
    if not files:
        raise Invalid("There are no definitions: no file that ends in .json.")
    changes, problems = [], []
    for file in files:
        try:
            changes.append(_read_file(file))
        except (Invalid, Malformed) as error:
            problems.append(Problem("unreadable", f"{file}: {error.message}"))
    problems += _twice(changes)
    if problems:
        raise Invalid("Some files cannot be used.", problems=problems)
    return changes


def _read_file(file: Path) -> DefinitionChange:
    if file.stat().st_size > MAX_BYTES:
        raise Invalid(f"the file is larger than {MAX_BYTES} bytes")
    document = jsontext.loads(file.read_bytes())
    if not isinstance(document, dict):
        raise Invalid("a definition is a JSON object")
    options = document.get("x-amity", {})
    name = options.get("name", file.stem) if isinstance(options, dict) else file.stem
    return DefinitionChange("entity", str(name), document, source=str(file))


def _twice(changes: Iterable[DefinitionChange]) -> list[Problem]:
    seen: dict[tuple[str, str], str | None] = {}
    problems = []
    for change in changes:
        place = (change.kind, change.name)
        if place in seen:
            message = f"{change.source}: {change.kind} {change.name!r} stands in {seen[place]}, too."
            problems.append(Problem("twice", message))
        seen[place] = change.source
    return problems


def write(model: Model, folder: Path) -> list[Path]:
    """Write every definition into `folder`/entities/<name>.json; files of removed entities are deleted.

    Only files that carry an `x-amity.name` of their own file name are ever deleted.
    """
    target = folder / FOLDERS["entity"]
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for entity in model:
        path = target / f"{entity.name}.json"
        path.write_bytes(jsontext.dumps_bytes(_plain(entity.document), indent=True) + b"\n")
        written.append(path)
    for old in set(target.glob("*.json")) - set(written):
        if _is_ours(old):
            old.unlink()
    return written


def _plain(value: Any) -> Any:
    """Mappings of any type as dicts, order kept."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _is_ours(path: Path) -> bool:
    try:
        document = jsontext.loads(path.read_bytes())
    except Malformed:
        return False
    options = document.get("x-amity") if isinstance(document, dict) else None
    return isinstance(options, dict) and options.get("name") == path.stem
