"""The core's actions, one file each: a module holds one action as `ACTION`."""

from __future__ import annotations

import importlib
import pkgutil

from amity.workflows.action import Action


def core_actions() -> list[Action]:
    """Give the actions of all modules of this package, by their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}").ACTION for name in names]
