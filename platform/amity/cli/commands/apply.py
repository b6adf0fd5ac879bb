"""`amity apply`: definitions from files or folders, with their plan before."""

from __future__ import annotations

from pathlib import Path

import click

from amity.cli.frame import CommandLine, pass_command_line
from amity.definitions.plan import Plan, Severity
from amity.errors import InUse

UNCONFIRMED = 2
_MARKS = {Severity.SAFE: "+", Severity.CONVERTS: "~", Severity.PARKS: "-", Severity.REFUSED: "!"}


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--plan", "only_plan", is_flag=True, help="Print the plan and change nothing.")
@click.option("--yes", is_flag=True, help="Yes to what converts or parks data.")
@pass_command_line
def command(line: CommandLine, paths: tuple[Path, ...], only_plan: bool, yes: bool) -> int:
    """Apply definitions of entities and workflows from PATHS (files or folders of *.json).

    Prints the plan first. Ends with 2 where the plan converts or parks data and --yes is missing.
    """
    from amity.access.context import SYSTEM
    from amity.exchange.definitions import read

    changes = read(paths)
    with line.workspace() as workspace:
        context = workspace.context(SYSTEM, "apply")
        plan = workspace.definitions.plan(changes, context)
        click.echo(describe(plan))
        if plan.refused:
            raise InUse("The plan cannot be applied.", hint="See the lines that begin with '!'.")
        if only_plan or plan.empty:
            return 0
        if plan.needs_confirmation and not yes:
            click.echo("This converts or parks data: say --yes to go on.", err=True)
            return UNCONFIRMED
        workspace.definitions.apply(changes, context, revision=plan.revision, confirm=yes)
        click.echo(f"Applied; revision {workspace.definitions.model.revision}.")
        # What happens in the background otherwise: there may be no worker that would do it.
        workspace.definitions.run_jobs()
    return 0


def describe(plan: Plan) -> str:
    """Write a plan as text, a line a change, with where the thing is used."""
    if plan.empty:
        return "Nothing to change."
    lines = []
    for change in plan.changes:
        place = f"{change.entity}.{change.field}" if change.field else change.entity
        records = f" ({change.records} records)" if change.records else ""
        lines.append(f"{_MARKS[change.severity]} {place}: {change.what}{records}")
        lines += [f"    used by {use.kind} of {use.owner} at {use.pointer}" for use in change.used_by]
    for question in plan.questions:
        lines.append(
            f"? {question.entity}.{question.field}: renamed from {', '.join(question.candidates)}? "
            f'Answer in the file: "x-amity": {{"renamed_from": "..."}}'
        )
    return "\n".join(lines)
