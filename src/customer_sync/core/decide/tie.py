"""Whose records are: the links as they are after an observation, and what is held for a review.

Known records stay their customer's, new ones are recognised by their keys or make a customer, merges made
in a system are followed. What we created ourselves, its answer lost, is ours all the same.
"""

from dataclasses import replace

import polars as pl

from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import OWN_STREAMS, Published
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.core.decide.transform import (
    is_cut,
)
from customer_sync.core.identity import resolve
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    matched,
    pick,
    unless,
    where,
)
from customer_sync.model.frame import (
    GONE,
    LINKS,
    LIVE,
    MERGED_AWAY,
    OUT_OF_SCOPE,
)

__all__ = ["linked", "recognised"]


def linked(
    rules: Published, snapshot: Snapshot, seen: Observation
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the links as they are after this observation, and the new records held for a review."""
    tied = pick(snapshot.links, "link", "customer", "state", "since", "seen")
    old = matched(unless(seen.records, "is_new"), tied, "link")
    new, doubtful = _resolved(rules, snapshot, seen)
    both = pl.concat([old, pick(new, *old.columns)]) if new.height else old
    state = (
        pl.when(pl.col("@merged_into").is_not_null()).then(MERGED_AWAY)
        .when(pl.col("@gone").fill_null(value=False)).then(GONE)
        .when(pl.col("@outside").fill_null(value=False)).then(OUT_OF_SCOPE)
        .when(pl.col("state").is_in([GONE, OUT_OF_SCOPE, MERGED_AWAY])).then(LIVE)  # there again
        .otherwise(pl.col("state"))
    )  # fmt: skip
    links = both.with_columns(
        state=state.cast(pl.Int32), shown=pl.lit(snapshot.batch, pl.Int64), stream=pl.lit(seen.stream.id, pl.Int32)
    ).select(
        "link", "stream", external_id="@id", customer="customer", state="state", since="since", seen="seen",
        shown="shown", digest="digest", version="@version", changed_at="@changed_at",
    )  # fmt: skip
    return _followed(snapshot, links, seen).cast(LINKS), doubtful  # type: ignore[arg-type]


def _resolved(
    rules: Published, snapshot: Snapshot, seen: Observation
) -> tuple[pl.DataFrame, pl.DataFrame]:
    fresh = where(seen.records, "is_new")
    doubtful = pl.DataFrame(schema={"link": pl.Int64, "customers": pl.List(pl.Int64)})
    if fresh.is_empty():
        return seen.records.clear(), doubtful
    records = among(seen.values, fresh, "link")
    is_own = seen.stream.id in OWN_STREAMS
    if is_own:  # a row of the customer table, or a word on it, is its own customer
        assigned = fresh.select("link", customer=pl.col("@id").cast(pl.Int64))
    else:
        found = resolve(
            records, snapshot.keys, snapshot.candidates, decided=snapshot.decided,
            shared_max=rules.config.workspace.match.shared_max,
        )  # fmt: skip
        assigned, doubtful = _numbered(found.assigned, snapshot.customer_ids), found.doubtful
        # What we made, and people deleted before anybody saw it, shows nothing to be recognised by.
        ours = pick(where(snapshot.decided, "same"), "link", "customer")
        assigned = pl.concat([assigned, apart(ours, records, "link")])
    # A record that we made showed the golden values that were sent, from its first moment.
    marks = snapshot.sent.group_by("link").agg(mark=pl.col("mark").max())
    new = beside(matched(fresh, assigned, "link"), marks, "link")
    new = new.with_columns(
        state=pl.lit(LIVE, pl.Int32),
        # Who edits the customer itself was tied to it before, and saw what it changed.
        since=pl.col("mark").fill_null(snapshot.batch - is_own),
        seen=pl.col("mark").fill_null(0),
    )
    return new, doubtful


def _numbered(assigned: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Give each new customer (negative number) one of the allocated ids."""
    new = pick(where(assigned, assigned["customer"] < 0), "customer")
    if new.is_empty():
        return pick(assigned, "link", "customer")
    new = new.unique().sort("customer", descending=True)
    named = new.with_columns(id=ids.head(new.height))
    return assigned.join(named, on="customer", how="left").select(
        "link", customer=pl.coalesce("id", "customer")
    )


def _followed(snapshot: Snapshot, links: pl.DataFrame, seen: Observation) -> pl.DataFrame:
    """Follow merges made in a system: the customer of a record merged away becomes the other's.

    All its records go with it, or it would live on beside the one it was merged into, and be made anew
    in the system that merged it.
    """
    if seen.records["@merged_into"].null_count() == seen.records.height:
        return links
    # The one it was merged into may be as new as the merge: then it is among these records.
    known = [
        pick(links, "external_id", "customer"),
        pick(snapshot.winners, "external_id", "customer"),
    ]
    winners = pl.concat(known).unique("external_id", keep="first", maintain_order=True)
    into = seen.records.select("link", winner="@merged_into").join(
        winners.select(winner="external_id", to="customer"), on="winner"
    )
    pairs = links.select("link", "customer").join(into, on="link").select("customer", "to")
    goes = _ends({was: to for was, to in pairs.rows() if was != to})
    if not goes:
        return links
    rest = snapshot.links.filter(pl.col("customer").is_in(list(goes))).join(
        links, on="link", how="anti"
    )
    both = pl.concat([links, rest.select(links.columns).cast(dict(links.schema))])  # type: ignore[arg-type]
    to = pl.col("customer").replace(goes)
    since = (
        pl.when(to != pl.col("customer")).then(pl.lit(snapshot.batch, pl.Int64)).otherwise("since")
    )
    return both.with_columns(since=since, customer=to)


def _ends(goes: dict[int, int]) -> dict[int, int]:
    """Follow chains of merges to their end; a circle ends where it began."""
    ends = {}
    for was, to in goes.items():
        met = {was}
        while to in goes and to not in met:
            met.add(to)
            to = goes[to]  # noqa: PLW2901 - the next step of the chain
        ends[was] = to
    return {was: to for was, to in ends.items() if was != to}


def recognised(
    snapshot: Snapshot, seen: Observation, links: pl.DataFrame
) -> tuple[Snapshot, Observation]:
    """Recognise records that a creation of ours brought about whose answer was lost, or that was done twice.

    Such a record is new to us, but what it shows is what was sent: it showed nothing before.
    """
    if snapshot.creations.is_empty():
        return snapshot, seen
    fresh = among(pick(links, "link", "customer"), where(seen.records, "is_new"), "link")
    sent = matched(fresh, snapshot.creations, "customer")
    if sent.is_empty():
        return snapshot, seen
    # One that is surely there already was done twice only if this record shows all that was sent.
    now = seen.values.unpivot(index="link", variable_name="field", value_name="shown")
    meant = sent.filter(~pl.col("is_lost") & pl.col("value").is_not_null())
    other = meant.join(now, on=["link", "field"]).filter(
        (pl.col("value") != pl.col("shown").fill_null(""))
        & ~is_cut("shown", "value").fill_null(value=False)
    )
    sent = sent.join(other.select("link"), on="link", how="anti")
    ours = sent.select("link").unique()
    if ours.is_empty():
        return snapshot, seen
    sent = sent.select("link", "field", "value", "mark", answered=pl.lit(None, pl.Boolean))
    nothing = [
        pl.lit(None, pl.String).alias(name) for name in seen.values.columns if name != "link"
    ]
    blank = ours.select("link", *nothing)
    before = pl.concat([seen.before.select(blank.columns), blank])
    return replace(snapshot, sent=pl.concat([snapshot.sent, sent])), replace(seen, before=before)
