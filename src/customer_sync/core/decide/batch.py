"""Decide one batch: everything that must change because these records were observed.

The order is the data path: what the records say (claims), whose they are (identity), what holds
(golden), who must hear of it (routing). Pure: the snapshot is all it knows, the effects are all it
does. Applying the effects and deciding the same observation again yields nothing (idempotence).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from customer_sync.core.decide import hold, keep, say, tie
from customer_sync.core.decide.alone import ROWS_MIN, alone_links, claims_of, golden_of
from customer_sync.core.decide.deletion import Deletion, with_deletions
from customer_sync.core.decide.observe import Observation
from customer_sync.core.decide.published import OWN_STREAMS, Published
from customer_sync.core.decide.route import Routes, route
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.core.decide.transform import kept, remembered
from customer_sync.core.golden import current_cells, merge, packed, widened
from customer_sync.kernel.frames import among, apart, matched, pick
from customer_sync.model.frame import CLAIMS

__all__ = ["Effects", "Observation", "Snapshot", "decide"]


@dataclass(slots=True, kw_only=True)
class Effects:
    """Everything that must change. Frames; none of them orders anything."""

    links: pl.DataFrame
    images: pl.DataFrame
    accepted: pl.DataFrame
    claims: pl.DataFrame
    superseded: pl.DataFrame
    customers_new: pl.DataFrame
    customers_changed: pl.DataFrame
    retired: pl.DataFrame
    changes: pl.DataFrame
    keys_new: pl.DataFrame
    keys_gone: pl.DataFrame
    rejects: pl.DataFrame
    reviews: pl.DataFrame
    routes: Routes
    audit: pl.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)


def decide(rules: Published, snapshot: Snapshot, seen: Observation) -> Effects:
    """Compute the effects of one observation of one stream."""
    tied = tie.linked(rules, snapshot, seen)
    links, doubtful = tied.links, tied.doubtful
    snapshot, seen = tie.recognised(snapshot, seen, links)
    stored = current_cells(snapshot.claims, rules.fields, rules.many)
    times = _times(snapshot, seen)
    alone = _alone(snapshot, seen, links)
    cells, accepted = say.claimed(rules, snapshot, seen, apart(links, alone, "link"), stored, times)
    at = Deletion(
        batch=snapshot.batch, known=snapshot.links, links=links, stored=stored, said=cells,
        times=times.with_columns(pl.col("at").fill_null(snapshot.now)),
    )  # fmt: skip
    cells = with_deletions(rules, seen, at)
    known = pl.concat([apart(snapshot.links, links, "link"), links])
    retired = hold.retired(snapshot, links)
    touched = hold.touched(snapshot, links, retired)
    known = among(known, touched.to_frame("customer"), "customer")
    holding = pick(known, "link", "customer", "stream", "since")
    golden = merge(matched(say.current(stored, cells), holding, "link"), rules.policies)
    after = widened(golden, rules.fields, rules.many)
    if alone.height:
        after = pl.concat([after, golden_of(alone, seen.values, rules.fields)])
    after = hold.with_all(after, touched, rules)
    changes, created, changed = hold.compared(rules, snapshot, golden, after)
    images = keep.images(seen, links, accepted)
    routes = route(
        rules, seen, snapshot.images, kept(snapshot.accepted, accepted), known, after,
        hold.moved(snapshot, seen, links, changes, created),
    )  # fmt: skip
    links = keep.stamped(links, routes.agreed, snapshot)
    keys_new, keys_gone = keep.keys(rules, snapshot, seen, links, stored)
    return Effects(
        links=links,
        images=images,
        accepted=remembered(snapshot.accepted, accepted),
        claims=_packed(rules, snapshot, seen, cells, alone, times),
        superseded=say.superseded(snapshot, stored, cells),
        customers_new=created,
        customers_changed=changed,
        retired=retired,
        changes=changes,
        keys_new=keys_new,
        keys_gone=keys_gone,
        rejects=keep.rejects(seen, doubtful),
        reviews=keep.reviews(snapshot, seen, tied, golden),
        routes=routes,
        audit=keep.audit(snapshot, seen, links, cells, changes, created, tied),
        counts={"observed": seen.records.height, "created": created.height, "changed": changed.height,
                "claims": cells.height + alone.height, "rejects": seen.rejects.height, "doubtful": doubtful.height,
                "alike": tied.alike.height},
    )  # fmt: skip


def _times(snapshot: Snapshot, seen: Observation) -> pl.DataFrame:
    """Return when each record changed, by its source's clock but never in the future: (link, at).

    Without such a clock it changed since it was last read. At the first reading that may be years ago: null,
    older than whatever has a time, or a file without times would win over every system that has them.
    """
    at = (
        pl.col("@changed_at")
        if snapshot.is_first
        else pl.col("@changed_at").fill_null(snapshot.now)
    )
    return seen.records.select(
        "link", at=pl.when(at.is_not_null()).then(pl.min_horizontal(at, pl.lit(snapshot.now)))
    )


def _alone(snapshot: Snapshot, seen: Observation, links: pl.DataFrame) -> pl.DataFrame:
    if seen.values.height < ROWS_MIN or seen.stream.id in OWN_STREAMS:
        return pick(links, "link", "customer").clear()
    return alone_links(links, snapshot.customers, seen.values, seen.before.select("link"))


def _packed(
    rules: Published, snapshot: Snapshot, seen: Observation, cells: pl.DataFrame, alone: pl.DataFrame,
    times: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    parts = [pl.DataFrame(schema=CLAIMS)]
    if cells.height:
        parts.append(packed(cells, rules.fields, rules.many))
    if alone.height:
        parts.append(claims_of(alone, seen.values, times, rules.fields, batch=snapshot.batch))
    return pl.concat(parts)
