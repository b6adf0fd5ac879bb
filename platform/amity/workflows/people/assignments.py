"""What people are asked by runs: approvals and forms, and the one door through which they answer.

An assignment belongs to a waiting step of a run. Its people are rows of their own; each gives one answer.
Whoever closes it wakes the run in the same transaction (`waits.wake_in`), so an answer is never lost and
never counts twice. When a person who is asked has no active account any more, their manager stands in, else
the admins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, or_, select, update

from amity.access.context import Context
from amity.access.people import Account
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import account
from amity.database.schema_workflows import assignment, assignment_person, run
from amity.entities.model import Model
from amity.errors import Conflict, Forbidden, Invalid, NotFound
from amity.texts import gettext as _
from amity.workflows.engine.waits import wake_in
from amity.workflows.people.accounts import manager_of
from amity.workflows.people.notifications import Notice, tell

Kind = Literal["approval", "input"]
State = Literal["open", "approved", "refused", "answered", "expired", "cancelled"]
LONGEST_COMMENT: Final = 5000


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be asked."""

    run: str
    key: str
    """The step's key within the run."""
    kind: Kind
    title: str
    text: str
    people: Sequence[str]
    """Accounts, active ones."""
    entity: str | None = None
    """Id of the entity of the record it is about."""
    record: str | None = None
    form: Mapping[str, Any] | None = None
    """JSON Schema of the answer, for `input`."""
    needs_all: bool = False
    due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said."""

    account: str
    answer: str
    comment: str
    values: Mapping[str, Any]
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment with its people."""

    id: str
    run: str
    key: str
    kind: Kind
    entity: str | None
    record: str | None
    title: str
    text: str
    form: Mapping[str, Any] | None
    needs_all: bool
    state: State
    created_at: dt.datetime
    due_at: dt.datetime | None
    closed_at: dt.datetime | None
    answers: tuple[Answer, ...] = ()
    waiting: tuple[str, ...] = ()
    """Accounts that have not answered."""
    reminded_at: dt.datetime | None = None
    """The latest reminder."""

    @property
    def is_open(self) -> bool:
        """Whether answers still count."""
        return self.state == "open"


def url(identity: str) -> str:
    """Give the path of the page where it is answered."""
    return f"/inbox/{identity}"


# -- asking -------------------------------------------------------------------------------------------------
def ask(connection: Connection, question: Question, now: dt.datetime) -> str:
    """Write the assignment and tell its people, in the transaction of the step that waits; give its id."""
    identity = new_id()
    connection.execute(
        insert(assignment).values(
            id=identity,
            run=question.run,
            key=question.key,
            kind=question.kind,
            entity=question.entity,
            record=question.record,
            title=question.title,
            text=question.text,
            form=dict(question.form) if question.form is not None else None,
            needs_all=question.needs_all,
            state="open",
            created_at=now,
            due_at=question.due_at,
        )
    )
    _involve(connection, identity, question.people)
    notice = Notice(question.kind, question.title, url(identity), f"ask:{identity}")
    tell(connection, question.people, notice, now)
    return identity


def _involve(connection: Connection, identity: str, people: Iterable[str]) -> None:
    rows = [{"assignment": identity, "account": person} for person in dict.fromkeys(people)]
    if rows:
        connection.execute(insert(assignment_person), rows)


def remind(connection: Connection, found: Assignment, now: dt.datetime) -> None:
    """Tell those who have not answered once more."""
    notice = Notice("reminder", found.title, url(found.id), f"remind:{found.id}:{now.isoformat()}")
    tell(connection, found.waiting, notice, now)
    connection.execute(
        update(assignment_person)
        .where(assignment_person.c.assignment == found.id, assignment_person.c.answer.is_(None))
        .values(reminded_at=now)
    )


def close(connection: Connection, identity: str, state: State, now: dt.datetime) -> bool:
    """End an open assignment; False where it is closed already."""
    changed = connection.execute(
        update(assignment)
        .where(assignment.c.id == identity, assignment.c.state == "open")
        .values(state=state, closed_at=now)
    )
    return bool(changed.rowcount)


def cancel_of_run(connection: Connection, run: str, now: dt.datetime) -> None:
    """Take back what an ended run still asks; for whoever ends runs."""
    connection.execute(
        update(assignment)
        .where(assignment.c.run == run, assignment.c.state == "open")
        .values(state="cancelled", closed_at=now)
    )


def replace_gone(
    connection: Connection, found: Assignment, stand_ins: Mapping[str, Sequence[str]], now: dt.datetime
) -> None:
    """Let others answer for people who are gone: `stand_ins` gives them by account. They are told why."""
    known = {*found.waiting, *(item.account for item in found.answers)}
    names: dict[str, str] = {
        row.id: row.name
        for row in connection.execute(select(account.c.id, account.c.name).where(account.c.id.in_(stand_ins)))
    }
    for gone, others in stand_ins.items():
        fresh = [other for other in others if other not in known]
        _involve(connection, found.id, fresh)
        known.update(fresh)
        own = (assignment_person.c.assignment == found.id, assignment_person.c.account == gone)
        connection.execute(update(assignment_person).where(*own).values(answer="gone", answered_at=now))
        words = _(
            "%(question)s (instead of %(person)s, whose account is not active)",
            question=found.title,
            person=names.get(gone, _("somebody")),
        )
        tell(connection, others, Notice(found.kind, words, url(found.id), f"ask:{found.id}"), now)


def stand_ins(services: Any, model: Model, asked: Sequence[str]) -> dict[str, list[str]]:
    """Find who stands in for those of `asked` who have no active account: the manager, else the admins."""
    every: Sequence[Account] = services.accounts.all()
    by_id = {person.id: person for person in every}
    admins = [person.id for person in every if person.state == "active" and "admin" in person.roles]
    result: dict[str, list[str]] = {}
    for identity in asked:
        person = by_id.get(identity)
        if person is not None and person.state == "active":
            continue
        boss = manager_of(services, model, person, every) if person is not None else None
        seen = {identity}
        while boss is not None and boss.state != "active" and boss.id not in seen:
            seen.add(boss.id)
            boss = manager_of(services, model, boss, every)
        result[identity] = [boss.id] if boss is not None and boss.state == "active" else admins
    return result


# -- reading ------------------------------------------------------------------------------------------------
def read(connection: Connection, identity: str, *, lock: bool = False) -> Assignment:
    """Read one. Raises `NotFound`."""
    statement = select(assignment).where(assignment.c.id == identity)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound(_("There is no such request."))
    people = connection.execute(
        select(assignment_person)
        .where(assignment_person.c.assignment == identity)
        .order_by(assignment_person.c.answered_at, assignment_person.c.account)
    ).all()
    return _made(row, people)


def _made(row: Row[Any], people: Sequence[Row[Any]]) -> Assignment:
    answered = [item for item in people if item.answer is not None and item.answer != "gone"]
    reminders = [item.reminded_at for item in people if item.reminded_at is not None]
    return Assignment(
        id=row.id,
        run=row.run,
        key=row.key,
        kind=row.kind,
        entity=row.entity,
        record=row.record,
        title=row.title,
        text=row.text,
        form=row.form,
        needs_all=row.needs_all,
        state=row.state,
        created_at=row.created_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        answers=tuple(
            Answer(item.account, item.answer, item.comment or "", item.values or {}, item.answered_at)
            for item in answered
        ),
        waiting=tuple(item.account for item in people if item.answer is None),
        reminded_at=max(reminders, default=None),
    )


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person is asked."""

    open: Sequence[Assignment] = field(default_factory=tuple)
    closed: Sequence[Assignment] = field(default_factory=tuple)
    """The latest ones that the person had a part in."""


def of_person(database: Database, account: str, closed: int = 10, most: int = 100) -> Mine:
    """List what a person is asked and has been asked lately, the oldest open one first."""
    mine = select(assignment_person.c.assignment).where(assignment_person.c.account == account)
    unanswered = mine.where(assignment_person.c.answer.is_(None))
    with database.read() as connection:
        waiting = connection.execute(
            select(assignment)
            .where(assignment.c.id.in_(unanswered), assignment.c.state == "open")
            .order_by(assignment.c.created_at, assignment.c.id)
            .limit(most)
        ).all()
        done = connection.execute(
            select(assignment)
            .where(
                assignment.c.id.in_(mine),
                or_(assignment.c.state != "open", assignment.c.id.not_in(unanswered)),
            )
            .order_by(assignment.c.created_at.desc(), assignment.c.id.desc())
            .limit(closed)
        ).all()
        people = _people(connection, [row.id for row in (*waiting, *done)])
    return Mine(
        [_made(row, people.get(row.id, ())) for row in waiting],
        [_made(row, people.get(row.id, ())) for row in done],
    )


def of_run(database: Database, run: str) -> dict[str, Assignment]:
    """Give what the steps of a run asked, by their keys; the latest where a step asked again."""
    with database.read() as connection:
        statement = select(assignment).where(assignment.c.run == run).order_by(assignment.c.created_at)
        rows = connection.execute(statement).all()
        people = _people(connection, [row.id for row in rows])
    return {row.key: _made(row, people.get(row.id, ())) for row in rows}


def _people(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    if ids:
        statement = select(assignment_person).where(assignment_person.c.assignment.in_(ids))
        for row in connection.execute(statement.order_by(assignment_person.c.answered_at)):
            found.setdefault(row.assignment, []).append(row)
    return found


def visible(database: Database, ctx: Context, identity: str) -> Assignment:
    """Give one to somebody who is or was asked, or to an admin. Raises `NotFound`."""
    with database.read() as connection:
        found = read(connection, identity)
        asked = select(assignment_person.c.account).where(assignment_person.c.assignment == identity)
        people = set(connection.execute(asked).scalars())
    if ctx.actor.account not in people and not ctx.actor.is_admin:
        raise NotFound(_("There is no such request."))
    return found


# -- answering -----------------------------------------------------------------------------------------
def approve(database: Database, ctx: Context, identity: str, *, yes: bool, comment: str = "") -> Assignment:
    """Approve or refuse. Raises `NotFound`, `Forbidden`, `Invalid`, `Conflict` where it is over."""
    return _answer(database, ctx, identity, "approval", "approved" if yes else "refused", comment, None)


def give(
    database: Database, ctx: Context, identity: str, values: Mapping[str, Any], comment: str = ""
) -> Assignment:
    """Fill a form in; `values` are checked by the caller against the form. Raises as `approve`."""
    return _answer(database, ctx, identity, "input", "answered", comment, values)


def _answer(
    database: Database,
    ctx: Context,
    identity: str,
    kind: Kind,
    answer: State,
    comment: str,
    values: Mapping[str, Any] | None,
) -> Assignment:
    words = comment.replace("\r\n", "\n").strip()
    if len(words) > LONGEST_COMMENT or "\0" in words:
        raise Invalid.at(
            "/comment", "length", _("A comment has at most %(longest)s characters.", longest=LONGEST_COMMENT)
        )

    def work(connection: Connection) -> Assignment:
        # The run's row first, as the engine does that goes on with it: so nobody waits in a circle.
        connection.execute(
            select(run.c.id).where(run.c.id == read(connection, identity).run).with_for_update()
        )
        found = read(connection, identity, lock=True)
        _check(found, kind, ctx)
        connection.execute(
            update(assignment_person)
            .where(
                assignment_person.c.assignment == identity,
                assignment_person.c.account == ctx.actor.account,
            )
            .values(answer=answer, values=values, comment=words or None, answered_at=ctx.now)
        )
        left = [person for person in found.waiting if person != ctx.actor.account]
        if answer == "refused" or not found.needs_all or not left:
            close(connection, identity, answer, ctx.now)
            wake_in(connection, [(found.run, found.key)], ctx.now)
        return read(connection, identity)

    return database.run(work)


def _check(found: Assignment, kind: Kind, ctx: Context) -> None:
    person = ctx.actor.account
    if person not in found.waiting:
        if any(item.account == person for item in found.answers):
            raise Conflict(_("You have answered this already."))
        raise Forbidden(_("You are not asked here."), hint=_("Only the people it was put to may answer."))
    if found.kind != kind:
        raise Conflict(_("This request is answered in another way."))
    if not found.is_open:
        words = {"expired": "its time is over", "cancelled": "it was taken back"}.get(
            found.state, "others did"
        )
        raise Conflict(f"This needs no answer any more: {words}.")


def wake_gone(database: Database, now: dt.datetime) -> int:
    """Let runs look again that wait for somebody who has no active account any more; give how many."""
    statement = (
        select(assignment.c.run, assignment.c.key)
        .join(assignment_person, assignment_person.c.assignment == assignment.c.id)
        .join(account, account.c.id == assignment_person.c.account)
        .where(
            assignment.c.state == "open",
            assignment_person.c.answer.is_(None),
            account.c.state == "deactivated",
        )
        .limit(500)
    )
    with database.read() as connection:
        pairs = [(row.run, row.key) for row in connection.execute(statement)]
    return database.run(lambda connection: wake_in(connection, pairs, now)) if pairs else 0
