"""The only reader of the clock and of randomness; everything else takes them as arguments.

What needs a time or an id takes a value, so a run can be repeated to the letter. The doors and the
worker ask here, once, and pass on what they got.
"""

import secrets
from datetime import UTC, datetime

__all__ = ["now", "seed", "token"]

TOKEN_BYTES = 16  # 128 bits: no two are ever equal, and none is guessed


def now() -> datetime:
    """Return this instant, in UTC."""
    return datetime.now(UTC)


def token() -> str:
    """Return a new unguessable name: an idempotency key, a lease, a session."""
    return secrets.token_hex(TOKEN_BYTES)


def seed() -> int:
    """Return a number to seed a repeatable generator with; write it down beside the result."""
    return secrets.randbits(63)
