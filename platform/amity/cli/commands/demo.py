"""`amity demo`: the demo organisation, in and out."""

from __future__ import annotations

import click

from amity.cli.frame import CommandLine, pass_command_line


@click.group()
def command() -> None:
    """A believable sample organisation to try things on."""


@command.command()
@pass_command_line
def load(line: CommandLine) -> None:
    """Load it into a workspace without records and print its sign-ins."""
    from amity.cli.demo import load_demo, print_sign_ins

    with line.workspace() as workspace:
        load_demo(workspace)
        print_sign_ins(workspace)


@command.command()
@pass_command_line
def remove(line: CommandLine) -> None:
    """Put all its records into the bin and deactivate its accounts (the last admin stays)."""
    with line.workspace() as workspace:
        number = workspace.remove_demo()
        click.echo(f"{number} records put into the bin.")
