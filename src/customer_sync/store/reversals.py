"""What a run did, as far as it can be taken back; and the first steps of taking it back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.infra.pg.presence import PRESENT
from customer_sync.kernel.frames import pick
from customer_sync.store.sightings import ASIDE

__all__ = [
    "ARRIVED", "REMOVALS", "RESTORATIONS", "Page", "arrived", "batches", "changed", "changes", "created",
    "documents", "documents_apart", "drop_creates", "forget", "images", "overwritten", "posted", "remove",
    "restored", "retired", "run", "set_apart", "take_part", "written",
]  # fmt: skip

STATEMENTS = load(__file__)
REMOVALS = {"customer": pl.Int64, "stream": pl.Int32, "link": pl.Int64, "kind": pl.String}
ARRIVED = {"link": pl.Int64, "customer": pl.Int64, "stream": pl.Int32, "external_id": pl.String}
RESTORATIONS = {"link": pl.Int64, "patch": pl.String, "expected": pl.String}
_OVERWRITTEN = {**RESTORATIONS, "fields": pl.String, "is_edited": pl.Boolean}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which documents of a stream are asked for: those after a number, so many at most."""

    stream: int
    after: int
    limit: int


def run(tx: Transaction, number: int) -> tuple[str, bool] | None:
    """Return a run's kind and whether it is over: finished, or its process is gone."""
    text = STATEMENTS["run"].replace("{present}", PRESENT.replace("{run}", "r.id"))
    rows = tx.rows(text, {"run": number})
    if not rows:
        return None
    kind, is_finished, is_present = cast("tuple[str, bool, bool]", rows[0])
    return kind, is_finished or not is_present


def batches(tx: Transaction, number: int) -> tuple[int, int] | None:
    """Return the first and the last batch of a run, None when it absorbed nothing."""
    first, last = cast("tuple[int | None, int]", tx.rows(STATEMENTS["batches"], [number])[0])
    return None if first is None else (first, last)


def posted(tx: Transaction, number: int) -> int:
    """Return how many documents stand in the books as a run posted them."""
    return cast("int", tx.rows(STATEMENTS["posted"], [number])[0][0])


def documents(tx: Transaction, number: int, page: Page) -> pl.DataFrame:
    """Return ASIDE: documents that a run brought in, and that are as it left them."""
    return tx.frame(STATEMENTS["documents"], {"run": number, **asdict(page)}, schema=ASIDE)


def documents_apart(tx: Transaction, number: int, page: Page) -> pl.DataFrame:
    """Return ASIDE: documents that a run set apart."""
    return tx.frame(STATEMENTS["documents_apart"], {"run": number, **asdict(page)}, schema=ASIDE)


def changed(tx: Transaction, number: int) -> list[int]:
    """Return the customers, there before, of whom a run changed golden values."""
    rows = tx.rows(STATEMENTS["changed_customers"], {"run": number})
    return [cast("int", row[0]) for row in rows]


def changes(tx: Transaction, number: int, customers: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return (customer, field, before, after) that a run changed of these customers."""
    return tx.rows(STATEMENTS["changes"], {"run": number, "customers": list(customers)})


def created(tx: Transaction, number: int, first: int, last: int) -> list[tuple[Any, ...]]:
    """Return (customer, retired into, is it told of by other records) that a run created."""
    return tx.rows(STATEMENTS["created_customers"], {"run": number, "first": first, "last": last})


def retired(tx: Transaction, number: int) -> list[tuple[Any, ...]]:
    """Return (customer, retired into) that a run merged into others."""
    return tx.rows(STATEMENTS["retired"], {"run": number})


def written(tx: Transaction, number: int) -> list[tuple[Any, ...]]:
    """Return what a run created or removed elsewhere.

    Rows of token, kind, customer, stream, external id, link, its state, did it say anything since.
    """
    return tx.rows(STATEMENTS["written"], {"run": number})


def remove(tx: Transaction, removals: pl.DataFrame, *, now: datetime) -> None:
    """Set records apart and enqueue their removal: rows of REMOVALS."""
    if removals.height:
        tx.execute(STATEMENTS["set_apart"], {"links": removals["link"].to_list()})
        tx.stage("new_removal", removals)
        tx.execute(STATEMENTS["remove"], {"now": now})
        tx.execute(STATEMENTS["settle_rejects"], {"now": now})


def arrived(
    tx: Transaction, number: int, first: int, last: int, left: Sequence[int]
) -> pl.DataFrame:
    """Return the live records that came in by a run, but for those of the customers ``left``: rows of ARRIVED."""
    params = {"run": number, "first": first, "last": last, "left": list(left)}
    return tx.frame(STATEMENTS["arrived"], params, schema=ARRIVED)


def overwritten(tx: Transaction, number: int, records: pl.DataFrame) -> pl.DataFrame:
    """Return what a run wrote into records (rows of ARRIVED), oldest first: rows of _OVERWRITTEN."""
    tx.stage("new_apart", pick(records, "link", "customer"))
    return tx.frame(STATEMENTS["overwritten"], {"run": number}, schema=_OVERWRITTEN)


def set_apart(
    tx: Transaction, records: pl.DataFrame, restorations: pl.DataFrame, *, now: datetime
) -> None:
    """Set records (rows of ARRIVED) apart, and enqueue what they are to show again: rows of RESTORATIONS."""
    tx.execute(STATEMENTS["set_apart"], {"links": records["link"].to_list()})
    tx.stage("new_apart", pick(records, "link", "customer"))
    tx.execute(STATEMENTS["drop_puts"])
    if restorations.height:
        tx.stage("new_restoration", restorations)
        tx.execute(STATEMENTS["restorations"])
        due = records.join(restorations, on="link", how="semi")
        tx.stage("new_removal", pick(due.with_columns(kind=pl.lit("restore")), *REMOVALS))
        tx.execute(STATEMENTS["remove"], {"now": now})


def images(tx: Transaction, links: Sequence[int]) -> dict[int, str]:
    """Return what records showed last, by link."""
    return dict(
        cast("list[tuple[int, str]]", tx.rows(STATEMENTS["images"], {"links": list(links)}))
    )


def restored(tx: Transaction, shown: pl.DataFrame) -> None:
    """Note that records show again what they did before a run: (link, fields)."""
    if shown.height:
        tx.stage("new_shown", shown)
        tx.execute(STATEMENTS["restored"])


def forget(tx: Transaction, links: Sequence[int]) -> None:
    """Forget what these records were to show again."""
    if links:
        tx.execute(STATEMENTS["forget_restorations"], {"links": list(links)})


def take_part(tx: Transaction, number: int, *, now: datetime) -> pl.DataFrame:
    """Let the records that a run set apart take part again: (link, customer, stream)."""
    schema = {"link": pl.Int64, "customer": pl.Int64, "stream": pl.Int32}
    rows = tx.rows(STATEMENTS["take_part"], {"run": number, "now": now})
    return pl.DataFrame(rows, schema=schema, orient="row")


def drop_creates(tx: Transaction, customers: Sequence[int]) -> None:
    """Let these customers be created nowhere."""
    tx.execute(STATEMENTS["drop_creates"], {"customers": list(customers)})
