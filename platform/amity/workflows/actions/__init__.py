"""The core's actions, one file each; they come in through the hook `amity_actions` like everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from amity.workflows.action import Action

ACTIONS: Final = (
    ("create", "Create"),
    ("update", "Update"),
    ("delete", "Delete"),
    ("find", "Find"),
    ("link", "Link"),
    ("unlink", "Unlink"),
    ("set_owner", "SetOwner"),
    ("send_email", "SendEmail"),
    ("notify", "Notify"),
    ("comment", "Comment"),
    ("webhook", "Webhook"),
    ("approval", "Approval"),
    ("ask", "Ask"),
    ("call", "CallWorkflow"),
    ("set", "Set"),
    ("refuse", "Refuse"),
    ("decision_table", "DecisionTable"),
    ("stop", "Stop"),
)
"""Module and class of each, in the order of the palette."""


def core_actions() -> Sequence[Action]:
    """Make the actions; each is imported here and not before."""
    made: list[Action] = []
    for module, name in ACTIONS:
        made.append(getattr(import_module(f"{__name__}.{module}"), name)())
    return made
