"""What absorb looks up of a batch it looks up by index, whatever the planner thinks of large tables."""

import polars as pl
import pytest

from customer_sync.store import snapshot

ROWS, BATCH = 20_000, 4_000
QUERIES = {
    "news": {"stream": 1, "all": False}, "links": None, "images": None, "claims": None, "customers": None,
}  # fmt: skip


@pytest.fixture
def crowd(world):
    company = world(crm={})
    company.sql(
        "INSERT INTO link (id, stream, external_id, customer, state, since, seen, shown, digest) "
        "SELECT n, 1, n::text, n, 0, 1, 1, 1, n FROM generate_series(1, %s) n", ROWS
    )  # fmt: skip
    company.sql("INSERT INTO image (link, fields) SELECT id, '{}' FROM link")
    company.sql(
        "INSERT INTO claim (link, stamp, basis, seen, at, fields) SELECT id, 1, 1, 0, now(), '{}' FROM link"
    )
    company.sql(
        "SELECT set_config('customer_sync.absorbing', 'on', false); "
        "INSERT INTO customer (id) SELECT id FROM link"
    )
    company.sql("ANALYZE link; ANALYZE image; ANALYZE claim; ANALYZE customer")
    return company


@pytest.mark.parametrize("name", QUERIES)
def test_a_batch_is_looked_up_by_index(crowd, name):
    with crowd.db.transaction() as tx:
        numbers = pl.DataFrame({"row": pl.int_range(BATCH, dtype=pl.UInt32, eager=True)})
        observed = numbers.select(
            "row",
            external_id=pl.col("row").cast(pl.String),
            digest=pl.lit(0, pl.Int64),
            version=pl.lit(None, pl.String),
            changed_at=pl.lit(None, pl.Datetime("us", "UTC")),
        )
        snapshot.stage_observed(tx, observed)
        tx.stage("touched", numbers.select(customer=pl.col("row").cast(pl.Int64)), analyze=True)
        plan = tx.rows("EXPLAIN " + snapshot.composed(name), QUERIES[name])
        tx.discard()

    text = "\n".join(str(line[0]) for line in plan)
    assert "Seq Scan on link" not in text, text
    assert "Seq Scan on image" not in text, text
    assert "Seq Scan on claim" not in text, text
    assert "Seq Scan on customer" not in text, text
    assert "Index" in text, text
