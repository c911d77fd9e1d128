"""Merging customers and taking it back, through the books: nothing posted moves, and everything is as it was."""

import random
from decimal import Decimal

import pytest
from trading import Company

from customer_sync.engine.merge import merge_customers, unmerge_customer
from customer_sync.engine.session import running

BUYERS = ("c1", "c2", "c3", "c4")


def traded(company: Company, chance: random.Random, documents: int) -> None:
    """Sell at random: some pay too much, some too little, some in advance."""
    for number in range(documents):
        day = f"2026-02-{chance.randint(1, 28):02}"
        buyer = chance.choice(BUYERS)
        if chance.random() < 0.5:
            total = Decimal(chance.randint(100, 40_000)) / 100
            tax = (total * 19 / 119).quantize(Decimal("0.01"))
            company.invoice(
                f"i{number}", buyer, issued=day, total=str(total), tax=str(tax), lines=None
            )
        else:
            amount = Decimal(chance.randint(100, 50_000)) / 100
            company.payment(f"p{number}", buyer, paid=day, amount=str(amount))


def joined(company: Company, customer: int, into: int) -> None:
    with running(company.session(), "merge") as session:
        merge_customers(session, customer, into, by="ann")


def parted(company: Company, customer: int) -> None:
    with running(company.session(), "unmerge") as session:
        unmerge_customer(session, customer, by="ann")


def books(company: Company) -> dict[str, list[tuple[object, ...]]]:
    """What is owed, what is paid by what, and whose documents are."""
    return {
        "owed": company.rows(
            "SELECT l.customer, b.account, sum(b.functional) FROM balance b JOIN link l ON l.id = b.party"
            " GROUP BY 1, 2 HAVING sum(b.functional) <> 0 ORDER BY 1, 2"
        ),
        "settled": company.rows("SELECT external_id, settled FROM document ORDER BY 1"),
        "owner": company.rows(
            "SELECT d.external_id, l.customer FROM document d JOIN link l ON l.id = d.party ORDER BY 1"
        ),
    }


def posted(company: Company) -> list[tuple[object, ...]]:
    return company.rows(
        "SELECT e.id, p.account, p.party, p.amount, p.functional FROM entry e JOIN posting p ON p.entry = e.id"
        " ORDER BY 1, 2, 3, 4, 5"
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_is_merged_and_taken_back_leaves_the_books_as_they_were(company: Company, seed: int):
    chance = random.Random(seed)
    for buyer in BUYERS:
        company.buyer(buyer)
    traded(company, chance, 40)
    company.sync()
    before, entries = books(company), posted(company)
    numbers = [id_ for (id_,) in company.rows("SELECT id FROM customer ORDER BY id")]
    merges: list[int] = []
    standing = list(numbers)
    for _ in range(chance.randint(1, 3)):
        goes, stays = chance.sample(standing, 2)
        joined(company, goes, stays)
        standing.remove(goes)
        merges.append(goes)
        company.sync()

    together = books(company)
    for goes in reversed(merges):
        parted(company, goes)
        if chance.random() < 0.5:
            company.sync()
    company.sync()

    assert len(numbers) == len(BUYERS)
    assert len({owner for _, owner in together["owner"]}) == len(standing)
    assert sum(row[2] for row in together["owed"]) == sum(row[2] for row in before["owed"])
    # What pays for what is settled anew, by entries of its own; what stood stands.
    assert posted(company)[: len(entries)] == entries
    assert books(company) == before


def test_what_is_sold_while_merged_is_theirs_whose_record_bought_it(company: Company):
    company.buyer("c1")
    company.buyer("c2")
    company.invoice("i1", "c1")
    company.sync()
    first, second = (id_ for (id_,) in company.rows("SELECT id FROM customer ORDER BY id"))
    joined(company, second, first)
    company.payment("p1", "c2", amount="50")
    company.invoice("i2", "c2", total="119")
    company.sync()
    together = dict(company.rows("SELECT external_id, settled FROM document ORDER BY 1"))

    parted(company, second)
    company.sync()

    apart = dict(company.rows("SELECT external_id, settled FROM document ORDER BY 1"))
    assert (together["i1"], together["i2"]) == (50, 0)
    assert (apart["i1"], apart["i2"]) == (0, 50)
    assert company.owed() == {first: 119.0, second: 69.0}
