"""What a browser sends for a form: enough of HTML to test forms without one."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    """Collects the successful controls of a document, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._template = 0
        self._labels = 0
        self._text: tuple[str, list[str]] | None = None
        self._select: tuple[str, bool, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "template":
            self._template += 1
        if self._template:
            return
        if "id" in attributes:
            self.ids.append(attributes["id"] or "")
        name, value = attributes.get("name") or "", attributes.get("value") or ""
        if tag == "label":
            self._labels += 1
            self.labelled.add(attributes.get("for") or "")
        elif tag == "input":
            self._input(attributes, name, value)
        elif tag == "textarea":
            self._control(attributes)
            self._text = (name, [])
        elif tag == "select":
            self._control(attributes)
            self._select = (name, "multiple" in attributes, [])
        elif tag == "option" and self._select:
            self._select[2].append((value, "selected" in attributes))

    def _input(self, attributes: dict[str, str | None], name: str, value: str) -> None:
        type_ = attributes.get("type", "text")
        if type_ != "hidden":
            self._control(attributes)
        if type_ in ("checkbox", "radio") and "checked" not in attributes:
            return
        if name:
            self.sent.append(
                (name, value if type_ == "hidden" else value.replace("\n", "").replace("\r", ""))
            )

    def _control(self, attributes: dict[str, str | None]) -> None:
        self.controls.append({**attributes, "inside-label": "yes" if self._labels else None})

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._template -= 1
        elif self._template:
            return
        elif tag == "label":
            self._labels -= 1
        elif tag == "textarea" and self._text:
            name, parts = self._text
            text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.sent.append((name, text.replace("\n", "\r\n")))
            self._text = None
        elif tag == "select" and self._select:
            name, multiple, options = self._select
            chosen = [value for value, selected in options if selected]
            if not chosen and not multiple and options:
                chosen = [options[0][0]]
            self.sent += [(name, value) for value in chosen]
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._text and not self._template:
            self._text[1].append(data)


def read_form(html: str) -> _Reader:
    """Read HTML: `sent` are the pairs a browser sends, `controls` the attributes of what people touch."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
