"""The content of files: kept once per content in the home, named by its hash, never by what people called it.

What a file is gets decided by its first bytes, not by its name or by what the sender said.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from amity.errors import Busy, Invalid, NotFound

MAX_BYTES: Final = 25 * 1024 * 1024
"""Largest file that is taken."""
INLINE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that a browser may show; everything else is only ever downloaded."""
UNKNOWN_TYPE: Final = "application/octet-stream"

_CHUNK: Final = 64 * 1024
_HEAD: Final = 512
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as records carry it."""

    name: str
    size: int
    """Bytes."""
    type: str
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Give the JSON value of a file or image field."""
        return {"name": self.name, "size": self.size, "type": self.type, "sha256": self.sha256}


def sniffed(head: bytes) -> str:
    """Say what a content is by its first bytes; text is always `text/plain`, never HTML or SVG."""
    for signature, type_ in _SIGNATURES:
        if head.startswith(signature):
            return type_
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if not head or b"\0" in head:
        return UNKNOWN_TYPE
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # more than a character that the end of the head cuts
            return UNKNOWN_TYPE
    return "text/plain"


def safe_name(name: str) -> str:
    """Give the last part of a file name without what confuses systems; at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(character for character in last if character.isprintable() and character not in '<>:"|?*')
    kept = kept.encode("utf-8", "ignore").decode().strip(" .")
    if len(kept) > 200:
        stem, dot, suffix = kept.rpartition(".")
        kept = f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 20 else kept[:200]
    return kept or "file"


class FileStore:
    """The contents below one folder (`files` in the home). Safe for several processes at once."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def save(self, source: IO[bytes], name: str) -> StoredFile:
        """Keep a content. Raises `Invalid` (code `too_large`), `Busy` for a full disk: nothing is kept."""
        try:
            return self._save(source, name)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = "The disk is full" if full else f"The file cannot be kept ({error.strerror or error})"
            raise Busy(f"{reason}. Nothing was written; the operator must look at it.") from error

    def _save(self, source: IO[bytes], name: str) -> StoredFile:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest, size, head = hashlib.sha256(), 0, b""
        descriptor, path = tempfile.mkstemp(dir=self.folder, prefix=".upload-")
        try:
            with os.fdopen(descriptor, "wb") as target:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > self.max_bytes:
                        raise self._too_large(name)
                    head = (head + chunk)[:_HEAD] if len(head) < _HEAD else head
                    digest.update(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            place = self._place(digest.hexdigest())
            place.parent.mkdir(exist_ok=True, mode=0o700)
            Path(path).replace(place)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
        return StoredFile(safe_name(name), size, sniffed(head), digest.hexdigest())

    def _too_large(self, name: str) -> Invalid:
        limit = f"{self.max_bytes / 1024 / 1024:.0f} MB"
        message = f"{safe_name(name)!r} is larger than {limit}; files up to {limit} are taken."
        return Invalid.at("", "too_large", message)

    def find(self, sha256: str) -> Path:
        """Give where a content lies. Raises `NotFound`."""
        if _HASH.fullmatch(sha256):
            place = self._place(sha256)
            if place.is_file():
                return place
        raise NotFound("The content of this file is not here.", hint="Upload the file again.")

    def type_of(self, sha256: str) -> str:
        """Say what a content is, by its bytes. Raises `NotFound`."""
        with self.find(sha256).open("rb") as source:
            return sniffed(source.read(_HEAD))

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
