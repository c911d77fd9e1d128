"""The outbox: what is to be delivered, who delivers it now, and every try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Transaction, load
from customer_sync.infra.pg.presence import PRESENT
from customer_sync.kernel.frames import pick
from customer_sync.model.frame import LINKS
from customer_sync.store.customers import ROW, as_golden
from customer_sync.store.snapshot import STATEMENTS as SNAPSHOT
from customer_sync.store.snapshot import composed

__all__ = [
    "Due",
    "add_attempts",
    "answer",
    "drop",
    "load_due",
    "mark_seen",
    "orphans",
    "release",
    "retry",
    "retry_flapping",
    "standing",
    "take",
]

STATEMENTS = load(__file__)

TAKEN = {
    "outbound": pl.Int64(), "customer": pl.Int64(), "stream": pl.Int32(), "link": pl.Int64(),
    "kind": pl.String(), "tries": pl.Int32(),
}  # fmt: skip
DUE_LINKS = {
    "link": pl.Int64(), "external_id": pl.String(), "customer": pl.Int64(), "state": pl.Int32(), "version": pl.String(),
    "image": pl.String(), "accepted": pl.String(), "patch": pl.String(), "expected": pl.String(),
}  # fmt: skip
ATTEMPTS = {
    "token": pl.String(), "outbound": pl.Int64(), "customer": pl.Int64(), "stream": pl.Int32(), "link": pl.Int64(),
    "kind": pl.String(), "external_id": pl.String(), "patch": pl.String(), "expected": pl.String(),
    "expected_version": pl.String(), "sent": pl.String(), "mark": pl.Int64(), "tries": pl.Int32(),
}  # fmt: skip


def _present(name: str, run: str) -> LiteralString:
    return STATEMENTS[name].replace("{present}", PRESENT.replace("{run}", run))


def take(
    tx: Transaction,
    stream: int,
    *,
    run: int,
    now: datetime,
    limit: int,
    kinds: Sequence[str],
    only: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Take up to ``limit`` outbounds of a stream (only these) for this run: rows of TAKEN."""
    params = {
        "stream": stream, "run": run, "now": now, "limit": limit, "kinds": list(kinds),
        "only": None if only is None else list(only),
    }  # fmt: skip
    rows = tx.rows(_present("take", "o.holder"), params)
    return pl.DataFrame(sorted(rows), schema=TAKEN, orient="row")  # by its first column, the id


def standing(
    tx: Transaction,
    stream: int,
    *,
    run: int,
    now: datetime,
    after: int,
    limit: int,
    kinds: Sequence[str],
) -> pl.DataFrame:
    """Return the next outbounds of a stream that may be delivered now, taking none: rows of TAKEN."""
    params = {
        "stream": stream, "run": run, "now": now, "limit": limit, "kinds": list(kinds), "after": after,
    }  # fmt: skip
    rows = tx.rows(_present("standing", "o.holder"), params)
    return pl.DataFrame(rows, schema=TAKEN, orient="row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is needed to compute the patches of taken outbounds."""

    links: pl.DataFrame  # DUE_LINKS of the outbounds that have a link
    others: pl.DataFrame  # all links of the customers concerned
    golden: pl.DataFrame  # their golden values
    edited: int  # customers with ledger edits that are not absorbed yet


def load_due(tx: Transaction, rules: Published, taken: pl.DataFrame) -> Due:
    """Load links, images and golden values of taken outbounds."""
    tx.stage("taken", pick(taken, "outbound", "link"))
    tx.stage("touched", taken["customer"].unique().to_frame())
    return Due(
        links=tx.frame(STATEMENTS["due_links"], schema=DUE_LINKS),
        others=tx.frame(STATEMENTS["links_of_customers"], schema=LINKS),
        golden=pick(
            as_golden(tx.frame(composed("customers"), schema=ROW), rules.fields),
            "customer",
            *rules.fields,
        ),
        edited=cast("int", tx.rows(SNAPSHOT["edited"])[0][0]),
    )


def add_attempts(
    tx: Transaction, attempts: pl.DataFrame, *, mark: int, run: int, now: datetime
) -> None:
    """Write attempts down before they are made."""
    tx.stage("new_attempt", attempts)
    tx.execute(STATEMENTS["add_attempts"], {"mark": mark, "run": run, "now": now})


def answer(tx: Transaction, answers: pl.DataFrame, *, now: datetime) -> None:
    """Note what became of attempts: token, outcome, code, reason, external_id."""
    if answers.height:
        tx.stage("new_answer", answers)
        tx.execute(STATEMENTS["answer"], {"now": now})


def release(tx: Transaction, released: pl.DataFrame, *, now: datetime) -> None:
    """Let go of outbounds: outbound, code, reason, wait_s (negative: until something changes)."""
    if released.height:
        tx.stage("released", released)
        tx.execute(STATEMENTS["release"], {"now": now})


def drop(tx: Transaction, outbounds: Sequence[int]) -> None:
    """Forget outbounds that have nothing to deliver any more."""
    if outbounds:
        tx.execute(STATEMENTS["drop"], {"ids": list(outbounds)})


def mark_seen(tx: Transaction, links: Sequence[int], *, mark: int) -> None:
    """Note that these records show the golden values of that batch."""
    if links:
        tx.execute(STATEMENTS["mark_seen"], {"links": list(links), "mark": mark})


def orphans(tx: Transaction, stream: int, *, run: int, limit: int) -> pl.DataFrame:
    """Return attempts whose outcome is unknown and whose sender is this run or gone: ATTEMPTS, ``is_asked``."""
    params = {"stream": stream, "run": run, "limit": limit}
    schema = {**ATTEMPTS, "is_asked": pl.Boolean()}
    return pl.DataFrame(tx.rows(_present("orphans", "a.run"), params), schema=schema, orient="row")


def retry(tx: Transaction, stream: int | None) -> int:
    """Let refused deliveries (of a stream) try again; return how many."""
    return tx.execute(STATEMENTS["retry"], {"stream": stream}).rowcount


def retry_flapping(tx: Transaction, customers: Sequence[int]) -> int:
    """Let the deliveries go again that flapped, of these customers; return how many."""
    return tx.execute(STATEMENTS["retry_flapping"], {"customers": list(customers)}).rowcount
