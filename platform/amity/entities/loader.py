"""From a document to an `Entity` without storage: the one place where entity documents are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.entities import crossrefs, defaults, metaschema
from amity.entities.conditions import stray_names, with_conditions
from amity.entities.fields import FieldReader, given_title
from amity.entities.identity import Identity, assign_ids
from amity.entities.kinds.registry import KindRegistry
from amity.entities.limits import MAX_FIELDS, MAX_PROBLEMS, MAX_TITLE, document_problems
from amity.entities.model import Check, Entity, Field, Section, View
from amity.entities.names import (
    entity_name_problem,
    field_name_problem,
    folding_problems,
    humanised,
    listed,
    pointer,
    suggested,
)
from amity.entities.roots import hoisted
from amity.entities.schema import Reader, Refused
from amity.entities.served import served_document
from amity.entities.soundness import soundness_problems
from amity.entities.structure import structure_problems
from amity.errors import Invalid, Problem


def load(
    document: Mapping[str, Any],
    kinds: KindRegistry,
    *,
    name: str | None = None,
    previous: Entity | None = None,
    source: str | None = None,
    answers: Mapping[str, str | None] | None = None,
    version: int = 0,
    trusted: bool = False,
) -> Entity:
    """Read an entity document. Raises `Invalid` with everything that is wrong, each with its JSON pointer.

    `name` is the entity's where the document says none (the path of a request, the stem of a file);
    `previous` is the entity in force, whose ids are kept; `answers` say which new name was which old one
    (None: it is new); `source` is the file for messages; `trusted` skips what costs time for a document
    that came through here before it was stored (limits, JSON Schema and meta-schema checks).

    The outcome has no storage, no targets and no inverses yet: `amity.entities.linking.link` brings
    entities together.
    """
    loading = _Loading(kinds, previous, answers, trusted)
    try:
        entity = loading.run(document, name, version)
    except RecursionError:
        entity = None
        loading.problems = [Problem("too_deep", "The document is nested too deeply.", "")]
    if entity is None or loading.problems:
        problems = metaschema.placed(loading.problems[:MAX_PROBLEMS], source)
        raise Invalid(_summary(problems, source or name), problems=problems, details=_details(source))
    return entity


def identify(
    document: Mapping[str, Any], previous: Entity | None, answers: Mapping[str, str | None] | None = None
) -> Identity:
    """Say which field of `document` is which field of `previous`, and what only a person knows.

    The document must be one that `load` accepts.
    """
    properties = hoisted(document).get("properties", {})
    return assign_ids(properties, previous, answers)


def acceptable(document: Any, kinds: KindRegistry) -> bool:
    """Tell whether a document is sound enough to be compared with another (`identify`) before `load`.

    Names of fields in it may still be old ones: whoever compares rewrites them.
    """
    for check in _FIRST_CHECKS:
        if check(document):
            return False
    try:
        document = hoisted(document)
    except (Refused, RecursionError):
        return False
    return isinstance(document.get("properties"), Mapping) and not metaschema.key_problems(document, kinds)


def _summary(problems: list[Problem], what: str | None) -> str:
    about = f" {what}" if what else ""
    if len(problems) == 1:
        return f"The entity document{about} cannot be used: {problems[0].message}"
    return f"The entity document{about} has {len(problems)} problems."


def _details(source: str | None) -> dict[str, Any]:
    return {"source": source} if source else {}


_DRAFTS: Final = (
    metaschema.DRAFT,
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft-06/schema",
)
"""Drafts that mean the same where they use the same words; other words are refused one by one."""


class _Loading:
    """One reading: collects problems and goes on as far as it makes sense."""

    def __init__(
        self,
        kinds: KindRegistry,
        previous: Entity | None,
        answers: Mapping[str, str | None] | None,
        trusted: bool,
    ) -> None:
        self.trusted = trusted
        self.kinds = kinds
        self.previous = previous
        self.answers = answers
        self.problems: list[Problem] = []

    def run(self, document: Mapping[str, Any], name: str | None, version: int) -> Entity | None:
        for check in () if self.trusted else _FIRST_CHECKS:
            self.problems += check(document)
            if self.problems:
                return None
        try:
            document = hoisted(document)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None
        self.problems += _root_problems(document) + _count_problems(document) + stray_names(document)
        if not self.trusted:
            self.problems += metaschema.key_problems(document, self.kinds)
        properties: Mapping[str, Any] = document.get("properties", {})
        self._names(properties)
        if self.problems:
            return None
        identity = assign_ids(properties, self.previous, self.answers)
        self.problems += identity.problems
        reader = FieldReader(Reader(document), self.kinds, identity, self.previous, _required(document))
        found = [reader.read(key, schema) for key, schema in properties.items()]
        self.problems += reader.problems
        fields = with_conditions(document, [field for field in found if field])
        return self._entity(document, fields, name, version)

    def _names(self, properties: Mapping[str, Any]) -> None:
        for key in properties:
            problem = field_name_problem(key, pointer("properties", key))
            if problem:
                self.problems.append(problem)
        self.problems += folding_problems(properties, "/properties")

    def _entity(
        self,
        document: Mapping[str, Any],
        fields: tuple[Field, ...],
        name: str | None,
        version: int,
    ) -> Entity | None:
        options: Mapping[str, Any] = document.get("x-amity", {})
        own_name = self._own_name(document, options, name)
        if own_name is None:
            return None
        id_ = options.get("id") or (self.previous.id if self.previous else own_name)
        title = given_title(document) or humanised(own_name)
        plural = options.get("plural") or defaults.plural(title)
        refs = crossrefs.References(fields, self.problems)
        display = refs.display(options)
        layout = tuple(_section(section) for section in options.get("layout", ()))
        views = tuple(_view(view) for view in options.get("views", ()))
        refs.layout(options)
        refs.views(options)
        refs.checks(options)
        unique = refs.unique(options)
        timeline = refs.timeline(options)
        if self.problems:
            return None
        return Entity(
            id=id_,
            name=own_name,
            title=title,
            plural=plural,
            version=version,
            document=served_document(document, own_name, id_, fields),
            fields=fields,
            icon=options.get("icon", "table"),
            display=display or defaults.display(fields),
            unique=unique,
            checks=tuple(
                Check(check["expression"], check["message"], check.get("field"))
                for check in options.get("checks", ())
            ),
            layout=defaults.completed_layout(layout, fields),
            views=defaults.completed_views(views, fields, plural),
            timeline=timeline,
            additional=_additional(document),
            description=options.get("description") or document.get("description", ""),
        )

    def _own_name(
        self, document: Mapping[str, Any], options: Mapping[str, Any], name: str | None
    ) -> str | None:
        found, at = options.get("name"), "/x-amity/name"
        if found is None:
            found, at = name, ""
        if found is None and isinstance(document.get("title"), str):
            found, at = suggested(document["title"], entity=True), "/title"
        if found is None:
            self.problems.append(
                Problem("required", "The entity needs a name: say it under x-amity.name.", "/x-amity/name")
            )
            return None
        problem = entity_name_problem(found, at)
        if problem:
            self.problems.append(problem)
            return None
        return str(found)


def _schema_problems(document: Mapping[str, Any]) -> list[Problem]:
    draft = document.get("$schema", metaschema.DRAFT)
    if not isinstance(draft, str) or draft.rstrip("#").replace("http:", "https:") not in _DRAFTS:
        return [
            Problem(
                "schema",
                f"Entities are JSON Schemas of draft 2020-12, not {draft!r}: write {metaschema.DRAFT!r}.",
                "/$schema",
            )
        ]
    return structure_problems(document)


def _root_problems(document: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if document.get("type", "object") != "object":
        problems.append(Problem("type", f"An entity describes an object, not {document['type']!r}.", "/type"))
    if not document.get("properties"):
        problems.append(
            Problem("required", "An entity needs properties: each becomes a field.", "/properties")
        )
    if document.get("patternProperties"):
        problems.append(
            Problem(
                "formless",
                "patternProperties at the top level has no columns: put such members into one property "
                "of type object.",
                "/patternProperties",
            )
        )
    if len(document.get("title", "")) > MAX_TITLE:
        problems.append(Problem("maxLength", f"A title has at most {MAX_TITLE} characters.", "/title"))
    names = document.get("properties", {})
    for index, name in enumerate(document.get("required", ())):
        if name not in names:
            problems.append(
                Problem(
                    "unknown",
                    f"{name!r} is required but not among the properties {listed(names)}.",
                    f"/required/{index}",
                )
            )
    return problems


def _count_problems(document: Mapping[str, Any]) -> list[Problem]:
    properties = document.get("properties")
    count = len(properties) if isinstance(properties, Mapping) else 0
    if count <= MAX_FIELDS:
        return []
    return [
        Problem(
            "too_many",
            f"An entity has at most {MAX_FIELDS} fields; this one would have {count:,}. "
            "Put what belongs together into an entity of its own.",
            "/properties",
        )
    ]


def _required(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(document.get("required", ()))


def _additional(document: Mapping[str, Any]) -> bool:
    rule = document.get("additionalProperties", False)
    return rule is not False


def _section(section: Mapping[str, Any]) -> Section:
    return Section(
        title=section.get("section", ""),
        fields=tuple(section["fields"]),
        columns=section.get("columns", 2),
        visible=section.get("visible"),
        children=tuple(section.get("children", ())),
    )


def _view(view: Mapping[str, Any]) -> View:
    return View(
        name=view["name"],
        title=given_title(view) or humanised(view["name"]),
        kind=view.get("kind", "table"),
        fields=tuple(view.get("fields", ())),
        sort=view.get("sort", ""),
        where=view.get("where"),
        options=view.get("options", {}),
    )


_FIRST_CHECKS: Final = (document_problems, _count_problems, _schema_problems, soundness_problems)
"""In this order, each only where the one before found nothing: the cheap ones guard the others."""
