"""The handler of e-mail templates: documents whose texts name fields, checked like workflows.

A template has no scope of its own: what `record` is depends on the workflow that uses it. So it is checked
where it is used, and by itself where it says for which entity it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from amity.definitions.documents import DefinitionChange, State, StoredDefinition, Write
from amity.definitions.handlers import DocumentHandler, Draft, Renames
from amity.definitions.plan import Change, Severity, Use
from amity.entities.model import Entity, Model
from amity.entities.names import did_you_mean, shown
from amity.errors import Invalid, NotFound, Problem
from amity.expressions import Function, Scope
from amity.workflows.documents.letters import (
    KIND,
    NAME,
    Letters,
    LetterText,
    check_text,
    compile_text,
    named,
)
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import KIND as WORKFLOW
from amity.workflows.documents.model import Workflow
from amity.workflows.documents.references import Rewriter, notes_of
from amity.workflows.documents.scope import WorkflowScope
from amity.workflows.documents.values import Note, ValueCompiler, refuse
from amity.workflows.registry import Registry

LONGEST: Final = {"title": 200, "description": 1000, "subject": 500, "body": 50_000, "html": 200_000}
"""Characters that each text may have."""
MEMBERS: Final = ("name", "title", "description", "entity", "subject", "body", "html")
RESERVED: Final = frozenset({"new"})
"""Names that addresses of pages have."""


class LetterHandler(DocumentHandler):
    """E-mail templates of the workspace; those that come as files stand behind them."""

    kind = KIND

    def __init__(
        self, sketch: Callable[[State], Model], functions: Mapping[str, Function], registry: Registry
    ) -> None:
        self._sketch = sketch
        self._functions = functions
        self._registry = registry

    # -- plan --------------------------------------------------------------------------------------
    def draft(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Draft:
        """See `DocumentHandler`. Raises `Invalid`, `NotFound`."""
        lines: list[Change] = []
        writes: list[Write] = []
        for change in changes:
            line, write = self._one(change, state)
            lines += [line] if line is not None else []
            writes += [write] if write is not None else []
        return Draft(tuple(lines), writes=tuple(writes))

    def _one(self, change: DefinitionChange, state: State) -> tuple[Change | None, Write | None]:
        known = state.by_name(KIND, change.name)
        if change.document is None:
            return self._removal(change.name, known, state)
        letter = self.checked(change.name, change.document, self._sketch(state), change.source)
        write = Write(KIND, letter.name, letter.name, letter.document)
        shipped = self._registry.letters.files.get(letter.name)
        used = self.users(state, letter.name)
        if known is None:
            what = f"The e-mail template '{letter.title}' is new."
            if shipped is not None:
                what = f"The e-mail template '{letter.title}' takes the place of the one that was shipped."
            return _line(letter.name, what, "add_template", used), write
        if known.document == letter.document:
            return None, None
        what = f"The e-mail template '{letter.title}' changes, from the next e-mail on."
        return _line(letter.name, what, "change_template", used), write

    def _removal(
        self, name: str, known: StoredDefinition | None, state: State
    ) -> tuple[Change, Write | None]:
        if known is None:
            raise NotFound(f"There is no e-mail template of your own called {name!r}.")
        title, used = str(known.document.get("title") or name), self.users(state, name)
        write = Write(KIND, known.id, known.name, None)
        if name in self._registry.letters.files:
            what = f"'{title}' gets the text again that was shipped; yours can be brought back."
            return _line(name, what, "reset_template", used), write
        if used:
            owners = ", ".join(dict.fromkeys(use.owner for use in used))
            what = (
                f"The e-mail template '{title}' is used by {owners}. "
                "Let these workflows use another one first, then remove it."
            )
            return Change(Severity.REFUSED, name, None, what, "in_use", used_by=tuple(used)), None
        what = f"The e-mail template '{title}' is removed; it can be brought back."
        return Change(Severity.PARKS, name, None, what, "remove_template"), write

    def checked(
        self, name: str, document: Mapping[str, Any], model: Model, source: str | None = None
    ) -> LetterText:
        """Read a document. Raises `Invalid` with the place and line of everything that is wrong."""
        problems = list(_shape(name, document))
        letter = LetterText.of(name, document)
        if not problems:
            self._compiled(letter, model, problems)
        title = f"{source}: the e-mail template" if source else "The e-mail template"
        refuse(problems, f"{title} {shown(name)} cannot be used")
        return letter

    def _compiled(self, letter: LetterText, model: Model, problems: list[Problem]) -> list[Note]:
        """Check it against the entity that it is written for; without one only its braces."""
        notes: list[Note] = []
        entity = model.entities.get(letter.entity) if letter.entity else None
        if letter.entity and entity is None:
            near = did_you_mean(letter.entity, model.entities)
            message = f"There is no entity {shown(letter.entity)}.{near}"
            problems.append(Problem("unknown_entity", message, pointer="/entity"))
            return notes
        if entity is None:  # what names mean is not known before a workflow uses it
            problems += check_text(letter)
            return notes
        scope = WorkflowScope.of(model, self._functions, entity, ("record",))
        compile_text(letter, ValueCompiler(scope, scope.field_of, problems, notes))
        return notes

    # -- who uses it -------------------------------------------------------------------------------
    def users(self, state: State, name: str) -> list[Use]:
        """Say which steps of workflows use a template."""
        return self.all_users(state.live(WORKFLOW)).get(name, [])

    def all_users(self, workflows: Iterable[StoredDefinition]) -> dict[str, list[Use]]:
        """Say for each template that is used which steps of these workflows use it."""
        found: dict[str, list[Use]] = {}
        for workflow in self._workflows(workflows):
            for step in workflow.walk():
                action = self._registry.actions.get(step.action)
                for name in named(step.params, action.schema) if action is not None else ():
                    use = Use(WORKFLOW, workflow.name, step.pointer, step.title or workflow.title)
                    found.setdefault(name, []).append(use)
        return found

    def _workflows(self, definitions: Iterable[StoredDefinition]) -> Iterator[Workflow]:
        for known in definitions:
            try:
                yield load(known.document, self._registry, name=known.name, id=known.id, trusted=True)
            except Invalid:  # an action of an extension that is gone
                continue

    # -- names -------------------------------------------------------------------------------------
    def uses(self, state: State, connection: Connection, entity: str, field: str | None) -> Sequence[Use]:
        """See `DocumentHandler`: templates written for an entity; others show where workflows use them."""
        model = self._sketch(state)
        known = model.by_id.get(entity)
        if known is None:
            return ()
        wanted = known.by_id.get(field) if field is not None else None
        found: list[Use] = []
        for letter in self._letters(state).own.values():
            if field is None and letter.entity == known.name:
                found.append(Use(KIND, letter.name, "/entity", letter.title))
            for note in self._compiled(letter, model, []):
                if wanted is not None and _names(note, known, wanted.id):
                    assert note.letter is not None
                    found.append(Use(KIND, letter.name, f"/{note.letter[1]}", note.text))
        return found

    def follow(self, renames: Renames, before: State, after: State) -> Sequence[Write]:
        """See `DocumentHandler`: a file that would have to change becomes a document of the workspace."""
        model, rewriter, letters = self._sketch(before), Rewriter(renames), self._letters(before)
        notes = self._all_notes(before, model, letters)
        writes = []
        for letter in letters:
            made = letter.changed(
                entity=renames.entities.get(letter.entity, letter.entity),
                **{
                    part: _rewritten(text, rewriter, notes.get((letter.name, part), []))
                    for part, text in letter.parts.items()
                },
            )
            if made != letter:
                writes.append(Write(KIND, made.name, made.name, made.document))
        return writes

    def _all_notes(self, state: State, model: Model, letters: Letters) -> dict[tuple[str, str], list[Note]]:
        """What templates name, by template and part: as they say themselves, and as workflows use them."""
        registry = self._registry.with_letters(state.live(KIND))
        found: dict[tuple[str, str], list[Note]] = {}
        notes = [note for letter in letters for note in self._compiled(letter, model, [])]
        for workflow in self._workflows(state.live(WORKFLOW)):
            notes += notes_of(workflow, model, self._functions, registry)
        for note in notes:
            if note.letter is not None:
                found.setdefault(note.letter, []).append(note)
        return found

    def _letters(self, state: State) -> Letters:
        return self._registry.with_letters(state.live(KIND)).letters


def _rewritten(text: str, rewriter: Rewriter, notes: Sequence[Note]) -> str:
    scopes: list[Scope] = []
    for note in notes:
        if note.scope is not None and not any(note.scope is known for known in scopes):
            scopes.append(note.scope)
    for scope in scopes:
        text = rewriter.text(text, scope)
    return text


def _names(note: Note, entity: Entity, field: str) -> bool:
    return note.compiled is not None and any(
        item.origin == (entity.id, field) for item in note.compiled.occurrences
    )


def _line(name: str, what: str, code: str, used: Sequence[Use]) -> Change:
    return Change(Severity.SAFE, name, None, what, code, used_by=tuple(used))


def _shape(name: str, document: Mapping[str, Any]) -> Iterator[Problem]:
    """Say what is wrong with the members of a document."""
    if not NAME.fullmatch(name) or name in RESERVED:
        message = f"{shown(name)} is no name: small letters, digits and _, a letter first (and not 'new')."
        yield Problem("name", message, pointer="/name")
    if document.get("name", name) != name:
        message = f"A template keeps its name ({name}); make a new one of the other name."
        yield Problem("name", message, pointer="/name")
    for member, value in document.items():
        if member not in MEMBERS:
            yield Problem(
                "unknown", f"There is no {member!r}.{did_you_mean(member, MEMBERS)}", pointer=f"/{member}"
            )
        elif not isinstance(value, str):
            yield Problem("type", "This is a text.", pointer=f"/{member}")
        elif len(value) > LONGEST.get(member, 100):
            message = f"It has {len(value)} characters; {LONGEST.get(member, 100)} are possible."
            yield Problem("too_long", message, pointer=f"/{member}")
    for member, title in (("title", "title"), ("subject", "subject"), ("body", "text")):
        if not str(document.get(member) or "").strip():
            yield Problem("required", f"A template needs a {title}.", pointer=f"/{member}")
    subject = document.get("subject")
    if isinstance(subject, str) and ("\n" in subject or "\r" in subject):
        yield Problem("lines", "A subject is one line.", pointer="/subject")
