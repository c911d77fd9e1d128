"""Commit the effects of one batch: every table at once, or none."""

from datetime import datetime
from typing import LiteralString

import polars as pl

from customer_sync.core.decide import LEDGER_STREAM, Effects, Observation, Published
from customer_sync.core.golden import ASK
from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import among, apart, pick, where
from customer_sync.model.frame import ACCEPTED, LIVE
from customer_sync.store import audit
from customer_sync.store.customers import COLUMNS, as_rows
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = ["commit", "enqueue", "keep_cursor", "note_batch"]

STATEMENTS = load(__file__)


def commit(
    tx: Transaction,
    rules: Published,
    effects: Effects,
    seen: Observation,
    *,
    batch: int,
    run: int,
    now: datetime,
) -> None:
    """Write the effects of one observation. The caller's transaction holds the absorbing lock."""
    stream = seen.stream.id
    note_batch(tx, rules, stream, records=seen.records.height, batch=batch, run=run, now=now)
    new = pick(where(seen.records, "is_new"), "link")
    _merges(tx, effects, batch)
    _links(tx, effects, new)
    _claims(tx, effects, batch)
    _customers(tx, effects, stream, batch, now)
    _keys(tx, effects, new)
    _set_aside(tx, rules, effects, seen, batch=batch, run=run, now=now)
    _routes(tx, effects, new, batch=batch, run=run, now=now)
    audit.add(tx, effects.audit, run=run, batch=batch, configuration=rules.version, now=now)


def note_batch(
    tx: Transaction, rules: Published, stream: int, *, records: int, batch: int, run: int, now: datetime
) -> None:  # fmt: skip
    """Number this commit."""
    tx.execute(STATEMENTS["add_batch"], (batch, run, stream, rules.version, records, now))


def _merges(tx: Transaction, effects: Effects, batch: int) -> None:
    if effects.retired.is_empty():
        return
    customers, into = effects.retired["customer"].to_list(), effects.retired["into"].to_list()
    tx.execute(STATEMENTS["add_merges"], {"batch": batch, "customers": customers, "into": into})
    tx.execute(STATEMENTS["add_merge_links"], {"batch": batch, "customers": customers})


def _links(tx: Transaction, effects: Effects, new: pl.DataFrame) -> None:
    changed = apart(effects.links, new, "link")
    _append(tx, "link", among(effects.links, new, "link").rename({"link": "id"}))
    shown = pick(effects.images, "link", "image")
    tx.copy_in("image", among(shown, new, "link").rename({"image": "fields"}))
    if changed.height:
        _stage(tx, "new_link", changed)
        tx.execute(STATEMENTS["change_links"])
        images = apart(shown, new, "link")
        if images.height:
            _stage(tx, "new_image", images)
            tx.execute(STATEMENTS["change_images"])
    if effects.accepted.height:
        items = effects.accepted.group_by("link").agg(
            pl.struct([name for name in ACCEPTED if name != "link"]).alias("accepted")
        )
        text = (
            pl.struct(pl.col("accepted").alias("v"))
            .struct.json_encode()
            .str.slice(5)
            .str.strip_suffix("}")
        )
        _stage(tx, "new_accepted", items.select("link", accepted=text))
        tx.execute(STATEMENTS["keep_accepted"])


def _claims(tx: Transaction, effects: Effects, batch: int) -> None:
    _append(tx, "claim", effects.claims)
    if effects.superseded.height:
        _stage(tx, "old_claim", effects.superseded)
        tx.execute(STATEMENTS["supersede"], {"batch": batch})


def _customers(tx: Transaction, effects: Effects, stream: int, batch: int, now: datetime) -> None:
    created = as_rows(effects.customers_new)
    changed = as_rows(effects.customers_changed)
    if stream == LEDGER_STREAM:  # rows that accountants inserted are there already
        changed = pl.concat([changed, created])
    elif created.height:
        stamps = created.with_columns(
            created=pl.lit(batch, pl.Int64), stamp=pl.lit(batch, pl.Int64)
        )
        _append(tx, "customer", stamps)
    if changed.height:
        _stage(tx, "new_customer", changed)
        tx.execute(_change_customers(), {"batch": batch})
    if effects.changes.height:
        tx.copy_in("golden_change", effects.changes.with_columns(stamp=pl.lit(batch, pl.Int64)))
    if effects.retired.height:
        customers = effects.retired["customer"].to_list()
        gone = {"batch": batch, "customers": customers, "into": effects.retired["into"].to_list()}
        tx.execute(STATEMENTS["retire_customers"], gone)
        tx.execute(STATEMENTS["retire_again"], gone)
        tx.execute(STATEMENTS["hand_over_creations"], gone)
        tx.execute(STATEMENTS["hand_over_reviews"], gone)
        tx.execute(STATEMENTS["resolve_merged_reviews"], {"into": gone["into"], "now": now})
        tx.execute(STATEMENTS["drop_retired"], {"customers": customers})


def _change_customers() -> LiteralString:
    assignments = ", ".join(f"{name} = n.{name}" for name in COLUMNS)
    return STATEMENTS["change_customers"].replace("{assignments}", assignments)


def _keys(tx: Transaction, effects: Effects, new: pl.DataFrame) -> None:
    added = among(effects.keys_new, new, "link")
    tx.copy_in("match_key", added.unique() if added.height else added)
    known = apart(effects.keys_new, new, "link")
    if known.height:
        _stage(tx, "new_key", known)
        tx.execute(STATEMENTS["add_keys"])
    if effects.keys_gone.height:
        _stage(tx, "old_key", effects.keys_gone)
        tx.execute(STATEMENTS["drop_keys"])


def _set_aside(
    tx: Transaction,
    rules: Published,
    effects: Effects,
    seen: Observation,
    *,
    batch: int,
    run: int,
    now: datetime,
) -> None:
    stream = seen.stream.id
    has_open = bool(tx.rows(STATEMENTS["has_rejects"], [stream])[0][0])
    if effects.rejects.height or has_open:
        both = pl.concat([seen.records, seen.refused])
        records = both.select(external_id="@id", record="image").unique("external_id")
        _stage(tx, "new_reject", effects.rejects.join(records, on="external_id", how="left"))
        opened = {"stream": stream, "batch": batch, "run": run, "now": now}
        tx.execute(STATEMENTS["add_rejects"], opened)
        # `observed` is staged by load: the records of this batch.
        tx.execute(STATEMENTS["resolve_rejects"], {"stream": stream, "now": now})
        tx.execute(
            STATEMENTS["resolve_decided_reviews"],
            {"stream": stream, "now": now, "title": seen.stream.title},
        )
    asks = any(kind == ASK for kind in rules.policies.kinds.values())
    flags = any(rule.flag for rule in seen.stream.config.rules)
    if effects.reviews.height or asks or flags:
        asked = effects.reviews.with_columns(
            pl.col("customers").cast(pl.List(pl.String)).list.join(",")
        )
        _stage(tx, "new_review", asked)
        tx.execute(STATEMENTS["add_reviews"], {"now": now, "run": run})
        touched = effects.customers_changed["customer"].to_list()
        params = {"now": now, "title": seen.stream.title, "customers": touched}
        tx.execute(STATEMENTS["withdraw_reviews"], params)


def _routes(
    tx: Transaction, effects: Effects, new: pl.DataFrame, *, batch: int, run: int, now: datetime
) -> None:
    due, agreed = effects.routes.due, effects.routes.agreed
    enqueue(tx, due, batch=batch, now=now)
    known = apart(agreed, new, "link")
    gone = where(effects.links, effects.links["state"] != LIVE)
    settled = pl.concat([known, pick(gone, "link")])
    if settled.height:
        _stage(tx, "agreed", settled)
        tx.execute(STATEMENTS["drop_agreed"], {"batch": batch})
    # Only a customer who was there before can have been waiting to be created somewhere.
    fresh = apart(among(effects.links, new, "link"), effects.customers_new, "customer")
    if fresh.height:
        _stage(tx, "new_tie", pick(fresh, "customer", "stream"))
        tx.execute(STATEMENTS["drop_created"])
        tx.execute(STATEMENTS["found_created"], {"now": now, "run": run, "batch": batch})


def enqueue(tx: Transaction, due: pl.DataFrame, *, batch: int, now: datetime) -> None:
    """Note what is due: (customer, stream, link or null to create, kind)."""
    if due.is_empty():
        return
    _stage(tx, "due", due)
    moment = {"batch": batch, "now": now}
    if due["link"].null_count() < due.height:
        tx.execute(STATEMENTS["add_due_links"], moment)
    if due["link"].null_count():
        tx.execute(STATEMENTS["add_due_creates"], moment)


def keep_cursor(tx: Transaction, stream: int, cursor: str | None, *, now: datetime) -> None:
    """Remember where to go on reading a stream."""
    tx.execute(STATEMENTS["keep_cursor"], {"stream": stream, "cursor": cursor, "now": now})


def _append(tx: Transaction, table: str, frame: pl.DataFrame) -> None:
    """Append rows; columns that hold nothing are left out: two in three of the customer table's do."""
    tx.copy_in(table, frame[[one.name for one in frame if one.null_count() < len(one)]])


def _stage(tx: Transaction, name: str, frame: pl.DataFrame) -> None:
    tx.stage(name, frame, analyze=frame.height >= ANALYZE_ROWS_MIN)
