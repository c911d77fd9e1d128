"""Plans: what was read for them, whom they concern, and the digests that applying is held to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import from_json, to_json
from customer_sync.model.frame import CLAIMS, INSTANT, LINKS
from customer_sync.store.customers import ROW, as_golden
from customer_sync.store.snapshot import STATEMENTS as SNAPSHOT
from customer_sync.store.snapshot import composed

__all__ = [
    "changes", "claims", "customer_records", "customers", "details", "edited_since", "finish", "forget",
    "get", "keep", "keep_records", "latest", "links", "mark_applied", "patches", "records", "stage_touched",
    "start", "touched",
]  # fmt: skip

STATEMENTS = load(__file__)

Row = tuple[Any, ...]


def start(tx: Transaction, *, run: int, configuration: int, mark: int) -> int:
    """Open a plan; return its number."""
    params = {"run": run, "configuration": configuration, "mark": mark}
    return cast("int", tx.rows(STATEMENTS["start"], params)[0][0])


def keep_records(
    tx: Transaction, plan: int, stream: int, records: pl.DataFrame, *, mark: int, now: datetime
) -> None:
    """Keep records (connect.port.record_schema) as they were read."""
    texts = records.with_columns(
        pl.col(name).dt.to_string("iso:strict")
        if dtype == INSTANT
        else pl.col(name).cast(pl.String)
        for name, dtype in records.schema.items()
    )
    rows = texts.select(external_id=pl.col("@id"), record=to_json(texts.columns))
    tx.stage("new_inbox", rows)
    params = {"plan": plan, "stream": stream, "mark": mark, "now": now}
    tx.execute(STATEMENTS["keep_records"], params)


def records(  # noqa: PLR0913 - one statement, one call
    tx: Transaction,
    plan: int,
    stream: int,
    schema: dict[str, pl.DataType],
    *,
    after: int,
    limit: int,
    last: int,
    is_whole: bool,
) -> tuple[pl.DataFrame, int, int]:
    """Return (the next records of a plan, the mark they were read at, where to go on).

    Args:
        tx: the transaction.
        plan: its number.
        stream: whose records.
        schema: connect.port.record_schema of the stream's source fields.
        after: where the last call ended.
        limit: how many at most; fewer are returned where the mark changes.
        last: only records of customers up to this number...
        is_whole: ...and those of no customer too.
    """
    params = {
        "plan": plan,
        "stream": stream,
        "after": after,
        "limit": limit,
        "last": last,
        "is_whole": is_whole,
    }
    columns = {"id": pl.Int64, "external_id": pl.String, "record": pl.String, "mark": pl.Int64}
    rows = tx.frame(STATEMENTS["records"], params, schema=columns)
    if rows.is_empty():
        return pl.DataFrame(schema=schema), 0, after
    rows = rows.filter(pl.col("mark").rle_id() == 0)
    texts = from_json(rows["record"], list(schema))
    frame = texts.select(
        pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") if dtype == INSTANT
        else pl.col(name) == "true" if dtype == pl.Boolean()
        else pl.col(name)
        for name, dtype in schema.items()
    )  # fmt: skip
    return frame, int(rows["mark"][0]), int(rows["id"][-1])


def keep(tx: Transaction, table: str, plan: int, rows: pl.DataFrame) -> None:
    """Append rows of plan_customer, plan_record or plan_patch."""
    tx.copy_in(table, rows.with_columns(plan=pl.lit(plan, pl.Int64)))


def finish(tx: Transaction, plan: int, state: str, document: str | None = None) -> None:
    """Set a plan's state, and what it tells."""
    tx.execute(STATEMENTS["finish"], {"plan": plan, "state": state, "document": document})


def forget(tx: Transaction, plan: int) -> None:
    """Delete all that a plan holds but its own row."""
    for name in ("inbox", "customers", "records", "patches"):
        tx.execute(STATEMENTS[f"forget_{name}"], [plan])


def get(tx: Transaction, plan: int) -> Row | None:
    """Return run, configuration, mark, state, document; the plan is kept from other transactions."""
    rows = tx.rows(STATEMENTS["get"], [plan])
    return rows[0] if rows else None


def latest(tx: Transaction) -> int | None:
    """Return the number of the newest plan that can be applied."""
    return cast("int | None", tx.rows(STATEMENTS["latest"])[0][0])


def customers(tx: Transaction, plan: int) -> list[Row]:
    """Return (number, identity, digest) of customers that were not applied yet, in order."""
    return tx.rows(STATEMENTS["customers"], [plan])


def details(tx: Transaction, plan: int) -> list[str]:
    """Return what is told of customers, in order."""
    return [cast("str", row[0]) for row in tx.rows(STATEMENTS["details"], [plan])]


def customer_records(tx: Transaction, plan: int, numbers: Sequence[int]) -> list[Row]:
    """Return (number, stream, external id) of these customers of a plan."""
    params = {"plan": plan, "numbers": list(numbers)}
    return tx.rows(STATEMENTS["customer_records"], params)


def patches(tx: Transaction, plan: int, *, last: int) -> set[str]:
    """Return the digests of patches foreseen for customers up to a number, not applied yet."""
    rows = tx.rows(STATEMENTS["patches"], {"plan": plan, "last": last})
    return {cast("str", row[0]) for row in rows}


def mark_applied(tx: Transaction, plan: int, *, last: int) -> None:
    """Note that the customers up to a number are done."""
    tx.execute(STATEMENTS["mark_applied"], {"plan": plan, "last": last})


def stage_touched(tx: Transaction, ids: Sequence[int]) -> None:
    """Name the customers that the following calls are about."""
    tx.stage("touched", pl.DataFrame({"customer": ids}, schema={"customer": pl.Int64}))


def touched(
    tx: Transaction, rules: Published, *, first: int
) -> tuple[list[tuple[int, bool, int | None]], pl.DataFrame]:
    """Return (id, is it new since `first`, retired into) of the staged customers; their values."""
    known = cast(
        "list[tuple[int, bool, int | None]]", tx.rows(STATEMENTS["touched"], {"first": first})
    )
    return known, as_golden(tx.frame(composed("customers"), schema=ROW), rules.fields)


def changes(tx: Transaction, *, first: int) -> list[Row]:
    """Return (customer, field, before, after) of the staged customers since a batch, oldest first."""
    return tx.rows(STATEMENTS["changes"], {"first": first})


def links(tx: Transaction) -> pl.DataFrame:
    """Return all links of the staged customers."""
    return tx.frame(SNAPSHOT["links"], schema=LINKS)


def claims(tx: Transaction) -> pl.DataFrame:
    """Return the claims that count of the staged customers."""
    return tx.frame(SNAPSHOT["claims"], schema=CLAIMS)


def edited_since(tx: Transaction, plan: int) -> set[int]:
    """Return customers edited in the ledger after a plan was made, not absorbed yet."""
    return {cast("int", row[0]) for row in tx.rows(STATEMENTS["edited_since"], [plan])}
