"""What the deletion of a record says of its customer, where its stream passes deletions on.

With ``deletes: {elsewhere: deactivate}`` a deleted record claims that its customer is not active: a
claim like any other, which moves over to every system that maps ``active`` and is planned, verified
and undone as any value is. This decides when that is claimed, when it is taken back, and who wins
against an edit that the deleted record had not shown. It must not know any system.
"""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import OWN_STREAMS, Published
from customer_sync.model.frame import CELLS, GONE, LIVE

__all__ = ["ACTIVE", "Deletion", "with_deletions"]

ACTIVE = "active"
NO, YES = "false", "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What may be looked at: links before (``known``) and after (``links``, those observed), and claims.

    stored: CELLS before this batch. said: CELLS that the observed records claim by themselves.
    times: (link, at) of the observed records.
    """

    batch: int
    known: pl.DataFrame
    links: pl.DataFrame
    stored: pl.DataFrame
    said: pl.DataFrame
    times: pl.DataFrame


def with_deletions(rules: Published, seen: Observation, at: Deletion) -> pl.DataFrame:
    """Return what records claim, and what deletions and returns claim or edits take back, as CELLS."""
    if not any(stream.config.deletes.elsewhere == "deactivate" for stream in rules.connected):
        return at.said
    parts = [at.said]
    if seen.stream.config.deletes.elsewhere == "deactivate":
        turned = at.links.join(at.known.select("link", was="state"), on="link")
        parts.append(_deleted(rules, seen, at, turned))
        parts.append(_returned(seen, at, turned))
    if at.said.height and seen.stream.id not in OWN_STREAMS:
        parts += _taken_back(rules, seen, at)
    return pl.concat(parts)


def _deleted(
    rules: Published, seen: Observation, at: Deletion, turned: pl.DataFrame
) -> pl.DataFrame:
    """Return the claims of records that are gone now, and whose customer has no other one there."""
    gone = turned.filter((pl.col("state") == GONE) & (pl.col("was") == LIVE))
    if gone.is_empty():
        return pl.DataFrame(schema=CELLS)
    now = pl.concat([at.known.join(at.links, on="link", how="anti"), at.links])
    there = [id_ for id_, stream in rules.streams.items() if stream.system == seen.stream.system]
    left = now.filter(pl.col("stream").is_in(there) & (pl.col("state") == LIVE))
    gone = gone.join(left, on="customer", how="anti")
    if seen.stream.config.deletes.against_edit == "edit":
        gone = gone.join(_unseen_edits(seen, at, gone, now), on="link", how="anti")
    return _claims(gone.select("link").join(at.times, on="link"), NO, at, knowing=True)


def _unseen_edits(
    seen: Observation, at: Deletion, gone: pl.DataFrame, now: pl.DataFrame
) -> pl.DataFrame:
    """Return the deleted records that had not shown yet what another record says: (link)."""
    theirs = at.stored.filter(pl.col("field").is_in(list(seen.stream.map.outward)))
    theirs = theirs.join(now.select("link", "customer"), on="link")
    met = gone.select("customer", "link", had_seen="seen").join(
        theirs.select("customer", "basis", other="link"), on="customer"
    )
    unseen = (pl.col("other") != pl.col("link")) & (pl.col("basis") > pl.col("had_seen"))
    return met.filter(unseen).select("link").unique()


def _returned(seen: Observation, at: Deletion, turned: pl.DataFrame) -> pl.DataFrame:
    """Return the claims of records that are there again, where their deletion had said otherwise."""
    back = turned.filter((pl.col("state") == LIVE) & (pl.col("was") == GONE)).select("link")
    told = at.stored.filter((pl.col("field") == ACTIVE) & (pl.col("value") == NO))
    back = back.join(told, on="link", how="semi").join(
        at.said.filter(pl.col("field") == ACTIVE), on="link", how="anti"
    )
    if ACTIVE in seen.values.columns:
        still = seen.values.filter(pl.col(ACTIVE) == NO)
        back = back.join(still, on="link", how="anti")
    return _claims(back.join(at.times, on="link"), YES, at, knowing=True)


def _taken_back(rules: Published, seen: Observation, at: Deletion) -> list[pl.DataFrame]:
    """Return what deletions claim no more: somebody had edited the customer elsewhere at that time.

    An edit that is read only after the deletion counts as one that was read before it.
    """
    edits = at.said.filter(pl.col("field") != ACTIVE).join(
        at.known.filter(pl.col("state") == LIVE).select("link", "customer", had_seen="seen"),
        on="link",
    )
    # Where `active` is shown, a record that does not show the deletion yet was edited unknowingly.
    shows = ACTIVE in seen.stream.map.outward
    parts = []
    for stream in rules.connected:
        deletes = stream.config.deletes
        if deletes.elsewhere != "deactivate" or deletes.against_edit != "edit":
            continue
        gone = at.known.filter((pl.col("stream") == stream.id) & (pl.col("state") == GONE))
        told = at.stored.filter((pl.col("field") == ACTIVE) & (pl.col("value") == NO))
        told = told.join(gone.select("link", "customer"), on="link")
        met = told.select("link", "customer", "at", told="stamp").join(
            edits.filter(pl.col("field").is_in(list(stream.map.outward))).select(
                "customer", "had_seen", edited_at="at"
            ),
            on="customer",
        )
        is_unaware = pl.lit(shows) & (pl.col("had_seen") < pl.col("told"))
        # An edit of which nobody knows when it was made is no news.
        is_earlier = (pl.col("edited_at") <= pl.col("at")).fill_null(value=True)
        unaware = met.filter(is_earlier | is_unaware)
        # Of the deletion's own moment: whoever decided since then about `active` is right.
        parts.append(_claims(unaware.select("link", "at").unique("link"), YES, at, knowing=False))
    return parts


def _claims(records: pl.DataFrame, value: str, at: Deletion, *, knowing: bool) -> pl.DataFrame:
    """Return one claim about ``active`` of each record (link, at)."""
    batch = pl.lit(at.batch, pl.Int64)
    return records.select(
        "link", "at", field=pl.lit(ACTIVE), element=pl.lit(""), value=pl.lit(value), stamp=batch,
        basis=batch, seen=batch - 1 if knowing else pl.lit(0, pl.Int64),
    ).select(pl.col(name).cast(kind) for name, kind in CELLS.items())  # fmt: skip
