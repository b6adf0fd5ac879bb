"""Read a CSV file row by row, with line numbers, without ever shifting a cell into another column."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from amity.errors import Invalid

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS: Final = ",;\t|"
MAX_COLUMNS: Final = 1_000
MAX_CELL: Final = 1_000_000
"""Characters in one cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file. `problem` says why its cells cannot be used."""

    line: int
    cells: Sequence[str]
    problem: str | None = None


class CsvTable:
    """A CSV file in UTF-8 (a byte order mark is fine) with a header row; the delimiter is recognised.

    Raises `Invalid` where the file as a whole cannot be read; what is wrong with one row stands in that row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as file:
            self.delimiter = _delimiter(self._head(file))
        with self._open() as file:
            self.header = self._header(file)

    def _open(self) -> TextIO:
        try:
            return self.path.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise Invalid(
                f"The file {self.path} cannot be read: {error.strerror}.", hint="Check the path."
            ) from error

    def _head(self, file: TextIO) -> str:
        try:
            return file.readline(MAX_CELL)
        except UnicodeDecodeError as error:
            raise self._not_utf8(error) from error

    def _not_utf8(self, error: UnicodeDecodeError) -> Invalid:
        line = self.path.read_bytes().count(b"\n", 0, _first_bad_byte(self.path)) + 1
        return Invalid(
            f"{self.path.name}, line {line}: this is not UTF-8 (byte 0x{error.object[error.start]:02x}).",
            hint="Save the file as UTF-8 and try again.",
        )

    def _header(self, file: TextIO) -> tuple[str, ...]:
        try:
            cells = next(self._reader(file), [])
        except csv.Error as error:
            raise Invalid(f"{self.path.name}, line 1: {error}.") from error
        header = tuple(cell.strip() for cell in cells)
        if not any(header):
            raise Invalid(f"{self.path.name} has no header row: line 1 must name the columns.")
        if len(header) > MAX_COLUMNS:
            raise Invalid(f"{self.path.name} has {len(header)} columns; at most {MAX_COLUMNS} are read.")
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise Invalid(f"{self.path.name}, line 1: the column {twice[0]!r} stands there twice.")
        return header

    def _reader(self, file: TextIO) -> Reader:
        # The module's limit is global to the process; only ever raised, never lowered.
        if csv.field_size_limit() < MAX_CELL:
            csv.field_size_limit(MAX_CELL)
        return csv.reader(file, delimiter=self.delimiter, strict=True)

    def rows(self) -> Iterator[Row]:
        """Give the rows below the header; empty lines are passed over."""
        with self._open() as file:
            reader = self._reader(file)
            line = 1
            try:
                next(reader)
                for cells in reader:
                    start, line = line + 1, reader.line_num
                    if not cells or not any(cells):
                        continue
                    yield self._row(start, cells)
            except csv.Error as error:
                # Behind a broken quote nothing is certain any more: better to stop than to shift columns.
                yield Row(line + 1, (), f"{error}; the rest of the file was not read")
            except UnicodeDecodeError as error:
                raise self._not_utf8(error) from error

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self.header):
            return Row(line, (), f"the row has {len(cells)} cells, the header has {len(self.header)}")
        if any("\x00" in cell for cell in cells):
            return Row(line, (), "a cell contains the character U+0000")
        return Row(line, cells)


def _delimiter(first_line: str) -> str:
    """The one of `DELIMITERS` that stands most often outside quotes in the header."""
    outside = "".join(first_line.split('"')[::2])
    return max(DELIMITERS, key=lambda mark: (outside.count(mark), -DELIMITERS.index(mark)))


def _first_bad_byte(path: Path) -> int:
    data = path.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start
    return 0
