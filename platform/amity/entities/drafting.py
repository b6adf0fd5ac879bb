"""From wanted entity documents to a draft: who is who, what is renamed, what it does to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from amity.definitions import store
from amity.definitions.documents import DefinitionChange, State, StoredDefinition, Write
from amity.definitions.handlers import Draft, Renames
from amity.definitions.plan import Change, Question, Severity, Use
from amity.entities import stored, tables
from amity.entities.building import KIND, ModelBuilder
from amity.entities.failing import failing_checks
from amity.entities.identity import Identity
from amity.entities.linking import link, link_problems
from amity.entities.loader import acceptable, identify, load
from amity.entities.model import Entity, Field, Model
from amity.entities.planner import EntityPlan, plan_entity
from amity.entities.slots import slots
from amity.entities.tasks import is_long
from amity.entities.where_used import Functions, Names, Rewriter, inverse_origins, uses
from amity.errors import Invalid, NotFound, Problem


@dataclass
class Subject:
    """One wanted change on its way."""

    change: DefinitionChange
    known: StoredDefinition | None
    before: Entity | None
    """In force (or removed, where it comes back), with storage."""
    document: Mapping[str, Any] | None
    identity: Identity | None = None
    after: Entity | None = None

    @property
    def restored(self) -> bool:
        """Whether a removed entity comes back."""
        return self.known is not None and self.known.removed


class Drafter:
    """Makes the draft of one batch of changes on one state."""

    def __init__(
        self, builder: ModelBuilder, functions: Functions, state: State, connection: Connection
    ) -> None:
        self._builder = builder
        self._functions = functions
        self._state = state
        self._connection = connection
        self._registry = stored.load(connection)
        self._model = builder.build(state, connection, None)
        self._names = Names(self._model, functions)

    def draft(self, changes: Sequence[DefinitionChange]) -> Draft:
        """See `DocumentHandler.draft`. Raises `Invalid`, `NotFound`."""
        subjects = [self._subject(change) for change in changes]
        self._once(subjects)
        for subject in subjects:
            self._load(subject)
        renames = _renames(subjects)
        if renames:
            for subject in subjects:
                self._rewrite(subject, renames)
        others = self._others(subjects, renames)
        broken = self._link(subjects, others)
        lines, tasks, questions = [], [], []
        for subject in subjects:
            plan = self._plan(subject, broken, renames)
            plan_entity(plan)
            lines += plan.changes
            tasks += plan.tasks
            questions += _questions(subject)
        lines += _unexplained(lines, broken)
        writes = _writes(subjects, others)
        if not lines and writes:
            lines = [_quiet(write) for write in writes]
        long = any(map(is_long, tasks))
        return Draft(tuple(lines), tuple(questions), writes, renames, tuple(tasks), long)

    # -- who is who --------------------------------------------------------------------------------
    def _subject(self, change: DefinitionChange) -> Subject:
        known = self._known(change)
        if change.document is None:
            if known is None or known.removed:
                raise NotFound(f"There is no entity called {change.name!r}.")
            return Subject(change, known, self._model.by_id[known.id], None)
        before = None if known is None else self._before(known)
        return Subject(change, known, before, change.document)

    def _known(self, change: DefinitionChange) -> StoredDefinition | None:
        if change.restore is not None:
            return self._state.by_id(KIND, change.restore)
        found = self._state.by_name(KIND, change.name)
        options = _options(change.document)
        if found is None and isinstance(options.get("renamed_from"), str):
            found = self._state.by_name(KIND, options["renamed_from"])
        if found is None and isinstance(options.get("id"), str):
            found = self._state.by_id(KIND, options["id"])
        return found

    def _before(self, known: StoredDefinition) -> Entity:
        if not known.removed:
            return self._model.by_id[known.id]
        entity = next(item for item in link((*self._model, self._builder.bare(known))) if item.id == known.id)
        return replace(entity, storage=tables.storage(entity, self._registry))

    @staticmethod
    def _once(subjects: Sequence[Subject]) -> None:
        seen: set[str] = set()
        for subject in subjects:
            key = subject.known.id if subject.known is not None else f"/{subject.change.name}"
            if key in seen:
                message = f"The entity {subject.change.name!r} is changed twice in one go; send one document."
                raise Invalid(message, problems=[Problem("duplicate", message, "")])
            seen.add(key)

    # -- documents ---------------------------------------------------------------------------------
    def _load(self, subject: Subject) -> None:
        document, before = subject.document, subject.before
        if document is None:
            return
        answers = subject.change.renamed_from
        if before is not None and self._renames_possible(document, before):
            identity = identify(document, before, answers)
            fields = {
                (before.id, before.by_name[old].id): new
                for old, new in identity.renamed
                if old in before.by_name
            }
            if fields:
                rewriter = Rewriter(self._names, Renames(fields=fields))
                subject.document = rewriter.fields(document, before)
        subject.after = self._after(subject)
        subject.identity = identify(subject.document or {}, before, answers)

    def _renames_possible(self, document: Mapping[str, Any], before: Entity) -> bool:
        """Whether the document is well-formed and names fields that there are not."""
        properties = document.get("properties") if isinstance(document, Mapping) else None
        if not isinstance(properties, Mapping) or set(properties) == set(before.by_name):
            return False
        return acceptable(document, self._builder.kinds)

    def _after(self, subject: Subject) -> Entity:
        assert subject.document is not None
        change = subject.change
        entity = load(
            subject.document,
            self._builder.kinds,
            name=change.name,
            previous=subject.before,
            source=change.source,
            answers=change.renamed_from,
            version=1 if subject.known is None else subject.known.version + 1,
        )
        id_ = self._free_id(entity.id) if subject.known is None else subject.known.id
        document = {**entity.document, "x-amity": {**entity.document["x-amity"], "id": id_}}
        return self._builder.keep(replace(entity, id=id_, document=document), document)

    def _free_id(self, wanted: str) -> str:
        id_, number = wanted, 2
        while self._state.by_id(KIND, id_) is not None:
            id_, number = f"{wanted[:95]}_{number}", number + 1
        return id_

    def _rewrite(self, subject: Subject, renames: Renames) -> None:
        """Bring the expressions that were taken over unchanged to the new names."""
        before = subject.before
        if subject.document is None or subject.after is None:
            return
        base = before if before is not None else subject.after
        texts = {slot.text for slot in slots(base.document)} if before is not None else set()
        document = Rewriter(self._names, renames).expressions(subject.document, base, texts)
        if document is not subject.document:
            subject.document = document
            subject.after = self._after(subject)

    def _others(self, subjects: Sequence[Subject], renames: Renames) -> list[Entity]:
        """Give the entities that nobody asked to change; rewritten ones have a new version."""
        touched = {subject.known.id for subject in subjects if subject.known is not None}
        rest = [entity for entity in self._model if entity.id not in touched]
        if not renames:
            return rest
        rewriter = Rewriter(self._names, renames)
        found = []
        for entity in rest:
            document = rewriter.expressions(entity.document, entity)
            if document is not entity.document:
                version = entity.version + 1
                entity = load(document, self._builder.kinds, previous=entity, version=version)
            found.append(entity)
        return found

    # -- together ----------------------------------------------------------------------------------
    def _link(self, subjects: Sequence[Subject], others: list[Entity]) -> list[Use]:
        """Bring all entities together as they will be; gives what breaks in documents nobody changed."""
        mine = {subject.after.name: subject for subject in subjects if subject.after is not None}
        together = [*others, *(subject.after for subject in subjects if subject.after is not None)]
        problems = link_problems(together, self._functions)
        wrong = [
            replace(problem, message=_placed(problem, mine[name], len(mine) > 1))
            for name, found in problems.items()
            if name in mine
            for problem in found
        ]
        if wrong:
            raise Invalid(f"This cannot be applied: {wrong[0].message}", problems=wrong)
        linked = {entity.id: entity for entity in link(together)}
        for subject in subjects:
            if subject.after is not None:
                subject.after = linked[subject.after.id]
        others[:] = [linked[entity.id] for entity in others]
        elsewhere = {name: found for name, found in problems.items() if name not in mine}
        if not elsewhere:
            return []
        # What was broken before (an extension is gone, say) is not this change's doing.
        known = link_problems(self._model, self._functions)
        return [
            Use("expression", name, problem.pointer or "", problem.message)
            for name, found in elsewhere.items()
            for problem in found
            if problem.pointer not in {item.pointer for item in known.get(name, ())}
        ]

    def _plan(self, subject: Subject, broken: Sequence[Use], renames: Renames) -> EntityPlan:
        places = {(use.owner, use.pointer): use for use in broken}

        def blocks(entity: Entity, field: Field | None) -> list[Use]:
            return [
                places[use.owner, use.pointer]
                for use in uses(self._names, None, entity, field)
                if (use.owner, use.pointer) in places
            ]

        return EntityPlan(
            before=subject.before,
            after=subject.after,
            change=subject.change,
            connection=self._connection,
            registry=self._registry,
            uses=lambda entity, field: uses(self._names, self._connection, entity, field),
            blocks=blocks,
            earlier=self.earlier,
            fails=lambda before, after, check: failing_checks(
                self._connection, before, after, check, self._functions
            ),
            baseline=self._baseline(subject, renames),
            restored=subject.restored,
        )

    def _baseline(self, subject: Subject, renames: Renames) -> Mapping[str, Any]:
        """Give the document in force with the names of after: what differs from it was meant to."""
        before = subject.before
        if before is None or subject.after is None or not renames:
            return {} if before is None else before.document
        rewriter = Rewriter(self._names, renames)
        after = subject.after.by_id
        properties = {
            after[field.id].name if field.id in after else name: before.document["properties"][name]
            for name, field in before.by_name.items()
        }
        document = {**before.document, "properties": properties}
        return rewriter.expressions(rewriter.fields(document, before), before)

    def earlier(self, entity: str, field: str, revision: int) -> Field | None:
        """Give a field as it was when `revision` parked it."""
        return earlier_field(self._builder, self._model, self._connection, entity, field, revision)


def earlier_field(
    builder: ModelBuilder, model: Model, connection: Connection, entity: str, field: str, revision: int
) -> Field | None:
    """Give a field of an entity as it was just before a revision; None where it is not known."""
    version = store.version_before(connection, KIND, entity, revision)
    if version is None:
        return None
    known = StoredDefinition(
        KIND, entity, version.name, version.version, version.document, version.at, version.by
    )
    others = [item for item in model if item.id != entity]
    for item in link((*others, builder.bare(known))):
        if item.id == entity:
            return item.by_id.get(field)
    return None


def _options(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    options = document.get("x-amity") if isinstance(document, Mapping) else None
    return options if isinstance(options, Mapping) else {}


def _placed(problem: Problem, subject: Subject, several: bool) -> str:
    if not several:
        return problem.message
    return f"{subject.change.source or subject.change.name}: {problem.message}"


def _renames(subjects: Sequence[Subject]) -> Renames:
    entities: dict[str, str] = {}
    fields: dict[tuple[str, str], str] = {}
    choices: dict[tuple[str, str], Mapping[str, str]] = {}
    for subject in subjects:
        before, after = subject.before, subject.after
        if before is None or after is None or subject.restored:
            continue
        if before.name != after.name:
            entities[before.name] = after.name
        for old in before.fields:
            new = after.by_id.get(old.id)
            if new is None:
                continue
            if old.name != new.name:
                fields[before.id, old.id] = new.name
            if old.inverse and new.inverse and old.inverse != new.inverse:
                fields.update((origin, new.inverse) for origin in inverse_origins(old))
            if changed := _renamed_choices(old, new):
                choices[before.id, old.id] = changed
    return Renames(entities, fields, choices)


def _renamed_choices(old: Field, new: Field) -> dict[str, str]:
    now = {choice.id: choice.value for choice in new.choices}
    return {
        choice.value: now[choice.id]
        for choice in old.choices
        if choice.id in now and now[choice.id] != choice.value
    }


def _questions(subject: Subject) -> list[Question]:
    if subject.identity is None or subject.after is None or subject.before is None:
        return []
    return [
        Question("renamed_from", subject.after.name, name, candidates)
        for name, candidates in subject.identity.questions.items()
    ]


def _writes(subjects: Sequence[Subject], others: Sequence[Entity]) -> tuple[Write, ...]:
    writes = []
    for subject in subjects:
        after, known = subject.after, subject.known
        if after is None:
            assert known is not None
            writes.append(Write(KIND, known.id, known.name, None))
        elif known is None or known.removed or not _same(known.document, after.document):
            writes.append(Write(KIND, after.id, after.name, after.document))
    writes += [Write(KIND, other.id, other.name, other.document) for other in others if other.storage is None]
    return tuple(writes)


def _same(old: Any, new: Any) -> bool:
    """Compare documents with the order of their members: the order of fields counts."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _unexplained(lines: Sequence[Change], broken: Sequence[Use]) -> list[Change]:
    """Refuse what breaks other documents and no other line has refused for it."""
    refused = [line for line in lines if line.severity is Severity.REFUSED]
    said = {(use.owner, use.pointer) for line in refused for use in line.used_by}
    return [
        Change(
            Severity.REFUSED,
            use.owner,
            None,
            f"It would break {use.pointer} of {use.owner!r}: {use.text}",
            "breaks",
            used_by=(use,),
        )
        for use in broken
        if (use.owner, use.pointer) not in said
    ]


def _quiet(write: Write) -> Change:
    return Change(
        Severity.SAFE, write.name, None, f"Other settings of {write.name!r} change.", "change_entity",
        details={"entity_id": write.id},
    )  # fmt: skip
