"""The few error types of Amity: each says what is wrong, where, what is allowed and what to do.

One renderer per surface (page, fragment, JSON, command line) turns them into an answer; nothing below
`web` and `cli` knows about HTTP beyond the status that an error class names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    `pointer` is an RFC 6901 JSON pointer into the body ("" is the whole body), `parameter` the name of a
    query parameter; at most one of them is set. `code` is stable and documented, `message` is for people.
    """

    code: str
    message: str
    pointer: str | None = None
    parameter: str | None = None
    index: int | None = None
    """Position in a batch (bulk, import), counted from 0."""

    def as_json(self) -> dict[str, Any]:
        """Give the members that are set, as RFC 9457 `errors` entries show them."""
        members = {
            "index": self.index,
            "pointer": self.pointer,
            "parameter": self.parameter,
            "code": self.code,
            "message": self.message,
        }
        return {name: value for name, value in members.items() if value is not None}


class AmityError(Exception):
    """Base of all errors that are meant for the person or program on the other side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        message: str,
        *,
        problems: Sequence[Problem] = (),
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)
        self.hint = hint
        """What to do about it, one sentence."""
        self.details: dict[str, Any] = dict(details or {})
        """Further members of the problem document: the plan, both sides of a conflict, ..."""


class Malformed(AmityError):
    """The request could not be read at all (broken JSON, wrong encoding)."""

    status, code, title = 400, "malformed", "The request could not be read"


class NotSignedIn(AmityError):
    """No session or token, or one that no longer counts."""

    status, code, title = 401, "not_signed_in", "Please sign in"


class Forbidden(AmityError):
    """The person may not do this."""

    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(AmityError):
    """It does not exist, or this person cannot see that it does."""

    status, code, title = 404, "not_found", "Not found"


class Conflict(AmityError):
    """The state of the data forbids it: a stale version, still in use, a plan that needs a yes.

    `details` carries what the other side needs to decide: `{"yours", "theirs", "base"}` or `{"plan"}`.
    """

    status, code, title = 409, "conflict", "This is in conflict with the present state"


class Stale(Conflict):
    """An update named an older version than the record or definition has now."""

    code, title = "stale", "Somebody else changed this meanwhile"


class NeedsConfirmation(Conflict):
    """A definition change parks or converts data; `details["plan"]` says which."""

    code, title = "needs_confirmation", "This change needs a confirmation"


class InUse(Conflict):
    """It cannot go (or come) while something else refers to it."""

    code, title = "in_use", "This is still in use"


class Invalid(AmityError):
    """The input was read but is not allowed; `problems` name each place."""

    status, code, title = 422, "invalid", "Some values are not allowed"

    @classmethod
    def at(cls, pointer: str, code: str, message: str, *, hint: str | None = None) -> Invalid:
        """Make an error about one place of the body."""
        return cls(message, problems=[Problem(code, message, pointer=pointer)], hint=hint)

    @classmethod
    def parameter(cls, name: str, code: str, message: str, *, hint: str | None = None) -> Invalid:
        """Make an error about one query parameter."""
        return cls(message, problems=[Problem(code, message, parameter=name)], hint=hint)


class PreconditionRequired(AmityError):
    """A change of something that exists must say which version it saw (`If-Match`)."""

    status, code, title = 428, "precondition_required", "Say which version you saw"


class TooManyRequests(AmityError):
    """Throttled; `retry_after` seconds tell when to come back."""

    status, code, title = 429, "too_many_requests", "Too many attempts"

    def __init__(self, message: str, *, retry_after: int = 30) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(AmityError):
    """The database is locked or unreachable for the moment; nothing was written."""

    status, code, title = 503, "busy", "Busy for a moment"

    def __init__(self, message: str, *, retry_after: int = 2) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SetupError(AmityError):
    """Amity cannot start or a command cannot run: port taken, home read-only, database gone.

    Shown on the command line as one plain line, never as a traceback.
    """

    code, title = "setup", "Amity cannot run like this"
