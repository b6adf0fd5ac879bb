"""What every kind of field keeps, whoever brings it: one value, the same in all its shapes and places."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.database.engine import Database
from amity.entities.kinds.base import ABSENT, ColumnSpec, Kind, ValueProblem
from amity.entities.kinds.list import filled
from amity.entities.model import Field
from amity.entities.storage_types import storage_type
from tests.factories.fields import CORE, Reader, field_of, form_of
from tests.support.naughty import BLNS

KINDS: Sequence[Kind] = tuple(CORE)
READERS = (
    Reader(),
    Reader("de", "Europe/Berlin"),
    Reader("ar-EG", "Africa/Cairo"),
    Reader("xx-nonsense", "Mars"),
)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def samples(kind: Kind, field: Field) -> Sequence[Any]:
    """The kind's own samples, as they look after a way through a JSON body."""
    return jsontext.loads(jsontext.dumps(list(kind.samples(field))))  # type: ignore[no-any-return]


@every_kind
def test_says_what_it_is(kind: Kind) -> None:
    field = field_of(kind)
    assert kind.name.isidentifier() and kind.title and kind.icon and kind.__doc__
    assert not list(kind.problems(field)), "a new field must be right at once"
    assert CORE.of(dict(kind.new_schema())) is kind, "the schema of a new field must lead back to the kind"
    assert kind.expression_type(field).name
    assert bool(kind.columns(field)) is not kind.to_many
    for name, schema in kind.option_schema.items():
        assert schema.get("description"), f"option {name} has no description"


@every_kind
def test_samples_are_distinct_and_survive_json(kind: Kind) -> None:
    field = field_of(kind)
    values = samples(kind, field)
    assert len(values) >= 2
    assert all(one != two for one, two in itertools.combinations(values, 2))
    for value in values:
        assert kind.dump(field, kind.parse(field, value)) == value


@every_kind
def test_text_round_trip(kind: Kind) -> None:
    field = field_of(kind)
    for value in samples(kind, field):
        text = kind.to_text(field, kind.parse(field, value))
        assert text and kind.from_text(field, text) == value


@every_kind
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_form_round_trip(kind: Kind, reader: Reader) -> None:
    field = field_of(kind)
    for value in samples(kind, field):
        form = MultiDict(form_of(kind.to_form(field, value, reader)))
        # A member that is cleared comes as null, so that a merge patch takes it away.
        assert filled(kind.from_form(field, form, "value")) == value


@every_kind
def test_form_clears_and_may_be_absent(kind: Kind) -> None:
    field = field_of(kind)
    cleared = MultiDict(form_of(kind.to_form(field, None)))
    assert kind.from_form(field, cleared, "value") in (None, [])
    assert kind.from_form(field, MultiDict({"other": "1"}), "value") is ABSENT


@every_kind
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_formats_for_any_reader(kind: Kind, reader: Reader) -> None:
    field = field_of(kind)
    for value in samples(kind, field):
        typed = kind.parse(field, value)
        shown = kind.format(field, typed, reader)
        assert isinstance(shown, str) and shown and "\n" not in shown
        assert isinstance(kind.search_text(field, typed), str)


def hostile_texts() -> Sequence[str]:
    """Texts that have hurt others; the big list of naughty strings where it is at hand."""
    found = ["", " ", "\x00", "a\x00b", "\ud800", "x\udfff", "<script>alert(1)</script>", "1e999999", "NaN"]
    if BLNS.exists():
        found += json.loads(BLNS.read_text(encoding="utf-8"))
    return found


WRONG: Sequence[Any] = (
    True, False, 0, -1, 10**400, jsontext.loads("1e999"), jsontext.loads("0.1234567"), [], {}, [[]], [{}],
    [None], {"": None}, {"id": 1}, {"id": {}}, [1, "x", {"id": "x"}], {"amount": "1"}, [{"value": {}}],
    {"lat": 1}, {"city": 5}, {"a": {"b": {"c": "\x00"}}},
)  # fmt: skip


@every_kind
def test_hostile_values_are_kept_unchanged_or_refused(kind: Kind) -> None:
    field = field_of(kind)
    for value in itertools.chain(hostile_texts(), WRONG):
        try:
            typed = kind.parse(field, value)
        except ValueProblem as problem:
            assert problem.code and problem.message.endswith((".", "?"))
            continue
        again = kind.dump(field, typed)
        assert kind.dump(field, kind.parse(field, again)) == again
        if kind.name not in NORMALISING:
            assert again == value


NORMALISING = {"rich_text", "emails", "phones", "addresses"}
"""Kinds that may write a value otherwise than it came in (sanitised, one item made the primary one)."""


@every_kind
def test_hostile_forms_never_break(kind: Kind) -> None:
    field = field_of(kind)
    for text in hostile_texts():
        form = MultiDict(
            dict.fromkeys(("value", "value.0", "value.0.value", "value.city", "value.zone"), text)
        )
        value = kind.from_form(field, form, "value")
        kind.to_form(field, None if value is ABSENT else value, READERS[1])
        try:
            kind.from_text(field, text)
        except ValueProblem as problem:
            assert problem.message


# -- both databases --------------------------------------------------------------------------------------


def column_name(role: str) -> str:
    return f"f_{role or 'value'}"


def column_of(kind: Kind, spec: ColumnSpec) -> Column[Any]:
    type_ = kind.column_type(spec)
    return Column(column_name(spec.role), storage_type(spec.type) if type_ is None else type_)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def write(database: Database, kind: Kind, field: Field, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table for one field and put stored values into it, numbered from 1."""
    columns = [column_of(kind, spec) for spec in kind.columns(field)]
    table = Table(f"t_{kind.name}", MetaData(), Column("number", Integer, primary_key=True), *columns)
    with database.write() as connection:
        table.create(connection)
        for number, row in enumerate(rows, 1):
            named = {column_name(role): value for role, value in row.items()}
            connection.execute(insert(table), {"number": number, **named})
    return table


def stored_kinds() -> list[tuple[Kind, Field]]:
    return [(kind, field) for kind in KINDS if (field := field_of(kind)).stored]


def test_database_round_trip(database: Database) -> None:
    for kind, field in stored_kinds():
        typed = [kind.parse(field, value) for value in samples(kind, field)]
        empty = {spec.role: None for spec in kind.columns(field)}
        table = write(database, kind, field, [*(kind.store(field, value) for value in typed), empty])
        with database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.number)).mappings().all()
        roles = [spec.role for spec in kind.columns(field)]
        loaded = [kind.load(field, {role: row[column_name(role)] for role in roles}) for row in rows]
        assert loaded == [*typed, None], kind.name
        assert [type(value) for value in loaded] == [*(type(value) for value in typed), type(None)], kind.name


def test_database_sorts_as_the_samples_do(database: Database) -> None:
    for kind, field in stored_kinds():
        if not kind.sortable:
            continue
        stored = [kind.store(field, kind.parse(field, value)) for value in samples(kind, field)]
        table = write(database, kind, field, list(reversed(stored)))
        by = table.c[column_name(kind.sort_role(field))]
        with database.read() as connection:
            numbers = list(connection.scalars(select(table.c.number).order_by(by)))
        assert numbers == list(range(len(stored), 0, -1)), kind.name


def test_database_keeps_hostile_text(database: Database) -> None:
    for kind, field in stored_kinds():
        accepted = []
        for text in hostile_texts():
            try:
                accepted.append(kind.parse(field, text))
            except ValueProblem:
                continue
        table = write(database, kind, field, [kind.store(field, value) for value in accepted])
        with database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.number)).mappings().all()
        roles = [spec.role for spec in kind.columns(field)]
        loaded = [kind.load(field, {role: row[column_name(role)] for role in roles}) for row in rows]
        assert loaded == accepted, kind.name
