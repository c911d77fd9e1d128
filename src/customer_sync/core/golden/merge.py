"""The golden value of every field: a pure function of claims, links and policies.

Three-way merge without an order of arrival. A claim records the batch whose golden values its record
had *seen* when it changed. Claim b therefore *overrides* claim a when

    b.seen >= max(a.basis, a.since if a was said before, b.since)

that is: b's record already showed a golden value that took a into account (both tied to the same
customer at the time), and then changed it knowingly. What remains after taking away the overridden
claims was said on both sides without knowing of each other; there the field's policy decides. A
change on one side only thus moves over under every policy, and swapping the order in which claims
are given never changes the result.

At least one claim always remains: the newest cannot be overridden, because seen < its own basis.
Ties end at the value itself, never at the order of arrival.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from customer_sync.kernel.frames import constant, json_array, pick

__all__ = ["Policies", "merge", "widened"]

OWNER, MOST_RECENT, MOST_COMPLETE, ASK = range(4)
_KEY = ["customer", "field", "element"]
_RANK_LAST = 1_000_000
_AT_UNKNOWN = -(2**62)  # nobody knows when it was said: before everything that has a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Per field: which policy; per field and stream: the rank of the stream (0 is first)."""

    kinds: Mapping[str, int]
    ranks: pl.DataFrame  # field, stream, rank


def merge(cells: pl.DataFrame, policies: Policies) -> pl.DataFrame:
    """Choose the golden cells of customers from all claims of all their links.

    Args:
        cells: model.frame.CELLS plus customer, stream and since of the link.
        policies: the workspace's.

    Returns:
        customer, field, element, value, link, stamp (of the claim chosen), contested (two values
        stand against each other and the policy is to ask). Cleared fields have no row.
    """
    columns = [*_KEY, "value", "link", "stamp", "contested"]
    # A customer of one record needs no merging, and at a first load that is nearly everybody.
    alone, shared = cells, cells.clear()
    if cells["link"].n_unique() != cells["customer"].n_unique():
        several = pl.col("link").min().over("customer") != pl.col("link").max().over("customer")
        is_shared = cells.select(several.alias("several"))["several"]
        alone, shared = cells.filter(~is_shared), cells.filter(is_shared)
    unasked = constant("contested", False, pl.Boolean(), alone.height)
    golden = pick(alone.hstack([unasked]), *columns)
    if shared.height:
        golden = pl.concat([golden, pick(_settled(shared, policies), *columns)])
    return golden.drop_nulls("value") if golden["value"].null_count() else golden


def _settled(cells: pl.DataFrame, policies: Policies) -> pl.DataFrame:
    # What a record said of an earlier customer is known to this one since the record is tied to it.
    known = pl.max_horizontal("basis", pl.when(pl.col("stamp") < pl.col("since")).then("since"))
    aware = pl.when(pl.col("seen") >= pl.col("since")).then("seen").otherwise(-1)
    standing = cells.filter(aware.max().over(_KEY) < known)
    kind = pl.col("field").replace_strict(policies.kinds, default=MOST_RECENT, return_dtype=pl.Int8)
    ranked = standing.join(policies.ranks, on=["field", "stream"], how="left").with_columns(
        pl.col("rank").fill_null(_RANK_LAST), kind=kind
    )
    newest = -pl.col("at").to_physical().fill_null(_AT_UNKNOWN)
    length = -pl.col("value").str.len_chars().cast(pl.Int64).fill_null(-1)
    first = (
        pl.when(pl.col("kind") == OWNER)
        .then(pl.col("rank").cast(pl.Int64))
        .when(pl.col("kind") == MOST_COMPLETE)
        .then(length)
        .when(pl.col("kind") == ASK)
        .then(-newest)  # the value that stood first stands until somebody decides
        .otherwise(newest)
    )
    ordered = ranked.with_columns(first=first, newest=newest).sort(
        "first", "newest", "rank", "value", "link", nulls_last=True
    )
    against = (pl.col("value").n_unique() > 1) & (pl.col("kind").first() == ASK)
    return ordered.group_by(_KEY, maintain_order=True).agg(
        pl.col("value").first(),
        pl.col("link").first(),
        pl.col("stamp").first(),
        contested=against,
    )


def widened(golden: pl.DataFrame, fields: Sequence[str], many: Sequence[str]) -> pl.DataFrame:
    """Return golden cells as one row per customer: ``customer`` and one String column per field."""
    single = pick(golden, "customer", "field", "value")
    if not {*many}.isdisjoint(golden["field"].unique()):
        is_many = pl.col("field").is_in(list(many))
        lists = single.filter(is_many).group_by("customer", "field").agg(pl.col("value"))
        lists = lists.with_columns(json_array("value"))
        single = pl.concat([single.filter(~is_many), lists])
    wide = single.pivot(on="field", index="customer", values="value")
    missing = [
        constant(name, None, pl.String(), wide.height)
        for name in fields
        if name not in wide.columns
    ]
    return pick(wide.hstack(missing), "customer", *fields)
