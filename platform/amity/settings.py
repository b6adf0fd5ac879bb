"""Settings of one Amity: from flags, then environment `AMITY_*`, then `amity.toml`, then the defaults.

Each setting is a field of `Settings` with its line in `HELP`; a test keeps `docs/reference/settings.md` true.
A misspelt key is an error that names the nearest right one: nobody runs for a year on the wrong
database because of a typing mistake.
"""

from __future__ import annotations

import difflib
import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from amity.errors import SetupError

FILE: Final = "amity.toml"
DEFAULT_HOME: Final = Path("amity-data")
KEY_FILE: Final = "secret-key"
PREFIX: Final = "AMITY_"
MIN_KEY_LENGTH: Final = 32
_TRUE: Final = {"1", "true", "yes", "on"}
_FALSE: Final = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides; immutable. Make one with `load`, or directly in tests."""

    home: Path = DEFAULT_HOME
    database_url: str = ""
    secret_key: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    base_url: str = ""
    proxies: int = 0
    demo: bool = False
    with_worker: bool = True
    keep_runs: int = 90
    max_depth: int = 8
    max_writes: int = 5000
    dev: bool = False
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    mail_all_to: str = ""
    private_hosts: str = ""

    def __post_init__(self) -> None:
        if not self.database_url:
            url = f"sqlite:///{self.home.absolute() / 'amity.db'}"
            object.__setattr__(self, "database_url", url)
        if self.secret_key and len(self.secret_key) < MIN_KEY_LENGTH:
            raise SetupError(
                f"The secret key has {len(self.secret_key)} characters; at least {MIN_KEY_LENGTH} are needed."
            )
        if not 0 <= self.port <= 65535:
            raise SetupError(f"The port is {self.port}; allowed is 0 (a free one) to 65535.")
        if not 0 <= self.proxies <= 10:
            raise SetupError(f"The number of proxies is {self.proxies}; allowed is 0 to 10.")
        if self.keep_runs < 1:
            raise SetupError(f"Runs are kept for {self.keep_runs} days; at least 1 is needed.")
        if not 1 <= self.max_depth <= 100:
            raise SetupError(f"The depth of workflows (max_depth) is {self.max_depth}; allowed is 1 to 100.")
        if self.max_writes < 1:
            raise SetupError(
                f"A run may change {self.max_writes} records (max_writes); at least 1 is needed."
            )
        if self.workers < 1:
            raise SetupError(f"The number of workers is {self.workers}; at least 1 is needed.")
        if self.smtp_url:
            _check_smtp(self.smtp_url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def webhook_hosts(self) -> tuple[str, ...]:
        """The hosts of `private_hosts`, each as it was written: a name, or a name and a port."""
        return tuple(item.strip().lower() for item in self.private_hosts.split(",") if item.strip())

    def changed(self, **values: Any) -> Settings:
        """Give a copy with other values."""
        return replace(self, **values)


HELP: Final[Mapping[str, str]] = {
    "home": "Folder of everything Amity keeps: database, files, keys, own extensions.",
    "database_url": "`sqlite:///PATH` or `postgresql://USER@HOST/NAME`; default: `amity.db` in the home.",
    "secret_key": "Signs sessions and links, 32 characters or more; default: made once, kept in the home.",
    "host": "Address to listen on; `0.0.0.0` for all.",
    "port": "Port to listen on; 0 takes a free one.",
    "workers": "Web processes; more than one on PostgreSQL only.",
    "base_url": "Address under which people reach Amity, for links; default: the one it listens on.",
    "proxies": "Reverse proxies in front whose `X-Forwarded` headers count; 0 believes none.",
    "demo": "Load the demo organisation into an empty workspace.",
    "with_worker": "Run the background worker inside `amity serve`.",
    "keep_runs": "Days for which ended runs of workflows are kept.",
    "max_depth": "How many workflows may start each other in a row before the last one is paused.",
    "max_writes": "How many records one run of a workflow may change before it is stopped and paused.",
    "dev": "For developers: templates are read anew, every request is logged.",
    "smtp_url": "Mail server, `smtp://USER:SECRET@HOST:587?starttls=1` or `smtps://`; without: mails wait.",
    "mail_from": "Sender of e-mails, such as `Acme <hello@acme.example>`.",
    "mail_all_to": "Sends every e-mail to this address instead of its recipients, to try things out.",
    "private_hosts": "Private hosts that webhooks may call, also without TLS: `erp.lan:8080, crm.lan`.",
}
"""What each setting is for, one line each, as the reference and `--help` say it."""


def _check_smtp(url: str) -> None:
    """Refuse an address that no mail server can have; the secret in it is never repeated."""
    parts = urlsplit(url)
    try:
        right = (
            parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and (parts.port is None or parts.port)
        )
    except ValueError:
        right = False
    if not right:
        raise SetupError(
            "The address of the mail server (smtp_url) cannot be read.",
            hint="Write smtp://USER:SECRET@HOST:587?starttls=1, or smtps://USER:SECRET@HOST:465.",
        )


NAMES: Final = tuple(item.name for item in fields(Settings))


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read the settings; `flags` that are None do not count.

    `amity.toml` is looked for in `folder` (the current one), else in the home. Touches nothing on disk: see
    `open_home`. Raises SetupError for unknown keys and values of a wrong type.
    """
    folder = folder or Path.cwd()
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    from_environment = _from_environment(os.environ if environ is None else environ)
    from_file = _from_file(folder / FILE)
    home = _first("home", given, from_environment, from_file)
    if home is not None:
        home = Path(home).expanduser()
    if not from_file:
        from_file = _from_file((home or folder / DEFAULT_HOME) / FILE)
        if "home" in from_file:
            raise SetupError(f"{FILE} inside the home cannot say where the home is; remove its key 'home'.")
    merged = {**from_file, **from_environment, **given}
    merged["home"] = home or DEFAULT_HOME
    return Settings(**merged)


def open_home(settings: Settings) -> Settings:
    """Make the home folder and its secret key where they are missing; gives settings with a key.

    Raises SetupError with one line where the folder cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
        key = settings.secret_key or _kept_key(settings.home / KEY_FILE)
    except OSError as error:
        raise SetupError(
            f"The home folder {settings.home} cannot be written: {error.strerror or error}.",
            hint="Name another one with --home or AMITY_HOME, or give yourself the right to write it.",
        ) from error
    return settings.changed(secret_key=key)


def _kept_key(path: Path) -> str:
    """Read the key, or make it so that of two first starts both get the same."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # the other first start was quicker: its key counts
        finally:
            fresh.unlink()
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < MIN_KEY_LENGTH:
        raise SetupError(
            f"{path} does not hold a secret key of at least {MIN_KEY_LENGTH} characters.",
            hint="Put the right one back from a backup; a new one signs everybody out.",
        )
    return key


def _first(name: str, *sources: Mapping[str, Any]) -> Any:
    return next((source[name] for source in sources if name in source), None)


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {PREFIX + name.upper(): name for name in NAMES}
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if variable in known:
            values[known[variable]] = _parse(known[variable], text, variable)
        elif variable.startswith(PREFIX):
            # Others may have variables of this prefix; only what looks like a slip is refused.
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0.9)
            if near:
                raise SetupError(f"The environment has {variable}. Did you mean {near[0]}?")
    return values


def _from_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{path} cannot be read: {error}.") from error
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Allowed are: {', '.join(NAMES)}."
            raise SetupError(f"{path} has the unknown key '{name}'. {hint}")
        values[name] = _checked(name, value, f"'{name}' in {path}")
    if "home" in values and not values["home"].is_absolute():
        values["home"] = path.parent / values["home"]
    return values


def _kind(name: str) -> str:
    declared: Field[Any] = next(item for item in fields(Settings) if item.name == name)
    return str(declared.type)


def _parse(name: str, text: str, source: str) -> Any:
    """Turn the text of an environment variable into the setting's type."""
    match _kind(name):
        case "bool":
            if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
            raise SetupError(f"{source} is '{text}'; allowed are 1, true, yes, on and 0, false, no, off.")
        case "int":
            try:
                return int(text)
            except ValueError:
                raise SetupError(f"{source} is '{text}'; a whole number is needed.") from None
        case "Path":
            return Path(text).expanduser()
    return text


def _checked(name: str, value: Any, source: str) -> Any:
    """Check the type of a value of `amity.toml`."""
    kind = _kind(name)
    expected: type = {"bool": bool, "int": int}.get(kind, str)
    if type(value) is not expected:
        words = {bool: "true or false", int: "a whole number", str: "a text in quotes"}
        raise SetupError(f"{source} is {value!r}; {words[expected]} is needed.")
    return Path(str(value)).expanduser() if kind == "Path" else value
