"""The command line. `main` is the entry point; one file in `commands/` is one command.

Commands are imported when they are called: `amity serve` never pays for what `amity import` needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from amity.cli.errors import exit_code, render
from amity.cli.frame import amity
from amity.errors import AmityError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 done, 1 refused or failed, 2 wrongly called or unconfirmed.

    What is meant for people is one plain text on standard error, never a traceback.
    """
    try:
        result = amity.main(
            args=None if arguments is None else list(arguments), prog_name="amity", standalone_mode=False
        )
    except AmityError as error:
        click.echo(render(error), err=True)
        sys.exit(exit_code(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has seen enough (`amity export ... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped.", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(result if isinstance(result, int) else 0)
