"""Records that are tied to other customers, and back: no posting is touched, and the balances are restored exactly."""

import random

import polars as pl
import pytest
from trading import Company

from customer_sync.engine.ledger.resettle import resettle
from customer_sync.engine.session import running
from customer_sync.store import audit
from customer_sync.store import snapshot as snapshots

JOURNAL = "SELECT entry, line, account, party, amount::text, functional::text FROM posting WHERE entry <= %s ORDER BY 1, 2"


def tie(company: Company, link: int, customer: int) -> None:
    """Tie a record to a customer, and leave the event that merging leaves; then settle anew."""
    with running(company.session(), "sync") as session:
        with session.db.transaction() as tx:
            batch = snapshots.begin(tx)
            ((before,),) = tx.rows("SELECT customer FROM link WHERE id = %s", [link])
            tx.execute("UPDATE link SET customer = %s WHERE id = %s", [customer, link])
            event = pl.DataFrame({"link": [link], "customer": [customer]}).with_columns(
                kind=pl.lit("record.moved"), detail=pl.lit(f"was {before}")
            )
            audit.add(
                tx, event, run=session.run, batch=batch, configuration=session.rules.version, now=session.now()
            )  # fmt: skip
        resettle(session)


@pytest.mark.parametrize("seed", range(4))
def test_moving_records_about_and_back_restores_exactly_what_everybody_owed(
    company: Company, seed: int
):
    chance = random.Random(seed)
    for number in range(1, 5):
        company.buyer(f"c{number}")
        for turn in range(2):
            day = f"2026-02-{chance.randint(1, 28):02}"
            company.invoice(f"i{number}{turn}", f"c{number}", issued=day)
        company.payment(f"p{number}", f"c{number}", amount=str(chance.randint(1, 300)))
    company.sync()
    home = dict(company.rows("SELECT id, customer FROM link ORDER BY id"))
    owed, ((last,),) = company.owed(), company.rows("SELECT max(id) FROM entry")
    open_ = company.rows("SELECT external_id, settled::text FROM document ORDER BY 1")
    journal = company.rows(JOURNAL, last)

    for _ in range(6):
        tie(company, chance.choice(list(home)), chance.choice(list(home.values())))
        assert company.unsound() == {}
        assert sum(company.owed().values()) == sum(owed.values())
        assert company.rows(JOURNAL, last) == journal
    for link, customer in home.items():
        tie(company, link, customer)

    assert company.owed() == owed
    assert company.rows("SELECT external_id, settled::text FROM document ORDER BY 1") == open_
    assert company.rows(JOURNAL, last) == journal
