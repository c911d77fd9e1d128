"""Digests that prove: salted, so that a digest of a known value cannot be recognised."""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["numbers", "salted"]


def salted(salt: str, text: str) -> str:
    """Return the keyed BLAKE2b digest of a text, 32 hex digits."""
    return hashlib.blake2b(text.encode(), key=salt.encode()[:64], digest_size=16).hexdigest()


def numbers(texts: Iterable[str], salt: str) -> npt.NDArray[np.int64]:
    """Return the keyed BLAKE2b digests of texts as whole numbers of 64 bits."""
    key, made = salt.encode()[:64], hashlib.blake2b
    digests = [made(text.encode(), key=key, digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), "<i8")
