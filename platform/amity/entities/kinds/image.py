"""Pictures: files that a browser may show."""

from __future__ import annotations

from typing import ClassVar

from amity.entities.kinds.file import FileKind
from amity.files import INLINE_TYPES


class ImageKind(FileKind):
    """One picture: PNG, JPEG, GIF or WebP, known by its bytes."""

    name = "image"
    title = "Picture"
    icon = "photo"
    types: ClassVar[frozenset[str] | None] = INLINE_TYPES
