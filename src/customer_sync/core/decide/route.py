"""Who must hear of it: which records do not show what they should, and where a customer is missing."""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.decide.observe import Observation, shown
from customer_sync.core.decide.published import LEDGER_STREAM, Published, Stream
from customer_sync.core.decide.show import desired, differing
from customer_sync.model.frame import LIVE

__all__ = ["Routes", "accepted_cells", "held_cells", "route", "with_references"]

_DUE = {"customer": pl.Int64, "stream": pl.Int32, "link": pl.Int64, "kind": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """due: (customer, stream, link or null to create, kind). agreed: (link) that show all they should."""

    due: pl.DataFrame
    agreed: pl.DataFrame


def route(
    rules: Published,
    snapshot: "object",
    seen: Observation,
    links: pl.DataFrame,
    golden: pl.DataFrame,
    images: pl.DataFrame,
) -> Routes:
    """Compare every live record of the touched customers with the golden values.

    Args:
        rules: the published configuration.
        snapshot: core.decide.batch.Snapshot.
        seen: what was observed; its records are compared by what they show now.
        links: all links of the touched customers, after this batch.
        golden: their golden values after this batch, one row per customer.
        images: the images this batch stores.
    """
    due: list[pl.DataFrame] = [pl.DataFrame(schema=_DUE)]
    agreed: list[pl.DataFrame] = [pl.DataFrame(schema={"link": pl.Int64})]
    live = links.filter(pl.col("state") == LIVE)
    stored = snapshot.images  # type: ignore[attr-defined]
    kept = accepted_cells(snapshot.accepted)  # type: ignore[attr-defined]
    for stream in rules.connected:
        mine = live.filter(pl.col("stream") == stream.id)
        if mine.height:
            here = seen if stream.id == seen.stream.id else None
            differs = _differs(stream, mine, here, stored, kept, golden, links, rules)
            due.append(
                differs.filter("differs").select(
                    "customer", stream=pl.lit(stream.id, pl.Int32), link="link", kind=pl.lit("put")
                )
            )
            agreed.append(differs.filter(~pl.col("differs")).select("link"))
        if stream.config.create:
            due.append(_missing(stream, links, golden))
    return Routes(due=pl.concat(due), agreed=pl.concat(agreed))


def _differs(
    stream: Stream, mine: pl.DataFrame, seen: Observation | None, stored: pl.DataFrame, kept: pl.DataFrame,
    golden: pl.DataFrame, links: pl.DataFrame, rules: Published,
) -> pl.DataFrame:  # fmt: skip
    """Return (link, customer, differs) of the live records of one stream."""
    if seen is None:
        images = stored.join(mine.select("link"), on="link", how="semi").select("link", "image")
    else:
        old = stored.join(mine.select("link"), on="link", how="semi").join(
            seen.records.select("link"), on="link", how="anti"
        )
        now = seen.records.join(mine.select("link"), on="link", how="semi")
        images = pl.concat([now.select("link", "image"), old.select("link", "image")])
    # Records just read as they are need no second reading unless they differ.
    fast = (
        _fast(stream, mine, seen, golden, rules) if seen is not None and not kept.height else None
    )
    slow = (
        images
        if fast is None
        else images.join(fast.filter("sure").select("link"), on="link", how="anti")
    )
    parts = (
        [] if fast is None else [fast.filter("sure").select("link", differs=pl.lit(value=False))]
    )
    if slow.height:
        values, fields, rejected = shown(stream, slow)
        rows = _golden_rows(slow, mine, golden, links, stream, rules)
        cells = pl.concat([kept, held_cells(rejected)])
        wanted = desired(rows, values, cells, stream.map.outward)
        differs = differing(wanted, values)
        if differs.any():
            differs = differs & _patched(stream, wanted, fields)
        parts.append(slow.select("link", differs=differs))
    if not parts:
        return mine.select("link", "customer", differs=pl.lit(value=False)).clear()
    return pl.concat(parts).join(mine.select("link", "customer"), on="link")


def held_cells(rejected: pl.DataFrame) -> pl.DataFrame:
    """Return the cells (link, field, sent, always) that were set aside: a person must mend them first."""
    return rejected.select("link", "field", sent=pl.lit(None, pl.String), always=pl.lit(value=True))


def accepted_cells(accepted: pl.DataFrame) -> pl.DataFrame:
    """Return the cells (link, field, sent, always) in which a system shows what it made of what was sent."""
    return accepted.select("link", "field", "sent", always=pl.lit(value=False))


def _fast(
    stream: Stream, mine: pl.DataFrame, seen: Observation, golden: pl.DataFrame, rules: Published
) -> pl.DataFrame | None:
    """Tell which of the records just observed surely show the golden values: (link, sure)."""
    if seen.rejects.height or any(name.startswith("reference.") for name in stream.map.outward):
        return None
    values = seen.values.join(
        mine.select("link", "customer"), on="link", how="inner", maintain_order="left"
    )
    rows = values.select("customer").join(golden, on="customer", how="left", maintain_order="left")
    wanted = rows.select(
        link=values["link"], *[name for name in stream.map.outward if name in rows.columns]
    )
    return pl.DataFrame({"link": values["link"], "sure": ~differing(wanted, values)})


def _golden_rows(
    images: pl.DataFrame,
    mine: pl.DataFrame,
    golden: pl.DataFrame,
    links: pl.DataFrame,
    stream: Stream,
    rules: Published,
) -> pl.DataFrame:
    owners = images.select("link").join(
        mine.select("link", "customer"), on="link", how="left", maintain_order="left"
    )
    rows = owners.join(golden, on="customer", how="left", maintain_order="left")
    return with_references(rows, links, stream, rules)


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
    after = stream.map.put(wanted.drop("link"), fields)
    changed = [after[name].ne_missing(fields[name]) for name in stream.map.out_sources]
    if not changed:
        return pl.Series([False] * fields.height)
    return pl.select(pl.any_horizontal(changed)).to_series()


def _missing(stream: Stream, links: pl.DataFrame, golden: pl.DataFrame) -> pl.DataFrame:
    """Return customers that this stream lacks and should have. A record gone from it is not made anew."""
    there = links.filter(pl.col("stream") == stream.id).select("customer")
    lacking = golden.join(there, on="customer", how="anti")
    if stream.config.create_when and lacking.height:
        renamed = lacking.rename({name: name.replace(".", "_") for name in lacking.columns})
        keep = renamed.select(keep=pl.sql_expr(stream.config.create_when))["keep"]
        lacking = lacking.filter(keep.fill_null(value=False))
    return lacking.select(
        "customer",
        stream=pl.lit(stream.id, pl.Int32),
        link=pl.lit(None, pl.Int64),
        kind=pl.lit("put"),
    )
