"""The frame of the command line: the group, its global flags, and what a command gets to work with.

A command is a file `commands/<name>.py` with a click command (or group) called `command`; a trailing
underscore in the file's name is dropped (`import_.py` is `amity import`). It takes `CommandLine`:

    @click.command()
    @click.argument("entity")
    @pass_command_line
    def command(line: CommandLine, entity: str) -> None:
        with line.workspace() as workspace: ...
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from amity import __version__
from amity.cli import commands
from amity.cli.logs import log_for_commands
from amity.settings import Settings, load

if TYPE_CHECKING:
    from amity.workspace import Workspace


ADDRESS_FILE: Final = "address"
"""In the home: where the running server is reached, for links that other commands print."""


class CommandLine:
    """What every command gets: the global flags, and from them the settings."""

    def __init__(self, flags: dict[str, Any]) -> None:
        self._flags = flags

    def settings(self, **flags: Any) -> Settings:
        """Read the settings; `flags` are the command's own, None where the person gave none."""
        return load({**self._flags, **flags})

    @staticmethod
    def address(settings: Settings) -> str:
        """Give the address to open: the named one, that of the running server, or where one would listen."""
        if settings.base_url:
            return settings.base_url.rstrip("/")
        try:
            return (settings.home / ADDRESS_FILE).read_text(encoding="utf-8").strip()
        except OSError:
            return f"http://{settings.host}:{settings.port}"

    @contextmanager
    def workspace(self, **flags: Any) -> Iterator[Workspace]:
        """Open the workspace for one command and close it afterwards; raises SetupError with one line."""
        from amity.cli.opening import open_workspace

        workspace = open_workspace(self.settings(**flags))
        try:
            yield workspace
        finally:
            workspace.close()


pass_command_line = click.make_pass_decorator(CommandLine)


class _Commands(click.Group):
    """Finds commands by their files and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module in pkgutil.iter_modules(commands.__path__):
            if module.name.rstrip("_") == cmd_name:
                found = importlib.import_module(f"{commands.__name__}.{module.name}").command
                assert isinstance(found, click.Command)
                found.name = cmd_name
                return found
        return None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from flags, then the environment (AMITY_*), then amity.toml.",
)
@click.option("--home", type=click.Path(path_type=Path), help="Folder of data, keys and own extensions.")
@click.option("--database-url", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def amity(context: click.Context, home: Path | None, database_url: str | None) -> None:
    """Amity: every relationship your organisation has, in one place."""
    log_for_commands()
    context.obj = CommandLine({"home": home, "database_url": database_url})
