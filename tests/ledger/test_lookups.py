"""What a posting decision looks up it looks up by index, whatever the planner thinks of large tables."""

from dataclasses import asdict
from datetime import date

import polars as pl
import pytest
from bookkeeping import Bookkeeper

from customer_sync.store import documents, journal

ROWS, BATCH = 20_000, 4_000
IDS = list(range(1, BATCH + 1))
QUERIES = {
    "lock_documents": None, "standing": None, "parties": None, "customers": [IDS], "items": [IDS],
    "allocations": {"documents": IDS}, "live_entries": [IDS], "postings": [IDS],
}  # fmt: skip
# Past every guard: only the sizes of the tables matter here.
FILLED = """
SET LOCAL session_replication_role = replica;
INSERT INTO link (id, stream, external_id, customer, state, since, seen, shown, digest)
SELECT n, 10, 'c' || n, n, 0, 0, 0, 0, 0 FROM generate_series(1, {rows}) n;
INSERT INTO entry (id, document, kind, date, period, rule, lines)
SELECT n, n, 'post', '2026-01-10', '2026-01', 'invoice', 1 FROM generate_series(1, {rows}) n;
INSERT INTO document (id, stream, external_id, type, state, party, date, account, amount, functional, entry)
SELECT n, 20, 'd' || n, 'invoice', 'posted', n, '2026-01-10', '1200', 5, 5, n FROM generate_series(1, {rows}) n;
ALTER TABLE posting DISABLE TRIGGER ALL;
INSERT INTO posting (entry, line, account, party, currency, amount, functional, document)
SELECT n, 1, '1200', n, 'EUR', 5, 5, n FROM generate_series(1, {rows}) n;
INSERT INTO allocation (debit, credit, amount, at) SELECT n, n + 1, 1, now() FROM generate_series(1, {rows}) n;
"""


@pytest.fixture
def crowd(keeper: Bookkeeper) -> Bookkeeper:
    """A ledger of many documents, all open."""
    with keeper.books.owner.transaction() as tx:
        for statement in FILLED.format(rows=ROWS).split(";")[:-1]:
            tx.execute(statement.encode())
    with keeper.books.owner.transaction() as tx:
        tx.execute(
            "ANALYZE link; ANALYZE document; ANALYZE entry; ANALYZE posting; ANALYZE allocation"
        )
    return keeper


@pytest.mark.parametrize("name", QUERIES)
def test_a_batch_is_looked_up_by_index(crowd: Bookkeeper, name: str):
    numbers = pl.DataFrame({"party": pl.Series(IDS, dtype=pl.Int64)})
    observed = numbers.select(stream=pl.lit(20, pl.Int32), external_id=pl.format("d{}", "party"))
    named = numbers.select(stream=pl.lit(10, pl.Int32), external_id=pl.format("c{}", "party"))
    with crowd.db.transaction() as tx:
        documents.lock(
            tx, observed, numbers.with_columns(since=pl.lit(date(2026, 1, 1))), numbers["party"]
        )
        documents.parties(tx, named)
        plan = tx.rows("EXPLAIN " + documents.STATEMENTS[name], QUERIES[name])

    text = "\n".join(str(line[0]) for line in plan)
    for table in ("document", "link", "entry", "posting", "allocation"):
        assert f"Seq Scan on {table}" not in text, text
    assert "Index" in text, text


@pytest.mark.parametrize("asked", [{"document": "d7"}, {"customer": 7}, {"entry": 7}])
def test_entries_that_are_asked_for_are_looked_up_by_index(
    crowd: Bookkeeper, asked: dict[str, object]
):
    wanted = asdict(journal.Wanted(**asked)) | {"since": date.min, "until": date.max, "limit": 50}  # type: ignore[arg-type]
    with crowd.db.transaction() as tx:
        plan = tx.rows("EXPLAIN " + journal.STATEMENTS["found_entries"], wanted)
        found = journal.find(tx, journal.Wanted(**asked), limit=50)  # type: ignore[arg-type]

    text = "\n".join(str(line[0]) for line in plan)
    for table in ("document", "link", "entry", "posting"):
        assert f"Seq Scan on {table}" not in text, text
    assert found["entry"].to_list() == [7]
