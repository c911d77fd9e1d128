"""All that a decision may look at, as one transaction saw it."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

__all__ = ["Snapshot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision may look at, as one transaction saw it.

    links, images, claims: of every customer that may be touched. customers: ``customer``, ``stamp``,
    ``is_edited`` and the golden values before. keys: (link, kind, key) of the new records. candidates,
    decided: see core.identity. sent: model.frame.SENT. accepted: model.frame.ACCEPTED.
    """

    batch: int
    now: datetime
    links: pl.DataFrame
    images: pl.DataFrame
    claims: pl.DataFrame
    customers: pl.DataFrame
    keys: pl.DataFrame
    candidates: pl.DataFrame
    decided: pl.DataFrame
    sent: pl.DataFrame
    accepted: pl.DataFrame
    creations: pl.DataFrame  # (customer, field, value, mark, is_lost) sent to be created here
    winners: (
        pl.DataFrame
    )  # (link, external_id, customer) of records that observed ones were merged into
    customer_ids: pl.Series
    answer: bool = False  # the records are what answers to our own writes showed
    is_first: bool = False  # the stream is being read for the first time, as it is mapped now
