"""Whose records are: the links as they are after an observation, and what is held for a review.

Known records stay their customer's, new ones are recognised by their keys or make a customer, merges made
in a system are followed. What we created ourselves, its answer lost, is ours all the same.
"""

from dataclasses import dataclass, replace

import polars as pl

from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import OWN_STREAMS, Published
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.core.decide.transform import (
    is_cut,
)
from customer_sync.core.identity import (
    ASSIGNED,
    Recognised,
    as_it_is,
    certain,
    numbered,
    recognise,
    resolve,
)
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    empty,
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

__all__ = ["Tied", "linked", "recognised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """Whose records are.

    links: as they are after an observation. doubtful: (link, customers): new records held for a review. alike:
    (customer, other, score): customers that may be one. how: (link, detail): by what scores found a customer.
    """

    links: pl.DataFrame
    doubtful: pl.DataFrame
    alike: pl.DataFrame
    how: pl.DataFrame


def linked(rules: Published, snapshot: Snapshot, seen: Observation) -> Tied:
    """Return whose the records are after this observation, and what is left to a person."""
    tied = pick(snapshot.links, "link", "customer", "state", "since", "seen")
    old = matched(unless(seen.records, "is_new"), tied, "link")
    new, found = _recognised(rules, snapshot, seen)
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
    goes = _ends(
        dict(found.merged.select("customer", "into").rows()) | _followed(snapshot, links, seen)
    )
    links = _moved(snapshot, links, goes)
    links = _relinked(snapshot, links, snapshot.moves.links).cast(LINKS)  # type: ignore[arg-type]
    return Tied(
        links=links, doubtful=found.doubtful, alike=_alike(found.alike, goes), how=found.how
    )


def _recognised(
    rules: Published, snapshot: Snapshot, seen: Observation
) -> tuple[pl.DataFrame, Recognised]:
    """Return the new records with their customers, and all that was recognised."""
    fresh = where(seen.records, "is_new")
    records = among(seen.values, fresh, "link")
    is_own = seen.stream.id in OWN_STREAMS
    if is_own:  # a row of the customer table, or a word on it, is its own customer
        found = as_it_is(fresh.select("link", customer=pl.col("@id").cast(pl.Int64)))
    elif fresh.is_empty() and snapshot.scored is None:
        found = as_it_is(empty(ASSIGNED))
    else:
        match = rules.config.workspace.match
        by_keys = resolve(
            records, certain(snapshot.keys, match), snapshot.candidates, decided=snapshot.decided,
            shared_max=match.shared_max,
        )  # fmt: skip
        found = numbered(
            recognise(by_keys, snapshot.scored, decided=snapshot.decided), snapshot.customer_ids
        )
    if fresh.is_empty():
        return seen.records.clear(), found
    # What we made, and people deleted before anybody saw it, shows nothing to be recognised by.
    ours = pick(where(snapshot.decided, "same"), "link", "customer")
    assigned = pl.concat([found.assigned, apart(ours, records, "link")])
    # A record that we made showed the golden values that were sent, from its first moment.
    marks = snapshot.sent.group_by("link").agg(mark=pl.col("mark").max())
    new = beside(matched(fresh, assigned, "link"), marks, "link")
    new = new.with_columns(
        state=pl.lit(LIVE, pl.Int32),
        # Who edits the customer itself was tied to it before, and saw what it changed.
        since=pl.col("mark").fill_null(snapshot.batch - is_own),
        seen=pl.col("mark").fill_null(0),
    )
    return new, found


def _followed(snapshot: Snapshot, links: pl.DataFrame, seen: Observation) -> dict[int, int]:
    """Follow merges made in a system: the customer of a record merged away becomes the other's.

    All its records go with it, or it would live on beside the one it was merged into, and be made anew
    in the system that merged it.
    """
    if seen.records["@merged_into"].null_count() == seen.records.height:
        return {}
    # The one it was merged into may be as new as the merge: then it is among these records.
    known = [
        pick(links, "external_id", "customer"),
        pick(snapshot.winners, "external_id", "customer"),
    ]
    winners = pl.concat(known).unique("external_id", keep="first", maintain_order=True)
    into = seen.records.select("link", winner="@merged_into").join(
        winners.select(winner="external_id", to="customer"), on="winner"
    )
    pairs = links.select("link", "customer").join(into, on="link")
    # A steward who took such a merge back has the last word.
    barred = where(snapshot.decided, ~snapshot.decided["same"]).select("link", to="customer")
    pairs = apart(pairs, barred, ["link", "to"]).select("customer", "to")
    return {was: to for was, to in pairs.rows() if was != to}


def _moved(snapshot: Snapshot, links: pl.DataFrame, goes: dict[int, int]) -> pl.DataFrame:
    """Give all records of customers that go into others to these."""
    if not goes:
        return links
    owned = pl.concat([pick(links, "link", "customer"), pick(snapshot.links, "link", "customer")])
    moves = owned.filter(pl.col("customer").is_in(list(goes))).unique(
        "link", keep="first", maintain_order=True
    )
    return _relinked(snapshot, links, moves.select("link", to=pl.col("customer").replace(goes)))


def _alike(alike: pl.DataFrame, goes: dict[int, int]) -> pl.DataFrame:
    """Return customers that may be one, as what they are by now."""
    if alike.is_empty():
        return alike
    now = alike.with_columns(pl.col("customer", "other").replace(goes)) if goes else alike
    pairs = now.select(
        customer=pl.min_horizontal("customer", "other"),
        other=pl.max_horizontal("customer", "other"),
        score="score",
    )
    pairs = pairs.filter(pl.col("customer") != pl.col("other"))
    return pairs.group_by("customer", "other").agg(pl.col("score").max()).sort("customer", "other")


def _relinked(snapshot: Snapshot, links: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Give records to other customers: (link, to)."""
    if moves.is_empty():
        return links
    rest = among(apart(snapshot.links, links, "link"), moves, "link")
    both = pl.concat([links, rest.select(links.columns).cast(dict(links.schema))])  # type: ignore[arg-type]
    to = pl.coalesce("to", "customer")
    since = (
        pl.when(to != pl.col("customer")).then(pl.lit(snapshot.batch, pl.Int64)).otherwise("since")
    )
    return (
        beside(both, moves, "link")
        .select(
            *(name for name in links.columns if name not in {"since", "customer"}),
            since=since,
            customer=to,
        )
        .select(links.columns)
    )


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
