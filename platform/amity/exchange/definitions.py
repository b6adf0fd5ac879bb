"""Definitions in from files and out to files: deterministic JSON that git can review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from amity import jsontext
from amity.definitions.documents import DefinitionChange
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Invalid, Malformed, Problem
from amity.workflows.documents.letters import KIND as LETTER

FOLDERS: Final[Mapping[str, str]] = {
    "entity": "entities",
    LETTER: "templates/emails",
    "workflow": "workflows",
}
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
    kind = kind_of(document)
    own = document.get("x-amity", {}) if kind == "entity" else document
    name = own.get("name", file.stem) if isinstance(own, dict) else file.stem
    return DefinitionChange(kind, str(name), document, source=str(file))


def kind_of(document: Mapping[str, Any]) -> str:
    """Tell what it defines: a workflow has a trigger, an e-mail template a subject; the rest are entities."""
    if "properties" not in document:
        if "trigger" in document:
            return "workflow"
        if "subject" in document and "body" in document:
            return LETTER
    return "entity"


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


def write(definitions: DefinitionService[Model], folder: Path) -> list[Path]:
    """Write every definition into `folder`/<its kind>/<name>.json; files of removed ones are deleted.

    Only files that carry their own file name as the name of a definition are ever deleted.
    """
    written = []
    for kind, place in FOLDERS.items():
        target = folder / place
        known = definitions.list(kind)
        if known or target.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        mine = {target / f"{definition.name}.json": definition.document for definition in known}
        for path, document in mine.items():
            path.write_bytes(jsontext.dumps_bytes(_plain(document), indent=True) + b"\n")
        for old in set(target.glob("*.json")) - set(mine):
            if _is_ours(old):
                old.unlink()
        written += list(mine)
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
    if not isinstance(document, dict):
        return False
    own = document.get("x-amity") if kind_of(document) == "entity" else document
    return isinstance(own, dict) and own.get("name") == path.stem
