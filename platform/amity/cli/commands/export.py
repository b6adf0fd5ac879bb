"""`amity export`: records to CSV or JSON."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from amity.cli.frame import CommandLine, pass_command_line
from amity.errors import SetupError


@click.command()
@click.argument("entity")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    help="csv or json.",
    show_default=True,
)
@click.option("--where", metavar="EXPRESSION", help="Only records that meet the condition.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, not the screen.")
@pass_command_line
def command(line: CommandLine, entity: str, form: str, where: str | None, output: Path | None) -> None:
    """Export records of ENTITY. A file appears only when it is complete."""
    from amity.access.context import SYSTEM
    from amity.exchange.exporting import export_csv, export_json

    formats: dict[str, Callable[..., Iterator[str]]] = {"csv": export_csv, "json": export_json}
    with line.workspace() as workspace:
        context = workspace.context(SYSTEM, "export")
        lines = formats[form](workspace.records, workspace.definitions.model, context, entity, where)
        if output is None:
            if isinstance(sys.stdout, io.TextIOWrapper):  # the same bytes on every system
                sys.stdout.reconfigure(encoding="utf-8", newline="")
            sys.stdout.writelines(lines)
            return
        part = output.with_name(output.name + ".part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
            part.replace(output)
        except OSError as error:
            raise SetupError(f"{output} cannot be written: {error.strerror}.") from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
