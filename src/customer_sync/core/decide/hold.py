"""What holds after an observation: which customers are touched, made, changed, retired or moved."""

import polars as pl

from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import Published
from customer_sync.core.decide.show import differing
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    matched,
    pick,
    where,
)
from customer_sync.model.frame import (
    CHANGES,
    LIVE,
)

__all__ = ["compared", "moved", "retired", "touched", "with_all"]


def with_all(wide: pl.DataFrame, customers: pl.Series, rules: Published) -> pl.DataFrame:
    """Add customers of whom nothing at all is said."""
    missing = apart(customers.to_frame("customer"), wide, "customer")
    if missing.is_empty():
        return wide
    return pl.concat([wide, beside(missing, wide.clear(), "customer")])


def compared(
    rules: Published, snapshot: Snapshot, golden: pl.DataFrame, after: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return (changed cells of known customers, new customers, known customers whose row must change)."""
    before = snapshot.customers
    created = apart(after, before, "customer")
    kept = among(before, after, "customer")
    if kept.is_empty():
        return pl.DataFrame(schema=CHANGES), created, after.clear()
    fields = list(rules.fields)
    known = beside(pick(kept, "customer"), after, "customer")
    differs = differing(known, kept)
    written = differs | kept["is_edited"]
    changed = where(known, written)
    if not differs.any():
        return pl.DataFrame(schema=CHANGES), created, changed
    was = pick(where(kept, differs), "customer", *fields)
    now = pick(where(known, differs), "customer", *fields)
    cells = was.unpivot(index="customer", variable_name="field", value_name="before").with_columns(
        after=now.unpivot(index="customer")["value"]
    )
    cells = cells.filter(pl.col("before").ne_missing(pl.col("after")))
    chosen = pick(golden, "customer", "field", "link", "stamp").rename({"stamp": "claim"})
    chosen = chosen.unique(["customer", "field"])
    return pick(beside(cells, chosen, ["customer", "field"]), *CHANGES), created, changed


def touched(snapshot: Snapshot, links: pl.DataFrame, retired: pl.DataFrame) -> pl.Series:
    """Return every customer whose golden values may change: those of the links, before and after."""
    was = among(snapshot.links, links, "link")["customer"]
    both = pl.concat([links["customer"], was]).unique()
    return both.filter(~both.is_in(retired["customer"].implode())) if retired.height else both


def retired(snapshot: Snapshot, links: pl.DataFrame) -> pl.DataFrame:
    """Retire customers whose last record was merged away into another customer's: (customer, into)."""
    was = pick(snapshot.links, "link", "customer").rename({"customer": "was"})
    moved = matched(links, was, "link")
    moved = where(moved, moved["was"] != moved["customer"])
    none = pl.DataFrame(schema={"customer": pl.Int64, "into": pl.Int64})
    if moved.is_empty() or snapshot.moves.is_split:
        return none
    now = pl.concat([snapshot.links.join(links, on="link", how="anti"), links])
    still = now.filter(pl.col("state") == LIVE)["customer"]
    left = moved.filter(~pl.col("was").is_in(still.implode()))
    return left.select(customer="was", into="customer").unique("customer")


def moved(
    snapshot: Snapshot,
    seen: Observation,
    links: pl.DataFrame,
    changes: pl.DataFrame,
    created: pl.DataFrame,
) -> pl.Series:
    """Return the customers whose golden values or links changed."""
    was = pick(snapshot.links, "link", "customer", "state")
    was = was.rename({"customer": "was", "state": "was_state"})
    met = beside(pick(links, "link", "customer", "state"), was, "link")
    other = (
        pl.col("was").is_null()
        | (pl.col("was") != pl.col("customer"))
        | (pl.col("state") != pl.col("was_state"))
    )
    relinked = met.filter(other)
    parts = [changes["customer"], created["customer"], relinked["customer"], relinked["was"]]
    return pl.concat(parts).drop_nulls().unique()
