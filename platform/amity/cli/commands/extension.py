"""`amity extension`: which extensions there are, and switching them on and off."""

from __future__ import annotations

import click

from amity.cli.frame import CommandLine, pass_command_line


@click.group()
def command() -> None:
    """List extensions, switch them on and off."""


@command.command("list")
@pass_command_line
def list_(line: CommandLine) -> None:
    """List the extensions: bundled, of the home's extensions/ folder and installed as packages.

    One that could not be loaded is set aside; its reason stands below it.
    """
    with line.workspace() as workspace:
        extensions = workspace.plugins.extensions
    if not extensions:
        click.echo("There are no extensions.")
    width = max((len(extension.name) for extension in extensions), default=0)
    for extension in extensions:
        name, state = f"{extension.name:<{width}}", f"{extension.state:<8}"
        click.echo(f"{name}  {state}  {extension.source:<7}  {extension.title}".rstrip())
        if extension.reason:
            click.echo(f"  {extension.reason}")


@command.command()
@click.argument("name")
@pass_command_line
def enable(line: CommandLine, name: str) -> None:
    """Switch the extension NAME on."""
    _switch(line, name, enabled=True)


@command.command()
@click.argument("name")
@pass_command_line
def disable(line: CommandLine, name: str) -> None:
    """Switch the extension NAME off; its entities and records stay."""
    _switch(line, name, enabled=False)


def _switch(line: CommandLine, name: str, *, enabled: bool) -> None:
    with line.workspace() as workspace:
        workspace.switch_extension(name, enabled)
    click.echo(
        f"{name} is {'enabled' if enabled else 'disabled'}; it counts from the next start of `amity serve`."
    )
