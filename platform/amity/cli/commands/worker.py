"""`amity worker`: the background worker as a process of its own."""

from __future__ import annotations

import signal
import threading

import click

from amity.cli.frame import CommandLine, pass_command_line
from amity.cli.logs import log_for_servers


@click.command()
@pass_command_line
def command(line: CommandLine) -> None:
    """Run a background worker alone, until SIGTERM or Ctrl-C.

    For web processes that were started with --no-worker. Several may run, on PostgreSQL.
    """
    from amity.cli.working import work

    log_for_servers(dev=line.settings().dev)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with line.workspace() as workspace:
        click.echo("The worker is running.")
        work(workspace, stop)
