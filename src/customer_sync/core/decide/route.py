"""Who must hear of it: which records do not show what they should, and where a customer is missing."""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.decide.observe import Observation, displayed
from customer_sync.core.decide.published import LEDGER_STREAM, Published, Stream
from customer_sync.core.decide.show import desired, differing
from customer_sync.core.mapping import parse
from customer_sync.kernel.frames import among, apart, beside, constant, matched, pick, unless, where
from customer_sync.model.frame import LIVE

__all__ = ["Routes", "accepted_cells", "held_cells", "missing", "route", "with_references"]

_DUE = {"customer": pl.Int64, "stream": pl.Int32, "link": pl.Int64, "kind": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """due: (customer, stream, link or null to create, kind). agreed: (link) that show all they should."""

    due: pl.DataFrame
    agreed: pl.DataFrame


def route(
    rules: Published,
    seen: Observation,
    images: pl.DataFrame,
    kept: pl.DataFrame,
    links: pl.DataFrame,
    golden: pl.DataFrame,
    moved: pl.Series,
) -> Routes:
    """Compare live records with the golden values: those observed, and those of customers that moved.

    All others were compared when they last moved, and wait in the outbox if they differed.

    Args:
        rules: the published configuration.
        seen: what was observed; its records are compared by what they show now.
        images: stored images of all links (link, image).
        kept: cells that may stay as they are; see core.decide.show.
        links: all links of the touched customers, after this batch.
        golden: their golden values after this batch, one row per customer.
        moved: customers whose golden values or links changed in this batch.
    """
    due: list[pl.DataFrame] = []
    agreed: list[pl.DataFrame] = []
    movers = moved.to_frame("customer")
    live = where(links, links["state"] == LIVE)
    observed = among(live, seen.records, "link")
    live = pl.concat([observed, among(apart(live, observed, "link"), movers, "customer")])
    changed = among(golden, movers, "customer")
    streams = set(live["stream"])
    for stream in rules.connected:
        if stream.id in streams:
            here = seen if stream.id == seen.stream.id else None
            differs = _differs(rules, stream, here, images, kept, live, golden, links)
            due.append(_puts(stream, where(differs, "differs")))
            agreed.append(pick(unless(differs, "differs"), "link"))
        if stream.config.create and changed.height:
            there = where(links, links["stream"] == stream.id)
            due.append(missing(stream, apart(changed, pick(there, "customer"), "customer")))
    return Routes(
        # In one order, so that the same observation has the same effects in the same order.
        due=pl.concat([pl.DataFrame(schema=_DUE), *due]).sort("stream", "customer", "link"),
        agreed=pl.concat([pl.DataFrame(schema={"link": pl.Int64}), *agreed]),
    )


def _puts(stream: Stream, rows: pl.DataFrame) -> pl.DataFrame:
    """Return that these rows (customer, link) are due in a stream; no link: to be made there."""
    same = [
        constant("stream", stream.id, pl.Int32(), rows.height),
        constant("kind", "put", pl.String(), rows.height),
    ]
    return pick(pick(rows, "customer", "link").hstack(same), *_DUE)


def _differs(
    rules: Published, stream: Stream, seen: Observation | None, stored: pl.DataFrame, kept: pl.DataFrame,
    live: pl.DataFrame, golden: pl.DataFrame, links: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return (link, customer, differs) of the live records of one stream."""
    mine = pick(where(live, live["stream"] == stream.id), "link", "customer")
    parts = []
    left = mine
    if seen is not None and kept.is_empty():
        # Records just read as they are need no second reading unless they differ.
        sure = _sure(stream, mine, seen, golden)
        left = apart(mine, sure, "link")
        agrees = constant("differs", False, pl.Boolean(), sure.height)
        parts.append(sure.hstack([agrees]))
    if left.height:
        parts.append(
            _compared(rules, stream, _latest(left, seen, stored), left, kept, golden, links)
        )
    return matched(pl.concat(parts), mine, "link")


def _latest(left: pl.DataFrame, seen: Observation | None, stored: pl.DataFrame) -> pl.DataFrame:
    """Return (link, image): as observed just now, else as stored."""
    if seen is None:
        return among(pick(stored, "link", "image"), left, "link")
    now = among(pick(seen.records, "link", "image"), left, "link")
    if now.height == left.height:
        return now
    old = among(pick(stored, "link", "image"), left, "link")
    return pl.concat([now, apart(old, now, "link")])


def _compared(
    rules: Published, stream: Stream, images: pl.DataFrame, mine: pl.DataFrame, kept: pl.DataFrame,
    golden: pl.DataFrame, links: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return (link, differs): would delivering the golden values change a source field?"""
    values, fields, rejected = displayed(stream, images)
    rows = _golden_rows(images, mine, golden, links, stream, rules)
    cells = pl.concat([kept, held_cells(rejected)]) if rejected.height else kept
    wanted = desired(rows, values, cells, stream.map.outward)
    differs = differing(wanted, values)
    if differs.any():
        differs = differs & _patched(stream, wanted, fields)
    return pl.DataFrame({"link": images["link"], "differs": differs})


def held_cells(rejected: pl.DataFrame) -> pl.DataFrame:
    """Return the cells that were set aside, as ``kept`` of core.decide.show: a person must mend them first."""
    nothing = constant("", None, pl.String(), rejected.height)
    always = constant("always", True, pl.Boolean(), rejected.height)
    return pick(rejected, "link", "field").hstack(
        [nothing.alias("sent"), nothing.alias("made"), always]
    )


def accepted_cells(accepted: pl.DataFrame) -> pl.DataFrame:
    """Return the cells in which a system certainly shows what it made of what was sent, as ``kept``."""
    is_sure = accepted["asked"].null_count() == accepted.height
    certain = accepted if is_sure else accepted.filter(pl.col("asked").is_null())
    always = constant("always", False, pl.Boolean(), certain.height)
    made = certain["shown"].alias("made")
    return pick(certain, "link", "field", "sent").hstack([made, always])


def _sure(
    stream: Stream, mine: pl.DataFrame, seen: Observation, golden: pl.DataFrame
) -> pl.DataFrame:
    """Return the records just observed that surely show the golden values: (link)."""
    if seen.rejects.height or any(name.startswith("reference.") for name in stream.map.outward):
        return pick(mine, "link").clear()
    values = matched(seen.values, mine, "link")
    rows = beside(pick(values, "link", "customer"), golden, "customer")
    wanted = pick(rows, "link", *[name for name in stream.map.outward if name in rows.columns])
    differs = differing(wanted, values)
    return where(pick(values, "link"), ~differs)


def _golden_rows(
    images: pl.DataFrame,
    mine: pl.DataFrame,
    golden: pl.DataFrame,
    links: pl.DataFrame,
    stream: Stream,
    rules: Published,
) -> pl.DataFrame:
    owners = beside(pick(images, "link"), pick(mine, "link", "customer"), "link")
    return with_references(beside(owners, golden, "customer"), links, stream, rules)


def with_references(
    rows: pl.DataFrame, links: pl.DataFrame, stream: Stream, rules: Published
) -> pl.DataFrame:
    """Add what outward references should show: the customer's id here, or its record in that system.

    Args:
        rows: ``customer`` and golden columns.
        links: links of those customers.
        stream: the stream to be shown.
        rules: the published configuration.
    """
    for name in stream.map.outward:
        if not name.startswith("reference."):
            continue
        system = name.removeprefix("reference.")
        if system == "ledger":
            rows = rows.with_columns(pl.col("customer").cast(pl.String).alias(name))
            continue
        ids = [
            id_
            for id_, other in rules.streams.items()
            if other.system == system and id_ != LEDGER_STREAM
        ]
        theirs = links.filter(pl.col("stream").is_in(ids) & (pl.col("state") == LIVE)).sort("link")
        first = theirs.unique("customer", keep="first").select(
            "customer", pl.col("external_id").alias(name)
        )
        rows = rows.drop(name, strict=False).join(
            first, on="customer", how="left", maintain_order="left"
        )
    return rows


def _patched(stream: Stream, wanted: pl.DataFrame, fields: pl.DataFrame) -> pl.Series:
    """Return, row by row, whether delivering the wanted values would change a source field."""
    after = stream.map.put(wanted, fields)
    return differing(pick(after, *stream.map.out_sources), fields)


def missing(stream: Stream, golden: pl.DataFrame) -> pl.DataFrame:
    """Return what is due for customers that a stream lacks: those of them that it should have.

    Args:
        stream: one that creates what it lacks.
        golden: golden values of customers that have no record there, not even a gone one: what was
            deleted there is not made anew.
    """
    # Whoever was taken back, or is a customer no longer, is made nowhere.
    if "active" in golden.columns:
        golden = where(golden, pl.col("active").ne_missing("false"))
    if stream.config.create_when and golden.height:
        keep = golden.select(keep=parse(stream.config.create_when))["keep"]
        golden = golden.filter(keep.fill_null(value=False))
    # Of whom nothing shows there, nothing is to be made there: an empty record helps nobody.
    shown = [name for name in stream.map.outward if name in golden.columns]
    if shown:
        golden = where(golden, pl.any_horizontal(pl.col(name).is_not_null() for name in shown))
    nobody = constant("link", None, pl.Int64(), golden.height)
    return _puts(stream, golden[["customer"]].hstack([nobody]))
