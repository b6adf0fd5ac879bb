"""Texts of e-mails: templates in `templates/emails/`, written in the expression language like every text.

`templates/emails/<name>.txt` begins with the line `Subject: ...` and an empty line; `<name>.html` beside it
is the HTML alternative. Their `{{ expression }}` holes are checked when a workflow that uses them is saved;
in HTML the values are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markupsafe import escape

from amity.entities.names import did_you_mean, listed
from amity.errors import Problem
from amity.expressions import Type
from amity.expressions.types import DYN, TEXT
from amity.paths import bundled
from amity.workflows.documents.showing import shown
from amity.workflows.documents.values import Literal, Template, Value, ValueCompiler

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A text that is ready to go: what an action gets for a parameter of input `mail_template`."""

    subject: str
    body: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class LetterValue:
    """A compiled template (see `workflows.values.Value`)."""

    subject: Value
    body: Value
    html: Value | None
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> Letter:
        """Fill it."""
        html = None if self.html is None else self.html.evaluate(env)
        return Letter(self.subject.evaluate(env), self.body.evaluate(env), html)


@dataclass(frozen=True, slots=True)
class HtmlTemplate:
    """A template for HTML: values are escaped, the text around them is the author's own HTML."""

    template: Template
    type: Type = TEXT

    def evaluate(self, env: Mapping[str, Any]) -> str:
        """Fill it."""
        return "".join(
            part
            if isinstance(part, str)
            else str(escape(shown(part[0].evaluate(env), part[0].type, part[1], env)))
            for part in self.template.parts
        )


def folder() -> Path:
    """Where the templates lie."""
    return bundled("templates") / "emails"


def names() -> list[str]:
    """Names of all templates."""
    return sorted(path.stem for path in folder().glob("*.txt") if _NAME.fullmatch(path.stem))


def compile_html(text: Any, values: ValueCompiler, pointer: str) -> Value:
    """Compile a parameter of input `html`."""
    found = values.template(text, pointer)
    return HtmlTemplate(found) if isinstance(found, Template) else found


def compile_letter(name: Any, values: ValueCompiler, pointer: str) -> Value:
    """Compile a parameter of input `mail_template`; what is wrong is noted in `values.problems`."""
    known = names()
    if not isinstance(name, str) or name not in known:
        near = did_you_mean(name, known) if isinstance(name, str) else ""
        message = f"There is no e-mail template {str(name)[:64]!r}.{near} There are {listed(known, 30)}."
        values.problems.append(Problem("unknown_template", message, pointer=pointer))
        return Literal(None)
    subject, body = read(folder() / f"{name}.txt")
    page = folder() / f"{name}.html"
    html = compile_html(page.read_text(encoding="utf-8"), values, pointer) if page.is_file() else None
    return LetterValue(values.template(subject, pointer), values.template(body, pointer), html)


def read(path: Path) -> tuple[str, str]:
    """Give subject and body of a template file. Raises `ValueError` where it has no subject."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    word, colon, subject = head.strip().partition(":")
    if word.lower() != "subject" or not colon or "\n" in subject:
        raise ValueError(f"{path.name} must begin with one line 'Subject: ...' and an empty line")
    return subject.strip(), body
