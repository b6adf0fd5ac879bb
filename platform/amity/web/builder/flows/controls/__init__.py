"""The kinds of controls, one module each with its template; a module that is put here is found by itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from amity.web.builder.flows.controls.base import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Give all kinds by name."""
    found: dict[str, Kind] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        found |= getattr(import_module(module.name), "KINDS", {})
    return found
