"""Texts of all kinds: stored unchanged, or refused, or (rich text alone) cleaned."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.database.folding import KEY_LENGTH, fold, fold_key
from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.rich_text import sanitised
from tests.factories.fields import Reader, field_of, make_field


@given(st.text())
def test_folding_is_done_at_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text.upper().lower())
    assert len(fold_key(text)) <= KEY_LENGTH


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë", "zoe"),
        ("ÅNGSTRÖM", "angstrom"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("ﬁn", "fin"),
        ("Ж", "ж"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_text_is_kept_to_the_letter(text: str) -> None:
    for name in ("text", "long_text"):
        field = field_of(name)
        typed = field.kind.parse(field, text)
        assert field.kind.store(field, typed)[""] == text
        assert field.kind.dump(field, typed) == text


@pytest.mark.parametrize("text", ["\x00", "a\ud800b", "\udfff"])
@pytest.mark.parametrize("name", ["text", "long_text", "rich_text", "email", "phone", "url"])
def test_what_no_database_keeps_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueProblem):
        field_of(name).kind.parse(field_of(name), text)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='  JaVaScRiPt:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<p style='color:red'>x</p>",
        "<style>p{}</style>",
        "<svg onload=alert(1)>",
        "<iframe src=//x></iframe>",
        "<p onclick=alert(1)>x</p>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<base href=//x>",
        "<form action=//x>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_rich_text_keeps_nothing_that_runs(html: str) -> None:
    cleaned = sanitised(html)
    assert not re.search(
        r"<[^>]*(script|onerror|onload|onclick|style|javascript|data:|src|iframe|svg)", cleaned, re.I
    )
    assert sanitised(cleaned) == cleaned


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b",
                ">",
                "<a href=",
                '"',
                "'",
                "javascript:",
                "x",
                "<!--",
                "-->",
                "<svg>",
                "<style>",
                "<table>",
                "<math>",
                "&lt;",
                "&#0;",
            ]
        ),
        max_size=20,
    ).map("".join)
)
def test_rich_text_is_clean_at_once(html: str) -> None:
    cleaned = sanitised(html)
    assert sanitised(cleaned) == cleaned
    assert not re.search(r"<(script|style|svg|math|iframe)", cleaned, re.I)


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.com",
        "example.com",
        "https:example.com",
        "https://",
        "https:///x",
        "http://user@/",
        "https://example.com/a b",
        'https://x/"',
        "mailto:",
        "http://" + "x" * 2_000,
        "",
        5,
    ],
)
def test_urls_that_are_none_or_run(value: Any) -> None:
    with pytest.raises(ValueProblem):
        field_of("url").kind.parse(field_of("url"), value)


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com",
        "HTTPS://EXAMPLE.COM/",
        "https://müller.example/straße?q=1#x",
        "https://[::1]:8080/",
        "mailto:a@b.c",
        "tel:+49",
    ],
)
def test_urls_are_kept(value: str) -> None:
    assert field_of("url").kind.parse(field_of("url"), value) == value


@pytest.mark.parametrize(
    "value", ["a@b", "jo@localhost", "müller@example.com", "a+b@ex-ample.co.uk", '"a b"@example.com']
)
def test_emails_are_kept(value: str) -> None:
    assert field_of("email").kind.parse(field_of("email"), value) == value


@pytest.mark.parametrize(
    "value", ["", "a", "a@", "@b", "a b@c.d", "a@b@c", "a@-b.c", "<a@b.c>", "a@b.c\n", "x" * 65 + "@b.c", 1]
)
def test_what_is_no_email(value: Any) -> None:
    with pytest.raises(ValueProblem):
        field_of("email").kind.parse(field_of("email"), value)


@pytest.mark.parametrize(
    ("text", "region", "key"),
    [
        ("+49 (0)30 901820", None, "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("030-901820", None, "030901820"),
        ("(5) 555-4729", None, "55554729"),
        ("1-800-FLOWERS", "US", "+18003569377"),
    ],
)
def test_phones_have_a_key_of_their_own(text: str, region: str | None, key: str) -> None:
    field = field_of("phone", **({"region": region} if region else {}))
    stored = field.kind.store(field, field.kind.parse(field, text))
    assert (stored[""], stored["e164"]) == (text, key)


@pytest.mark.parametrize("value", ["", "ab", "12", "no phone", "1" * 61, "123\n456", "<123>", 12345])
def test_what_is_no_phone(value: Any) -> None:
    with pytest.raises(ValueProblem):
        field_of("phone").kind.parse(field_of("phone"), value)


def test_an_unknown_region_is_a_problem_of_the_schema() -> None:
    field = field_of("phone", region="XX")
    assert [problem.pointer for problem in field.kind.problems(field)] == ["/x-amity/region"]


def test_plain_schemas_of_long_and_formatted_text() -> None:
    assert make_field({"type": "string", "maxLength": 500}).kind.name == "text"
    assert make_field({"type": "string", "maxLength": 501}).kind.name == "long_text"
    assert make_field({"type": "string", "contentMediaType": "text/html"}).kind.name == "rich_text"


def test_lists_show_one_line_of_a_text() -> None:
    field = field_of("text")
    for value, shown in (
        ("a  b", "a  b"),
        ("a\nb", "a b"),
        ("x" * 501, "x" * 499 + "…"),
        ("\n", "\n"),
        ("a\u202eb", "a\u202eb"),
    ):
        assert field.kind.format(field, value, Reader()) == shown
