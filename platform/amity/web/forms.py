"""The form of an entity: sections and inputs out of its layout, values out of what was sent, problems beside
the inputs they are about.

An input is named like its field (parts below it `name.part`), one in a row of child records
`child.<inverse>.<n>.<field>`. What the form itself carries begins with `amity-`: version, address to go
back to, how a conflict was settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.kinds.base import ABSENT, FormData, Locale, ValueProblem
from amity.entities.model import Entity, Field
from amity.errors import Problem

CHILD: Final = "child."
MAX_CHILD_ROWS: Final = 200
CHECKBOXES: Final = frozenset({"boolean"})
WIDE: Final = frozenset({"long_text", "rich_text", "object", "list", "json", "relations", "addresses"})


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a list to choose from."""

    value: str
    title: str
    selected: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a relation input offers, those that are linked now first, and the address of its search."""

    options: tuple[Option, ...] = ()
    picker_url: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input with all its template needs (`fields/input/<kind>.html`)."""

    name: str
    field: Field
    title: str
    kind: str
    value: Any
    """As `Kind.to_form` gives it."""
    problems: tuple[str, ...]
    required: bool
    help: str
    options: tuple[Option, ...]
    picker_url: str
    nested_problems: Mapping[str, tuple[str, ...]]
    """Of the inputs inside, by input name."""
    grouped: bool
    wide: bool
    checkbox: bool
    visible: bool
    conditional: bool
    """Whether a condition decides if it is shown or required."""


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section of the form."""

    key: str
    title: str
    columns: int
    inputs: tuple[Input, ...]
    visible: bool
    conditional: bool


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A child record edited inside its parent's form; a new one has no id."""

    prefix: str
    id: str
    version: str
    removed: bool
    inputs: tuple[Input, ...]
    preset: str = ""
    """Names of the fields that have a default, separated by commas: they alone do not make a record."""


@dataclass(frozen=True, slots=True)
class ChildTable:
    """The rows of one relation that points to the record. `blank` is a row to copy for a new one."""

    key: str
    title: str
    row_title: str
    rows: tuple[ChildRow, ...]
    blank: ChildRow
    problems: tuple[str, ...]
    next: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What inputs are made with: the reader's locale, the rules, the options of relations."""

    locale: Locale
    visible: Callable[[Field], bool]
    required: Callable[[Field], bool]
    choices: Callable[[Field, Any], Choices]


def make_input(
    field: Field,
    value: Any,
    around: Surroundings,
    problems: Sequence[tuple[str, str]] = (),
    prefix: str = "",
) -> Input:
    """Make the input of a field; `value` is JSON, as stored or as it was typed.

    `problems` are pairs: the way inside the value ("" for the value itself, "city", "0.value"), the words.
    """
    kind = field.kind
    name = prefix + field.name
    has_inside = kind.nests(field)
    inside: dict[str, list[str]] = {}
    for way, text in problems:
        if way and has_inside:
            inside.setdefault(f"{name}.{way}", []).append(text)
    offered = around.choices(field, value) if kind.is_relation else Choices()
    return Input(
        name=name,
        field=field,
        title=field.title,
        kind=kind.name,
        value=kind.to_form(field, value, around.locale),
        problems=tuple(_placed(text, way) for way, text in problems if not (way and has_inside)),
        nested_problems={key: tuple(texts) for key, texts in inside.items()},
        required=around.required(field),
        help=field.help,
        options=offered.options,
        picker_url=offered.picker_url,
        grouped=kind.grouped,
        wide=kind.name in WIDE,
        # A switch knows two answers: where null is a third one, it is a list.
        checkbox=kind.name in CHECKBOXES and (field.required or field.default is not None),
        visible=around.visible(field),
        conditional=bool(field.visible or field.required_when),
    )


def read_values(fields: Iterable[Field], form: FormData, prefix: str = "") -> dict[str, Any]:
    """Read what was sent: JSON by field name, null where it was cleared, nothing where there was no input."""
    values = {}
    for field in fields:
        value = field.kind.from_form(field, form, prefix + field.name)
        if value is not ABSENT:
            values[field.name] = value
    return values


def typed_values(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON by field name -> typed values for the rules; what cannot be read is null."""
    typed = {}
    for name, value in values.items():
        field = entity.by_name.get(name)
        if field is None or value is None:
            continue
        try:
            typed[name] = field.kind.parse(field, value)
        except ValueProblem:
            typed[name] = None
    return typed


def child_numbers(form: FormData, inverse: str) -> list[int]:
    """Give the numbers of the rows that were sent for an inverse, in order."""
    prefix = f"{CHILD}{inverse}."
    numbers = set()
    for key in form.keys():  # noqa: SIM118 (a MultiDict iterates over pairs' keys, the protocol has keys())
        if key.startswith(prefix):
            number = key[len(prefix) :].partition(".")[0]
            if number.isascii() and number.isdigit() and len(number) <= 6:
                numbers.add(int(number))
    return sorted(numbers)[:MAX_CHILD_ROWS]


def read_children(inverse: str, fields: Sequence[Field], form: FormData) -> list[dict[str, Any]]:
    """Read the rows of one inverse as the gate takes them; a new row that is empty is left out.

    Each carries `row`, its number in the form, so that problems find their way back.
    """
    found = []
    for number in child_numbers(form, inverse):
        prefix = f"{CHILD}{inverse}.{number}."
        identity = form.get(prefix + "~id") or ""
        removed = bool(form.get(prefix + "~remove"))
        values = read_values(fields, form, prefix)
        if not identity and (removed or not _typed_in(values, form.get(prefix + "~blank") or "")):
            continue
        entry: dict[str, Any] = {"row": number, "values": values}
        if identity:
            entry["id"] = identity
            version = form.get(prefix + "~version") or ""
            entry["version"] = int(version) if version.isascii() and version.isdigit() else 0
        if removed:
            entry["delete"] = True
        found.append(entry)
    return found


def _typed_in(values: Mapping[str, Any], blank: str) -> bool:
    """Whether somebody typed into a new row; a default that stands in a blank row does not count."""
    defaults = set(filter(None, blank.split(",")))
    return any(
        value not in (None, "", [], {}, False) for name, value in values.items() if name not in defaults
    )


# -- problems --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Trouble:
    """Problems sorted by where they stand: beside fields, in child rows, at the top."""

    fields: Mapping[str, tuple[tuple[str, str], ...]]
    """By field name: pairs of the way inside the value and the words."""
    children: Mapping[tuple[str, int, str], tuple[tuple[str, str], ...]]
    """The same by inverse, place in what was sent, field name ("" for the row)."""
    general: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether something is wrong."""
        return bool(self.fields or self.children or self.general)


NO_TROUBLE: Final = Trouble({}, {}, ())


def sort_problems(problems: Sequence[Problem], shown: Iterable[str]) -> Trouble:
    """Put each problem where its input is; what has none goes to the top of the form."""
    names = set(shown)
    fields: dict[str, list[tuple[str, str]]] = {}
    children: dict[tuple[str, int, str], list[tuple[str, str]]] = {}
    general: list[str] = []
    for problem in problems:
        steps = _steps(problem.pointer)
        if steps[:1] == ["children"] and len(steps) >= 3 and steps[2].isdigit():
            rest = [step for step in steps[3:] if step != "values"]
            key = (steps[1], int(steps[2]), rest[0] if rest else "")
            children.setdefault(key, []).append((".".join(rest[1:]), problem.message))
        elif steps and steps[0] in names:
            fields.setdefault(steps[0], []).append((".".join(steps[1:]), problem.message))
        else:
            general.append(problem.message if not steps else f"{steps[0]}: {problem.message}")
    return Trouble(
        {name: tuple(dict.fromkeys(messages)) for name, messages in fields.items()},
        {key: tuple(dict.fromkeys(messages)) for key, messages in children.items()},
        tuple(dict.fromkeys(general)),
    )


def _placed(message: str, way: str) -> str:
    """Say where inside a value that is typed as one a problem is."""
    return f"{way.replace('.', ' › ')}: {message}" if way else message


def _steps(pointer: str | None) -> list[str]:
    if not pointer:
        return []
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.lstrip("/").split("/")]


def summary(
    sections: Sequence[FormSection], children: Sequence[ChildTable], trouble: Trouble
) -> list[tuple[str, str]]:
    """Give what stands at the top of a refused form: (words, address of the input)."""
    found = [(text, "") for text in trouble.general]
    inputs = [item for section in sections for item in section.inputs]
    inputs += [item for table in children for row in table.rows for item in row.inputs]
    for item in inputs:
        found += [(f"{item.title}: {text}", f"#input-{item.name}") for text in item.problems]
        for name, texts in item.nested_problems.items():
            found += [(f"{item.title}: {text}", f"#input-{name}") for text in texts]
    for table in children:
        found += [(f"{table.title}: {text}", "") for text in table.problems]
    return found


def without_row(children: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Take the form's own row numbers out of child rows: what remains is what the gate takes."""
    return {
        inverse: [{key: value for key, value in entry.items() if key != "row"} for entry in entries]
        for inverse, entries in children.items()
    }
