"""`amity check`: is everything as it should be."""

from __future__ import annotations

import click

from amity.cli.frame import CommandLine, pass_command_line

_MARKS = {"ok": "  ", "warning": "? ", "problem": "! "}


@click.command()
@pass_command_line
def command(line: CommandLine) -> int:
    """Look at home, database, extensions, processes and files, and say what to do.

    Changes nothing. Ends with 1 where something is in the way of working.
    """
    from amity.cli.diagnosis import State, examine

    findings = examine(line.settings())
    for finding in findings:
        click.echo(_MARKS[finding.state] + finding.what)
        if finding.advice:
            click.echo(f"    {finding.advice}")
    problems = sum(finding.state == State.PROBLEM for finding in findings)
    warnings = sum(finding.state == State.WARNING for finding in findings)
    click.echo(f"{problems} problems, {warnings} warnings.")
    return 1 if problems else 0
