"""Records that are their customer's only one take a shorter way to the same place."""

import secrets

import pytest
from psycopg import sql

from customer_sync.core.decide import batch
from customer_sync.infra.pg import Database, migrate

QUERIES = (
    "SELECT email, emails, given_name, family_name, phone, stamp, created FROM customer ORDER BY email",
    """SELECT l.external_id, c.stamp, c.basis, c.seen, c.at, c.fields::jsonb - ARRAY(
           SELECT key FROM jsonb_each(c.fields::jsonb) WHERE value = 'null'), c.cleared
       FROM claim c JOIN link l ON l.id = c.link ORDER BY 1""",
    "SELECT external_id, state, since, seen, shown FROM link ORDER BY 1",
    "SELECT kind, fields FROM event WHERE batch IS NOT NULL ORDER BY 1, 2",
)


FIELDS = {
    "email": "email", "given_name": "first", "family_name": "last", "phone": "phone",
    "emails": {"field": "others", "separator": ";", "lens": "list"},
}  # fmt: skip


def loaded(database, world):
    company = world(crm={"fields": FIELDS}, at=database, workspace={"match": {"method": "exact"}})
    for number in range(30):
        company.platforms["crm"].create(
            "contacts", email=f"u{number // 2 if number < 6 else number}@acme.test",
            first=None if number % 3 else "Ann", last=f"Lee{number}" if number % 5 else None, phone=None,
            others="b@acme.test;a@acme.test" if number % 2 else None,
        )  # fmt: skip
    company.sync()
    return [company.rows(query) for query in QUERIES]


@pytest.fixture
def other(pg_server):
    database = Database(pg_server, f"t_{secrets.token_hex(6)}")
    migrate(database)
    yield database
    with database.transaction() as tx:
        tx.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(database.schema)))
    database.close()


def test_both_ways_lead_to_the_same(database, other, world, monkeypatch):
    monkeypatch.setattr(batch, "ROWS_MIN", 1)
    short = loaded(database, world)
    monkeypatch.setattr(batch, "ROWS_MIN", 1_000_000)
    long = loaded(other, world)

    assert len(short[0]) == 27
    assert short == long
