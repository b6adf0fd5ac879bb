"""Records in from a CSV file, through the gate, in chunks that are saved whole or not at all.

Rows become JSON values first (kinds read the text, relations are looked up by their natural key in batches),
then go to `Records.bulk`. A row with a problem is left out and reported with its line; the others are saved.
A relation to the same entity may point to a later row of the same file: it is set in a second pass.

An *atomic* import is one transaction: a row with a problem, like a kill in the middle, leaves nothing of it.
So is each file that fits into one chunk, except that its good rows are saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from amity.access.context import Context
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field, Model
from amity.errors import Forbidden, Invalid, NotFound
from amity.exchange.mapping import Target, resolve
from amity.exchange.tables import CsvTable, Row
from amity.records.service import Records

CHUNK: Final = 500
MAX_REPORTED: Final = 100
MAX_ATOMIC: Final = 100_000
"""Rows of an atomic import: what is not committed yet fills memory, the log of the database and, on SQLite,
the time of everybody who wants to save."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row was not taken."""

    line: int
    message: str


@dataclass
class Report:
    """What an import did (or, dry, would do)."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    """The first `most` of them, in the order of the file."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column -> field."""
    ignored: Sequence[str] = ()
    """Columns that fill nothing."""
    most: int = MAX_REPORTED
    """How many problems are kept."""

    def fail(self, line: int, message: str) -> None:
        """Count a row that was not taken."""
        self.failed += 1
        if len(self.problems) < self.most:
            self.problems.append(RowProblem(line, message))

    def take_back(self) -> None:
        """Note that what was saved is not: the failures stand alone."""
        self.created = self.updated = self.unchanged = 0


class _NotAll(Exception):
    """A row of an atomic import failed: its transaction must not be kept."""


@dataclass(frozen=True, slots=True)
class _Draft:
    line: int
    values: dict[str, Any]
    deferred: dict[str, str]
    """Relation field -> natural key of a row that comes later in the file."""


class CsvImport:
    """One import of one file into one entity."""

    def __init__(
        self,
        records: Records,
        model: Model,
        context: Context,
        entity: str,
        table: CsvTable,
        *,
        mapping: Mapping[str, str],
        key: str | None = None,
        dry_run: bool = False,
        atomic: bool = False,
    ) -> None:
        found = model.entities.get(entity)
        if found is None:
            raise NotFound(f"There is no entity {entity!r}.", hint=f"There are: {', '.join(model.entities)}.")
        self.records, self.context, self.entity, self.table = records, context, found, table
        if not records.machine.policy.decide(context.actor, "import", found).allowed:
            raise Forbidden(f"You may not import into {found.plural}.")
        self.key = tuple(name.strip() for name in key.split(",")) if key else ()
        self.dry_run = dry_run
        self.atomic = atomic and not dry_run
        self.targets = resolve(model, found, table.header, mapping)
        mapped = {target.field.name for target in self.targets if target.field}
        for name in self.key:
            if name not in mapped:
                raise Invalid(
                    f"The key {name!r} is not filled by any column.",
                    hint=f"Filled: {', '.join(sorted(mapped))}.",
                )
        self._ids: dict[str, dict[str, str]] = {}
        """Per relation field: natural key -> id, as far as looked up."""
        self.report = Report(
            mapping={target.title: target.path for target in self.targets},
            ignored=[
                name
                for index, name in enumerate(table.header)
                if name and index not in {target.column for target in self.targets}
            ],
            most=MAX_ATOMIC if self.atomic else MAX_REPORTED,
        )

    def run(self) -> Report:
        """Import the whole file. Raises `Invalid` where it is too long for an atomic import."""
        later = self._natural_keys_of_file()
        if self.dry_run or not (self.atomic or (later and self._at_most(CHUNK))):
            self._run(later)
            return self.report
        if not self._at_most(MAX_ATOMIC):
            raise Invalid(
                f"The file has more than {MAX_ATOMIC:,} rows; an atomic import takes at most that many.",
                hint="Split it, or go without --atomic but with --key: a stopped import can then go on.",
            )
        separate = self.records
        try:
            with separate.together() as self.records:
                self._run(later)
                if self.atomic and self.report.failed:
                    raise _NotAll
        except _NotAll:
            self.report.take_back()
        finally:
            self.records = separate
        return self.report

    def _at_most(self, count: int) -> bool:
        return sum(1 for _ in islice(self.table.rows(), count + 1)) <= count

    def _run(self, later: Mapping[str, set[str]]) -> None:
        deferred: list[tuple[_Draft, str]] = []
        for rows in _chunks(self.table.rows(), CHUNK):
            drafts = self._read(rows, later)
            ids = self._save(drafts)
            deferred += [
                (draft, record_id)
                for draft, record_id in zip(drafts, ids, strict=True)
                if record_id is not None and draft.deferred
            ]
        if not self.dry_run:
            for part in _chunks(iter(deferred), CHUNK):
                self._save_deferred(part)

    # -- reading -----------------------------------------------------------------------------------

    def _natural_keys_of_file(self) -> dict[str, set[str]]:
        """For each relation to the same entity: the natural keys that rows of this file will bring."""
        own = {target.path: target.column for target in self.targets}
        answer: dict[str, set[str]] = {}
        for target in self._lookups():
            assert target.lookup is not None and target.field is not None
            column = own.get(target.lookup.name)
            if target.lookup_entity == self.entity.name and column is not None:
                answer[target.field.name] = {
                    row.cells[column] for row in self.table.rows() if row.problem is None
                }
        return answer

    def _lookups(self) -> list[Target]:
        return [target for target in self.targets if target.lookup is not None]

    def _read(self, rows: Sequence[Row], later: Mapping[str, set[str]]) -> list[_Draft]:
        good = [row for row in rows if row.problem is None]
        for row in rows:
            if row.problem is not None:
                self.report.fail(row.line, row.problem)
        for target in self._lookups():
            self._look_up(target, {row.cells[target.column] for row in good})
        drafts = []
        for row in good:
            draft = _Draft(row.line, {}, {})
            problem = next(
                (text for target in self.targets if (text := self._fill(draft, target, row, later))), None
            )
            if problem is None:
                drafts.append(draft)
            else:
                self.report.fail(row.line, problem)
        return drafts

    def _fill(self, draft: _Draft, target: Target, row: Row, later: Mapping[str, set[str]]) -> str | None:
        """Put one cell into the draft; gives what is wrong with it."""
        text = row.cells[target.column]
        if target.field is None:
            if text:
                draft.values["id"] = text
            return None
        name = target.field.name
        if target.lookup is not None:
            if not text:
                draft.values[name] = None
            elif (found := self._ids[target.path].get(text)) is not None:
                draft.values[name] = found
            elif text in later.get(name, ()):
                draft.deferred[name] = text
            else:
                wanted = f"{target.lookup_entity} whose {target.lookup.name} is {text!r}"
                return f"{target.title}: there is no {wanted}"
            return None
        if target.parts:
            if text:
                _put(draft.values, name, target.parts, text)
            return None
        return _fill_plain(draft, target.field, target.title, text)

    def _look_up(self, target: Target, texts: set[str]) -> None:
        """Find the ids of linked records by their natural key, for the whole chunk at once."""
        assert target.lookup is not None and target.lookup_entity is not None
        known = self._ids.setdefault(target.path, {})
        wanted: dict[str, Any] = {}
        for text in texts - known.keys() - {""}:
            try:
                wanted[text] = target.lookup.kind.from_text(target.lookup, text)
            except ValueProblem:
                continue  # no record can have it; reported with the row
        if wanted:
            found = self.records.find_ids(
                self.context, target.lookup_entity, target.lookup.name, list(wanted.values())
            )
            known.update({text: found[value] for text, value in wanted.items() if value in found})

    # -- saving ------------------------------------------------------------------------------------

    def _save(self, drafts: Sequence[_Draft]) -> list[str | None]:
        if not drafts:
            return []
        result = self.records.bulk(
            self.context,
            self.entity.name,
            [draft.values for draft in drafts],
            key=self.key or None,
            mode="each",
            dry_run=self.dry_run,
        )
        self.report.created += result.created
        self.report.updated += result.updated
        self.report.unchanged += result.unchanged
        self._report_errors(result.errors, [draft.line for draft in drafts])
        return list(result.ids)

    def _save_deferred(self, part: Sequence[tuple[_Draft, str]]) -> None:
        for target in self._lookups():
            assert target.field is not None
            name = target.field.name
            self._look_up(target, {draft.deferred[name] for draft, _ in part if name in draft.deferred})
        rows = [{"id": record_id} | self._linked(draft) for draft, record_id in part]
        result = self.records.bulk(self.context, self.entity.name, rows, any_version=True)
        self._report_errors(result.errors, [draft.line for draft, _ in part])

    def _linked(self, draft: _Draft) -> dict[str, Any]:
        return {
            target.field.name: self._ids[target.path].get(draft.deferred[target.field.name])
            for target in self._lookups()
            if target.field is not None and target.field.name in draft.deferred
        }

    def _report_errors(self, errors: Iterable[Any], lines: Sequence[int]) -> None:
        """Count each row once, with all that is wrong with it."""
        by_row: dict[int, list[str]] = {}
        for error in errors:
            place = (error.pointer or "").strip("/").replace("/", ".")
            by_row.setdefault(error.index, []).append(f"{place}: {error.message}" if place else error.message)
        for index, messages in sorted(by_row.items()):
            self.report.fail(lines[index], "; ".join(messages))


def _fill_plain(draft: _Draft, item: Field, title: str, text: str) -> str | None:
    if not text:
        draft.values[item.name] = None
        return None
    try:
        draft.values[item.name] = item.kind.from_text(item, text)
    except ValueProblem as problem:
        return f"{title}: {problem.message}"
    return None


def _put(values: dict[str, Any], name: str, parts: Sequence[str], text: str) -> None:
    here = values.setdefault(name, {})
    for part in parts[:-1]:
        here = here.setdefault(part, {})
    here[parts[-1]] = text


def _chunks(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(islice(items, size)):
        yield chunk


def describe(entity: Entity, report: Report) -> str:
    """Give the one line that the command line and the page show."""
    return (
        f"{entity.plural}: {report.created} created, {report.updated} updated, "
        f"{report.unchanged} unchanged, {report.failed} failed"
    )
