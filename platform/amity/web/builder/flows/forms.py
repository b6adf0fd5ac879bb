"""The controls of an object out of its schema: the options of a trigger, the parameters of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity import jsontext
from amity.web.builder.flows import lines
from amity.web.builder.flows.controls import kinds
from amity.web.builder.flows.controls.base import PREFIX, Kind, Surrounding, control_of
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.scope import Subject
from amity.web.builder.rows import put
from amity.web.texts import gettext as _

_LATER: Final = frozenset({"id", "retry", "timeout", "on_failure"})
"""Words that stand under "More"."""


@dataclass(frozen=True, slots=True)
class Control:
    """One property as it is shown, by `fragments/builder/controls/<kind>.html`; `kind` says what counts."""

    name: str
    kind: str
    title: str
    help: str = ""
    required: bool = False
    text: str = ""
    checked: bool = False
    later: bool = False
    options: Sequence[tuple[str, str]] = ()
    chosen: frozenset[str] = frozenset()
    subjects: Sequence[tuple[str, Sequence[Subject]]] = ()
    own: Any = None
    """What only this kind has."""
    problems: Sequence[str] = ()


def controls(around: Surrounding, required: Sequence[str], hidden: frozenset[str]) -> list[Control]:
    """Make the controls of an object, in the order of its schema."""
    made = []
    for word, rule in around.rules.items():
        if word in hidden or (word == "required" and "fields" in around.rules):
            continue
        if word == "retry":
            made += _retry(around, rule)
            continue
        made.append(_control(around, word, rule, word in required))
    return made


def _control(around: Surrounding, word: str, rule: Mapping[str, Any], required: bool) -> Control:
    kind, type_ = control_of(word, rule)
    if "$comment" in str(rule.get("oneOf", "")):
        kind = "failure"
    if kind not in kinds():
        kind = "text"
    base = {
        "name": f"{PREFIX}-{word}",
        "kind": kind,
        "title": _(str(rule.get("title") or word.replace("_", " ").capitalize())),
        "help": _(str(rule["description"])) if rule.get("description") else "",
        "required": required,
        "later": word in _LATER,
        "problems": around.problems.get(word, ()),
    }
    value = around.holder.get(word)
    made = _kind(kind).read(around, word, rule, value, type_)
    return Control(**{**base, **made})


def _retry(around: Surrounding, rule: Mapping[str, Any]) -> list[Control]:
    held = around.holder.get("retry")
    inner = Surrounding(
        around.ctx, around.place, around.form, {}, rule["properties"], held if isinstance(held, dict) else {}
    )
    made = []
    for word, part in rule["properties"].items():
        control = _control(inner, word, part, False)
        made.append(Control(f"{PREFIX}-retry-{word}", "number", control.title, text=control.text, later=True))
    return made


def write(around: Surrounding, hidden: frozenset[str]) -> None:
    """Put what the form has into the object."""
    for word, rule in around.rules.items():
        if word in hidden:
            continue
        if word == "retry":
            _write_retry(around, rule)
            continue
        kind = control_of(word, rule)[0]
        if "$comment" in str(rule.get("oneOf", "")):
            kind = "failure"
        _kind(kind).write(around, word, rule)


def _write_retry(around: Surrounding, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    held = around.holder.get("retry")
    now: Json = dict(held) if isinstance(held, dict) else {}
    for word, part in rule["properties"].items():
        text = around.form.get(f"{PREFIX}-retry-{word}")
        if text is None or (word not in now and text == jsontext.dumps(part.get("default"))):
            continue
        put(now, word, lines.value(text.strip()))
    if now or isinstance(held, dict):
        put(around.holder, "retry", now)


def _kind(name: str) -> Kind:
    known = kinds()
    return known.get(name, known["text"])
