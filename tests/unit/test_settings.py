"""Settings: the order of the sources, types, misspelt names, the home and its key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amity.errors import SetupError
from amity.settings import KEY_FILE, Settings, load, open_home


def test_defaults_lie_in_the_current_folder(tmp_path: Path) -> None:
    settings = load(environ={}, folder=tmp_path)
    assert settings.home == Path("amity-data")
    assert settings.database_url == f"sqlite:///{Path('amity-data').absolute()}/amity.db"
    assert settings.is_sqlite
    assert (settings.host, settings.port, settings.workers, settings.with_worker) == (
        "127.0.0.1",
        8000,
        1,
        True,
    )


def test_flags_beat_environment_beats_file(tmp_path: Path) -> None:
    (tmp_path / "amity.toml").write_text('port = 1\nhost = "file"\nworkers = 2\ndemo = true\n')
    environ = {"AMITY_PORT": "2", "AMITY_HOST": "environment", "AMITY_DEMO": "no"}
    settings = load({"port": 3, "workers": None}, environ=environ, folder=tmp_path)
    assert (settings.port, settings.host, settings.workers, settings.demo) == (3, "environment", 2, False)


def test_the_file_may_lie_in_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "amity.toml").write_text('database_url = "postgresql://db/amity"\n')
    settings = load(environ={"AMITY_HOME": str(home)}, folder=tmp_path)
    assert settings.database_url == "postgresql://db/amity"
    assert not settings.is_sqlite
    (home / "amity.toml").write_text('home = "elsewhere"\n')
    with pytest.raises(SetupError, match="cannot say where the home is"):
        load(environ={"AMITY_HOME": str(home)}, folder=tmp_path)


def test_a_home_in_the_file_is_meant_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "amity.toml").write_text('home = "data"\n')
    assert load(environ={}, folder=tmp_path).home == tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", r"amity\.toml has the unknown key 'prot'\. Did you mean 'port'\?"),
        ("colour = 1", r"unknown key 'colour'\. Allowed are: home, database_url,"),
        ('port = "80"', r"'port' in .*amity\.toml is '80'; a whole number is needed"),
        ("port = true", r"a whole number is needed"),
        ("demo = 1", r"true or false is needed"),
        ("host = 1", r"a text in quotes is needed"),
        ("port = ", r"amity\.toml cannot be read: Invalid value"),
        ("port = 70000", r"The port is 70000; allowed is 0"),
        ("workers = 0", r"at least 1"),
        ('secret_key = "short"', r"has 5 characters; at least 32"),
    ],
)
def test_a_wrong_file_is_refused_with_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "amity.toml").write_text(text)
    with pytest.raises(SetupError, match=message):
        load(environ={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"AMITY_DATABSE_URL": "x"}, r"AMITY_DATABSE_URL\. Did you mean AMITY_DATABASE_URL\?"),
        ({"AMITY_PORT": "http"}, r"AMITY_PORT is 'http'; a whole number"),
        ({"AMITY_DEMO": "maybe"}, r"AMITY_DEMO is 'maybe'; allowed are 1, true"),
    ],
)
def test_a_wrong_environment_is_refused(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    with pytest.raises(SetupError, match=message):
        load(environ=environ, folder=tmp_path)


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert load(environ={"AMITY_TEST_POSTGRES": "x", "HOME": "y"}, folder=tmp_path) == Settings()


def test_the_home_and_its_key_are_made_once_and_private(tmp_path: Path) -> None:
    settings = open_home(Settings(home=tmp_path / "a" / "b"))
    key_file = settings.home / KEY_FILE
    assert len(settings.secret_key) >= 32
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert open_home(Settings(home=settings.home)).secret_key == settings.secret_key
    assert [path.name for path in settings.home.iterdir()] == [KEY_FILE]


def test_a_given_key_is_not_written_down(tmp_path: Path) -> None:
    settings = open_home(Settings(home=tmp_path, secret_key="k" * 32))
    assert settings.secret_key == "k" * 32
    assert not (tmp_path / KEY_FILE).exists()


def test_first_starts_at_the_same_time_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(open_home, [Settings(home=tmp_path)] * 8)
    assert len({settings.secret_key for settings in found}) == 1


def test_a_home_that_cannot_be_written_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file" / "home", Path("/proc/amity")):
        with pytest.raises(SetupError, match=r"^The home folder .* cannot be written: [^\n]*\.$") as caught:
            open_home(Settings(home=home))
        assert "--home" in (caught.value.hint or "")


def test_a_damaged_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("")
    with pytest.raises(SetupError, match="does not hold a secret key"):
        open_home(Settings(home=tmp_path))
