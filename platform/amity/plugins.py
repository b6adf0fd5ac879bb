"""Finds, loads and checks extensions; one `Plugins` per workspace.

Extensions come from four places: the core's own modules, the bundled `extensions/` folder, the home's
`extensions/` folder and the entry points of the group `amity`. One that fails in any way is set aside with
its reason and the rest works; only a failure of the core's own modules stops the start.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

import pluggy

from amity import hookspecs
from amity.errors import SetupError
from amity.extension import MenuEntry, Page, Panel, RecordValidator
from amity.extensions import import_folder
from amity.paths import bundled
from amity.plugin_checks import HookProblem, check_hooks, check_items, explain

log: Final = logging.getLogger("amity.plugins")

GROUP: Final = "amity"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
CORE: Final = ("amity.core",)
"""The core's own kinds and functions come in through the same hooks as everybody's."""

Source = Literal["core", "bundled", "home", "package"]
State = Literal["loaded", "disabled", "failed"]


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension that was found, whatever became of it."""

    name: str
    source: Source
    state: State
    title: str = ""
    """First line of its docstring."""
    reason: str = ""
    """Why it was set aside."""
    folder: Path | None = None
    """Where its `entities/` and `templates/` lie."""


@dataclass(slots=True)
class Contributions:
    """What the loaded extensions give, each item with the name of its extension."""

    amity_kinds: list[tuple[str, Any]] = field(default_factory=list)
    amity_functions: list[tuple[str, Any]] = field(default_factory=list)
    amity_actions: list[tuple[str, Any]] = field(default_factory=list)
    amity_policies: list[tuple[str, Any]] = field(default_factory=list)
    amity_validators: list[tuple[str, RecordValidator]] = field(default_factory=list)
    amity_pages: list[tuple[str, Page]] = field(default_factory=list)
    amity_panels: list[tuple[str, Panel]] = field(default_factory=list)
    amity_menu: list[tuple[str, MenuEntry]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    source: Source
    folder: Path | None
    load: Callable[[], ModuleType | None]


class Plugins:
    """The extensions of one workspace."""

    def __init__(self, home: Path | None = None, disabled: Collection[str] = ()) -> None:
        self.manager = pluggy.PluginManager("amity")
        self.manager.add_hookspecs(hookspecs)
        self.given = Contributions()
        self._extensions: dict[str, Extension] = {}
        for dotted in CORE:
            self._load_core(dotted)
        for found in _find(home):
            self._load(found, disabled)

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """All extensions that were found, the core's own modules left out."""
        return tuple(self._extensions.values())

    def get(self, name: str) -> Extension | None:
        """Give an extension by its name."""
        return self._extensions.get(name)

    def template_folders(self) -> list[tuple[str, Path]]:
        """Name and `templates/` folder of each loaded extension that has one."""
        return [
            (extension.name, extension.folder / "templates")
            for extension in self._extensions.values()
            if extension.state == "loaded" and extension.folder and (extension.folder / "templates").is_dir()
        ]

    def set_aside(self, name: str, reason: str) -> None:
        """Take a loaded extension out again, because of what only became known later."""
        extension = self._extensions[name]
        if self.manager.has_plugin(name):
            self.manager.unregister(name=name)
        for items in (getattr(self.given, hook) for hook in hook_names()):
            items[:] = [(owner, item) for owner, item in items if owner != name]
        self._extensions[name] = replace(extension, state="failed", reason=reason)
        log.warning("extension set aside", extra={"extension": name, "reason": reason})

    def _load_core(self, dotted: str) -> None:
        module = importlib.import_module(dotted)
        self.manager.register(module, name=dotted)
        check_hooks(self.manager, dotted, module)
        self._collect(dotted)

    def _load(self, found: _Found, disabled: Collection[str]) -> None:
        name = found.name
        known = self._extensions.get(name)
        if known is not None:
            # Two of one name: the first one keeps it, the second is listed beside it.
            reason = f"There is another extension of this name ({known.source})."
            self._note(Extension(f"{name} ({found.source})", found.source, "failed", reason=reason))
            return
        if not NAME.fullmatch(name):
            reason = "A name is made of a-z, 0-9 and _, begins with a letter and has at most 40 characters."
            self._note(Extension(name, found.source, "failed", reason=reason))
            return
        if name in disabled:
            self._note(Extension(name, found.source, "disabled", folder=found.folder))
            return
        try:
            module = found.load()
        except (Exception, SystemExit) as error:
            log.exception("extension cannot be imported", extra={"extension": name})
            self._note(
                Extension(
                    name, found.source, "failed", reason=explain(error, found.folder), folder=found.folder
                )
            )
            return
        folder = found.folder or _folder(module)
        self._note(Extension(name, found.source, "loaded", title=_title(module), folder=folder))
        if module is None:  # definitions and templates alone
            return
        try:
            self.manager.register(module, name=name)
            check_hooks(self.manager, name, module)
            self._collect(name)
        except HookProblem as error:
            self.set_aside(name, str(error))
        except (Exception, SystemExit) as error:
            log.exception("extension cannot be loaded", extra={"extension": name})
            self.set_aside(name, explain(error, folder))

    def _note(self, extension: Extension) -> None:
        self._extensions[extension.name] = extension
        if extension.state == "failed":
            log.warning(
                "extension set aside", extra={"extension": extension.name, "reason": extension.reason}
            )

    def _collect(self, name: str) -> None:
        """Ask one plugin for everything it gives; nothing of it stays where one part is wrong."""
        others = [plugin for known, plugin in self.manager.list_name_plugin() if known != name]
        gathered: list[tuple[str, list[Any]]] = []
        for hook in hook_names():
            caller = self.manager.subset_hook_caller(hook, remove_plugins=others)
            items = [item for given in caller() for item in _sequence(hook, given)]
            check_items(hook, items, [item for _, item in getattr(self.given, hook)])
            gathered.append((hook, items))
        for hook, items in gathered:
            getattr(self.given, hook).extend((name, item) for item in items)


def hook_names() -> tuple[str, ...]:
    """The names of all hooks."""
    return tuple(name for name in vars(hookspecs) if name.startswith("amity_"))


def discover(home: Path | None) -> list[str]:
    """The names of all extensions that could be loaded, without loading one."""
    return [found.name for found in _find(home)]


def _sequence(hook: str, given: Any) -> list[Any]:
    if given is None or isinstance(given, str) or not hasattr(given, "__iter__"):
        raise HookProblem(f"{hook} must give a list, not {type(given).__name__}.")
    return list(given)


def _find(home: Path | None) -> Iterator[_Found]:
    yield from _in_folder(bundled("extensions"), "bundled")
    if home is not None:
        yield from _in_folder(home / "extensions", "home")
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        yield _Found(entry.name, "package", None, _entry_loader(entry))


def _in_folder(folder: Path, source: Source) -> Iterator[_Found]:
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise SetupError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    for child in children:
        if child.name.startswith((".", "_")):
            continue
        if (child / "__init__.py").is_file() or (child / "entities").is_dir():
            yield _Found(child.name, source, child, _folder_loader(child))


def _folder_loader(folder: Path) -> Callable[[], ModuleType | None]:
    return lambda: import_folder(folder) if (folder / "__init__.py").is_file() else None


def _entry_loader(entry: EntryPoint) -> Callable[[], ModuleType]:
    def load() -> ModuleType:
        module = entry.load()
        if not isinstance(module, ModuleType):
            raise TypeError(f"the entry point must name a module, not {type(module).__name__}")
        return module

    return load


def _folder(module: ModuleType | None) -> Path | None:
    paths = list(getattr(module, "__path__", []))
    return Path(paths[0]) if paths else None


def _title(module: ModuleType | None) -> str:
    text = (module.__doc__ or "").strip() if module is not None else ""
    return text.splitlines()[0].rstrip(".") if text else ""
