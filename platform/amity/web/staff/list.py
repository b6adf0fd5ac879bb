"""The list of an entity's records: views, filter, search, order, columns, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.entities.model import Entity, Field
from amity.errors import Invalid, NotFound
from amity.records.saved_views import SavedView, SavedViews
from amity.records.shapes import Page, Query
from amity.web import htmx
from amity.web.context import current, workspace
from amity.web.forms import Option
from amity.web.staff import filters
from amity.web.staff.access import EntityHead, find_entity, formatter, head, readable_fields
from amity.web.staff.blueprint import blueprint
from amity.web.staff.columns import Column, ColumnChoice, choices, chosen_columns, columns
from amity.web.staff.options import filter_options
from amity.web.staff.showing import Shower, Shown, label
from amity.web.staff.starting import StartButton, start_buttons
from amity.web.staff.state import ListState
from amity.web.texts import gettext as _

PAGE_SIZE: Final = 50
MINE: Final = "mine:"
"""Before the id of a person's own saved view in the URL's `view`."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A view above the list."""

    title: str
    url: str
    current: bool
    delete_url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the list. `cells` are in the order of the columns, None where one is hidden."""

    id: str
    version: int
    label: str
    url: str
    cells: tuple[Shown | None, ...]


@dataclass(frozen=True, slots=True)
class ChipView:
    """A chip and the address without it."""

    text: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The builder of one condition: which field, which operator, which value."""

    fields: tuple[tuple[str, str], ...]
    field: str
    operators: tuple[tuple[str, str], ...]
    operator: str
    input: str
    value: str
    options: tuple[Option, ...]
    picker_url: str
    problems: tuple[str, ...]
    url: str
    state: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Context of `pages/list.html` and `fragments/list.html` as `page`."""

    entity: EntityHead
    tabs: tuple[Tab, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chips: tuple[ChipView, ...]
    filter: FilterForm
    column_choices: tuple[ColumnChoice, ...]
    q: str
    where: str
    where_problem: str
    problem: str
    count: str
    next_url: str
    first_url: str
    clear_url: str
    export_url: str
    state: Mapping[str, str]
    here: str
    starts: tuple[StartButton, ...]
    """Workflows that can be started for the selected records."""

    @property
    def filtered(self) -> bool:
        """Whether an empty list is empty because of a filter or search."""
        return bool(self.where or self.q)

    @property
    def announce(self) -> str:
        """What a screen reader hears after the list changed."""
        return (
            self.problem or self.where_problem or _("%(count)s records", count=self.count or len(self.rows))
        )


@dataclass(frozen=True, slots=True)
class _View:
    """A view as the list needs it, shared or a person's own."""

    key: str
    title: str
    fields: tuple[str, ...]
    sort: str
    where: str
    mine: str = ""


@blueprint.get("/e/<name>")
def show_list(name: str) -> ResponseReturnValue:
    """Show the list; htmx gets only the part that changes."""
    ctx = current()
    entity = find_entity(ctx, name)
    state = ListState.from_query(f"/e/{entity.name}", request.args)
    if "add" in request.args:
        answer = _add_condition(ctx, entity, state)
        if isinstance(answer, str):
            return redirect(answer, 303)
        form = answer
    else:
        form = filter_form(ctx, entity, state, request.args)
    page = make_page(ctx, entity, state, form)
    template = "fragments/list.html" if htmx.is_fragment() else "pages/list.html"
    status = 422 if page.where_problem or page.problem or form.problems else 200
    return make_response(render_template(template, page=page), status)


@blueprint.get("/e/<name>/filter")
def show_filter(name: str) -> str:
    """Show the builder of one condition for the chosen field and operator."""
    ctx = current()
    entity = find_entity(ctx, name)
    state = ListState.from_query(f"/e/{entity.name}", request.args)
    return render_template("fragments/filter.html", filter=filter_form(ctx, entity, state, request.args))


# -- views ------------------------------------------------------------------------------------------
def _views(ctx: Context, entity: Entity, own: Sequence[SavedView]) -> list[_View]:
    shared = [
        _View(view.name, view.title, view.fields, view.sort, view.where or "")
        for view in entity.views
        if view.kind == "table"
    ]
    if not shared:
        shared = [_View("", _("All"), (), "", "")]
    mine = [_View(MINE + view.id, view.name, view.columns, view.sort, view.where, view.id) for view in own]
    return [*shared, *mine]


def _chosen(views: Sequence[_View], key: str) -> _View:
    if not key:
        return views[0]
    found = next((view for view in views if view.key == key), None)
    if found is None:
        raise NotFound(
            _("There is no such view any more."), hint=_("Choose one of the views above the list.")
        )
    return found


def _tabs(views: Sequence[_View], chosen: _View, base: str) -> tuple[Tab, ...]:
    made = []
    for index, view in enumerate(views):
        url = base if index == 0 else ListState(base, view=view.key).url
        delete = f"{base}/views/{view.mine}/delete" if view.mine else ""
        made.append(Tab(view.title, url, view is chosen, delete))
    return tuple(made)


# -- the page ---------------------------------------------------------------------------------------
def make_page(ctx: Context, entity: Entity, state: ListState, form: FilterForm) -> ListPage:
    """Ask for the records and put the page together; a wrong filter or search is told on the page."""
    views = _views(ctx, entity, SavedViews(workspace().database).of(ctx, entity))
    chosen = _chosen(views, state.view)
    where = chosen.where if state.where is None else state.where.strip()
    sort = chosen.sort if state.sort is None else state.sort
    names = chosen_columns(ctx, entity, state, chosen.fields)
    found, where_problem, problem = _find(ctx, entity, where, sort, names, state)
    formats = formatter()
    fields = {field.name: field for field in readable_fields(ctx, entity)}
    rows = _rows(ctx, entity, found, names)
    parameters = {**state.parameters(), "where": where, "sort": sort}
    export = {key: value for key, value in parameters.items() if key in ("where", "q", "sort") and value}
    return ListPage(
        entity=head(ctx, entity),
        tabs=_tabs(views, chosen, state.base),
        columns=tuple(columns(entity, names, state, sort)),
        rows=tuple(rows),
        chips=tuple(
            ChipView(chip.text, state.but(where=chip.rest).url)
            for chip in filters.chips(fields, where, formats, _labels(ctx))
        ),
        filter=form,
        column_choices=tuple(choices(ctx, entity, names)),
        q=state.q,
        where=where,
        where_problem=where_problem,
        problem=problem,
        count=formats.count(found.count),
        next_url=state.but(after=found.next).url if found.next else "",
        first_url=state.but().url if state.after else "",
        clear_url=ListState(state.base, view=state.view, where="" if chosen.where else None).url,
        export_url=ListState(f"{state.base}/export", where=export.get("where"), q=export.get("q", "")).url,
        state={key: value for key, value in parameters.items() if key != "after" and value},
        here=state.url,
        starts=start_buttons(entity, selection=True),
    )


def _find(
    ctx: Context, entity: Entity, where: str, sort: str, names: Sequence[str], state: ListState
) -> tuple[Page, str, str]:
    query = Query(
        where=where or None,
        q=state.q or None,
        sort=sort,
        fields=tuple(dict.fromkeys([*names, *entity.display])),
        limit=PAGE_SIZE,
        after=state.after or None,
        count="capped",
    )
    try:
        return workspace().records.find(ctx, entity.name, query), "", ""
    except Invalid as error:
        if any(problem.parameter == "where" for problem in error.problems) or not error.problems:
            return Page([]), error.message, ""
        return Page([]), "", error.message


def _rows(ctx: Context, entity: Entity, found: Page, names: Sequence[str]) -> list[Row]:
    shower = Shower(ctx, entity, found.labels)
    return [
        Row(
            id=record.id,
            version=record.version,
            label=label(entity, record),
            url=f"/e/{entity.name}/{record.id}",
            cells=tuple(shower.show(record, name) for name in names),
        )
        for record in found.records
    ]


def _labels(ctx: Context) -> filters.Labels:
    model = workspace().definitions.model

    def look_up(field: Field, ids: Sequence[str]) -> Mapping[str, str]:
        target = model.by_id.get(field.targets[0]) if field.targets else None
        return workspace().records.labels(ctx, target.name, list(ids)) if target else {}

    return look_up


# -- the filter builder -----------------------------------------------------------------------------
def filter_form(
    ctx: Context, entity: Entity, state: ListState, given: Mapping[str, Any], problems: Sequence[str] = ()
) -> FilterForm:
    """Make the builder of one condition out of what is chosen so far (`field`, `operator`, `value`)."""
    fields = filters.filterable(readable_fields(ctx, entity))
    by_name = {field.name: field for field in fields}
    field = by_name.get(given.get("field", "")) or (fields[0] if fields else None)
    operators = filters.OPERATORS[filters.category(field)] if field else ()
    operator = next((item for item in operators if item.name == given.get("operator")), None)
    operator = operator or (operators[0] if operators else None)
    value = given.get("value", "")
    options, picker = filter_options(ctx, field, operator, value)
    return FilterForm(
        fields=tuple((item.name, item.title) for item in fields),
        field=field.name if field else "",
        operators=tuple((item.name, _(item.title)) for item in operators),
        operator=operator.name if operator else "",
        input=operator.input if operator else "none",
        value=value,
        options=tuple(options),
        picker_url=picker,
        problems=tuple(problems),
        url=state.base,
        state=state.but().parameters(),
    )


def _add_condition(ctx: Context, entity: Entity, state: ListState) -> str | FilterForm:
    """Give the address with the new condition, or the form again with what is wrong."""
    by_name = {field.name: field for field in filters.filterable(readable_fields(ctx, entity))}
    field = by_name.get(request.args.get("field", ""))
    operator = filters.operator_of(field, request.args.get("operator", "")) if field else None
    if field is None or operator is None:
        return filter_form(ctx, entity, state, request.args, [_("Choose a field and how to compare it.")])
    try:
        part = filters.write(field, operator, request.args.get("value", ""), formatter().timezone)
    except Invalid as error:
        return filter_form(ctx, entity, state, request.args, [error.message])
    where = state.where
    if where is None:
        own = SavedViews(workspace().database).of(ctx, entity)
        where = _chosen(_views(ctx, entity, own), state.view).where
    parts = [*filters.split(where), part]
    return state.but(where=filters.joined(list(dict.fromkeys(parts)))).url
