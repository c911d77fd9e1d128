"""What the database alone can tell: pictures to compare, counts for status, answers to questions.

Reads only. Every statement is set-based; none touches a system.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, cast

import polars as pl

from customer_sync.core.decide import Published
from customer_sync.infra.pg import Transaction, load
from customer_sync.infra.pg.database import Params
from customer_sync.infra.pg.presence import PRESENT
from customer_sync.kernel.frames import empty
from customer_sync.model.frame import CLAIMS, INSTANT, LINKS
from customer_sync.store.customers import ROW, as_golden
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN, composed

__all__ = [
    "WAITING",
    "Grounds",
    "Lacking",
    "Picture",
    "attempts_left",
    "claims_of",
    "completion",
    "customer_ids",
    "golden_before_edit",
    "golden_of",
    "grounds",
    "images_of",
    "keys_left_over",
    "keys_missing",
    "lacking",
    "last_run",
    "ledger_rows",
    "link_max",
    "live_links",
    "named",
    "picture",
    "waiting_creates",
    "writes_by_people",
    "writes_by_product",
]

STATEMENTS = load(__file__)

KNOWN: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "link": pl.Int64(),
    "customer": pl.Int64(),
    "state": pl.Int32(),
    "shown_at": pl.Int64(),
    "image": pl.String(),
    "accepted": pl.String(),
}
# What waits for a record or customer: is_stuck: for a person; token: its answer is not known.
WAITING: dict[str, pl.DataType] = {
    "code": pl.String(),
    "reason": pl.String(),
    "is_stuck": pl.Boolean(),
    "token": pl.String(),
    "review": pl.Int64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of records of one stream, and of their customers.

    known: KNOWN. golden: ``customer`` and canonical columns, as the ledger shows them. edited:
    customers with unabsorbed edits. waiting: ``link`` and WAITING. held: (external_id, review).
    conflicts: (customer, field, review).
    """

    known: pl.DataFrame
    links: pl.DataFrame
    golden: pl.DataFrame
    edited: pl.Series
    waiting: pl.DataFrame
    held: pl.DataFrame
    conflicts: pl.DataFrame


def picture(
    tx: Transaction, rules: Published, stream: int, title: str, records: pl.DataFrame
) -> Picture:
    """Load what is known of records: (row, external_id)."""
    analyze = records.height >= ANALYZE_ROWS_MIN
    tx.stage("looked_at", records.select("row", "external_id"), analyze=analyze)
    known = tx.frame(STATEMENTS["known_records"], {"stream": stream}, schema=KNOWN)
    _touch(tx, known["customer"])
    return Picture(
        known=known,
        links=tx.frame(STATEMENTS["links_of_customers"], schema=LINKS),
        golden=_golden(tx, rules),
        edited=tx.frame(STATEMENTS["edited_customers"], schema={"customer": pl.Int64})["customer"],
        waiting=tx.frame(
            STATEMENTS["waiting_links"], {"stream": stream}, schema={"link": pl.Int64(), **WAITING}
        ),
        held=tx.frame(
            STATEMENTS["held_records"],
            {"title": title},
            schema={"external_id": pl.String, "review": pl.Int64},
        ),
        conflicts=tx.frame(
            STATEMENTS["conflicts"],
            schema={"customer": pl.Int64, "field": pl.String, "conflict": pl.Int64},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """What is needed to see which of some customers a stream lacks."""

    links: pl.DataFrame
    golden: pl.DataFrame
    edited: pl.Series


def lacking(tx: Transaction, rules: Published, customers: pl.Series) -> Lacking:
    """Load links and golden values of customers; they stay staged for `waiting_creates`."""
    _touch(tx, customers)
    return Lacking(
        links=tx.frame(STATEMENTS["links_of_customers"], schema=LINKS),
        golden=_golden(tx, rules),
        edited=tx.frame(STATEMENTS["edited_customers"], schema={"customer": pl.Int64})["customer"],
    )


def waiting_creates(tx: Transaction, stream: int) -> pl.DataFrame:
    """Return ``customer`` and WAITING of staged customers that wait to be created in a stream."""
    schema = {"customer": pl.Int64(), **WAITING}
    return tx.frame(STATEMENTS["waiting_creates"], {"stream": stream}, schema=schema)


def _touch(tx: Transaction, customers: pl.Series) -> None:
    touched = pl.DataFrame({"customer": customers.drop_nulls().unique()})
    tx.stage("touched", touched, analyze=touched.height >= ANALYZE_ROWS_MIN)


def _golden(tx: Transaction, rules: Published) -> pl.DataFrame:
    rows = tx.frame(composed("customers"), schema=ROW)
    return as_golden(rows if rows.height else empty(ROW), rules.fields).drop("stamp", "is_edited")


def link_max(tx: Transaction) -> int:
    """Return the id of the newest link."""
    return cast("int", tx.rows(STATEMENTS["link_max"])[0][0])


def live_links(tx: Transaction, stream: int, *, after: str, limit: int) -> pl.DataFrame:
    """Return the next live links of a stream: (link, external_id)."""
    params = {"stream": stream, "after": after, "limit": limit}
    schema = {"link": pl.Int64, "external_id": pl.String}
    return tx.frame(STATEMENTS["live_links"], params, schema=schema)


def customer_ids(tx: Transaction, *, after: int, limit: int) -> pl.Series:
    """Return the next customers that are not retired."""
    params = {"after": after, "limit": limit}
    return tx.frame(STATEMENTS["customer_ids"], params, schema={"customer": pl.Int64})["customer"]


def ledger_rows(tx: Transaction) -> tuple[int, int]:
    """Return (customers of the ledger, those with edits that are not absorbed yet)."""
    customers, edited = tx.rows(STATEMENTS["ledger_rows"])[0]
    return cast("int", customers), cast("int", edited)


def last_run(tx: Transaction) -> int:
    """Return the last run that absorbed something; 0 before the first."""
    rows = tx.rows(STATEMENTS["last_run"])
    return cast("int", rows[0][0]) if rows else 0


def completion(
    tx: Transaction, *, since: datetime | None, run: int | None, now: datetime
) -> tuple[Any, ...]:
    """Return (changes agreed, p50, p95, p99, changes open, age of the oldest), in seconds."""
    return tx.rows(STATEMENTS["completion"], {"since": since, "run": run, "now": now})[0]


def writes_by_product(tx: Transaction, *, since: datetime | None, run: int | None) -> int:
    """Return how many fields the product wrote in a window."""
    return int(
        cast("Any", tx.rows(STATEMENTS["writes_by_product"], {"since": since, "run": run})[0][0])
    )


def writes_by_people(tx: Transaction, *, since: datetime | None, run: int | None) -> int:
    """Return how many fields people wrote in a window."""
    return int(
        cast("Any", tx.rows(STATEMENTS["writes_by_people"], {"since": since, "run": run})[0][0])
    )


# -- status ---------------------------------------------------------------------------------------


def named(tx: Transaction, name: str, params: Params = None) -> list[tuple[Any, ...]]:
    """Return the rows of one of this module's statements."""
    return tx.rows(_with_links(name), params)


def _with_links(name: str) -> LiteralString:
    """Fill in the statement that says how a link stands."""
    return STATEMENTS[name].replace("{links}", STATEMENTS["links"])


def golden_of(tx: Transaction, rules: Published, customer: int) -> tuple[dict[str, Any], bool]:
    """Return a customer's values as the ledger shows them, and whether an edit waits."""
    tx.stage("touched", pl.DataFrame({"customer": [customer]}))
    golden = _golden(tx, rules).drop("customer")
    edited = bool(tx.rows(STATEMENTS["edited_customers"]))
    return (golden.row(0, named=True) if golden.height else {}), edited


def golden_before_edit(tx: Transaction, rules: Published, customer: int) -> dict[str, Any] | None:
    """Return a customer's values before its unabsorbed edit, or None where there is none."""
    tx.stage("touched", pl.DataFrame({"customer": [customer]}))
    rows = tx.frame(composed("customers_before"), schema=ROW)
    return as_golden(rows, rules.fields).row(0, named=True) if rows.height else None


def claims_of(tx: Transaction, customer: int) -> pl.DataFrame:
    """Return every claim about a customer: model.frame.CLAIMS and its link, superseded ones too.

    tells: claims of that link count, as it is not set apart.
    """
    schema = {
        "link": pl.Int64(),
        "stream": pl.Int32(),
        "external_id": pl.String(),
        "state": pl.Int32(),
        "since": pl.Int64(),
        "stamp": pl.Int64(),
        "basis": pl.Int64(),
        "seen": pl.Int64(),
        "at": INSTANT,
        "fields": pl.String(),
        "cleared": pl.String(),
        "superseded": pl.Int64(),
        "tells": pl.Boolean(),
    }
    return pl.DataFrame(
        tx.rows(STATEMENTS["claims_of_customer"], [customer]), schema=schema, orient="row"
    )


# -- doctor ---------------------------------------------------------------------------------------


def attempts_left(tx: Transaction) -> list[tuple[Any, ...]]:
    """Return outbounds of attempts whose run is gone and whose outcome is not known."""
    present = PRESENT.replace("{run}", "a.run")
    text = STATEMENTS["doctor_attempts_left"].replace("{present}", present)
    return tx.rows(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What golden values of some customers rest on: claims and links, and the values."""

    claims: pl.DataFrame
    links: pl.DataFrame
    golden: pl.DataFrame
    edited: pl.Series


def grounds(tx: Transaction, rules: Published, customers: pl.Series) -> Grounds:
    """Load what golden values of these customers rest on."""
    _touch(tx, customers)
    return Grounds(
        claims=tx.frame(STATEMENTS["claims_of_touched"], schema=CLAIMS),
        links=tx.frame(STATEMENTS["links_of_customers"], schema=LINKS),
        golden=_golden(tx, rules),
        edited=tx.frame(STATEMENTS["edited_customers"], schema={"customer": pl.Int64})["customer"],
    )


def images_of(tx: Transaction, stream: int, *, after: str, limit: int) -> pl.DataFrame:
    """Return the next links of a stream: (link, external_id, state, image)."""
    params = {"stream": stream, "after": after, "limit": limit}
    schema = {"link": pl.Int64, "external_id": pl.String, "state": pl.Int32, "image": pl.String}
    return tx.frame(STATEMENTS["keys_of_links"], params, schema=schema)


def keys_missing(tx: Transaction, expected: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return links that lack one of the expected keys: (key, link)."""
    tx.stage("expected_key", expected, analyze=expected.height >= ANALYZE_ROWS_MIN)
    return tx.rows(STATEMENTS["keys_missing"])


def keys_left_over(
    tx: Transaction, spoken: pl.Series, expected: pl.DataFrame
) -> list[tuple[Any, ...]]:
    """Return those links that have a key which is not expected of them."""
    tx.stage("expected_key", expected, analyze=expected.height >= ANALYZE_ROWS_MIN)
    tx.stage("spoken_link", pl.DataFrame({"link": spoken}), analyze=len(spoken) >= ANALYZE_ROWS_MIN)
    return tx.rows(STATEMENTS["keys_left_over"])
