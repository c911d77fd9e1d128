"""Posting documents: the whole path of an absorbing transaction, beside plain COPY of the same rows.

Load, decide, commit, with every guard of the journal on; then the same rows into bare tables with their
primary keys, by the same connection and the same printer of frames; and Beancount loading the journal that
came of it. Then the statement of one customer, and a month reconciled.
"""

import os
import random
import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl

from customer_sync.core.ledger import (
    LedgerSnapshot,
    Standing,
    Unsettled,
    absorb,
    calendar,
    compiled,
)
from customer_sync.engine.ledger import export_file, keep_chart
from customer_sync.engine.ledger.reconciling import reconcile
from customer_sync.infra.pg import Database, Transaction, migrate
from customer_sync.kernel.frames import empty, to_json
from customer_sync.model.document import DOCUMENTS, GIVEN, LINES, STANDING
from customer_sync.model.ledger_config import LedgerConfig
from customer_sync.store import documents, journal, periods, receivables
from customer_sync.store.protection import run_time_database

__all__ = ["beancount", "fill", "month", "plain", "posting", "statement"]

SCHEMA = "bench_journal"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = compiled(LedgerConfig(), "EUR")
PLAIN = """
DROP TABLE IF EXISTS plain_document, plain_entry, plain_posting;
CREATE TABLE plain_document (LIKE document); ALTER TABLE plain_document ADD PRIMARY KEY (id);
CREATE TABLE plain_entry (LIKE entry); ALTER TABLE plain_entry ADD PRIMARY KEY (id);
CREATE TABLE plain_posting (LIKE posting); ALTER TABLE plain_posting ADD PRIMARY KEY (entry, line);
"""
LINKS = """
INSERT INTO link (id, stream, external_id, customer, state, since, seen, shown, digest)
SELECT n, 10, 'c' || n, n, 0, 0, 0, 0, 0 FROM generate_series(1, %s) n ON CONFLICT DO NOTHING
"""


def fill(*, dsn: str, parties: int) -> dict[str, Any]:
    """Make an empty ledger with that many customers, each of one record."""
    owner = Database(dsn, SCHEMA)
    with owner.transaction() as tx:
        tx.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
    migrate(owner)
    with owner.transaction() as tx:
        tx.execute(LINKS, [parties])
        keep_chart(tx, RULES.config)
        tx.execute(PLAIN)
    run_time_database(owner, dsn, afresh=True).close()
    with owner.transaction() as tx:
        tx.execute("ANALYZE")
    owner.close()
    return {"seconds": 0.0}


def posting(*, dsn: str, batch: int, batches: int, parties: int, seed: int) -> dict[str, Any]:
    """Post batches of new documents, each in a transaction of its own; the first is not counted."""
    owner = Database(dsn, SCHEMA)
    db = run_time_database(owner, dsn, afresh=False)
    took, decided = [], []
    for observed in _invented(batch, batches + 1, parties, seed):
        began = perf_counter()
        with db.transaction() as tx:
            decided.append(_absorb(tx, observed))
        took.append(perf_counter() - began)
    db.close()
    owner.close()
    return _rates(took[1:], batch) | {"decide_s": statistics.median(decided[1:])}


def _absorb(tx: Transaction, observed: pl.DataFrame) -> float:
    """Load, decide, commit; return the seconds of deciding."""
    observed = observed.with_columns(document=documents.allocate(tx, observed.height))
    held = documents.lock(tx, observed, observed.select("party", since="date"))
    stands = documents.standing(tx, observed)
    items, allocations = documents.items(tx, held)
    standing = Standing(
        outcomes=stands.documents.select(list(STANDING)), entries=stands.entries, postings=stands.postings
    )  # fmt: skip
    months = observed["date"].dt.strftime("%Y-%m").unique().to_list()
    snapshot = LedgerSnapshot(
        standing=standing,
        unsettled=Unsettled(items=items, allocations=allocations, given=empty(GIVEN)),
        customers=documents.customers(tx, observed["party"]),
        days=calendar(periods.hold(tx, months)),
    )
    began = perf_counter()
    effects = absorb(observed, empty(LINES), snapshot, RULES)
    decided = perf_counter() - began
    work = documents.Work(
        documents=observed.with_columns(snapshot=_snapshot(observed)),
        new=observed["document"],
        outcomes=effects.outcomes,
        entries=effects.entries,
        postings=effects.postings,
        allocations=effects.allocations,
    )
    documents.commit(tx, work, now=NOW)
    return decided


def plain(*, dsn: str, batch: int, batches: int) -> dict[str, Any]:
    """Copy rows that were posted before into bare tables, batch by batch."""
    owner = Database(dsn, SCHEMA)
    frames: dict[str, pl.DataFrame] = {}
    with owner.transaction() as tx:
        for name, key, lines in (
            ("document", "id", 1),
            ("entry", "id", 1),
            ("posting", "entry", 3),
        ):
            columns = tx.rows(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 ORDER BY 1", [name]
            )  # fmt: skip
            texts = ", ".join(f"{column[0]}::text" for column in columns)
            query = f"SELECT {texts} FROM {name} ORDER BY {key} DESC LIMIT {batch * (batches + 1) * lines}"
            frames[name] = tx.frame(
                query, schema=dict.fromkeys((c[0] for c in columns), pl.String())
            )  # type: ignore[arg-type]
    took = []
    for number in range(batches + 1):
        began = perf_counter()
        with owner.transaction() as tx:
            for name, lines in (("document", 1), ("entry", 1), ("posting", 3)):
                size = batch * lines
                tx.copy_in(f"plain_{name}", frames[name][number * size : (number + 1) * size])
        took.append(perf_counter() - began)
    with owner.transaction() as tx:
        tx.execute("TRUNCATE plain_document, plain_entry, plain_posting")
    owner.close()
    return _rates(took[1:], batch)


def statement(*, dsn: str, count: int, parties: int) -> dict[str, Any]:
    """Ask for statements of customers, one after another; and for the trial balance."""
    chance = random.Random(5)
    owner = Database(dsn, SCHEMA)
    took = []
    for _ in range(count + 1):
        customer = chance.randint(1, parties)
        began = perf_counter()
        with owner.transaction() as tx:
            receivables.statement(tx, customer)
        took.append(perf_counter() - began)
    began = perf_counter()
    with owner.transaction() as tx:
        journal.trial_balance(tx)
        posted = tx.rows("SELECT count(*) FROM posting")[0][0]
    trial = perf_counter() - began
    owner.close()
    ordered = sorted(took[1:])
    return {
        "seconds": took[1:], "p50_s": statistics.median(ordered), "p95_s": ordered[len(ordered) * 95 // 100],
        "trial_balance_s": trial, "postings": posted,
    }  # fmt: skip


def month(*, dsn: str, documents_: int, parties: int) -> dict[str, Any]:
    """Post a month of documents, then reconcile it: what the system shows differs in one of a hundred.

    Reading the system is not measured: how long that takes is the system's.
    """
    owner = Database(dsn, SCHEMA)
    db = run_time_database(owner, dsn, afresh=False)
    shown = []
    for observed in _invented(10_000, documents_ // 10_000, parties, 77, month_=13):
        with db.transaction() as tx:
            _absorb(tx, observed)
        shown.append(observed)
    differs = pl.int_range(pl.len()) % 100 == 0
    said = pl.concat(shown).with_columns(
        document=pl.int_range(pl.len(), dtype=pl.Int64),
        total_e4=pl.col("total_e4") + pl.when(differs).then(10_000).otherwise(0),
    )
    took = []
    for _ in range(4):
        began = perf_counter()
        with db.transaction(snapshot=True) as tx:
            found = reconcile(
                tx, RULES, said, (date(2027, 1, 1), date(2027, 1, 31)), system="shop", streams={20: "invoices"}
            )  # fmt: skip
        took.append(perf_counter() - began)
    assert found.is_explained
    assert found.differences.height == documents_ // 100
    db.close()
    owner.close()
    return _rates(took[1:], documents_)


def beancount(*, dsn: str, path: str) -> dict[str, Any]:
    """Let Beancount load the journal, as it is exported; its cache is off."""
    from beancount.loader import load_file

    owner = Database(dsn, SCHEMA)
    with owner.transaction() as tx:
        posted = tx.rows("SELECT count(*) FROM document")[0][0]
    assert isinstance(posted, int)
    began = perf_counter()
    export_file(owner, Path(path), "beancount", functional="EUR")
    exported = perf_counter() - began
    owner.close()
    os.environ["BEANCOUNT_DISABLE_LOAD_CACHE"] = "1"
    began = perf_counter()
    _, errors, _ = load_file(path)
    took = perf_counter() - began
    assert not errors
    return _rates([took], posted) | {"export_s": exported, "documents": posted}


def _rates(took: list[float], batch: int) -> dict[str, Any]:
    middle = statistics.median(took)
    return {
        "seconds": middle, "all_seconds": took, "documents_per_s": batch / middle, "best_per_s": batch / min(took),
    }  # fmt: skip


def _snapshot(observed: pl.DataFrame) -> pl.Series:
    names = ["number", "customer_ref", "date", "due_date", "currency", "total_e4", "tax_e4"]
    return observed.select(to_json(names)).to_series()


def _invented(
    batch: int, batches: int, parties: int, seed: int, month_: int | None = None
) -> Iterator[pl.DataFrame]:
    """Give frames of invoices with tax over a year, or of one month, always the same for a seed."""
    chance = random.Random(seed)
    for number in range(batches):
        rows = []
        for place in range(batch):
            party = chance.randint(1, parties)
            net = chance.randint(1, 50_000) * 100
            rows.append(
                _invoice(f"{seed}/{number}/{place}", party, net, month_ or chance.randrange(12) + 1)
            )
        yield pl.DataFrame(rows, schema=DOCUMENTS)


def _invoice(name: str, party: int, net: int, month: int) -> dict[str, Any]:
    tax = net // 1900 * 300
    day = date(
        2026 + month // 13, (month - 1) % 12 + 1, 15
    )  # the thirteenth is January of the next year
    return dict.fromkeys(DOCUMENTS) | {
        "stream": 20, "external_id": name, "type": "invoice", "number": f"I{name}", "status": "issued", "party": party,
        "customer_ref": f"c{party}", "date": day, "due_date": date(2027, 12, 31), "currency": "EUR",
        "total_e4": net + tax, "tax_e4": tax,
    }  # fmt: skip
