"""What callers give becomes typed drafts: names, rights, JSON Schema, kinds; all before the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity.access.policy import Decision, Verb
from amity.database.ids import new_id
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.errors import Problem
from amity.expressions import nearest
from amity.records.before import Before
from amity.records.caller import Caller
from amity.records.codec import EXTRA, EntityCodec
from amity.records.draft import Draft, escape
from amity.records.links import same_value
from amity.records.merge import merge_value
from amity.records.plaintext import bad_text

_MISSING: Any = object()


class Intake:
    """Reads the rows of one batch for one entity and caller."""

    def __init__(self, caller: Caller, entity: Entity, codec: EntityCodec) -> None:
        self.caller = caller
        self.entity = entity
        self.codec = codec
        self._open: dict[Verb, frozenset[str]] = {}
        self._fields = [(name, entity.by_name[name]) for name in codec.names]
        self._defaults = [(field.name, field.default) for field in entity.fields if field.default is not None]

    # -- new records -------------------------------------------------------------------------------
    def create(
        self, index: int, body: object, *, pointer: str = "", fixed: Mapping[str, Any] | None = None
    ) -> Draft:
        """Make the draft of a new record. `fixed` are typed values that the gate itself gives."""
        draft = Draft(
            index=index,
            entity=self.entity,
            codec=self.codec,
            id=new_id(),
            version=1,
            old=None,
            values={},
            changed=set(),
            pointer=pointer,
        )
        given = self._given(draft, body, "create", fixed or {})
        # As a merge patch onto nothing: a cleared member of a nested object is left out, as on update.
        json = {name: merge_value(None, value) for name, value in given.items() if value is not None}
        draft.given = frozenset(given)
        for name, default in self._defaults:
            if name not in json and not (fixed and name in fixed):
                json[name] = default
        for name, value in (fixed or {}).items():
            if value is not None:
                json[name] = self.codec.dump_one(name, value)
        if not draft.problems:
            self._typed(draft, json)
            draft.changed = {name for name, value in draft.values.items() if value is not None}
        return draft

    # -- changes of records ------------------------------------------------------------------------
    def update(
        self,
        index: int,
        body: object,
        before: Before,
        *,
        pointer: str = "",
    ) -> Draft:
        """Make the draft of a changed record by JSON merge patch (RFC 7396).

        A null for a relation whose target the caller cannot see changes nothing: null is what he was shown.
        """
        old = before.values
        draft = Draft(
            index=index,
            entity=self.entity,
            codec=self.codec,
            id=old["id"],
            version=old["version"] + 1,
            old=old,
            values={name: old.get(name) for name in self.codec.names},
            changed=set(),
            pointer=pointer,
            dead=before.dead,
            extra=before.extra,
        )
        patch = self._given(draft, body, "update", {})
        draft.given = frozenset(patch)
        if draft.problems:
            return draft
        shown = self.codec.dump({name: old.get(name) for name in self.codec.names})
        shown = {name: value for name, value in shown.items() if value is not None}
        json = dict(shown)
        touched = set()
        for name, value in patch.items():
            if value is None and name in before.hidden and name not in self.codec.to_many:
                continue
            merged = merge_value(json.get(name), value)
            if merged is None:
                json.pop(name, None)
            else:
                json[name] = merged
            if merged != shown.get(name):
                touched.add(name)
        if touched:
            self._typed(draft, json, touched=touched, before=shown)
            self._keep_hidden(draft, before)
        if draft.extra != before.extra and self.codec.extra:
            draft.changed.add(EXTRA)
        return draft

    def _keep_hidden(self, draft: Draft, before: Before) -> None:
        """A list that the caller gives replaces what he was shown; links that he cannot see stay."""
        for name, items in before.hidden.items():
            if name not in self.codec.to_many or name not in draft.changed:
                continue
            given = draft.values[name] or []
            was_shown = [item for item in before.values[name] or [] if item not in items]
            if same_value(given, was_shown):
                draft.values[name] = before.values[name]
                draft.changed.discard(name)
            else:
                draft.values[name] = [*given, *(item for item in items if item not in given)]

    # -- steps ------------------------------------------------------------------------------------
    def _given(self, draft: Draft, body: object, verb: Verb, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Check names and rights of what the caller gives."""
        if not isinstance(body, Mapping):
            draft.refuse("type", "A record must be a JSON object of field names and values.")
            return {}
        if not fixed and body.keys() <= self._names(verb):
            return dict(body)
        given: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, value in body.items():
            problem = self._name_problem(name, self.caller.decide(self.entity, verb))
            if problem is not None:
                draft.refuse(problem[0], problem[1], name if isinstance(name, str) else None)
            elif name in self.entity.by_name:
                if name not in fixed:
                    given[name] = value
            else:
                extra[name] = value
        if extra and not draft.problems:
            for pointer, message in bad_text(extra):
                draft.add_problems([Problem("characters", message, pointer=pointer)])
        if extra:
            draft.extra = {**(draft.extra or {}), **extra}
            draft.extra = {name: value for name, value in draft.extra.items() if value is not None}
        return given

    def _names(self, verb: Verb) -> frozenset[str]:
        """Names that the caller may give without a word, worked out once for the batch."""
        if verb not in self._open:
            decision = self.caller.decide(self.entity, verb)
            own = self.entity.by_name
            self._open[verb] = frozenset(name for name in own if self._name_problem(name, decision) is None)
        return self._open[verb]

    def _name_problem(self, name: object, decision: Decision) -> tuple[str, str] | None:
        if not isinstance(name, str):
            return ("type", "Field names must be texts.")
        reads = self.caller.decide(self.entity, "read")
        field = self.entity.by_name.get(name)
        if field is None and name in SYSTEM_FIELDS:
            return ("read_only", f"'{name}' is kept by the system and cannot be set.")
        if field is None or not (reads.can_read(name) or (decision.writable and decision.can_write(name))):
            if field is None and self.codec.extra:
                return None
            known = [item for item in self.entity.by_name if reads.can_read(item)]
            close = nearest(name, known)
            hint = f" Did you mean '{close}'?" if close else ""
            return ("unknown", f"{self.entity.title} has no field '{name[:64]}'.{hint}")
        if field.read_only or field.computed or not decision.can_write(name):
            return ("read_only", f"'{field.title}' cannot be set.")
        return None

    def _typed(
        self,
        draft: Draft,
        json: dict[str, Any],
        *,
        touched: set[str] | None = None,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """Validate the whole record and turn what was touched into typed values."""
        problems = self._schema_problems(json, draft.extra, touched, before)
        draft.add_problems(problems)
        wrong = {_head(problem.pointer) for problem in problems}
        by_name = self.entity.by_name
        for name, field in self._fields if touched is None else [(name, by_name[name]) for name in touched]:
            value = json.get(name)
            if name in wrong:
                continue
            try:
                typed = None if value is None else field.kind.parse(field, value)
            except ValueProblem as problem:
                place = f"/{escape(name)}{problem.pointer}"
                draft.add_problems([Problem(problem.code, problem.message, pointer=place)])
                continue
            if touched is None:
                draft.values[name] = typed
            elif not same_value(typed, draft.values.get(name)):
                draft.values[name] = typed
                draft.changed.add(name)

    def _schema_problems(
        self,
        json: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        touched: set[str] | None,
        before: Mapping[str, Any] | None,
    ) -> Sequence[Problem]:
        """Ask the entity's validator; an old fault elsewhere in the record does not stop a change."""
        if self.entity.validate is None:
            return ()
        problems: Sequence[Problem] = self.entity.validate({**(extra or {}), **json} if extra else json)
        if not problems or touched is None or before is None:
            return problems
        earlier = {(item.code, item.pointer) for item in self.entity.validate({**(extra or {}), **before})}
        return [
            item
            for item in problems
            if _head(item.pointer) in touched or (item.code, item.pointer) not in earlier
        ]


def recheck(draft: Draft) -> None:
    """Ask the entity's validator about a draft whose typed values rules changed."""
    if draft.entity.validate is None:
        return
    json = draft.codec.dump({name: draft.values.get(name) for name in draft.codec.names})
    present = {name: value for name, value in json.items() if value is not None}
    problems = draft.entity.validate({**(draft.extra or {}), **present})
    draft.add_problems(item for item in problems if draft.is_new or _head(item.pointer) in draft.changed)


def _head(pointer: str | None) -> str:
    """Name of the field that a pointer leads into."""
    if not pointer:
        return ""
    return pointer[1:].split("/", 1)[0].replace("~1", "/").replace("~0", "~")
