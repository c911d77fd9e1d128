"""A generated year of trade: three currencies, prices with and without tax at awkward rates, partial payments, refunds.

The same seed gives the same year. What a document says is computed here with Python's decimals, by no code
of the product.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from customer_sync.model.document import DOCUMENTS, LINES

RATES = ("9.375", "7.7", "19", "5.5", "0", "8.875", "21")  # percent
# Currency -> its minor unit, and what one is worth in euros.
CURRENCIES = {
    "EUR": (Decimal("0.01"), Decimal(1)),
    "USD": (Decimal("0.01"), Decimal("0.9172")),
    "JPY": (Decimal(1), Decimal("0.00613")),
}
PROCESSORS = ("card", "Wallet EU", None)
START = date(2025, 1, 1)
DAYS = 365


def e4(amount: Decimal) -> int:
    return int(amount * 10_000)


@dataclass(slots=True)
class Trade:
    """Documents in the order they come, as rows of DOCUMENTS and LINES. party: the record of the customer."""

    seed: int
    parties: int
    count: int = 0
    documents: list[dict] = field(default_factory=list)
    lines: list[tuple] = field(default_factory=list)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def year(self, documents: int) -> "Trade":
        while len(self.documents) < documents:
            self._sale()
        return self

    def batches(self, size: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        documents = pl.DataFrame(self.documents, schema=DOCUMENTS)
        lines = pl.DataFrame(self.lines, schema=LINES, orient="row")
        for start in range(0, documents.height, size):
            batch = documents[start : start + size]
            yield (
                batch,
                lines.join(
                    batch.select("document"), on="document", how="semi", maintain_order="left"
                ),
            )

    def _sale(self) -> None:
        chance = self.chance
        day = START + timedelta(days=chance.randrange(DAYS))
        currency = chance.choice(list(CURRENCIES))
        party = chance.randint(1, self.parties)
        total = self._invoice("invoice", party, currency, day)
        kind = chance.random()
        if kind < 0.70:
            self._money("payment", party, currency, total, day)
        elif kind < 0.85:
            part = total * chance.randint(20, 80) // 100
            self._money("payment", party, currency, part, day)
            if chance.random() < 0.5:
                self._money("payment", party, currency, total - part, day + timedelta(days=20))
        if chance.random() < 0.06:
            back = self._invoice("credit_note", party, currency, day + timedelta(days=5))
            if chance.random() < 0.5:
                self._money("refund", party, currency, back, day + timedelta(days=6))
        self._other(party, currency, day)

    def _other(self, party: int, currency: str, day: date) -> None:
        chance = self.chance
        if chance.random() < 0.02:
            self._money("fee", None, currency, chance.randint(1, 5000) * self._unit(currency), day)
        if chance.random() < 0.02:
            self._money(
                "payout", None, currency, chance.randint(1, 500_000) * self._unit(currency), day
            )
        if chance.random() < 0.05:
            points = chance.choice(("earned", "redeemed", "expired"))
            self._add("points", party, "PTS", chance.randint(1, 900) * 10_000, day, points=points)

    def _unit(self, currency: str) -> int:
        return e4(CURRENCIES[currency][0])

    def _invoice(self, kind: str, party: int, currency: str, day: date) -> int:
        """Add an invoice or a credit note of some lines; return its total."""
        chance, unit = self.chance, CURRENCIES[currency][0]
        rate = Decimal(chance.choice(RATES)) / 100
        included = chance.random() < 0.5
        prices = [unit * chance.randint(1, 30_000) for _ in range(chance.randint(1, 4))]
        gross = sum(prices, Decimal(0))
        tax = gross - gross / (1 + rate) if included else gross * rate
        tax = tax.quantize(unit, ROUND_HALF_UP)
        total = gross if included else gross + tax
        number = self.count + 1
        for place, price in enumerate(prices, 1):
            self.lines.append(
                (
                    number,
                    place,
                    "item",
                    e4(price),
                    None,
                    int(rate * 1_000_000),
                    None,
                    None,
                    None,
                    None,
                )
            )
        tax_said = e4(tax) if chance.random() < 0.8 else None
        if tax_said is None and not included:
            # The source rounds tax line by line, and says so only in its total.
            total = gross + sum(
                ((price * rate).quantize(unit, ROUND_HALF_UP) for price in prices), Decimal(0)
            )
        self._add(kind, party, currency, e4(total), day, tax_e4=tax_said, prices_include_tax=included,
                  due_date=day + timedelta(days=14))  # fmt: skip
        return e4(total)

    def _money(self, kind: str, party: int | None, currency: str, total: int, day: date) -> None:
        total -= total % self._unit(currency)
        if total:
            processor = self.chance.choice(PROCESSORS)
            fee = self._unit(currency) * self.chance.randint(0, 99) if kind == "payment" else None
            self._add(kind, party, currency, total, day, processor=processor, fee_e4=fee)

    def _add(
        self, kind: str, party: int | None, currency: str, total: int, day: date, **given: object
    ) -> None:
        self.count += 1
        rate = (
            None
            if currency not in CURRENCIES or currency == "EUR"
            else int(CURRENCIES[currency][1] * 10**12)
        )
        row = dict.fromkeys(DOCUMENTS)
        row |= {
            "document": self.count, "stream": 20, "external_id": f"d{self.count}", "type": kind, "number": f'{kind[:3].upper()}-"{self.count}"',
            "status": "issued", "party": party, "customer_ref": f"c{party}", "date": day, "currency": currency, "rate_e12": rate,
            "total_e4": total, **given,
        }  # fmt: skip
        self.documents.append(row)
