"""Bringing entities together: targets of relations, what the other side sees, expressions along paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from amity.entities import rollups
from amity.entities.formulas import formula_problems
from amity.entities.model import SYSTEM_FIELDS, Entity, Field, Inverse, Model
from amity.entities.names import ANY, EXPRESSION_WORDS, FIELD_NAME, did_you_mean, listed, shown
from amity.entities.scope import EntityScope
from amity.errors import Problem
from amity.expressions import BOOL, ExpressionError, Function, compile, core_functions

Report = Callable[[Entity, Problem], None]


def link(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Give the entities with targets resolved to ids and inverses computed.

    Names that lead nowhere, and inverses whose name is taken, are left out here and named by
    `link_problems`: a model that is in force stays usable whatever was done to it.
    """
    return _Linking(tuple(entities), lambda entity, problem: None).run()


def link_problems(
    entities: Iterable[Entity], functions: Mapping[str, Function] | None = None
) -> dict[str, list[Problem]]:
    """Say what is wrong between entities, by the name of the entity whose document says it.

    Unknown targets, inverses that collide, expressions that do not fit the fields they name (here, because a
    path may lead through any entity). `functions` are those of the workspace; default are the core's.
    """
    found: dict[str, list[Problem]] = {}

    def report(entity: Entity, problem: Problem) -> None:
        found.setdefault(entity.name, []).append(problem)

    linked = _Linking(tuple(entities), report).run()
    model = Model(0, {entity.name: entity for entity in linked})
    known = functions
    if known is None:
        known = {function.name: function for function in core_functions()}
    for entity in linked:
        for problem in (*expression_problems(entity, model, known), *_children_problems(entity)):
            report(entity, problem)
    if not found and (path := rollups.circle(model, known)):
        names = " -> ".join(f"{entity.name}.{field.name}" for entity, field in path)
        message = f"Computed fields need each other in a circle: {names}. One of them must do without."
        key = "formula" if path[0][1].formula is not None else "rollup"
        report(path[0][0], Problem("cycle", message, f"{path[0][1].pointer}/x-amity/{key}"))
    return found


def _children_problems(entity: Entity) -> Iterator[Problem]:
    """Check the names of relations whose records the form edits as rows."""
    known = [inverse.name for inverse in entity.inverses]
    for index, section in enumerate(entity.layout):
        for place, name in enumerate(section.children):
            if name not in known:
                hint = did_you_mean(name, known)
                message = f"No relation that points to {entity.name} has the inverse {shown(name)}.{hint}"
                at = f"/x-amity/layout/{index}/children/{place}"
                yield Problem("unknown_relation", message, pointer=at)


def expression_problems(entity: Entity, model: Model, functions: Mapping[str, Function]) -> list[Problem]:
    """Check every expression of an entity's document against the fields of `model`."""
    scope = EntityScope(model, entity, functions)
    problems = []
    for at, text, sql in _expressions(entity):
        try:
            compile(text, scope, expect=BOOL, sql=sql)
        except ExpressionError as error:
            problems.append(error.problem(pointer=at))
    problems += formula_problems(entity, scope)
    problems += rollups.rollup_problems(entity, model, functions)
    return problems


def _expressions(entity: Entity) -> Iterator[tuple[str, str, bool]]:
    """Give (pointer, text, whether it is used in queries) of each expression."""
    for index, check in enumerate(entity.checks):
        yield f"/x-amity/checks/{index}/expression", check.expression, False
    for field in entity.fields:
        if field.visible:
            yield f"{field.pointer}/x-amity/visible", field.visible, False
        if field.required_when:
            yield f"{field.pointer}/x-amity/required_when", field.required_when, False
    for index, section in enumerate(entity.layout):
        if section.visible:
            yield f"/x-amity/layout/{index}/visible", section.visible, False
    for index, view in enumerate(entity.views):
        if view.where:
            yield f"/x-amity/views/{index}/where", view.where, True
    if entity.timeline and entity.timeline.open:
        yield "/x-amity/timeline/open", entity.timeline.open, True


class _Linking:
    def __init__(self, entities: Sequence[Entity], report: Report) -> None:
        self.report = report
        self.entities = entities
        self.by_name: dict[str, Entity] = {}
        self.inverses: dict[str, dict[str, Inverse]] = {entity.name: {} for entity in entities}

    def run(self) -> tuple[Entity, ...]:
        ids: dict[str, Entity] = {}
        for entity in self.entities:
            for key, known, what in ((entity.name, self.by_name, "name"), (entity.id, ids, "id")):
                if key in known:
                    message = f"Another entity has the {what} {key!r}; give this one another."
                    self.report(entity, Problem("duplicate", message, f"/x-amity/{what}"))
                known.setdefault(key, entity)
        resolved = [self._resolved(entity) for entity in self.entities]
        for entity in resolved:
            for field in entity.fields:
                if field.kind.is_relation and field.inverse:
                    self._inverse(entity, field)
        return tuple(
            replace(entity, inverses=tuple(self.inverses[entity.name].values())) for entity in resolved
        )

    def _resolved(self, entity: Entity) -> Entity:
        names = {other.id: name for name, other in self.by_name.items()}
        fields = tuple(
            replace(field, targets=self._targets(entity, field), entity_names=names)
            if field.kind.is_relation
            else field
            for field in entity.fields
        )
        return replace(entity, fields=fields)

    def _targets(self, entity: Entity, field: Field) -> tuple[str, ...]:
        named = field.options.get("to", ())
        if named == ANY:
            return ()
        single = isinstance(named, str)
        targets = []
        for index, name in enumerate([named] if single else named):
            if name in self.by_name:
                targets.append(self.by_name[name].id)
                continue
            at = field.pointer + "/x-amity/to" + ("" if single else f"/{index}")
            hint = did_you_mean(name, self.by_name) or f" The entities are {listed(self.by_name)}."
            self.report(entity, Problem("unknown", f"There is no entity {shown(name)}.{hint}", at))
        return tuple(targets)

    def _inverse(self, entity: Entity, field: Field) -> None:
        """Note what the targets see; without targets (any entity) all of them do."""
        ids = {entity.id: entity.name for entity in self.by_name.values()}
        names = (
            [ids[id_] for id_ in field.targets] if field.options.get("to", ANY) != ANY else list(self.by_name)
        )
        one_to_one = field.options.get("unique") is True and not field.kind.to_many
        title = field.options.get("inverse_title") or (entity.title if one_to_one else entity.plural)
        assert field.inverse is not None
        for name in names:
            found = Inverse(field.inverse, entity.name, field.name, not one_to_one, title)
            reason = self._taken(self.by_name[name], found)
            if reason is None:
                self.inverses[name][found.name] = found
            else:
                at = f"{field.pointer}/x-amity/inverse"
                self.report(entity, Problem("inverse", reason, at))

    def _taken(self, target: Entity, inverse: Inverse) -> str | None:
        name = inverse.name
        if not FIELD_NAME.fullmatch(name) or name in EXPRESSION_WORDS:
            return f"{shown(name)} cannot be the name of an inverse: it follows the rule of field names."
        if name in SYSTEM_FIELDS:
            return f"{target.title} cannot see these records as {name!r}: that is a system field."
        folded = {known.casefold(): known for known in target.by_name}
        if name.casefold() in folded:
            other = folded[name.casefold()]
            return f"{target.title} cannot see these records as {name!r}: it has a field {other!r} itself."
        known = self.inverses[target.name].get(name)
        if known is not None:
            return (
                f"{target.title} sees other records as {name!r} already, those of "
                f"{known.entity}.{known.field}; choose another inverse."
            )
        return None
