"""E-mails: what a step says becomes a message; one message is handed to one mail server.

`deliver` tells three ends apart, because only the first two may be followed by another try: `Refused` (the
server took nothing, now or ever) and `Uncertain` (the connection broke after the text was sent: it may have
arrived).
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from amity.files import FileStore
from amity.settings import Settings
from amity.texts import gettext as _

SECONDS: Final = 30
"""How long the server may take for each answer."""
MAX_RECIPIENTS: Final = 50
MAX_ATTACHED: Final = 20 * 1024 * 1024
"""Bytes of all attachments of one mail."""
_SPACE: Final = re.compile(r"\s+")


class Refused(Exception):
    """The server took nothing. `again` says whether it may later; the text holds the server's words."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.message = message
        self.again = again


class Uncertain(Exception):
    """The connection broke after the text was sent: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as the setting `smtp_url` names it."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    """TLS from the first byte (smtps)."""
    starttls: bool = False

    @classmethod
    def of(cls, url: str) -> Server:
        """Read `smtp://user:secret@host:587?starttls=1`."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        wanted = parse_qs(parts.query).get("starttls", ["0"])[-1].lower() in ("1", "true", "yes", "on")
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
            starttls=wanted and not tls,
        )

    def connect(self) -> smtplib.SMTP:
        """Open a connection and sign in. Raises `Refused`."""
        try:
            return self._connect()
        except smtplib.SMTPAuthenticationError as error:
            words = _words(error.smtp_error)
            raise Refused(
                _(
                    "The mail server refuses the sign-in: %(code)s %(words)s",
                    code=error.smtp_code,
                    words=words,
                ),
                again=True,
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Refused(
                _("The mail server %(host)s cannot be reached: %(error)s", host=self.host, error=error),
                again=True,
            ) from error

    def _connect(self) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        connection: smtplib.SMTP
        if self.tls:
            connection = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=trust)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            connection.ehlo()
            if self.starttls:
                connection.starttls(context=trust)
                connection.ehlo()
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the outbox keeps it."""

    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str
    cc: tuple[str, ...] = ()
    html: str | None = None
    attachments: tuple[Mapping[str, Any], ...] = ()
    """Values of file fields: name, size, type, sha256."""

    @property
    def everybody(self) -> tuple[str, ...]:
        """All recipients."""
        return (*self.to, *self.cc)


def message_of(mail: Mail, files: FileStore, now: Any, *, all_to: str = "") -> EmailMessage:
    """Make the message. With `all_to` it goes there, and a header tells whom it was meant for.

    Raises `Refused` where an attachment's content is gone.
    """
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # any server takes that
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(now)
    message["From"] = address(mail.sender)
    message["To"] = [address(item) for item in ((all_to,) if all_to else mail.to)]
    if mail.cc and not all_to:
        message["Cc"] = [address(item) for item in mail.cc]
    if all_to:
        message["X-Amity-Meant-For"] = ", ".join(mail.everybody)
    message["Subject"] = one_line(mail.subject)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for item in mail.attachments:
        main, _, sub = str(item.get("type") or "application/octet-stream").partition("/")
        content = _content(files, item)
        message.add_attachment(
            content, maintype=main, subtype=sub or "octet-stream", filename=one_line(str(item["name"]))
        )
    return message


def _content(files: FileStore, item: Mapping[str, Any]) -> bytes:
    from amity.errors import NotFound

    try:
        return files.find(str(item["sha256"])).read_bytes()
    except (NotFound, OSError) as error:
        raise Refused(
            _("The content of %(name)s is not here any more.", name=item["name"]), again=False
        ) from error


def deliver(connection: smtplib.SMTP, message: EmailMessage, sender: str, recipients: Sequence[str]) -> str:
    """Hand a message over; gives what the server said about recipients that it refused ("" for none).

    Raises `Refused` or `Uncertain`. Nothing is sent while the server wants one of them later.
    """
    try:
        refused = _envelope(connection, sender, recipients)
        code, words = connection.docmd("DATA")
        if code != 354:
            raise _refusal(code, words)
    except Refused:
        with suppress(smtplib.SMTPException, OSError):
            connection.rset()
        raise
    except (smtplib.SMTPException, OSError) as error:
        raise Refused(
            _("The connection to the mail server broke: %(error)s", error=error), again=True
        ) from error
    try:
        connection.send(_dotted(message.as_bytes()))
        code, words = connection.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise Uncertain(
            _("The connection broke while the mail server took it: %(error)s", error=error)
        ) from error
    if code != 250:
        raise _refusal(code, words)
    return "; ".join(refused)


def _envelope(connection: smtplib.SMTP, sender: str, recipients: Sequence[str]) -> list[str]:
    code, words = connection.mail(sender)
    if code != 250:
        raise _refusal(code, words)
    refused: list[str] = []
    later: list[str] = []
    for recipient in recipients:
        code, words = connection.rcpt(recipient)
        if code not in (250, 251):
            (later if 400 <= code < 500 else refused).append(f"{recipient}: {code} {_words(words)}")
    if later:
        raise Refused("; ".join(later), again=True)
    if len(refused) == len(recipients):
        raise Refused("; ".join(refused), again=False)
    return refused


def _refusal(code: int, words: bytes | str) -> Refused:
    return Refused(f"{code} {_words(words)}", again=400 <= code < 500 or code < 0)


def _words(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return one_line(text)[:500]


def _dotted(content: bytes) -> bytes:
    """Lines that begin with a dot get another one; a line with a dot alone is the end (RFC 5321)."""
    lines = re.sub(rb"(?m)^\.", b"..", content)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


# -- texts and addresses ----------------------------------------------------------------------------------
def one_line(text: str) -> str:
    """Join lines: what stands in a header has no line breaks."""
    return _SPACE.sub(" ", text).strip()


def address(text: str) -> Address:
    """Read `Name <a@b.example>`. Raises `ValueError` where it is none."""
    name, bare = parseaddr(text)
    user, at, domain = bare.rpartition("@")
    if not at or not user or not domain:
        raise ValueError(f"{text!r} is no e-mail address")
    return Address(one_line(name), user, domain)


def addresses(text: str) -> list[str]:
    """Read a list of addresses, separated by commas or semicolons. Raises `ValueError` for a wrong one."""
    from email_validator import EmailNotValidError, validate_email

    found: list[str] = []
    for name, bare in getaddresses([text.replace(";", ",")]):
        if not bare and not name:
            continue
        try:
            checked = validate_email(bare, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise ValueError(f"{(bare or name)[:100]!r} is no e-mail address: {error}") from error
        plain = checked.ascii_email or checked.normalized
        if plain not in map(bare_address, found):
            found.append(str(Address(one_line(name), addr_spec=plain)))
        if len(found) > MAX_RECIPIENTS:
            raise ValueError(
                _(
                    "A mail goes to %(most)s people at most; let the workflow send one to each",
                    most=MAX_RECIPIENTS,
                )
            )
    return found


def bare_address(text: str) -> str:
    """Give the address without the name."""
    return parseaddr(text)[1]


def sender_of(settings: Settings) -> str:
    """Give the sender of mails."""
    return settings.mail_from or f"Amity <amity@{socket.gethostname() or 'localhost'}>"


def message_id(key: str, sender: str) -> str:
    """Give the Message-ID of a step: the same for every attempt."""
    domain = bare_address(sender).rpartition("@")[2] or "amity.invalid"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
