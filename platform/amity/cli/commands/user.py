"""`amity user`: accounts."""

from __future__ import annotations

import click

from amity.cli.frame import CommandLine, pass_command_line


@click.group()
def command() -> None:
    """Add people and give them a new one-time link."""


@command.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, help="admin or staff; may be repeated.")
@click.option("--name", help="Full name; default: made from the address.")
@pass_command_line
def add(line: CommandLine, email: str, roles: tuple[str, ...], name: str | None) -> None:
    """Invite EMAIL and print the one-time link with which the person chooses a password."""
    from amity.access.context import SYSTEM

    with line.workspace() as workspace:
        _, key = workspace.accounts.invite(email, name or _name_from(email), roles, by=SYSTEM)
        click.echo(link(line.address(workspace.settings), key))


@command.command()
@click.argument("email")
@pass_command_line
def reset(line: CommandLine, email: str) -> None:
    """Print a one-time link with which EMAIL chooses a new password."""
    from amity.access.context import SYSTEM

    with line.workspace() as workspace:
        found = workspace.accounts.by_email(email)
        key = workspace.accounts.password_link(found.id, by=SYSTEM)
        click.echo(link(line.address(workspace.settings), key))


def link(address: str, key: str) -> str:
    """Give the address of a one-time link."""
    return f"{address}/auth/link/{key}"


def _name_from(email: str) -> str:
    words = email.partition("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word.capitalize() for word in words) or email
