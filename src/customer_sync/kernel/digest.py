"""Digests that prove: salted, so that a digest of a known value cannot be recognised."""

import hashlib

__all__ = ["salted"]


def salted(salt: str, text: str) -> str:
    """Return the keyed BLAKE2b digest of a text, 32 hex digits."""
    return hashlib.blake2b(text.encode(), key=salt.encode()[:64], digest_size=16).hexdigest()
