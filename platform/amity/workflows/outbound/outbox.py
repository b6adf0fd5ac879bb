"""The outbox: e-mails that wait, are sent, or could not be; the one who sends them.

A step only puts a row here, in its own transaction, so a mail exists exactly when the step is finished. The
sender claims a row (state `sending`, committed) before it talks to the mail server. So whoever dies in
between leaves a row in `sending`, and when its process is gone the row becomes `uncertain`: it may have
arrived, and only a person sends it again. No mail goes out twice for one step.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import smtplib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, or_, select, update

from amity.access.context import Context
from amity.database.engine import Database
from amity.database.processes import alive
from amity.database.schema_workflows import outbox
from amity.errors import AmityError, Conflict, Forbidden, NotFound
from amity.files import FileStore
from amity.settings import Settings
from amity.texts import ENGLISH, speaking
from amity.texts import gettext as _
from amity.workflows.outbound.mail import Mail, Refused, Server, Uncertain, bare_address, deliver, message_of

log: Final = logging.getLogger("amity.mail")

ATTEMPTS: Final = 12
FIRST_DELAY: Final = 60.0
LONGEST_DELAY: Final = 6 * 3600.0
PAUSE_SECONDS: Final = 2.0
STATES: Final = ("waiting", "sending", "uncertain", "failed", "sent", "cancelled")
DIED: Final = "The process stopped while it was sending: it may have arrived. Look before you send it again."


def delay(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts."""
    return dt.timedelta(seconds=min(FIRST_DELAY * 3 ** max(attempts - 1, 0), LONGEST_DELAY))


class OutboxSender:
    """Sends what is due. `process_id` is the id of this process's heartbeat (`database.processes`)."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        settings: Settings,
        process_id: str,
        clock: Callable[[], dt.datetime] | None = None,
        language: Callable[[], str] = lambda: ENGLISH,
    ) -> None:
        self._language = language
        """Gives the workspace's language: admins read in the outbox why a mail waits."""
        self._database = database
        self._files = files
        self._settings = settings
        self._process = process_id
        self._clock = clock or (lambda: dt.datetime.now(dt.UTC))

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; what goes wrong is logged and tried again."""
        while not stop.is_set():
            try:
                with speaking(self._language()):
                    self.recover()
                    self.send_due(stop.is_set)
            except AmityError as error:
                log.warning("the outbox waits: %s", error.message)
            except Exception:
                log.exception("the outbox failed")
            stop.wait(PAUSE_SECONDS)

    def recover(self) -> int:
        """Mark what dead processes were sending as uncertain; give how many these are."""
        with self._database.read() as connection:
            sending = connection.execute(
                select(outbox.c.id, outbox.c.sent_by).where(outbox.c.state == "sending")
            ).all()
        if not sending:
            return 0
        living = {process.id for process in alive(self._database)}
        lost = [(row.id, row.sent_by) for row in sending if row.sent_by not in living]
        if not lost:
            return 0

        def work(connection: Connection) -> int:
            count = 0
            for identity, owner in lost:
                ours = outbox.c.sent_by.is_(None) if owner is None else outbox.c.sent_by == owner
                changed = connection.execute(
                    update(outbox)
                    .where(outbox.c.id == identity, outbox.c.state == "sending", ours)
                    .values(state="uncertain", why=_(DIED), next_at=None)
                )
                count += changed.rowcount
            return count

        return self._database.run(work)

    def send_due(self, stopped: Callable[[], bool] = lambda: False, limit: int = 500) -> int:
        """Send what is due, oldest first; give how many mails were sent. Without a mail server nothing is."""
        if not self._settings.smtp_url:
            return 0
        due = self._due(limit)
        if not due:
            return 0
        server, sent = Server.of(self._settings.smtp_url), 0
        connection: smtplib.SMTP | None = None
        try:
            for identity in due:
                if stopped():
                    break
                try:
                    connection = connection or server.connect()
                except Refused as error:
                    self._postpone(error.message)
                    break
                row = self._claim(identity)
                if row is None:
                    continue
                done = self._send(connection, row)
                sent += done == "sent"
                if done != "sent":  # a fresh connection: nobody knows what state this one is in
                    _close(connection)
                    connection = None
        finally:
            if connection is not None:
                with suppress(smtplib.SMTPException, OSError):
                    connection.quit()
        return sent

    def _due(self, limit: int) -> list[str]:
        statement = select(outbox.c.id).where(outbox.c.state == "waiting", self._is_due())
        statement = statement.order_by(outbox.c.next_at, outbox.c.created_at, outbox.c.id).limit(limit)
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())

    def _is_due(self) -> Any:
        return or_(outbox.c.next_at.is_(None), outbox.c.next_at <= self._clock())

    def _postpone(self, why: str) -> None:
        """The server cannot be reached: everything that is due waits, and says so."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(outbox)
                .where(outbox.c.state == "waiting", self._is_due())
                .values(why=why, next_at=self._clock() + dt.timedelta(seconds=FIRST_DELAY))
            )

        log.warning("the mail server cannot be used: %s", why)
        self._database.run(work)

    def _claim(self, identity: str) -> Row[Any] | None:
        """Take a row for this process, committed before anything leaves the house."""

        def work(connection: Connection) -> Row[Any] | None:
            taken = connection.execute(
                update(outbox)
                .where(outbox.c.id == identity, outbox.c.state == "waiting")
                .values(state="sending", sent_by=self._process, attempts=outbox.c.attempts + 1)
            )
            if not taken.rowcount:
                return None
            return connection.execute(select(outbox).where(outbox.c.id == identity)).one()

        return self._database.run(work)

    def _send(self, connection: smtplib.SMTP, row: Row[Any]) -> str:
        mail = mail_of(row)
        all_to = self._settings.mail_all_to
        whom = [bare_address(all_to)] if all_to else [bare_address(item) for item in mail.everybody]
        try:
            message = message_of(mail, self._files, self._clock(), all_to=all_to)
            why = deliver(connection, message, bare_address(mail.sender), whom)
        except Uncertain as error:
            return self._end(row, "uncertain", str(error))
        except Refused as error:
            if error.again and row.attempts < ATTEMPTS:
                return self._end(row, "waiting", error.message, self._clock() + delay(row.attempts))
            return self._end(row, "failed", error.message)
        except ValueError as error:
            return self._end(row, "failed", str(error))
        return self._end(row, "sent", why or None)

    def _end(self, row: Row[Any], state: str, why: str | None, next_at: dt.datetime | None = None) -> str:
        # Somebody may have taken this process for dead; it knows better how it ended.
        ours = outbox.c.state.in_(("sending", "uncertain")), outbox.c.sent_by == self._process

        def work(connection: Connection) -> None:
            connection.execute(
                update(outbox)
                .where(outbox.c.id == row.id, *ours)
                .values(
                    state=state,
                    why=why,
                    next_at=next_at,
                    sent_at=self._clock() if state == "sent" else None,
                    sent_by=self._process if state == "sent" else None,
                )
            )

        self._database.run(work)
        log.info("mail %s", state, extra={"mail": row.id, "attempts": row.attempts})
        return state


@contextmanager
def sending(
    database: Database,
    files: FileStore,
    settings: Settings,
    process_id: str,
    language: Callable[[], str] = lambda: ENGLISH,
) -> Iterator[None]:
    """Send in a thread of its own while the block lasts."""
    stop = threading.Event()
    sender = OutboxSender(database, files, settings, process_id, language=language)
    thread = threading.Thread(target=sender.run, args=(stop,), name="amity-outbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def mail_of(row: Row[Any]) -> Mail:
    """Read a row."""
    return Mail(
        sender=row.sender,
        to=tuple(row.recipients.get("to", ())),
        cc=tuple(row.recipients.get("cc", ())),
        subject=row.subject,
        body=row.body,
        html=row.html,
        attachments=tuple(row.attachments),
        message_id=row.message_id,
    )


def _close(connection: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):
        connection.close()


_MEANINGS: Final = (
    (r"refuses the sign-in|\b(530|534|535)\b", "The mail server does not accept Amity's user or password."),
    (r"cannot be reached", "The mail server does not answer. Amity goes on trying."),
    (r"\b(552|523)\b|too (big|large)", "The mail is too large for the mail server."),
    (r"quota|full|\b5\.2\.2\b|\b452\b", "The recipient's mailbox is full."),
    (r"spam|blocked|blacklist|policy|reputation|\b5\.7\.\d", "The mail server takes this mail for unwanted."),
    (r"relay|\b(553|454)\b", "The mail server does not send for this sender's address."),
    (r"greylist|grey-list|try again|\b(421|450|451)\b", "The mail server asks to try again later."),
    (r"no such|unknown|not exist|\b(550|551)\b|\b5\.1\.\d", "The mail server does not know this address."),
    (r"\b4\d\d\b", "The mail server asks to try again later."),
    (r"\b5\d\d\b", "The mail server refuses this mail."),
)
"""What mail servers say (codes, enhanced codes, usual words) -> what it means, in the order of looking."""


def meaning(why: str) -> str:
    """Say in plain words what a mail server's answer means; "" where that is not known."""
    return next((text for pattern, text in _MEANINGS if re.search(pattern, why, re.IGNORECASE)), "")


def troubles(database: Database) -> tuple[int, int]:
    """Count the mails that failed and those that are in doubt: people must look at them."""
    statement = select(outbox.c.state, func.count()).where(outbox.c.state.in_(("failed", "uncertain")))
    with database.read() as connection:
        found = {row[0]: row[1] for row in connection.execute(statement.group_by(outbox.c.state)).all()}
    return found.get("failed", 0), found.get("uncertain", 0)


# -- what admins see and do ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Some mails of a state, newest first."""

    rows: Sequence[Row[Any]]
    next: str | None
    counts: dict[str, int]
    """By state."""


def list_mails(database: Database, state: str, *, after: str | None = None, limit: int = 50) -> OutboxPage:
    """List mails of a state; ids are made in the order of time."""
    statement = select(outbox).where(outbox.c.state == state).order_by(outbox.c.id.desc()).limit(limit + 1)
    if after:
        statement = statement.where(outbox.c.id < after)
    with database.read() as connection:
        rows = connection.execute(statement).all()
        counted = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    following = rows[limit - 1].id if len(rows) > limit else None
    return OutboxPage(rows[:limit], following, {row[0]: row[1] for row in counted})


def get_mail(database: Database, identity: str) -> Row[Any]:
    """Give one mail. Raises `NotFound`."""
    with database.read() as connection:
        row = connection.execute(select(outbox).where(outbox.c.id == identity)).first()
    if row is None:
        raise NotFound(_("There is no such e-mail in the outbox."))
    return row


def send_again(database: Database, ctx: Context, identity: str) -> None:
    """Let a mail go out now; of an uncertain one the admin has decided so. Raises `Conflict`, `Forbidden`."""
    _move(
        database, ctx, identity, ("waiting", "failed", "uncertain", "cancelled"), state="waiting", attempts=0
    )


def cancel(database: Database, ctx: Context, identity: str) -> None:
    """Do not send a mail. Raises `Conflict` where it is sent or being sent, `Forbidden`."""
    _move(database, ctx, identity, ("waiting", "failed", "uncertain"), state="cancelled")


def _move(database: Database, ctx: Context, identity: str, of: tuple[str, ...], **values: Any) -> None:
    if not ctx.actor.is_admin:
        raise Forbidden(_("Only admins may decide about e-mails in the outbox."))

    def work(connection: Connection) -> bool:
        changed = connection.execute(
            update(outbox)
            .where(outbox.c.id == identity, outbox.c.state.in_(of))
            .values(why=None, next_at=None, sent_by=None, **values)
        )
        return bool(changed.rowcount)

    if not database.run(work):
        row = get_mail(database, identity)
        raise Conflict(_("This e-mail is %(state)s meanwhile; nothing was changed.", state=row.state))
    log.info("mail moved by a person", extra={"mail": identity, "by": ctx.actor.account, **values})
