"""Secrets that steps use by name: they lie in `secrets.toml` in the home, and nowhere else.

A document names a secret, never holds one; its value reaches neither run data nor pages, logs or errors.
The operator may write the file by hand or mount it; admins set and remove secrets by `Vault`, which keeps
comments and order and replaces the file in one step.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets as random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from amity.access.context import Context
from amity.errors import Conflict, Forbidden, Invalid, NotFound
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed

log: Final = logging.getLogger("amity.secrets")

FILE: Final = "secrets.toml"
NAME: Final = "^[a-z][a-z0-9_]{0,63}$"
LONGEST: Final = 4000
_NAME: Final = re.compile(NAME)
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Vault:
    """The secrets of one home, by name; a value can be set and used, never read back by a person."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE

    def names(self) -> list[str]:
        """Names of all that can be used; none where the file cannot be read."""
        try:
            return sorted(name for name, value in self._read().items() if _usable(name, value))
        except Unreadable:
            return []

    @property
    def readable(self) -> bool:
        """False where there is a file that cannot be read: something is wrong with it."""
        try:
            self._read()
        except Unreadable:
            return False
        return True

    def get(self, name: str) -> str:
        """Give a value, for signing. Raises `ActionFailed` with what must be done, never with a value."""
        try:
            value = self._read().get(name)
        except Unreadable as error:
            raise ActionFailed(_("%(file)s in the home cannot be read.", file=FILE)) from error
        if not _usable(name, value):
            message = _(
                "There is no secret '%(name)s'. An admin enters it in the builder, under Secrets.",
                name=name[:64],
            )
            raise ActionFailed(message, again=False)
        return str(value)

    def put(self, ctx: Context, name: str, value: str) -> None:
        """Set or replace a secret. Raises `Forbidden`, `Invalid`, `Conflict` (the file cannot be written)."""
        _require_admin(ctx)
        if not _NAME.fullmatch(name):
            message = "A name is made of small letters, digits and _, and begins with a letter."
            raise Invalid.at("/name", "name", message)
        value = value.strip()
        if not value or len(value) > LONGEST or not value.isprintable():
            message = f"A secret is one line of 1 to {LONGEST} characters."
            raise Invalid.at("/value", "value", message)
        known = self._change(lambda text, found: _with(text, found, name, value))
        log.info("secret set", extra={"secret": name, "by": ctx.actor.account, "replaced": name in known})

    def remove(self, ctx: Context, name: str) -> None:
        """Remove a secret. Raises `Forbidden`, `NotFound`, `Conflict`."""
        _require_admin(ctx)
        if name not in self.names():
            raise NotFound(f"There is no secret {name[:64]!r}.")
        self._change(lambda text, found: _with(text, found, name, None))
        log.info("secret removed", extra={"secret": name, "by": ctx.actor.account})

    def _read(self) -> Mapping[str, Any]:
        return self._parsed(self._text())

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise Unreadable from None

    @staticmethod
    def _parsed(text: str) -> Mapping[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise Unreadable from None  # its message may hold a piece of a value

    def _change(self, change: Callable[[str, Mapping[str, Any]], str]) -> Mapping[str, Any]:
        """Rewrite the file under a lock; give what was in it before."""
        try:
            with _locked(self.path.with_name(f".{FILE}.lock")):
                text = self._text()
                found = self._parsed(text)
                self._replace(change(text, found))
                return found
        except Unreadable:
            message = f"{FILE} in Amity's home cannot be read."
            raise Conflict(message, hint="The operator looks at it; nothing was changed.") from None
        except OSError as error:
            message = f"{FILE} in Amity's home cannot be written ({error.strerror})."
            raise Conflict(message, hint="The operator keeps the secrets there; ask for this one.") from error

    def _replace(self, text: str) -> None:
        fresh = self.path.with_name(f".{FILE}.{random.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


class Unreadable(Exception):
    """The file is there and cannot be read."""


def secret(home: Path, name: str) -> str:
    """Give a secret of a home. Raises `ActionFailed`."""
    return Vault(home).get(name)


def _usable(name: str, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and _NAME.fullmatch(name) is not None


def _require_admin(ctx: Context) -> None:
    if not ctx.actor.is_admin:
        raise Forbidden("Only admins may change secrets.")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _with(text: str, found: Mapping[str, Any], name: str, value: str | None) -> str:
    """Give the file with one secret set or (None) removed; comments stay where that is possible."""
    wanted = {key: item for key, item in found.items() if key != name}
    if value is not None:
        wanted[name] = value
    line = "" if value is None else f"{name} = {_quoted(value)}\n"
    own = re.compile(rf"(?m)^[ \t]*{name}[ \t]*=.*(?:\n|\Z)")
    # A new one stands in front: behind a table it would belong to that.
    made = own.sub(lambda match: line, text, count=1) if name in found else line + text
    if _same(made, wanted):
        return made
    if not all(isinstance(item, str) for item in wanted.values()):
        raise Conflict(
            f"{FILE} in Amity's home is written in a way that this page cannot change.",
            hint="The operator changes it there.",
        )
    return "".join(f"{_key(key)} = {_quoted(item)}\n" for key, item in wanted.items())


def _same(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else _quoted(name)


def _quoted(value: str) -> str:
    return '"' + "".join(_ESCAPED.get(character, character) for character in value) + '"'
