"""Every kind's templates: they render strictly, send back what they show, hold nothing the CSP forbids."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.entities.kinds.base import Kind
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.list import filled
from amity.entities.model import Field
from amity.paths import bundled
from amity.plugins import Plugins
from amity.web.templates import loader
from tests.factories.fields import CORE, Reader, field_of, make_field
from tests.support.forms import read_form

KINDS: Sequence[Kind] = tuple(CORE)
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}"
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def environment() -> Environment:
    found = Environment(
        loader=loader(Plugins().template_folders()),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    found.globals.update(asset=lambda path: f"/static/{path}", csrf_token=lambda: "token")
    return found


def render_input(environment: Environment, field: Field, shown: Any, **more: Any) -> str:
    context = {"problems": [], "required": field.required, "options": [], "help": field.help, **more}
    template = environment.get_template(f"fields/input/{field.kind.name}.html")
    return template.render(field=field, name="value", value=shown, picker_url=None, **context)


def harmless(html: str) -> None:
    """Nothing that runs, nothing that the policy against inline code forbids."""
    for tag, attributes in read_form(html).tags:
        assert tag not in ("script", "style", "iframe", "object")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not (attributes.get("href") or "").lower().startswith(("javascript:", "data:", "vbscript:"))


def test_no_template_without_its_kind() -> None:
    for surface in ("input", "display", "cell"):
        files = {path.stem for path in (bundled("templates") / "fields" / surface).glob("[!_]*.html")}
        assert files == {kind.name for kind in amity_kinds()}, surface


@every_kind
@pytest.mark.parametrize("reader", [Reader(), Reader("de", "Europe/Berlin")], ids=["en", "de"])
def test_a_form_sends_back_what_it_shows(environment: Environment, kind: Kind, reader: Reader) -> None:
    field = field_of(kind)
    for value in jsontext.loads(jsontext.dumps([*kind.samples(field), None])):
        html = render_input(environment, field, kind.to_form(field, value, reader))
        harmless(html)
        sent = MultiDict(read_form(html).sent)
        assert filled(kind.from_form(field, sent, "value")) == (value if value or not kind.to_many else [])


@every_kind
def test_controls_can_be_reached_by_label_and_problem(environment: Environment, kind: Kind) -> None:
    field = field_of(kind)
    value = kind.samples(field)[-1]
    html = render_input(environment, field, kind.to_form(field, value), problems=["Wrong."], required=True)
    form = read_form(html)
    assert len(form.ids) == len(set(form.ids)), "an id is there twice"
    for control in form.controls:
        named = control.get("inside-label") or control.get("aria-label") or control.get("id") in form.labelled
        if not kind.grouped and control.get("id") == "input-value":
            named = True  # the frame around it has the label
        assert named, control
    if not kind.grouped:
        main = next(control for control in form.controls if control.get("id") == "input-value")
        assert main.get("aria-invalid") == "true" and "required" in main
        assert "input-value-problems" in (main.get("aria-describedby") or "")


@every_kind
@pytest.mark.parametrize("surface", ["display", "cell"])
def test_shows_every_sample(environment: Environment, kind: Kind, surface: str) -> None:
    field = field_of(kind)
    template = environment.get_template(f"fields/{surface}/{kind.name}.html")
    for value in kind.samples(field):
        typed = kind.parse(field, jsontext.loads(jsontext.dumps(value)))
        html = template.render(field=field, value=typed, text=kind.format(field, typed, Reader()))
        assert html.strip()
        harmless(html)


@every_kind
def test_hostile_values_stay_text(environment: Environment, kind: Kind) -> None:
    """Whatever was typed comes back in the form, and whatever lies in the database is shown, unharmed."""
    field = field_of(kind, **({"currency": "EUR"} if kind.name == "money" else {}))
    for value in (
        HOSTILE,
        [HOSTILE],
        {"a": HOSTILE},
        [{"value": HOSTILE, "label": HOSTILE}],
        "javascript:alert(1)",
    ):
        shown = kind.to_form(field, value, Reader())
        harmless(render_input(environment, field, shown, problems=[HOSTILE]))
    if kind.expression_type(field).name == "text" and not field.choices:
        for surface in ("display", "cell"):
            template = environment.get_template(f"fields/{surface}/{kind.name}.html")
            harmless(template.render(field=field, value="javascript:alert(1)//" + HOSTILE, text=HOSTILE))


ROLE = {"type": "string", "enum": ["from", "to"]}
SINCE = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    "options",
    [
        {"to": ["customer", "vendor"]},
        {"to": "any"},
        {"to": "customer", "link_fields": {"role": ROLE, "since": SINCE}},
        {"to": ["customer", "vendor"], "link_fields": {"share": {"type": "number"}}},
    ],
    ids=["several", "any", "link fields", "several with link fields"],
)  # fmt: skip
def test_links_in_all_their_shapes(environment: Environment, options: dict[str, Any]) -> None:
    field = make_field({"type": "array", "x-amity": {"kind": "relations", **options}})
    for value in jsontext.loads(jsontext.dumps(list(field.kind.samples(field)))):
        assert field.kind.dump(field, field.kind.parse(field, value)) == value
        assert field.kind.from_text(field, field.kind.to_text(field, value)) == value
        html = render_input(environment, field, field.kind.to_form(field, value))
        assert field.kind.from_form(field, MultiDict(read_form(html).sent), "value") == value


NESTED = {
    "type": "object",
    "properties": {
        "note": {"type": "string", "maxLength": 5_000},
        "at": {"type": "string", "format": "date-time"},
        "done": {"type": "boolean"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
        "price": {"type": "object", "x-amity": {"kind": "money", "currency": "record"}},
        "home": {"type": "object", "x-amity": {"kind": "address"}},
        "rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"code": {"type": "string"}, "n": {"type": "integer"}}},
        },
        "words": {"type": "array", "items": {"type": "string"}},
    },
}
NESTED_VALUE = {
    "note": "two\nlines", "at": "2026-03-29T00:30:00.000001Z", "done": False, "tags": ["b"],
    "price": {"amount": 12, "currency": "CHF"}, "home": {"city": "Bern"},
    "rows": [{"code": "x", "n": 1, "unknown": {"kept": [1]}}, {"n": 2}], "words": ["one", "two"],
}  # fmt: skip


def deep(value: Any) -> Any:
    """Take cleared members out, as a merge patch does."""
    if isinstance(value, dict):
        return {key: deep(member) for key, member in value.items() if member is not None}
    return value


@pytest.mark.parametrize("many", [False, True], ids=["object", "list"])
def test_forms_within_forms(environment: Environment, many: bool) -> None:
    field = make_field({"type": "array", "items": NESTED} if many else NESTED)
    value = [NESTED_VALUE, {"note": "short"}] if many else NESTED_VALUE
    assert field.kind.parse(field, value) == value
    html = render_input(environment, field, field.kind.to_form(field, value, Reader("de", "Europe/Berlin")))
    harmless(html)
    assert deep(field.kind.from_form(field, MultiDict(read_form(html).sent), "value")) == value


def test_problems_of_nested_inputs_stand_beside_them(environment: Environment) -> None:
    field = make_field(NESTED)
    entry = SimpleNamespace(
        nested_problems={"value.rows.0.n": ["Not a number."], "value.home.city": ["No city."]}
    )
    html = render_input(environment, field, field.kind.to_form(field, NESTED_VALUE), entry=entry)
    assert "Not a number." in html and "No city." in html
