"""A small reader of protobuf's text format: enough for CEL's conformance files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[A-Za-z0-9_.+-]+)|(?P<punct>[{}\[\]<>:,;/])""",
    re.S,
)
ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34, "?": 63}


def _unquote(token: str) -> bytes:
    """Give the bytes of one quoted string (text format escapes name bytes)."""
    out = bytearray()
    body = token[1:-1]
    at = 0
    while at < len(body):
        if body[at] != "\\":
            out += body[at].encode()
            at += 1
            continue
        mark = body[at + 1]
        if match := re.compile(r"[0-7]{1,3}").match(body, at + 1):
            out.append(int(match[0], 8) & 255)
            at = match.end()
        elif mark in "xX" and (match := re.compile(r"[0-9a-fA-F]{1,2}").match(body, at + 2)):
            out.append(int(match[0], 16))
            at = match.end()
        elif mark in "uU":
            width = 4 if mark == "u" else 8
            out += chr(int(body[at + 2 : at + 2 + width], 16)).encode()
            at += 2 + width
        else:
            out.append(ESCAPES[mark])
            at += 2
    return bytes(out)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"unreadable at {at}: {text[at : at + 20]!r}")
        at = match.end()
        if match.lastgroup != "space":
            yield match.lastgroup or "", match[0]


class Reader:
    """Reads one message into `{field: [values]}`; strings are bytes, other scalars are words."""

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text), ("end", "")]
        self.at = 0

    def message(self, closing: str = "") -> dict[str, list[Any]]:
        fields: dict[str, list[Any]] = {}
        while self.tokens[self.at][1] != closing or self.tokens[self.at][0] == "string":
            name = self._name()
            if self.tokens[self.at][1] == ":":
                self.at += 1
            fields.setdefault(name, []).extend(self._value())
            if self.tokens[self.at][1] in (",", ";"):
                self.at += 1
        self.at += 1
        return fields

    def _name(self) -> str:
        text = self.tokens[self.at][1]
        self.at += 1
        if text == "[":
            while self.tokens[self.at][1] != "]":
                text += self.tokens[self.at][1]
                self.at += 1
            self.at += 1
            text += "]"
        return text

    def _value(self) -> list[Any]:
        group, text = self.tokens[self.at]
        self.at += 1
        if group == "string":
            joined = _unquote(text)
            while self.tokens[self.at][0] == "string":
                joined += _unquote(self.tokens[self.at][1])
                self.at += 1
            return [joined]
        if text in ("{", "<"):
            return [self.message("}" if text == "{" else ">")]
        if text == "[":
            items: list[Any] = []
            while self.tokens[self.at][1] != "]":
                items += self._value()
                if self.tokens[self.at][1] == ",":
                    self.at += 1
            self.at += 1
            return items
        return [text]


def read(text: str) -> dict[str, list[Any]]:
    """Read one text format message."""
    return Reader(text).message()
