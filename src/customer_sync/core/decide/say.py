"""What records say now that they did not say before: claims, cell by cell.

Tells people's words from what a system made of ours, and notes of each word which golden values its record
had seen. Knows no policy: what holds among the claims is core.golden's.
"""

import polars as pl

from customer_sync.core.decide.observe import Observation, displayed
from customer_sync.core.decide.published import OWN_STREAMS, STEWARD_STREAM, Published
from customer_sync.core.decide.snapshot import Snapshot
from customer_sync.core.decide.transform import (
    made,
    not_ours,
    said_after_all,
    settled,
)
from customer_sync.core.golden import (
    changed_cells,
    first_cells,
)
from customer_sync.kernel.frames import (
    among,
    apart,
    beside,
    constant,
    matched,
    pick,
)
from customer_sync.model.frame import (
    ACCEPTED,
    CELLS,
)

__all__ = ["claimed", "current", "superseded"]

_CELL_KEY = ["link", "field", "element"]


def claimed(
    rules: Published,
    snapshot: Snapshot,
    seen: Observation,
    links: pl.DataFrame,
    stored: pl.DataFrame,
    times: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the new claims as CELLS, and the transformations accepted: model.frame.ACCEPTED."""
    parts = []
    accepted = pl.DataFrame(schema=ACCEPTED)
    spoken = among(seen.values, links, "link")  # the doubtful claim nothing yet
    fresh = apart(spoken, seen.before, "link")
    if fresh.height:
        nothing = pl.lit(0, pl.Int64)
        first = _beside_golden(rules, snapshot, first_cells(fresh, rules.many), links)
        parts.append(
            first.with_columns(seen=nothing, basis=_basis(snapshot), is_edit=pl.lit(value=False))
        )
    before = among(seen.before, spoken, "link")
    if before.height:
        after = among(spoken, before, "link")
        changed = changed_cells(before, after, seen.silent, rules.many)
        accepted, late = _made(snapshot, seen, after, changed)
        changed = not_ours(snapshot.sent, changed)
        accepted = settled(snapshot.sent, snapshot.accepted, accepted, changed, late)
        if late.height:
            parts.append(_late(snapshot, late))
        if changed.height:
            parts.append(_based(rules, snapshot, seen, changed, links, stored))
    if not parts:
        return pl.DataFrame(schema=CELLS), accepted
    columns = ["link", "field", "element", "value", "seen", "basis", "is_edit"]
    said = matched(pl.concat([pick(part, *columns) for part in parts]), times, "link")
    if said["at"].null_count():
        # What was edited was edited since it was last read. Claims of one key have one time: one row.
        at = pl.col("at").fill_null(pl.when("is_edit").then(pl.lit(snapshot.now)))
        said = said.with_columns(at=at.max().over("link", "seen", "basis"))
    stamp = constant("stamp", snapshot.batch, pl.Int64(), said.height)
    return pick(said.hstack([stamp]), *CELLS), accepted


def _made(
    snapshot: Snapshot, seen: Observation, after: pl.DataFrame, changed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what systems made of what they were sent (ACCEPTED), and what people said after all."""
    if snapshot.sent.is_empty():
        return pl.DataFrame(schema=ACCEPTED), snapshot.sent
    if not set(seen.stream.map.outward) <= set(after.columns):
        images = among(seen.records, after, "link")
        after = displayed(seen.stream, pick(images, "link", "image"))[0]
    now = after.unpivot(index="link", variable_name="field", value_name="shown")
    now = apart(now, seen.silent, ["link", "field"])
    before = seen.before.unpivot(index="link", variable_name="field", value_name="shown")
    theirs = made(snapshot.sent, snapshot.accepted, snapshot.links, now, changed)
    return theirs, said_after_all(snapshot.sent, snapshot.accepted, before, now)


def _late(snapshot: Snapshot, said: pl.DataFrame) -> pl.DataFrame:
    """Return claims of what people said of the value they were shown, understood only now."""
    batch = pl.lit(snapshot.batch, pl.Int64)
    return said.with_columns(
        element=pl.lit(""), seen=pl.min_horizontal("mark", batch - 1), basis=batch,
        is_edit=pl.lit(value=True),
    )  # fmt: skip


def _based(
    rules: Published,
    snapshot: Snapshot,
    seen: Observation,
    changed: pl.DataFrame,
    links: pl.DataFrame,
    stored: pl.DataFrame,
) -> pl.DataFrame:
    """Say what each change had seen, and which golden values it stands for."""
    met = _beside_golden(rules, snapshot, changed, links)
    spoke = stored.select(*_CELL_KEY, spoke=pl.lit(value=True))
    met = met.join(spoke, on=_CELL_KEY, how="left")
    # A field mapped only now, or never spoken of before, was not changed knowingly: it had seen nothing.
    knowing = pl.col("was").is_not_null() | pl.col("spoke").fill_null(value=False)
    made_by_us = seen.records.filter(pl.col("is_new") & pl.lit(snapshot.answer))["link"]
    knowing = knowing | pl.col("link").is_in(made_by_us.implode())
    # A steward decides knowingly, and anew even when confirming what holds.
    is_decided = seen.stream.id == STEWARD_STREAM
    knowing = knowing | pl.lit(is_decided)
    had_seen = (
        pl.lit(snapshot.batch - 1, pl.Int64)
        if seen.stream.id in OWN_STREAMS
        else pl.col("had_seen")
    )
    inward_only = ~pl.col("field").is_in(list(seen.stream.map.outward))
    aware = pl.when(knowing & ~inward_only).then(had_seen).otherwise(pl.lit(0, pl.Int64))
    basis = pl.lit(snapshot.batch, pl.Int64) if is_decided else _basis(snapshot)
    # A claim that came to agree late may have seen what it stands for: it must not override itself.
    return met.with_columns(seen=pl.min_horizontal(aware, basis - 1), basis=basis, is_edit=knowing)


def _beside_golden(
    rules: Published, snapshot: Snapshot, said: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    """Add the customer, what its link had seen, its golden value and the batch that this is of."""
    tied = pick(links, "link", "customer", "seen").rename({"seen": "had_seen"})
    met = matched(said, tied, "link")
    now = pick(snapshot.customers, "customer", *rules.fields).rename({"customer": "link"})
    golden = first_cells(now, rules.many).rename({"link": "customer", "value": "golden"})
    stamps = pick(snapshot.customers, "customer", "stamp").rename({"stamp": "golden_at"})
    return beside(beside(met, golden, ["customer", "field", "element"]), stamps, "customer")


def _basis(snapshot: Snapshot) -> pl.Expr:
    """Which golden values does a claim stand for: those it came to agree with, else this batch's.

    A new record that shows what holds already (our own creation among them, read before its answer)
    adds no word: who saw that value and changed it has changed this one's too.
    """
    now = pl.lit(snapshot.batch, pl.Int64)
    agrees = pl.col("value").eq_missing(pl.col("golden")) & pl.col("golden_at").is_not_null()
    return pl.when(agrees).then(pl.min_horizontal("golden_at", now)).otherwise(now)


def current(stored: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return all present cells, the new ones in the place of those they replace."""
    if stored.is_empty() or cells.is_empty():
        return pl.concat([stored, cells])
    return pl.concat([apart(stored, cells, _CELL_KEY), cells])


def superseded(snapshot: Snapshot, stored: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return stored claims of which no cell counts any more: (link, stamp, basis, seen)."""
    key = ["link", "stamp", "basis", "seen"]
    if stored.is_empty() or cells.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(key, pl.Int64))
    mine = pick(among(snapshot.claims, cells, "link"), *key)
    left = among(apart(stored, cells, _CELL_KEY), mine, "link")
    return apart(mine, left, key)
