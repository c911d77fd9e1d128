"""The lens: a two-way rule between source fields and canonical fields, over whole columns.

``get`` reads a record into canonical values; ``put`` writes a canonical value into the record as
the system last showed it. Two laws hold for every lens (checked when configuration is published):

* get-put: ``put(get(r), r)`` changes nothing in r;
* put-get: ``get(r + put(c, r)) == c`` for every canonical value c that the lens accepts.

Columns are Polars Series of String; null is "nothing there", the empty text is an empty text. A
lens knows no customer, no system, no policy. Values that cannot be read are faults, never
exceptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

__all__ = ["Got", "Lens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One canonical column read: the values (null where nothing or not readable), and the faults.

    ``fault`` is null where the value is good, else a code of docs/errors.md (``email_invalid``).
    """

    value: pl.Series
    fault: pl.Series | None = None


class Lens(Protocol):
    """A lens of n source columns and m canonical columns; most have one of each."""

    def get(self, sources: Sequence[pl.Series]) -> list[Got]:
        """Return the m canonical columns of a record's n source columns."""

    def put(self, values: Sequence[pl.Series], sources: Sequence[pl.Series]) -> list[pl.Series]:
        """Return the n source columns such that they show ``values``.

        They equal ``sources`` where these do already.
        """
