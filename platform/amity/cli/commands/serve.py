"""`amity serve`: the web server, ready to use: database, shipped definitions, set-up link, address."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from amity import __version__
from amity.cli.frame import ADDRESS_FILE, CommandLine, pass_command_line
from amity.cli.logs import log_for_servers
from amity.errors import SetupError
from amity.settings import HELP, Settings, open_home

if TYPE_CHECKING:
    from amity.workspace import Workspace


@click.command()
@click.option("--host", help=HELP["host"])
@click.option("--port", type=int, help=HELP["port"])
@click.option("--workers", type=int, help=HELP["workers"])
@click.option("--demo", is_flag=True, default=None, help=HELP["demo"])
@click.option("--no-worker", is_flag=True, help="Serve without the background worker: see `amity worker`.")
@click.option("--dev", is_flag=True, default=None, help=HELP["dev"])
@pass_command_line
def command(line: CommandLine, /, no_worker: bool, **flags: Any) -> None:
    """Start the web server; the first start sets everything up.

    Ends on SIGTERM or Ctrl-C after the running requests.
    """
    from amity.cli import serving

    settings = line.settings(with_worker=False if no_worker else None, **flags)
    if settings.workers > 1 and settings.is_sqlite:
        raise SetupError(
            f"{settings.workers} web processes need PostgreSQL; on SQLite one process is the fastest.",
            hint="Leave --workers out, or name a server with --database-url.",
        )
    settings = open_home(settings)
    with serving.reserved(settings.host, settings.port) as (host, port):
        address = serving.web_address(settings, host, port)
        settings = settings.changed(base_url=serving.own_address(settings, host, address), port=port)
        set_up(settings, address)
        log_for_servers(dev=settings.dev)
        kept = settings.home / ADDRESS_FILE
        kept.write_text(address + "\n", encoding="utf-8")
        try:
            serving.run(settings, host, port)
        finally:
            kept.unlink(missing_ok=True)


def set_up(settings: Settings, address: str) -> None:
    """Bring the workspace up to date and print what the person in front of the screen needs next.

    It is closed again before the web processes start: none of them may inherit a connection.
    """
    from amity.cli import demo
    from amity.cli.opening import open_workspace

    workspace = open_workspace(settings)
    try:
        if settings.demo:
            demo.load_demo(workspace)
        greet(workspace, address)
        if settings.demo:
            demo.print_sign_ins(workspace)
    finally:
        workspace.close()
    # The web processes are forks: what is still in the buffer would come out twice.
    sys.stdout.flush()


def greet(workspace: Workspace, address: str) -> None:
    """Print address, home and database, and the link for the first admin while there is none."""
    from amity.web import assets

    settings = workspace.settings
    click.echo(f"Amity {__version__}")
    click.echo(f"  Home      {settings.home.absolute()}")
    click.echo(f"  Database  {workspace.database.url.render_as_string(hide_password=True)}")
    click.echo(f"  Open      {address}/")
    if workspace.accounts.needs_setup():
        click.echo(f"  Set up    {address}/auth/link/{workspace.accounts.setup_link()}")
        click.echo("            makes the first admin; works once, within seven days")
    if lost := assets.missing():
        click.echo(
            f"The browser files are missing ({', '.join(lost)}): pages will be bare.\n"
            "  In a checkout run `make assets`; an installed Amity must be installed again.",
            err=True,
        )
