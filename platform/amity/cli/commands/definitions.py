"""`amity definitions export`: all definitions as files."""

from __future__ import annotations

from pathlib import Path

import click

from amity.cli.frame import CommandLine, pass_command_line


@click.group()
def command() -> None:
    """Definitions in and out (see also `amity apply`)."""


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_command_line
def export(line: CommandLine, folder: Path) -> None:
    """Write every definition into FOLDER as deterministic JSON, one file each."""
    from amity.exchange.definitions import write

    with line.workspace() as workspace:
        written = write(workspace.definitions, folder)
    click.echo(f"{len(written)} definitions written to {folder}.")
