"""The store of file contents."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from amity.errors import Busy, Invalid, NotFound
from amity.files import FileStore, safe_name, sniffed

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", max_bytes=200_000)


@pytest.mark.parametrize(
    "content", [b"", b"hello", PNG, b"x" * 200_000], ids=["empty", "text", "png", "limit"]
)
def test_keeps_and_finds(store: FileStore, content: bytes) -> None:
    kept = store.save(io.BytesIO(content), "a.txt")
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert store.find(kept.sha256).read_bytes() == content
    assert store.type_of(kept.sha256) == kept.type
    again = store.save(io.BytesIO(content), "b.txt")
    assert again.sha256 == kept.sha256
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1


def test_refuses_what_is_too_large_and_leaves_nothing(store: FileStore) -> None:
    with pytest.raises(Invalid, match="larger than"):
        store.save(io.BytesIO(b"x" * 200_001), "big.bin")
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, no folder")
    with pytest.raises(Busy, match="Nothing was written"):
        FileStore(blocked).save(io.BytesIO(b"x"), "x")


@pytest.mark.parametrize("wanted", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64 + "\n", "0" * 64])
def test_finds_nothing_else(store: FileStore, wanted: str) -> None:
    with pytest.raises(NotFound):
        store.find(wanted)


@pytest.mark.parametrize(
    ("head", "type_"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "text/plain"),
        ("grüße".encode(), "text/plain"),
        (("x" * 511 + "é").encode()[:512], "text/plain"),
        (b"\x00\x01", "application/octet-stream"),
        (b"\xff\xfe\xfd" + b"a" * 20, "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_knows_content_by_its_bytes(head: bytes, type_: str) -> None:
    assert sniffed(head) == type_


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("price list.pdf", "price list.pdf"),
        ("C:\\temp\\a.doc", "a.doc"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("...", "file"),
        ("", "file"),
        ("ü" * 300 + ".pdf", "ü" * 196 + ".pdf"),
        ("\ud800x", "x"),
    ],
)
def test_names_are_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe
