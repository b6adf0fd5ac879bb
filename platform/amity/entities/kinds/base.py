"""What a kind of field is: how its values are read, stored, compared, shown and written.

A value lives in four shapes. *JSON*: as in REST bodies and definitions' defaults. *Typed*: the Python value
that expressions compute with (str, bool, int, Decimal, date, datetime in UTC, time, int microseconds for a
duration, dict/list for nested JSON). *Stored*: one database value per column of the field. *Text*: as in CSV
files. Null is `None` in each and never reaches `parse`, `dump`, `store` or `to_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

from amity import jsontext
from amity.entities.model import Field
from amity.expressions.types import Type


class _Absent:
    """The form did not carry this field at all."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class ValueProblem(Exception):
    """A value does not fit its kind; `pointer` is relative to the field ("" is the value itself)."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


class FormData(Protocol):
    """What a kind needs of a submitted form (werkzeug's MultiDict offers it)."""

    def get(self, key: str) -> str | None: ...
    def getlist(self, key: str) -> list[str]: ...
    def __contains__(self, key: object) -> bool: ...
    def keys(self) -> Any: ...


class Locale(Protocol):
    """The reader's preferences, for display."""

    @property
    def language(self) -> str: ...
    @property
    def timezone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column that a field needs. `type` is a name of `amity.entities.storage_types`, e.g. "text"."""

    role: str
    type: str
    indexed: bool = False


class Kind:
    """Base of all kinds. A kind holds no state: one instance serves every field of it."""

    name: ClassVar[str]
    title: ClassVar[str]
    """For the designer's palette."""
    group: ClassVar[str] = "Basic"
    icon: ClassVar[str] = "forms"
    option_schema: ClassVar[Mapping[str, Any]] = {}
    """JSON Schema properties of the keys that this kind allows in a property's `x-amity`."""
    sortable: ClassVar[bool] = True
    filterable: ClassVar[bool] = True
    to_many: ClassVar[bool] = False
    """Held in a link table, not in columns."""
    is_relation: ClassVar[bool] = False
    searchable: ClassVar[bool] = False
    """Whether its text goes into the search index."""
    computed: ClassVar[bool] = False
    """Amity sets the value: no input in forms, refused in bodies (formula, rollup, autonumber)."""
    grouped: ClassVar[bool] = False
    """The input consists of several controls (a fieldset), not of one with the id of its label."""

    # -- schema ------------------------------------------------------------------------------------
    def infer(self, schema: Mapping[str, Any]) -> int:
        """How well a plain property schema (no `x-amity.kind`) fits: 0 not at all, the highest kind wins."""
        return 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        """The JSON Schema a value must meet beside the property's own (type, format, choices)."""
        return {}

    def new_schema(self) -> Mapping[str, Any]:
        """The property schema that the designer writes for a new field of this kind, `x-amity` included."""
        raise NotImplementedError

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        """What is wrong with the field's own schema or options, beyond `option_schema`."""
        return ()

    def part_schemas(
        self, schema: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Mapping[str, Mapping[str, Any]]:
        """The property schemas inside, by name; whoever makes the `Field` fills `Field.parts` from them.

        The only part of a list of scalars is named "". Empty where there is nothing inside.
        """
        return {}

    def nests(self, field: Field) -> bool:
        """Whether the input has inputs inside (`name.part`) that show the problems of their own."""
        return bool(field.parts)

    # -- values ------------------------------------------------------------------------------------
    def parse(self, field: Field, value: Any) -> Any:
        """JSON -> typed. Raises `ValueProblem`, and nothing else, for whatever JSON does not fit."""
        raise NotImplementedError

    def dump(self, field: Field, value: Any) -> Any:
        """Typed -> JSON."""
        raise NotImplementedError

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        """The columns it needs; the first one (role "") is the value. Empty for to-many kinds."""
        raise NotImplementedError

    def store(self, field: Field, value: Any) -> Mapping[str, Any]:
        """Typed -> one value per role of `columns`."""
        return {"": value}

    def load(self, field: Field, stored: Mapping[str, Any]) -> Any:
        """Values per role -> typed; None where the field is empty."""
        return stored[""]

    def sql(self, field: Field, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        """The typed value in SQL, out of the columns by role, for filters."""
        return columns[""]

    def sort_role(self, field: Field) -> str:
        """The role of the column that sorts: the shadow key where there is one."""
        return "fold" if any(spec.role == "fold" for spec in self.columns(field)) else ""

    def column_type(self, spec: ColumnSpec) -> TypeEngine[Any] | None:
        """A column type of the kind's own, where `storage_types` has none by that name."""
        return None

    def expression_type(self, field: Field) -> Type:
        """The type that expressions see."""
        raise NotImplementedError

    # -- text (CSV) and form ----------------------------------------------------------------------
    def to_text(self, field: Field, value: Any) -> str:
        """Typed -> text for CSV, so that `from_text` gives the same value back."""
        raise NotImplementedError

    def from_text(self, field: Field, text: str) -> Any:
        """Text of a CSV cell (never empty) -> JSON. Raises `ValueProblem`."""
        raise NotImplementedError

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read the inputs named `name` (or `name.part`) -> JSON, None when cleared, ABSENT when not there.

        Text that cannot be read is given back unchanged: validation then names it beside the field.
        """
        if name not in form:
            return ABSENT
        text = form.get(name)
        if text is None or text == "":
            return None
        try:
            return self.from_text(field, text)
        except ValueProblem:
            return text

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """JSON -> what the input template shows (a text for most kinds, null becomes "").

        Whatever was typed and could not be read is shown as it was typed.
        """
        if value is None:
            return ""
        try:
            return self.to_text(field, self.parse(field, value))
        except ValueProblem:
            return value if isinstance(value, str) else jsontext.dumps(value)

    def format(self, field: Field, value: Any, locale: Locale) -> str:
        """Typed -> short plain text for lists, labels and history, in the reader's locale."""
        return self.to_text(field, value)

    def search_text(self, field: Field, value: Any) -> str:
        """Typed -> the words by which the search finds the record."""
        return self.to_text(field, value)

    # -- for tests and forms -----------------------------------------------------------------------
    def samples(self, field: Field) -> Sequence[Any]:
        """At least two distinct valid JSON values, in ascending order where the kind is sortable."""
        raise NotImplementedError
