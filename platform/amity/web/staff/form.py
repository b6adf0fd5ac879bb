"""Creating and editing a record: the form, its rules, its saving, what is said when it cannot be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.access.context import Context
from amity.access.policy import Verb
from amity.entities.kinds.base import FormData, ValueProblem
from amity.entities.kinds.file import FileKind
from amity.entities.model import Entity, Field, Section
from amity.errors import Busy, Forbidden, Invalid, NotFound, Stale
from amity.records.shapes import Record
from amity.web import forms
from amity.web.context import current, locale, safe_next, workspace
from amity.web.files import received
from amity.web.forms import ChildTable, FormSection, Input, Trouble
from amity.web.shell import note
from amity.web.staff.access import EntityHead, decide, find_entity, head
from amity.web.staff.blueprint import blueprint
from amity.web.staff.children import child_fields, child_tables, children_of
from amity.web.staff.conflict import conflict_page, settled
from amity.web.staff.options import relation_choices
from amity.web.staff.rules import Rules, fields_in
from amity.web.staff.showing import label
from amity.web.texts import gettext as _

PREFILL: Final = "set-"
"""Before a field's name in the query string of a new record."""


@dataclass(frozen=True, slots=True)
class FormPage:
    """Context of `pages/form.html` and `fragments/form.html` as `page`."""

    entity: EntityHead
    title: str
    label: str
    """Of the record that is edited, "" for a new one."""
    action: str
    cancel_url: str
    back: str
    version: str
    sections: tuple[FormSection, ...]
    children: tuple[ChildTable, ...]
    summary: tuple[tuple[str, str], ...]
    draft: str
    """Key under which the browser keeps what was typed."""
    live: str
    """Names of the inputs on which conditions depend, separated by spaces."""
    rules_url: str
    multipart: bool
    """Whether the form carries files."""
    is_new: bool


@blueprint.route("/e/<name>/new", methods=["GET", "POST"])
def new_record(name: str) -> ResponseReturnValue:
    """Show the form for a new record, and save it."""
    ctx = current()
    entity = find_entity(ctx, name)
    _allow(ctx, "create", entity)
    if request.method == "GET":
        values, children = _prefilled(ctx, entity)
        return render_template("pages/form.html", page=make_form(ctx, entity, None, values, children))
    sent, refused = _with_files(ctx, entity, "create")
    values, children = _sent(ctx, entity, "create", sent)
    if refused is not None:
        return _refused(make_form(ctx, entity, None, values, children, refused), refused)
    if "amity-add" in request.form:
        return render_template("pages/form.html", page=make_form(ctx, entity, None, values, children))
    try:
        record = workspace().records.create(
            ctx, entity.name, values, children=forms.without_row(children) or None
        )
    except (Invalid, Busy) as error:
        return _refused(make_form(ctx, entity, None, values, children, error), error)
    text = _("%(label)s is saved.", label=label(entity, record))
    url = f"/e/{entity.name}/{record.id}"
    if "amity-another" in request.form:
        note(text, link_url=url, link_text=_("Open it"))
        return redirect(f"/e/{entity.name}/new", 303)
    note(text)
    return redirect(safe_next(request.form.get("amity-back"), url), 303)


@blueprint.route("/e/<name>/<uuid:identity>/edit", methods=["GET", "POST"])
def edit_record(name: str, identity: Any) -> ResponseReturnValue:
    """Show the form of a record, and save what changed; a conflict is settled field by field."""
    ctx = current()
    entity = find_entity(ctx, name)
    _allow(ctx, "update", entity)
    record = workspace().records.get(ctx, entity.name, str(identity))
    if request.method == "GET":
        children = children_of(ctx, entity, record.id)
        return render_template(
            "pages/form.html", page=make_form(ctx, entity, record, record.as_json(), children)
        )
    sent, refused = _with_files(ctx, entity, "update")
    values, children = _sent(ctx, entity, "update", sent)
    if refused is not None:
        return _refused(make_form(ctx, entity, record, values, children, refused), refused)
    if "amity-add" in request.form:
        return render_template("pages/form.html", page=make_form(ctx, entity, record, values, children))
    patch = settled(values, request.form)
    try:
        saved = workspace().records.update(
            ctx,
            entity.name,
            record.id,
            patch,
            version=_version(request.form),
            children=forms.without_row(children) or None,
        )
    except (Invalid, Busy) as error:
        return _refused(make_form(ctx, entity, record, values, children, error), error)
    except Stale as error:
        page = conflict_page(ctx, entity, record, values, request.form, error)
        return make_response(render_template("pages/conflict.html", page=page), 409)
    if saved.version == record.version:
        note(_("Nothing was changed."), "info")
    else:
        note(_("%(label)s is saved.", label=label(entity, saved)))
    return redirect(safe_next(request.form.get("amity-back"), f"/e/{entity.name}/{record.id}"), 303)


@blueprint.post("/e/<name>/rules")
def form_rules(name: str) -> Response:
    """Work out which inputs and sections are shown, and which are required, for what is typed so far."""
    ctx = current()
    entity = find_entity(ctx, name)
    fields = [field for field in entity.fields if decide(ctx, "read", entity).can_read(field.name)]
    values = forms.typed_values(entity, forms.read_values(fields, request.form))
    rules = Rules(ctx, entity, values)
    answer = {
        "fields": {
            field.name: {"visible": rules.visible(field), "required": rules.required(field)}
            for field in fields
            if field.visible or field.required_when
        },
        "sections": {
            _section_key(index): rules.holds(section.visible)
            for index, section in enumerate(entity.layout)
            if section.visible
        },
    }
    return Response(jsontext.dumps_bytes(answer), content_type="application/json")


def _allow(ctx: Context, verb: Verb, entity: Entity) -> None:
    if not decide(ctx, verb, entity).allowed:
        words = _("add") if verb == "create" else _("change")
        raise Forbidden(
            _("You may not %(verb)s %(plural)s.", verb=words, plural=entity.plural),
            hint=_("Ask an admin for the right to do it."),
        )


def _version(form: FormData) -> int:
    text = form.get("amity-version") or ""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(_("The form does not say which version of the record it shows. Please open it again."))
    return int(text)


def _refused(page: FormPage, error: Invalid | Busy) -> Response:
    """Give the form once more, as it was typed: nothing is lost, also where the database is busy."""
    response = make_response(render_template("pages/form.html", page=page), error.status)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


# -- what the form is about -------------------------------------------------------------------------
def form_fields(ctx: Context, entity: Entity, verb: Verb) -> list[Field]:
    """Give the fields that the person may fill, in the order of the definition."""
    reads, writes = decide(ctx, "read", entity), decide(ctx, verb, entity)
    return [
        field
        for field in entity.fields
        if not field.read_only
        and not field.kind.computed
        and reads.can_read(field.name)
        and writes.can_write(field.name)
    ]


def _with_files(ctx: Context, entity: Entity, verb: Verb) -> tuple[FormData, Invalid | None]:
    """Keep the files that were sent; the form then carries what records keep of them."""
    fields = form_fields(ctx, entity, verb)
    form, problems = received(fields, request.form, request.files, workspace().files)
    return form, Invalid(_("A file was not taken."), problems=problems) if problems else None


def _sent(
    ctx: Context, entity: Entity, verb: Verb, form: FormData
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    values = forms.read_values(form_fields(ctx, entity, verb), form)
    children = {
        inverse.name: forms.read_children(inverse.name, fields, form)
        for inverse, fields in child_fields(ctx, entity)
    }
    return values, {name: rows for name, rows in children.items() if rows}


def _prefilled(ctx: Context, entity: Entity) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Give the values of a new form: defaults, a copied record, what the address says."""
    fields = form_fields(ctx, entity, "create")
    values: dict[str, Any] = {field.name: field.default for field in fields if field.default is not None}
    copied = request.args.get("copy")
    if copied:
        unique = {name for names in entity.unique for name in names}
        original = workspace().records.get(ctx, entity.name, copied).as_json()
        values.update({field.name: original[field.name] for field in fields if field.name in original})
        values = {name: value for name, value in values.items() if name not in unique}
    for field in fields:
        text = request.args.get(PREFILL + field.name)
        if text:
            try:
                values[field.name] = field.kind.from_text(field, text)
            except ValueProblem:
                continue  # a mistyped address must not stand in the way of the form
    return values, {}


# -- the page ---------------------------------------------------------------------------------------
def make_form(
    ctx: Context,
    entity: Entity,
    record: Record | None,
    values: Mapping[str, Any],
    children: Mapping[str, Sequence[Mapping[str, Any]]],
    error: Invalid | Busy | None = None,
) -> FormPage:
    """Put the form together: values as stored or as typed, problems beside their inputs."""
    fields = {
        field.name: field for field in form_fields(ctx, entity, "create" if record is None else "update")
    }
    trouble = _trouble(error, fields)
    rules = Rules(ctx, entity, _known(entity, record, values))
    around = _around(ctx, rules)
    sections = tuple(_sections(entity, fields, values, trouble, around, rules))
    tables = tuple(child_tables(ctx, entity, children, trouble, locale()))
    name = "" if record is None else label(entity, record)
    url = f"/e/{entity.name}" if record is None else f"/e/{entity.name}/{record.id}"
    back = safe_next(request.values.get("amity-back") or request.args.get("back"), "")
    return FormPage(
        entity=head(ctx, entity),
        title=_("New %(title)s", title=entity.title) if record is None else name,
        label=name,
        action=f"{url}/new" if record is None else f"{url}/edit",
        cancel_url=back or url,
        back=back,
        version=_shown_version(record),
        sections=sections,
        children=tables,
        summary=tuple(forms.summary(sections, tables, trouble)),
        draft=f"{entity.id}:{'new' if record is None else f'{record.id}:{_shown_version(record)}'}",
        live=" ".join(sorted(_live(entity))),
        rules_url=f"/e/{entity.name}/rules",
        multipart=any(isinstance(field.kind, FileKind) for field in fields.values()),
        is_new=record is None,
    )


def _shown_version(record: Record | None) -> str:
    """The version that the person saw first: it stays the same while the form is refused."""
    if record is None:
        return ""
    sent = request.form.get("amity-version", "")
    return sent if sent.isdigit() else str(record.version)


def _trouble(error: Invalid | Busy | None, fields: Mapping[str, Field]) -> Trouble:
    if error is None:
        return forms.NO_TROUBLE
    trouble = forms.sort_problems(error.problems, fields)
    return trouble if trouble.any else Trouble({}, {}, (error.message,))


def _known(entity: Entity, record: Record | None, values: Mapping[str, Any]) -> dict[str, Any]:
    before = dict(record.values) if record is not None else {}
    return {**before, **forms.typed_values(entity, values)}


def _around(ctx: Context, rules: Rules) -> forms.Surroundings:
    return forms.Surroundings(
        locale=locale(),
        visible=rules.visible,
        required=rules.required,
        choices=lambda field, value: relation_choices(ctx, field, value),
    )


def _section_key(index: int) -> str:
    return f"section-{index + 1}"


def _sections(
    entity: Entity,
    fields: Mapping[str, Field],
    values: Mapping[str, Any],
    trouble: Trouble,
    around: forms.Surroundings,
    rules: Rules,
) -> list[FormSection]:
    placed = {name for section in entity.layout for name in section.fields}
    rest = tuple(name for name in fields if name not in placed)
    layout = [*entity.layout]
    if rest:
        layout.append(Section(_("More") if layout else "", rest))
    made = []
    for index, section in enumerate(layout):
        inputs: list[Input] = [
            forms.make_input(fields[name], values.get(name), around, trouble.fields.get(name, ()))
            for name in section.fields
            if name in fields
        ]
        if inputs:
            made.append(
                FormSection(
                    key=_section_key(index),
                    title=section.title,
                    columns=section.columns,
                    inputs=tuple(inputs),
                    visible=rules.holds(section.visible),
                    conditional=bool(section.visible),
                )
            )
    return made


def _live(entity: Entity) -> set[str]:
    """Name the fields on which some condition of the form depends."""
    texts = [field.visible for field in entity.fields] + [field.required_when for field in entity.fields]
    texts += [section.visible for section in entity.layout]
    return {name for text in texts if text for name in fields_in(entity, text)}


def find_record_entity(ctx: Context, name: str, identity: str) -> tuple[Entity, Record]:
    """Give an entity and one of its records. Raises `NotFound`."""
    entity = find_entity(ctx, name)
    record = workspace().records.get(ctx, entity.name, identity)
    if record.deleted_at is not None:
        raise NotFound(_("This record is in the recycle bin."))
    return entity, record
