"""How the command line shows errors, and what it exits with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amity.cli import main
from amity.cli.errors import exit_code, render
from amity.errors import Invalid, NeedsConfirmation, NotFound, Problem, SetupError
from tests.support.servers import amity, environment


def test_the_message_is_not_said_twice() -> None:
    assert render(NotFound("There is no entity 'x'.")) == "Error: There is no entity 'x'."
    error = Invalid("Two values are wrong.", problems=[Problem("a", "Two values are wrong.")], hint="Look.")
    assert render(error) == "Error: Two values are wrong.\n  Look."


def test_each_problem_names_its_place() -> None:
    error = Invalid(
        "Some rows are wrong.",
        problems=[
            Problem("required", "A name is needed.", pointer="/name", index=0),
            Problem("unknown", "There is no such field.", parameter="sort"),
        ],
    )
    assert render(error).splitlines() == [
        "Error: Some rows are wrong.",
        "  row 1, /name: A name is needed.",
        "  sort: There is no such field.",
    ]


def test_exit_codes() -> None:
    assert exit_code(SetupError("x")) == 1
    assert exit_code(NeedsConfirmation("x")) == 2


@pytest.mark.parametrize("arguments", [["frobnicate"], ["serve", "--prot", "1"], ["serve", "--port", "x"]])
def test_a_wrong_call_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "Error: " in capsys.readouterr().err


def test_an_error_of_amity_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = amity("serve", home=tmp_path / "home", AMITY_PORT="http")
    assert done.returncode == 1
    assert done.stderr == "Error: AMITY_PORT is 'http'; a whole number is needed.\n"


def test_help_costs_no_heavy_import() -> None:
    script = "import sys\ntry:\n    from amity.cli import main; main(['--help'])\nfinally:\n    " + (
        "heavy = {'flask', 'sqlalchemy', 'jsonschema', 'alembic', 'granian'} & set(sys.modules)\n"
        "    assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
