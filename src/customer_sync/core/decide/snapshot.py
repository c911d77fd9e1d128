"""All that a decision may look at, as one transaction saw it."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from customer_sync.core.identity import ClusterPolicy

__all__ = ["MOVES", "Moves", "Scored", "Snapshot"]

MOVES = {"link": pl.Int64, "to": pl.Int64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Records that go to another customer, whatever they say.

    links: MOVES. is_split: the customers that they leave stand on, whatever they have left.
    """

    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MOVES))
    is_split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How the observed records compare with others.

    scores: core.identity.SCORES. members: (link, customer): the records, as far as they are compared, of the
    customers that one of these is near to. kept_apart: (link, customer): members that stewards said not to be
    another of these customers. policy, model: what the scores were given by, and what they mean.
    """

    scores: pl.DataFrame
    members: pl.DataFrame
    kept_apart: pl.DataFrame
    policy: ClusterPolicy
    model: str


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
    moves: Moves = field(default_factory=Moves)
    scored: Scored | None = None  # None: no other record is like any of these
    is_first: bool = False  # the stream is being read for the first time, as it is mapped now
