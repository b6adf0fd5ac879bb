"""What an extension must keep to: its hooks exist, are marked, and give what they promise."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pluggy

from amity import hookspecs
from amity.extension import MenuEntry, Page, Panel, RecordValidator


class HookProblem(Exception):
    """An extension does not keep to the hooks; the message says where and how."""


def check_hooks(manager: pluggy.PluginManager, name: str, module: ModuleType) -> None:
    """Raise `HookProblem` where a hook is misspelt or lacks its mark."""
    known = [hook for hook in vars(hookspecs) if hook.startswith("amity_")]
    implemented = {caller.name for caller in manager.get_hookcallers(manager.get_plugin(name)) or ()}
    for hook in sorted(implemented - set(known)):
        near = difflib.get_close_matches(hook, known, n=1)
        advice = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise HookProblem(f"There is no hook {hook}. {advice}")
    for attribute, value in vars(module).items():
        if attribute.startswith("amity_") and callable(value) and attribute not in implemented:
            raise HookProblem(f"{attribute} is not marked: write @amity.hookimpl above it.")
    manager.check_pending()


def check_items(hook: str, items: Sequence[Any], present: Sequence[Any]) -> None:
    """Raise `HookProblem` where an item is of a wrong type or takes a name that is taken."""
    _CHECKS[hook](hook, items)
    unique = _UNIQUE.get(hook)
    if unique is None:
        return
    taken = {getattr(item, unique) for item in present}
    for item in items:
        value = getattr(item, unique)
        if value in taken:
            raise HookProblem(f"{hook}: the {unique} {value!r} is taken already.")
        taken.add(value)


def explain(error: BaseException, folder: Path | None) -> str:
    """Say in one line what went wrong in an extension, with the place in its own files."""
    message = "; ".join(str(error).strip().splitlines())[:400]
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if folder is None:
        return text
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder)
    ]
    if not frames:
        return text
    place = Path(frames[-1].filename).relative_to(folder.parent)
    return f"{text} ({place.as_posix()}, line {frames[-1].lineno})"


def _instances(expected: type) -> Callable[[str, Sequence[Any]], None]:
    def check(hook: str, items: Sequence[Any]) -> None:
        for item in items:
            if not isinstance(item, expected):
                raise HookProblem(f"{hook} must give {expected.__name__} objects, not {_describe(item)}.")

    return check


def _kinds(hook: str, items: Sequence[Any]) -> None:
    from amity.entities.kinds.base import Kind

    _instances(Kind)(hook, items)
    for item in items:
        if not isinstance(getattr(item, "name", None), str) or not item.name.isidentifier():
            raise HookProblem(f"{hook}: {type(item).__name__} needs a name of a-z, 0-9 and _.")


def _functions(hook: str, items: Sequence[Any]) -> None:
    from amity.expressions.scope import Function

    _instances(Function)(hook, items)


def _actions(hook: str, items: Sequence[Any]) -> None:
    from amity.workflows.action import Action

    _instances(Action)(hook, items)
    for item in items:
        if not isinstance(getattr(item, "name", None), str) or not item.name.isidentifier():
            raise HookProblem(f"{hook}: {type(item).__name__} needs a name of a-z, 0-9 and _.")


def _policies(hook: str, items: Sequence[Any]) -> None:
    for item in items:
        if isinstance(item, type) or not callable(getattr(item, "decide", None)):
            raise HookProblem(
                f"{hook} must give objects with decide(actor, verb, entity), not {_describe(item)}."
            )


def _describe(item: Any) -> str:
    return f"the class {item.__name__} itself" if isinstance(item, type) else type(item).__name__


_CHECKS: Final[dict[str, Callable[[str, Sequence[Any]], None]]] = {
    "amity_kinds": _kinds,
    "amity_functions": _functions,
    "amity_actions": _actions,
    "amity_policies": _policies,
    "amity_validators": _instances(RecordValidator),
    "amity_pages": _instances(Page),
    "amity_panels": _instances(Panel),
    "amity_menu": _instances(MenuEntry),
}
_UNIQUE: Final = {"amity_kinds": "name", "amity_functions": "name", "amity_actions": "name"}
