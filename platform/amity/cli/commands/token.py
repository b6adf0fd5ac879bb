"""`amity token`: API tokens."""

from __future__ import annotations

import click

from amity.cli.frame import CommandLine, pass_command_line


@click.group()
def command() -> None:
    """API tokens for programs that act in a person's name."""


@command.command()
@click.option("--user", "email", required=True, metavar="EMAIL", help="In whose name the program acts.")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@pass_command_line
def create(line: CommandLine, email: str, name: str) -> None:
    """Make a token and print it, alone, on standard output. It is shown this once."""
    with line.workspace() as workspace:
        found = workspace.accounts.by_email(email)
        _, text = workspace.accounts.credentials.create_token(found.id, name)
        click.echo(text)
