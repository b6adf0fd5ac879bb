"""The entity designer: palette, fields, the editor of one field, the form to come, JSON beside it.

The draft travels with the form: nothing is kept on the server until it is applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.entities.kinds.base import Kind
from amity.entities.loader import load
from amity.entities.model import Entity, Field
from amity.errors import AmityError, Invalid, Problem
from amity.web.builder import document as documents
from amity.web.builder import field_editor, layout_editor, rollup_editor
from amity.web.builder.carried import Carried, carried_document, pretty, show, take_json
from amity.web.builder.choices_editor import COLORS
from amity.web.builder.document import Json, own_options
from amity.web.builder.field_editor import ON_DELETE, FieldEditor
from amity.web.builder.layout_editor import LayoutEditor
from amity.web.builder.rows import kind_of
from amity.web.builder.settings_editor import SettingsEditor, read_settings, write_settings
from amity.web.context import locale, require_admin, workspace
from amity.web.forms import Choices, FormSection, Surroundings, make_input
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("designer", __name__, url_prefix="/builder/entities")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field in the list of the designer."""

    name: str
    title: str
    kind: str
    icon: str
    required: bool
    selected: bool
    problems: int


@dataclass(frozen=True, slots=True)
class Target:
    """An entity that a relation can link."""

    name: str
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class DesignerPage:
    """Context of `pages/builder/designer.html`."""

    original: str
    """Name of the entity that is changed, empty for a new one."""
    title: str
    document: str
    """The draft as compact JSON, carried by the form."""
    pretty: str
    """The same for reading and editing, or what was typed there and is not taken over."""
    json_problem: str
    json_typed: bool
    """Whether `pretty` was typed and differs from the document."""
    new_title: str
    """Title that was typed for the next field."""
    goal: str
    """Id of the element where the work goes on after the press of a button; empty: where it was."""
    announcement: str
    """What was done, for those who listen to the page."""
    palette: Sequence[tuple[str, Sequence[Kind]]]
    fields: Sequence[FieldRow]
    editor: FieldEditor | None
    unreadable: str
    """Name of the selected field where it is no schema that an editor can show."""
    settings: SettingsEditor
    layout: LayoutEditor
    problems: Sequence[Problem]
    preview: Sequence[FormSection]
    kinds: Sequence[Kind]
    entities: Sequence[Target]
    on_delete: Sequence[tuple[str, str]]
    colors: Sequence[tuple[str, str]]
    records_url: str


@dataclass
class Draft(Carried):
    """What the designer works on during one request."""

    new_title: str = ""

    def applied(self, name: str) -> Field | None:
        """The field as it is in force; None where it is new."""
        known = workspace().definitions.model.entities.get(self.original)
        own = own_options(documents.properties(self.document).get(name) or {})
        return known.by_id.get(str(own.get("id", name))) if known else None

    def has_editor(self, name: str) -> bool:
        """Whether there is such a field and it is described by an object."""
        return isinstance(documents.properties(self.document).get(name), dict)


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Begin a new entity."""
    require_admin()
    document = documents.empty()
    title = request.args.get("title", "").strip()
    if title:
        document["title"] = title
        document["x-amity"] |= {"name": documents.slug(title)}
    return _page(Draft("", document, ""))


@blueprint.get("/<name>")
def design(name: str) -> ResponseReturnValue:
    """Change an entity."""
    require_admin()
    stored = workspace().definitions.get("entity", name)
    document: Json = jsontext.loads(jsontext.dumps_bytes(stored.document))
    return _page(Draft(name, document, request.args.get("field", "")))


@blueprint.post("/design")
def change() -> ResponseReturnValue:
    """Take in what the form says, do the one thing that was pressed, and show the draft again."""
    require_admin()
    draft = read_draft()
    if not draft.json_problem:
        _do(draft, request.form.get("do", ""))
    return _page(draft)


def read_draft() -> Draft:
    """Read the draft that the form carries, with all that was typed into the editors. Raises `Invalid`."""
    form = request.form
    draft = Draft(form.get("original", ""), carried_document(form, documents.empty), form.get("selected", ""))
    draft.new_title = form.get("new-title", "")
    if take_json(draft, form):
        return draft
    write_settings(draft.document, form, is_new=not draft.original)
    layout_editor.write(draft.document, form)
    if draft.has_editor(draft.selected):
        is_new = draft.applied(draft.selected) is None
        draft.selected = field_editor.write(
            draft.document, draft.selected, form, workspace().kinds, is_new=is_new
        )
    return draft


def _do(draft: Draft, what: str) -> None:
    """Do what a button asks for: `verb:argument`."""
    verb, _colon, argument = what.partition(":")
    match verb:
        case "add" if argument in workspace().kinds:
            kind = workspace().kinds.get(argument)
            title = draft.new_title.strip() or _(kind.title)
            draft.selected = documents.add_field(draft.document, kind.new_schema(), title, kind.name)
            draft.new_title = ""
            draft.goal = "input-f-title"
            draft.announcement = _("The field %(title)s is added.", title=title)
        case "select":
            draft.selected = argument
            draft.goal = "designer-field-title"
        case "up" | "down":
            documents.move_field(draft.document, argument, -1 if verb == "up" else 1)
        case "place-up" | "place-down":
            layout_editor.move_field(draft.document, argument, -1 if verb == "place-up" else 1)
        case "section-add":
            number = layout_editor.add_section(draft.document, _("New section"))
            draft.goal = f"input-section-{number}-title"
        case "layout-own":
            layout_editor.begin(draft.document, _loaded(draft)[0])
            draft.goal = "designer-layout-title"
        case "layout-auto":
            layout_editor.end(draft.document)
            draft.goal = "designer-layout-title"
        case "order":
            _reorder(draft.document, argument)
        case "remove":
            documents.remove_field(draft.document, argument)
            draft.selected = ""
            draft.goal = "designer-fields-title"
            draft.announcement = _("The field is removed.")


def _reorder(document: Json, order: str) -> None:
    """Put the fields into the order that a JSON list of all their names gives."""
    found = documents.properties(document)
    try:
        names = jsontext.loads(order)
    except AmityError:
        return
    if isinstance(names, list) and sorted(map(str, names)) == sorted(found):
        document["properties"] = {name: found[name] for name in names}


# -- the page ------------------------------------------------------------------------------------------


def _page(draft: Draft) -> ResponseReturnValue:
    return show(draft, make_page(draft), "designer")


def make_page(draft: Draft, problems: Sequence[Problem] = ()) -> DesignerPage:
    """Make the page of a draft; `problems` are what planning it found."""
    entity, found = _loaded(draft)
    everything = [*found, *(problem for problem in problems if problem not in found)]
    by_field = _by_field(everything, draft.document)
    fields = documents.properties(draft.document)
    selected = draft.selected if draft.selected in fields else ""
    kinds = workspace().kinds
    title = str(draft.document.get("title", "")) or _("New entity")
    return DesignerPage(
        original=draft.original,
        title=title,
        document=jsontext.dumps(draft.document),
        pretty=draft.typed_json or pretty(jsontext.loads(jsontext.dumps(draft.document))),
        json_problem=draft.json_problem,
        json_typed=bool(draft.typed_json),
        new_title=draft.new_title,
        goal=draft.goal,
        announcement=draft.announcement,
        palette=_palette(),
        fields=[_row(name, schema, draft, selected, by_field) for name, schema in fields.items()],
        editor=_editor(draft, selected, by_field.get(selected, ())) if draft.has_editor(selected) else None,
        unreadable="" if draft.has_editor(selected) else selected,
        settings=read_settings(draft.document),
        layout=layout_editor.read(draft.document, kinds),
        problems=everything,
        preview=_preview(entity) if entity else (),
        kinds=list(kinds),
        entities=_targets(draft),
        on_delete=ON_DELETE,
        colors=COLORS,
        records_url=f"/e/{draft.original}" if draft.original else "",
    )


def _editor(draft: Draft, name: str, problems: Sequence[Problem]) -> FieldEditor:
    applied = draft.applied(name)
    at = f"/properties/{name}/default"
    model = workspace().definitions.model
    return field_editor.read(
        draft.document,
        name,
        workspace().kinds,
        is_new=applied is None,
        problems=[problem.message for problem in problems],
        sound=all((problem.pointer or "").startswith(at) for problem in problems),
        inside=frozenset(part.name for part in applied.parts) if applied else frozenset(),
        lists=rollup_editor.lists(model, model.entities.get(draft.original)),
    )


def _targets(draft: Draft) -> list[Target]:
    """The entities that a relation can link, the one that is being made among them."""
    found = [Target(item.name, item.title, item.icon or "table") for item in workspace().definitions.model]
    settings = read_settings(draft.document)
    if not draft.original and settings.name and settings.name not in {item.name for item in found}:
        found.append(Target(settings.name, settings.title or settings.name, "table"))
    return found


def _loaded(draft: Draft) -> tuple[Entity | None, Sequence[Problem]]:
    definitions = workspace().definitions
    previous = definitions.model.entities.get(draft.original)
    try:
        return load(draft.document, workspace().kinds, name=draft.original or None, previous=previous), ()
    except Invalid as error:
        return None, error.problems or [Problem("invalid", error.message, pointer="")]


def _by_field(problems: Sequence[Problem], document: Json) -> Mapping[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    names = documents.properties(document)
    for problem in problems:
        parts = (problem.pointer or "").split("/")
        if len(parts) > 2 and parts[1] == "properties":
            name = parts[2].replace("~1", "/").replace("~0", "~")
            if name in names:
                found.setdefault(name, []).append(problem)
    return found


def _row(
    name: str, schema: Any, draft: Draft, selected: str, problems: Mapping[str, list[Problem]]
) -> FieldRow:
    readable = schema if isinstance(schema, dict) else {}
    kind = kind_of(workspace().kinds, readable)
    return FieldRow(
        name=name,
        title=str(readable.get("title", "")) or name,
        kind=kind.title,
        icon=kind.icon,
        required=name in documents.required(draft.document),
        selected=name == selected,
        problems=len(problems.get(name, ())),
    )


def _palette() -> list[tuple[str, Sequence[Kind]]]:
    groups: dict[str, list[Kind]] = {}
    for kind in workspace().kinds:
        groups.setdefault(kind.group, []).append(kind)
    return list(groups.items())


def _preview(entity: Entity) -> list[FormSection]:
    """The form as staff will see it, empty and without effect."""
    around = Surroundings(
        locale=locale(),
        visible=lambda field: True,
        required=lambda field: field.required,
        choices=lambda field, value: Choices(),
    )
    return [
        FormSection(
            key=str(number),
            title=section.title,
            columns=section.columns,
            inputs=tuple(
                make_input(field, field.default, around, prefix="preview-")
                for name in section.fields
                if (field := entity.by_name.get(name)) is not None and not field.read_only
            ),
            visible=True,
            conditional=bool(section.visible),
        )
        for number, section in enumerate(entity.layout)
    ]
