"""What the core itself gives through the hooks: the same door as everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amity.hookspecs import hookimpl

if TYPE_CHECKING:
    from amity.entities.kinds.base import Kind
    from amity.expressions.scope import Function
    from amity.workflows.action import Action


@hookimpl
def amity_kinds() -> Sequence[Kind]:
    """Give the kinds of `amity.entities.kinds`."""
    from amity.entities.kinds import core

    return list(core.amity_kinds())


@hookimpl
def amity_functions() -> Sequence[Function]:
    """Give the functions of `amity.expressions.functions`."""
    from amity.expressions.functions import core_functions

    return core_functions()


@hookimpl
def amity_actions() -> Sequence[Action]:
    """Give the actions of `amity.workflows.actions`."""
    from amity.workflows.actions import core_actions

    return core_actions()
