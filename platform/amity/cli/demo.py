"""`amity serve --demo`: load the demo organisation once, and print who can sign in."""

from __future__ import annotations

import os

import click

from amity.access.context import SYSTEM
from amity.exchange.demo import sign_ins
from amity.exchange.demo.load import load
from amity.workspace import Workspace

PASSWORD_FILE = "demo-password"  # noqa: S105 (the name of a file)


def load_demo(workspace: Workspace) -> None:
    """Load the demo organisation, where it is not there yet. Raises Conflict where other records are."""
    if sign_ins.exist(workspace.accounts):
        return
    context = workspace.context(SYSTEM, "demo")
    ids = load(workspace.records, workspace.definitions, context, context.today)
    password = sign_ins.new_password()
    path = workspace.settings.home / PASSWORD_FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    sign_ins.create(workspace.accounts, ids, password, by=SYSTEM)


def print_sign_ins(workspace: Workspace) -> None:
    """Print the people of the demo who can sign in, and their common password."""
    path = workspace.settings.home / PASSWORD_FILE
    active = {account.email for account in workspace.accounts.all() if account.state == "active"}
    people = [person for person in sign_ins.people() if person.email in active]
    if len(people) < len(sign_ins.people()):
        click.echo("  The demo was removed from this workspace.")
        return
    if path.exists():
        click.echo(f"  Sign in with the password {path.read_text().strip()} as")
    else:
        click.echo(
            "  The demo was loaded from another home; `amity user reset EMAIL` gives a new password to"
        )
    for person in people:
        click.echo(f"            {person.email:<28} {person.name}, {person.job} ({person.role})")
