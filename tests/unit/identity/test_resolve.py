"""Who is the same: tables a steward can read."""

import polars as pl
import pytest

from customer_sync.core.identity import match_keys, resolve
from customer_sync.model.config import MatchConfig

NONE = pl.DataFrame(schema={"link": pl.Int64, "customer": pl.Int64, "same": pl.Boolean})


def a_record(link, **values):
    return {
        "link": link,
        "given_name": "Ann",
        "family_name": "Lee",
        "organisation": None,
        "email": None,
        "phone": None,
        "tax_id": None,
        **values,
    }


def resolved(records, *, known=(), decided=NONE, shared_max=5):
    schema = {"link": pl.Int64, **{k: pl.String for k in a_record(0) if k != "link"}}
    frame = pl.DataFrame(list(records), schema=schema, orient="row")
    config = MatchConfig(shared_max=shared_max)
    keys = match_keys(frame, config, system="shop", salt="s", external_id=None)
    there = pl.DataFrame(list(known), schema=schema, orient="row")
    their_keys = match_keys(there, config, system="crm", salt="s", external_id=None)
    candidates = their_keys.join(there, on="link").select(
        "key", customer="link", carriers=pl.len().over("key").cast(pl.Int32), given_name="given_name",
        family_name="family_name", organisation="organisation",
    )  # fmt: skip
    return resolve(frame, keys, candidates, decided=decided, shared_max=shared_max)


def customers(result):
    return dict(result.assigned.rows())


SAME = [  # what the new record says              what the known one says                 is it the same?
    ({"email": "ann@acme.com"},                   {"email": "ann@acme.com"},              True),
    ({"email": "ann@acme.com", "family_name": "King"}, {"email": "ann@acme.com"},         True),   # married
    ({"email": "ann@acme.com", "given_name": "A."}, {"email": "ann@acme.com"},            True),   # an initial
    ({"email": "ann@acme.com", "given_name": "Lee", "family_name": "Ann"}, {"email": "ann@acme.com"}, True),  # swapped
    ({"email": "ann@acme.com", "given_name": None, "family_name": None}, {"email": "ann@acme.com"}, True),
    ({"email": "ann@acme.com", "given_name": "Bob"}, {"email": "ann@acme.com"},           None),   # a family mailbox
    ({"email": "info@acme.com"},                  {"email": "info@acme.com"},             False),  # a role mailbox
    ({"email": "none@none.com"},                  {"email": "none@none.com"},             False),  # junk
    ({"phone": "+4930901820"},                    {"phone": "+4930901820"},               True),
    ({"phone": "+4930901820", "given_name": "Bob"}, {"phone": "+4930901820"},             False),  # a household
    ({"phone": "+4930901820", "given_name": None, "family_name": None}, {"phone": "+4930901820"}, False),
    ({"phone": "+490000000000"},                  {"phone": "+490000000000"},             False),
    ({"tax_id": "DE136695976", "given_name": None, "family_name": None, "organisation": "Acme"}, {"tax_id": "DE136695976"}, True),
    ({},                                          {},                                     False),  # a name identifies nobody
]  # fmt: skip


@pytest.mark.parametrize("new, old, same", SAME)
def test_one_new_record_against_one_known(new, old, same):
    result = resolved([a_record(100, **new)], known=[a_record(7, **old)])

    if same is None:
        assert result.doubtful.rows() == [(100, [7])]
        assert customers(result) == {}
    else:
        assert (customers(result)[100] == 7) is same


@pytest.mark.parametrize("new, old, same", SAME)
def test_two_new_records_are_judged_as_one_new_against_one_known(new, old, same):
    result = resolved([a_record(100, **old), a_record(101, **new)])

    found = customers(result)
    if same is None:
        assert 101 not in found
    else:
        assert (found[100] == found[101]) is same


def test_keys_that_lead_to_two_customers_are_doubtful():
    known = [a_record(7, email="ann@acme.com"), a_record(8, phone="+4930901820")]

    result = resolved([a_record(100, email="ann@acme.com", phone="+4930901820")], known=known)

    assert result.doubtful.rows() == [(100, [7, 8])]


def test_a_value_that_many_carry_identifies_nobody():
    known = [a_record(n, phone="+4930901820") for n in range(6)]

    result = resolved([a_record(100, phone="+4930901820")], known=known, shared_max=5)

    assert customers(result)[100] < 0


@pytest.mark.parametrize("same", [True, False])
def test_a_stewards_word_outranks_every_key(same):
    decided = pl.DataFrame([(100, 7, same)], schema=NONE.schema, orient="row")
    new = a_record(100, email="ann@acme.com" if not same else None)

    result = resolved([new], known=[a_record(7, email="ann@acme.com")], decided=decided)

    assert (customers(result)[100] == 7) is same


def test_the_order_of_records_does_not_matter():
    records = [a_record(n, email=f"u{n // 3}@acme.com") for n in range(100, 130)]

    there = {
        frozenset(k for k, c in customers(resolved(rows)).items() if c == one)
        for rows in (records, records[::-1])
        for one in set(customers(resolved(rows)).values())
    }

    assert len(there) == len({n // 3 for n in range(100, 130)})


def test_many_records_of_one_name_are_one_party():
    records = [a_record(n, email="ann@acme.com") for n in range(100, 120)]

    assert len(set(customers(resolved(records)).values())) == 1


def test_many_records_without_a_name_that_share_a_value_are_not_one_party():
    nameless = {"given_name": None, "family_name": None, "organisation": None}
    records = [a_record(n, email="ann@acme.com") | nameless for n in range(100, 120)]

    assert len(set(customers(resolved(records)).values())) == 20
