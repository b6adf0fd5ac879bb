"""JSON merge patch (RFC 7396) of one field's value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge_value(old: Any, patch: Any) -> Any:
    """Merge objects member by member; anything else replaces. Null clears."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(old) if isinstance(old, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_value(merged.get(name), value)
    return merged
