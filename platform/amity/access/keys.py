"""Random keys for sessions, tokens and links; only their hashes are ever stored."""

from __future__ import annotations

import hashlib
import secrets


def new_key(prefix: str = "") -> str:
    """Make a key of 256 random bits, safe in a URL and in a cookie."""
    return prefix + secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """Give the SHA-256 of `key` as 64 hexadecimal digits.

    A key has full entropy, so a fast hash is enough: nobody can go through 2**256 of them.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
