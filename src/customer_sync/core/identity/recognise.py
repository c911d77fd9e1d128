"""Recognise: what certain keys, stewards and scores together say of whose records are.

Decides in which order they count: stewards and certain keys first, then scores among what is left. Promises
that a record held for a review is joined to nothing, and that customers whom stewards keep apart stay apart.
Must not know keys or features.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from customer_sync.core.identity.cluster import MERGED, ClusterPolicy, Clusters, cluster
from customer_sync.core.identity.resolve import Resolved
from customer_sync.kernel.frames import among, apart, empty, matched, pick, where

__all__ = ["Recognised", "as_it_is", "numbered", "recognise"]

DOUBTFUL: dict[str, pl.DataType] = {"link": pl.Int64(), "customers": pl.List(pl.Int64)}
ALIKE = {"customer": pl.Int64, "other": pl.Int64, "score": pl.Float64}
HOW = {"link": pl.Int64, "detail": pl.String}
_SAME = {"left": pl.Int64, "right": pl.Int64}


class _Scored(Protocol):
    """How records compare with others: core.decide.Scored."""

    @property
    def scores(self) -> pl.DataFrame: ...
    @property
    def members(self) -> pl.DataFrame: ...
    @property
    def kept_apart(self) -> pl.DataFrame: ...
    @property
    def policy(self) -> ClusterPolicy: ...
    @property
    def model(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Whose records are.

    assigned: (link, customer) of new records; below zero: a new customer, the same number for the same.
    doubtful: (link, customers): held for a review. merged: (customer, into, score): customers that are one.
    alike: (customer, other, score): customers that may be one. how: (link, detail): by what scores found one.
    """

    assigned: pl.DataFrame
    doubtful: pl.DataFrame
    merged: pl.DataFrame
    alike: pl.DataFrame
    how: pl.DataFrame


def as_it_is(assigned: pl.DataFrame, doubtful: pl.DataFrame | None = None) -> Recognised:
    """Return what is recognised where nothing is scored."""
    return Recognised(
        assigned=assigned, doubtful=empty(DOUBTFUL) if doubtful is None else doubtful, merged=empty(MERGED),
        alike=empty(ALIKE), how=empty(HOW),
    )  # fmt: skip


def recognise(by_keys: Resolved, scored: _Scored | None, *, decided: pl.DataFrame) -> Recognised:
    """Return whose records are.

    Args:
        by_keys: what certain keys and stewards say of the new records.
        scored: how records compare, None: no other is like them.
        decided: (link, customer, same): what stewards settled of the new records.
    """
    if scored is None:
        return as_it_is(by_keys.assigned, by_keys.doubtful)
    sure = where(by_keys.assigned, by_keys.assigned["customer"] > 0)
    loose = where(by_keys.assigned, by_keys.assigned["customer"] < 0)
    # Of a customer that keys lead to, and whose records were not compared, nothing more is known.
    unmet = apart(sure, scored.members, "customer")
    members = pl.concat([scored.members, among(sure, scored.members, "customer")])
    members = members.unique("link", keep="last")
    out = pl.concat([pick(unmet, "link"), pick(by_keys.doubtful, "link")])
    scores = apart(
        apart(scored.scores, out.rename({"link": "left"}), "left"),
        out.rename({"link": "right"}),
        "right",
    )
    said = pl.concat(
        [scored.kept_apart, where(decided, ~decided["same"]).select("link", "customer")]
    )
    found = cluster(
        scores, members, links=loose["link"], together=_together(loose), apart=_links_apart(said, members),
        policy=scored.policy,
    )  # fmt: skip
    assigned = pl.concat([sure, found.assigned])
    return Recognised(
        assigned=assigned, doubtful=by_keys.doubtful, merged=found.merged,
        alike=found.doubtful.select("customer", "other", "score"),
        how=_how(scores, found, members, loose, scored.model),
    )  # fmt: skip


def _together(loose: pl.DataFrame) -> pl.DataFrame:
    """Return new records that keys make one: (left, right), each with the first."""
    if not loose["customer"].is_duplicated().any():
        return empty(_SAME)
    first = loose.group_by("customer").agg(left=pl.col("link").min())
    return (
        loose.join(first, on="customer")
        .filter(pl.col("link") != pl.col("left"))
        .select("left", right="link")
    )


def _links_apart(said: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return pairs of records that stewards keep apart: one and any of the customer that it is not."""
    if said.is_empty():
        return empty(_SAME)
    any_of = members.group_by("customer").agg(right=pl.col("link").min())
    return matched(said, any_of, "customer").select(left="link", right="right")


def _how(
    scores: pl.DataFrame, found: Clusters, members: pl.DataFrame, loose: pl.DataFrame, model: str
) -> pl.DataFrame:
    """Return the best score of each new record with another of its customer."""
    of = pl.concat([found.assigned, pick(members, "link", "customer")])
    both = pl.concat(
        [
            scores.select("left", "right", "score"),
            scores.select(left="right", right="left", score="score"),
        ]
    )
    met = (
        among(both, loose.select(left="link"), "left")
        .join(of.rename({"link": "left"}), on="left")
        .join(of.rename({"link": "right", "customer": "theirs"}), on="right")
        .filter(pl.col("customer") == pl.col("theirs"))
    )
    best = met.group_by("left").agg(pl.col("score").max())
    return best.select(
        link="left", detail=pl.format("score {}, model {}", pl.col("score").round(3), pl.lit(model))
    )


def numbered(found: Recognised, ids: pl.Series) -> Recognised:
    """Give each new customer (negative number) one of the allocated ids."""
    new = pick(where(found.assigned, found.assigned["customer"] < 0), "customer").unique()
    if new.is_empty():
        return found
    new = new.sort("customer", descending=True)
    names = dict(zip(new["customer"].to_list(), ids.head(new.height).to_list(), strict=True))
    return replace(
        found,
        assigned=pick(found.assigned, "link", "customer").with_columns(
            pl.col("customer").replace(names)
        ),
        alike=found.alike.with_columns(pl.col("customer", "other").replace(names)),
    )
