"""Every hook of Amity, typed: the whole extension surface in one file.

An extension is a module (or package) with functions named like these, marked with `@amity.hookimpl`.
Hooks are called once, when a workspace opens, unless the text says otherwise. Each is documented with an
example in `docs/reference/hooks.md`, and a test says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from amity.access.policy import Policy
    from amity.entities.kinds.base import Kind
    from amity.expressions.scope import Function
    from amity.extension import MenuEntry, Page, Panel, RecordValidator
    from amity.workflows.action import Action

hookspec = pluggy.HookspecMarker("amity")
hookimpl = pluggy.HookimplMarker("amity")


@hookspec
def amity_kinds() -> Sequence[Kind]:  # type: ignore[empty-body]
    """Give kinds of fields. The core's kinds come in through this hook, too."""


@hookspec
def amity_functions() -> Sequence[Function]:  # type: ignore[empty-body]
    """Give functions for expressions."""


@hookspec
def amity_actions() -> Sequence[Action]:  # type: ignore[empty-body]
    """Give actions for workflows. The core's actions come in through this hook, too."""


@hookspec
def amity_policies() -> Sequence[Policy]:  # type: ignore[empty-body]
    """Give further policies; a person may do only what every policy allows."""


@hookspec
def amity_validators() -> Sequence[RecordValidator]:  # type: ignore[empty-body]
    """Give checks that run in the gate, after the entity's own, on create and update of any origin."""


@hookspec
def amity_pages() -> Sequence[Page]:  # type: ignore[empty-body]
    """Give pages of your own; each is served below `/x/<extension>/`."""


@hookspec
def amity_panels() -> Sequence[Panel]:  # type: ignore[empty-body]
    """Give panels for the record page of one or all entities."""


@hookspec
def amity_menu() -> Sequence[MenuEntry]:  # type: ignore[empty-body]
    """Give entries of the main menu."""
