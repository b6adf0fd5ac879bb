"""CEL's own conformance cases, where they are at hand; each case left out is named with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from amity.expressions import (
    BOOL,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    INT,
    NULL,
    TEXT,
    ExpressionError,
    Name,
    SimpleScope,
    compile,
)
from amity.expressions.values import same
from tests.unit.expressions.conformance_left_out import LEFT_OUT
from tests.unit.expressions.samples import FUNCTIONS
from tests.unit.expressions.textproto import read

SPEC: Final = Path(__file__).parents[4] / "shared" / "data" / "cel-spec"
if not SPEC.is_dir():
    pytest.skip("CEL's conformance cases are not at hand", allow_module_level=True)

Case = dict[str, list[Any]]
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _cases() -> Iterator[tuple[str, Case]]:
    seen: dict[str, int] = {}
    for path in sorted(SPEC.glob("*.textproto")):
        for section in read(path.read_text(encoding="utf-8"))["section"]:
            for case in section.get("test", []):
                name = f"{path.stem}/{section['name'][0].decode()}/{case['name'][0].decode()}"
                seen[name] = seen.get(name, 0) + 1
                yield (f"{name}#{seen[name]}" if seen[name] > 1 else name), case


CASES: Final = dict(_cases())


def _value(message: Case) -> tuple[str, Any]:
    """Give the kind and the Python value of a `Value` message."""
    (kind, (content,)) = next(iter(message.items()))
    match kind:
        case "null_value":
            return kind, None
        case "bool_value":
            return kind, content == "true"
        case "int64_value":
            return kind, int(content, 0)
        case "double_value":
            return kind, Decimal(content)
        case "string_value":
            return kind, content.decode()
        case "list_value":
            return kind, [_value(item)[1] for item in content.get("values", [])]
        case "map_value":
            entries = content.get("entries", [])
            return kind, {_value(entry["key"][0])[1]: _value(entry["value"][0])[1] for entry in entries}
        case "object_value":
            return _object(content)
    raise NotImplementedError(kind)


def _object(message: Case) -> tuple[str, Any]:
    """Give a timestamp or duration; other messages do not exist here."""
    (name, (content,)) = next(iter(message.items()))
    seconds, nanos = int(content.get("seconds", ["0"])[0]), int(content.get("nanos", ["0"])[0])
    if name.endswith("google.protobuf.Timestamp]"):
        return "timestamp", EPOCH + dt.timedelta(seconds=seconds, microseconds=nanos // 1000)
    if name.endswith("google.protobuf.Duration]"):
        return "duration", seconds * 1_000_000 + nanos // 1000
    raise NotImplementedError(name)


_TYPES: Final = {
    "timestamp": DATETIME,
    "duration": DURATION,
    "null_value": NULL,
    "bool_value": BOOL,
    "int64_value": INT,
    "double_value": DECIMAL,
    "string_value": TEXT,
}


def run(case: Case) -> str | None:
    """Run a case; give what went wrong, None when it passed."""
    names: dict[str, Name] = {}
    env: dict[str, Any] = {"now": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    try:
        for binding in case.get("bindings", []):
            kind, value = _value(binding["value"][0]["value"][0])
            name = binding["key"][0].decode()
            names[name] = Name(_TYPES.get(kind, DYN))
            env[name] = value
        expected = None if "eval_error" in case else _expected(case)
        compiled = compile(case["expr"][0].decode(), SimpleScope(FUNCTIONS, names))
    except NotImplementedError as error:
        return f"cannot be expressed: {error}"
    except ExpressionError as error:
        return None if "eval_error" in case else f"refused: {error}"
    found = compiled.evaluate(env)
    if expected is None:
        # What is an error in CEL is null here.
        return None if found is None else f"gave {found!r} instead of an error"
    kind, value = expected
    if kind == "int64_value" and isinstance(found, Decimal) and "/" not in case["expr"][0].decode():
        return "gave a decimal instead of an integer"
    if kind == "double_value" and isinstance(found, int):
        return "gave an integer instead of a decimal"
    return None if same(found, value) else f"gave {found!r} instead of {value!r}"


def _expected(case: Case) -> tuple[str, Any]:
    if "value" not in case:
        return "bool_value", True
    return _value(case["value"][0])


@pytest.mark.parametrize("name", [name for name in CASES if name not in LEFT_OUT])
def test_case(name: str) -> None:
    assert run(CASES[name]) is None


def test_nothing_left_out_is_unknown_or_passes() -> None:
    assert not set(LEFT_OUT) - set(CASES), "names of no case"
    passing = [name for name in LEFT_OUT if run(CASES[name]) is None]
    assert passing == [], "these pass: take them off the table"


def test_every_reason_is_one_of_the_stated_ones() -> None:
    assert all(LEFT_OUT.values())
