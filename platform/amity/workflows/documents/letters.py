"""Texts of e-mails: templates, written in the expression language like every text of a workflow.

Amity and extensions bring some as files in `templates/emails/`: `<name>.txt` begins with the line
`Subject: ...` and an empty line, `<name>.html` beside it is the HTML alternative. The workspace's own are
documents (kind `email_template`, see `letter_handler`) and win over a file of the same name. Their
`{{ expression }}` holes are checked where a workflow uses them; in HTML the values are escaped.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from markupsafe import escape

from amity.entities.names import did_you_mean, listed
from amity.errors import Problem
from amity.expressions import Compiled, ExpressionError, Type
from amity.expressions.parser import parse
from amity.expressions.types import DYN, TEXT
from amity.paths import bundled
from amity.workflows.documents.showing import shown
from amity.workflows.documents.values import HOLE, MAX_TEXT, Literal, Template, Value, ValueCompiler

KIND: Final = "email_template"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
PARTS: Final = {"subject": "subject", "body": "text", "html": "HTML"}
"""Members of a template that hold text -> what messages call them."""

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A text that is ready to go: what an action gets for a parameter of input `mail_template`."""

    subject: str
    body: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class LetterText:
    """A template as it was written."""

    name: str
    title: str
    subject: str
    body: str
    html: str | None = None
    entity: str = ""
    """Name of the entity that it is written for; empty: any."""
    description: str = ""
    source: str = ""
    """Who brought it: `amity`, the name of an extension, or empty for the workspace's own."""

    @classmethod
    def of(cls, name: str, document: Mapping[str, Any]) -> LetterText:
        """Read a document that was checked."""
        return cls(
            name,
            str(document.get("title") or name),
            str(document.get("subject", "")),
            str(document.get("body", "")),
            document.get("html") or None,
            str(document.get("entity") or ""),
            str(document.get("description") or ""),
        )

    @property
    def document(self) -> dict[str, Any]:
        """The document of it; empty members are left out."""
        optional = {"description": self.description, "entity": self.entity, "html": self.html}
        return {
            "name": self.name,
            "title": self.title,
            "subject": self.subject,
            "body": self.body,
            **{key: value for key, value in optional.items() if value},
        }

    @property
    def parts(self) -> Mapping[str, str]:
        """The texts by their member in the document."""
        found = {"subject": self.subject, "body": self.body, "html": self.html}
        return {name: text for name, text in found.items() if text is not None}

    def changed(self, **parts: str) -> LetterText:
        """Give it with other texts."""
        return replace(self, **parts)


@dataclass(frozen=True, slots=True)
class Letters:
    """All templates that workflows may name: files, and over them the workspace's own."""

    files: Mapping[str, LetterText] = field(default_factory=dict)
    own: Mapping[str, LetterText] = field(default_factory=dict)

    @classmethod
    def read(cls, folders: Iterable[tuple[str, Path]] = ()) -> Letters:
        """Read the files: Amity's, then those of `folders` (extension, its `templates/`), which win."""
        found: dict[str, LetterText] = {}
        for source, folder in (("amity", bundled("templates")), *folders):
            for path in sorted((folder / "emails").glob("*.txt")):
                try:
                    found[path.stem] = read_file(path, source)
                except (ValueError, OSError) as error:
                    if source == "amity":
                        raise
                    log.warning(
                        "an e-mail template is left out", extra={"file": str(path), "why": str(error)}
                    )
        return cls(found)

    def over(self, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> Letters:
        """Give them with these documents (name, document) as the workspace's own."""
        return Letters(self.files, {name: LetterText.of(name, document) for name, document in documents})

    def with_draft(self, letter: LetterText) -> Letters:
        """Give them with one of the workspace's own in place of what there is."""
        return Letters(self.files, {**self.own, letter.name: letter})

    def get(self, name: str) -> LetterText | None:
        """Find one; the workspace's own first."""
        return self.own.get(name) or self.files.get(name)

    def __iter__(self) -> Iterator[LetterText]:
        return iter(found for name in self.names() if (found := self.get(name)) is not None)

    def names(self) -> list[str]:
        """Names of all."""
        return sorted({*self.files, *self.own})


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


@dataclass(frozen=True, slots=True)
class AddressTemplate:
    """A template for addresses: a value in front of `<` is a name, whatever commas or addresses it holds."""

    template: Template
    type: Type = TEXT

    def evaluate(self, env: Mapping[str, Any]) -> str:
        """Fill it."""
        parts, texts = self.template.parts, []
        for number, part in enumerate(parts):
            if isinstance(part, str):
                texts.append(part)
                continue
            value = shown(part[0].evaluate(env), part[0].type, part[1], env)
            following = parts[number + 1] if number + 1 < len(parts) else ""
            is_name = isinstance(following, str) and following.lstrip().startswith("<")
            texts.append(_quoted(value) if is_name else value)
        return "".join(texts)[:MAX_TEXT]


def _quoted(name: str) -> str:
    plain = " ".join(name.split()).replace("\\", "").replace('"', "'")
    return f'"{plain}"' if plain else ""


def compile_addresses(text: Any, values: ValueCompiler, pointer: str) -> Value:
    """Compile a parameter that holds addresses, such as `{{ record.name }} <{{ record.email }}>`."""
    found = values.template(text, pointer)
    return AddressTemplate(found) if isinstance(found, Template) else found


def compile_html(text: Any, values: ValueCompiler, pointer: str) -> Value:
    """Compile a parameter of input `html`."""
    return _escaping(values.template(text, pointer))


def _escaping(found: Value) -> Value:
    return HtmlTemplate(found) if isinstance(found, Template) else found


def compile_letter(name: Any, values: ValueCompiler, pointer: str, letters: Letters) -> Value:
    """Compile a parameter of input `mail_template`; what is wrong is noted in `values.problems`."""
    letter = letters.get(name) if isinstance(name, str) else None
    if letter is None:
        known = letters.names()
        near = did_you_mean(name, known) if isinstance(name, str) else ""
        message = f"There is no e-mail template {str(name)[:64]!r}.{near} There are {listed(known, 30)}."
        values.problems.append(Problem("unknown_template", message, pointer=pointer))
        return Literal(None)
    found: list[Problem] = []
    made = compile_text(letter, replace(values, problems=found), pointer)
    for problem in found:
        place = PARTS.get((problem.pointer or "").rpartition("/")[2], "")
        message = f"E-mail template “{letter.title}”, {place}, {problem.message}"
        values.problems.append(Problem(problem.code, message, pointer=pointer))
    return made


def check_text(letter: LetterText) -> list[Problem]:
    """Say what is wrong with a template, whoever uses it: braces, and how expressions are written."""
    found: list[Problem] = []
    for part, text in letter.parts.items():
        for hole in HOLE.finditer(text):
            try:
                parse(hole[1].strip())
            except ExpressionError as error:
                found.append(_in_line(error.problem(), hole, text, part))
        _refuse_open(text, found, part)
    return found


def compile_text(letter: LetterText, values: ValueCompiler, note_at: str | None = None) -> LetterValue:
    """Compile a template. Problems point into it (`/body`) and begin with the line.

    `note_at` is the pointer that its notes get: of the step that uses it; None: their place in the template.
    """
    made = {
        part: _text(text, values, letter.name, part, f"/{part}" if note_at is None else note_at)
        for part, text in letter.parts.items()
    }
    html = made.get("html")
    return LetterValue(made["subject"], made["body"], None if html is None else _escaping(html))


def _text(text: str, values: ValueCompiler, letter: str, part: str, note_at: str) -> Value:
    """Compile one text hole by hole, so that a problem can name its line."""
    parts: list[Any] = []
    place = 0
    for hole in HOLE.finditer(text):
        parts.append(text[place : hole.start()])
        place = hole.end()
        compiled = _hole(hole, text, values, letter, part, note_at)
        if compiled is not None:
            parts.append((compiled, values.field_of(compiled)))
    parts.append(text[place:])
    _refuse_open(text, values.problems, part)
    if all(isinstance(item, str) for item in parts):
        return Literal(text, TEXT)
    return Template(tuple(item for item in parts if item != ""))


def _hole(
    hole: re.Match[str], text: str, values: ValueCompiler, letter: str, part: str, note_at: str
) -> Compiled | None:
    problems: list[Problem] = []
    notes: list[Any] = []
    inner = replace(values, problems=problems, notes=notes)
    compiled = inner.expression(hole[1].strip(), note_at)
    values.notes.extend(replace(note, letter=(letter, part)) for note in notes)
    values.problems.extend(_in_line(problem, hole, text, part) for problem in problems)
    return compiled


def _in_line(problem: Problem, hole: re.Match[str], text: str, part: str) -> Problem:
    """Give a problem of a hole with its line."""
    line = _line(text, hole.start())
    message = f"line {line}, {{{{ {hole[1].strip()[:60]} }}}}: {problem.message}"
    return Problem(problem.code, message, pointer=f"/{part}")


def _refuse_open(text: str, problems: list[Problem], part: str) -> None:
    closed = {hole.start() for hole in HOLE.finditer(text)}
    covered = [hole.span() for hole in HOLE.finditer(text)]
    for opened in re.finditer(r"\{\{", text):
        inside = any(start < opened.start() < end for start, end in covered)
        if opened.start() not in closed or inside:
            message = f"line {_line(text, opened.start())}: a '{{{{' has no '}}}}' that belongs to it."
            problems.append(Problem("template", message, pointer=f"/{part}"))
            return


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def read_file(path: Path, source: str) -> LetterText:
    """Read a template file, with the HTML beside it. Raises `ValueError` where it has no subject."""
    if not NAME.fullmatch(path.stem):
        raise ValueError(f"{path.name}: a template is called by small letters, digits and _")
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    word, colon, subject = head.strip().partition(":")
    if word.lower() != "subject" or not colon or "\n" in subject:
        raise ValueError(f"{path.name} must begin with one line 'Subject: ...' and an empty line")
    page = path.with_suffix(".html")
    html = page.read_text(encoding="utf-8") if page.is_file() else None
    title = path.stem.replace("_", " ").capitalize()
    return LetterText(path.stem, title, subject.strip(), body, html, source=source)


def named(params: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Names of the templates that a step uses."""
    rules: Mapping[str, Any] = schema.get("properties", {})
    return [
        value
        for word, value in params.items()
        if isinstance(value, str) and rules.get(word, {}).get("x-amity", {}).get("input") == "mail_template"
    ]
