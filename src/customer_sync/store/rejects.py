"""Rejects: records and fields set aside, with stage, code, reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load

__all__ = [
    "add", "add_faults", "doubtful", "open_rejects", "read_through", "records", "renew", "resolve", "sift",
    "withdraw",
]  # fmt: skip

STATEMENTS = load(__file__)


def add(tx: Transaction, stream: int, faults: pl.DataFrame, *, run: int, now: datetime) -> None:
    """Set aside: stage, external_id, field, code, detail, whole."""
    if faults.height:
        tx.stage("new_fault", faults.unique(["external_id", "field", "code"]))
        tx.execute(STATEMENTS["add"], {"stream": stream, "now": now, "run": run})


def add_faults(
    tx: Transaction, stream: int, faults: Sequence[tuple[str, str]], *, run: int, now: datetime
) -> None:
    """Set aside rows that could not be read as records: (id or place, reason)."""
    if faults:
        frame = pl.DataFrame(
            list(faults), schema=["external_id", "detail"], orient="row"
        ).with_columns(
            stage=pl.lit("read"),
            field=pl.lit(""),
            code=pl.lit("row_unreadable"),
            whole=pl.lit(value=True),
        )
        add(tx, stream, frame, run=run, now=now)


def sift(
    tx: Transaction,
    stream: int,
    seen: pl.DataFrame,
    faults: pl.DataFrame,
    *,
    run: int,
    now: datetime,
) -> None:
    """Set aside what is wrong with documents, and close what was wrong with them and is not any more.

    Args:
        tx: the posting transaction.
        stream: the documents'.
        seen: external_id of all that were looked at.
        faults: as of ``add``, of those among them.
        run: the run.
        now: its instant.
    """
    add(tx, stream, faults, run=run, now=now)
    if not faults.height and not tx.rows(STATEMENTS["has_open"], [stream])[0][0]:
        return
    tx.stage("new_fault", faults)
    tx.stage("sifted", seen.select("external_id"))
    tx.execute(STATEMENTS["sift"], {"stream": stream, "now": now})


def renew(
    tx: Transaction, stream: int, stage: str, faults: pl.DataFrame, *, run: int, now: datetime
) -> None:
    """Let these, as of ``add``, be all that is set aside of a stream at one stage; what is told already stays."""
    if not faults.height and not tx.rows(STATEMENTS["has_open"], [stream])[0][0]:
        return
    tx.stage("new_fault", faults.unique(["external_id", "field", "code"], maintain_order=True))
    params = {"stream": stream, "stage": stage, "now": now, "run": run}
    tx.execute(STATEMENTS["renew_closed"], params)
    tx.execute(STATEMENTS["renew_told"], params)


def read_through(tx: Transaction, stream: int, *, since: datetime, now: datetime) -> None:
    """Close what could not be read of a stream before ``since``: all of it was read again, without that."""
    tx.execute(STATEMENTS["unread_resolved"], {"stream": stream, "since": since, "now": now})


def doubtful(tx: Transaction, stream: int, title: str, *, limit: int) -> list[str]:
    """Return the ids of held records that are to be looked at again: their customers have changed since."""
    rows = tx.rows(STATEMENTS["doubtful"], {"stream": stream, "title": title, "limit": limit})
    return [cast("str", row[0]) for row in rows]


def withdraw(tx: Transaction, stream: int, title: str, ids: list[str], *, now: datetime) -> None:
    """Close what was held of records that are gone, and the reviews about them."""
    tx.execute(STATEMENTS["withdraw"], {"title": title, "ids": ids, "now": now})
    resolve(tx, stream, "resolve", ids, now=now)


def resolve(tx: Transaction, stream: int, stage: str, ids: list[str], *, now: datetime) -> None:
    """Close rejects of one stage for these records."""
    if ids:
        tx.execute(
            STATEMENTS["resolve"], {"stream": stream, "stage": stage, "ids": ids, "now": now}
        )


def open_rejects(tx: Transaction, *, limit: int) -> list[tuple[object, ...]]:
    """Return what is set aside now."""
    return tx.rows(STATEMENTS["open"], [limit])


def records(tx: Transaction, stream: int | None) -> list[tuple[int, str]]:
    """Return (stream, external id) of records that are set aside."""
    return cast("list[tuple[int, str]]", tx.rows(STATEMENTS["records"], {"stream": stream}))
