"""`amity import`: records from a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from amity.cli.frame import CommandLine, pass_command_line

if TYPE_CHECKING:
    from amity.exchange.importing import Report


@click.command()
@click.argument("entity")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="A=b",
    help="Column A fills field b; may be repeated, or A=b,C=d.",
)
@click.option("--key", metavar="FIELD", help="Update the record that has the same value, create others.")
@click.option(
    "--atomic",
    is_flag=True,
    help="All rows or none, in one transaction; on SQLite nobody else can save meanwhile.",
)
@click.option("--mute", is_flag=True, help="Start no workflows; rules still count.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing.")
@pass_command_line
def command(
    line: CommandLine,
    entity: str,
    file: Path,
    pairs: tuple[str, ...],
    key: str | None,
    atomic: bool,
    mute: bool,
    dry_run: bool,
) -> int:
    """Import records of ENTITY from the CSV file FILE (UTF-8, with a header row).

    Columns called like a field find it by themselves. `A=address.city` fills a part of a field,
    `A=manager.number` finds the linked record by its number, `A=` leaves column A out.
    Ends with 1 where a row failed.
    """
    from amity.access.context import SYSTEM
    from amity.exchange.importing import CsvImport, describe
    from amity.exchange.mapping import parse_pairs
    from amity.exchange.tables import CsvTable
    from amity.workflows.requesting import MUTE

    table = CsvTable(file)
    cause = {"file": file.name, **({MUTE: True} if mute else {})}
    with line.workspace() as workspace:
        job = CsvImport(
            workspace.records,
            workspace.definitions.model,
            workspace.context(SYSTEM, "import", **cause),
            entity,
            table,
            mapping=parse_pairs(pairs),
            key=key,
            dry_run=dry_run,
            atomic=atomic,
        )
        report = job.run()
        _print(report)
        click.echo(describe(job.entity, report) + _why_nothing(report, dry_run, atomic))
    return 1 if report.failed else 0


def _why_nothing(report: Report, dry_run: bool, atomic: bool) -> str:
    if dry_run:
        return " (dry run: nothing was written)"
    return " (nothing was written)" if atomic and report.failed else ""


def _print(report: Report) -> None:
    if report.ignored:
        click.echo(f"Columns that fill nothing: {', '.join(report.ignored)}")
    for problem in report.problems:
        click.echo(f"line {problem.line}: {problem.message}", err=True)
    if report.failed > len(report.problems):
        click.echo(f"... and {report.failed - len(report.problems)} more", err=True)
