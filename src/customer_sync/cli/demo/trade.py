"""What the sample company sold in a year: invoices, credit notes, payments, refunds, fees and payouts.

Decides who bought what, in which currency and at which tax; the same seed always gives the same trade. The
mess is that of real shops: prices with and without tax, rates that do not divide evenly, guests, customers
who pay a part, late or not at all, goods sent back, three currencies. Must not know how they are stored.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from customer_sync.cli.demo.company import Card

__all__ = ["TABLES", "Trade", "trade"]

SEED = 20_261
DAYS = 365
CENT = Decimal("0.01")
CAMPAIGNS = ("spring", "newsletter", "search", None, None)
GUESTS = 40
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Market:
    """Where a customer buys: the currency, its worth in euros, the tax in per cent."""

    currency: str
    rate: Decimal
    tax: Decimal
    is_inclusive: bool  # prices are shown with their tax


EURO = _Market(currency="EUR", rate=Decimal(1), tax=Decimal(19), is_inclusive=True)
MARKETS = {
    "US": _Market(currency="USD", rate=Decimal("0.9213"), tax=Decimal("9.375"), is_inclusive=False),
    "GB": _Market(currency="GBP", rate=Decimal("1.1547"), tax=Decimal(20), is_inclusive=True),
    "FR": _Market(currency="EUR", rate=Decimal(1), tax=Decimal("5.5"), is_inclusive=True),
    "CH": _Market(currency="EUR", rate=Decimal(1), tax=Decimal("8.1"), is_inclusive=False),
}

# The shop's tables of trade. Amounts are texts: a binary fraction has no business in a price.
_MONEY = "currency TEXT NOT NULL, eur_rate TEXT NOT NULL, amount TEXT NOT NULL"
_END = "deleted BOOLEAN NOT NULL DEFAULT 0, updated_at TEXT NOT NULL"
TABLES = {
    "invoices": f"""id TEXT PRIMARY KEY, number TEXT, customer_id INTEGER, guest_email TEXT, guest_name TEXT,
        issued_on DATE, due_on DATE, {_MONEY}, vat TEXT, prices_with_vat BOOLEAN, rows TEXT, service_from DATE,
        service_to DATE, utm_campaign TEXT, {_END}""",
    "credit_notes": f"""id TEXT PRIMARY KEY, number TEXT, customer_id INTEGER, invoice_id TEXT, issued_on DATE,
        {_MONEY}, vat TEXT, {_END}""",
    "payments": f"""id TEXT PRIMARY KEY, customer_id INTEGER, guest_email TEXT, guest_name TEXT, invoice_id TEXT,
        paid_on DATE, {_MONEY}, fee TEXT, processor TEXT, payout_id TEXT, {_END}""",
    "refunds": f"""id TEXT PRIMARY KEY, customer_id INTEGER, credit_note_id TEXT, paid_on DATE, {_MONEY},
        processor TEXT, payout_id TEXT, {_END}""",
    "payouts": f"id TEXT PRIMARY KEY, paid_on DATE, {_MONEY}, processor TEXT, {_END}",
}


@dataclass(slots=True)
class Trade:
    """A year of documents, by the shop's table."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def count(self) -> int:
        """Return how many documents there are."""
        return sum(map(len, self.rows.values()))


def trade(cards: Sequence[Card], *, until: date, seed: int = SEED) -> Trade:
    """Return what these customers of the shop, and some guests, bought in the year before a day."""
    dice = random.Random(seed)  # noqa: S311 - a sample, no secret
    made = Trade()
    for card in cards:
        market = MARKETS.get(card.country or "", EURO)
        for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
            _sale(made, {"customer_id": int(card.key)}, market, until, dice)
    for number in range(min(GUESTS, len(cards))):
        # A household of guests: some come twice.
        name = f"Gast {chr(65 + number % 20)}"
        guest: Row = {"guest_email": f"gast{number % 30}@besuch.example", "guest_name": name}
        _sale(made, guest, EURO, until, dice)
    _pay_out(made, until)
    return made


def _sale(made: Trade, buyer: Row, market: _Market, until: date, dice: random.Random) -> None:
    day = until - timedelta(days=dice.randrange(1, DAYS))
    number = len(made.rows["invoices"]) + 1
    net, tax, rows = _priced(market, dice)
    is_subscription = dice.random() < 0.05
    invoice: Row = {
        "id": f"i{number}", "number": f"RE-{number:05}", **buyer, "issued_on": str(day),
        "due_on": str(day + timedelta(days=dice.choice((0, 14, 30)))), **_money(market, day), "amount": str(net + tax),
        "vat": str(tax), "prices_with_vat": int(market.is_inclusive), "rows": rows,
        "service_from": str(day) if is_subscription else None,
        "service_to": str(day + timedelta(days=364)) if is_subscription else None,
        "utm_campaign": dice.choice(CAMPAIGNS), "updated_at": _stamp(day),
    }  # fmt: skip
    made.rows["invoices"].append(invoice)
    turn = dice.random()
    if turn < 0.1:
        return  # nobody paid yet
    paid = net + tax if turn > 0.17 else _rounded((net + tax) / 3)
    paid_on = day + timedelta(days=dice.choice((0, 0, 3, 20, 50)))
    if paid_on < until:
        _payment(made, buyer, invoice, market, paid, paid_on, dice)
    if turn > 0.96 and "customer_id" in buyer and paid_on + timedelta(days=9) < until:
        _return(made, invoice, market, paid_on + timedelta(days=9))


def _priced(market: _Market, dice: random.Random) -> tuple[Decimal, Decimal, str]:
    """Return net, tax and the rows of an invoice, as the market shows its prices."""
    share = market.tax / 100
    rows, net, tax = [], Decimal(0), Decimal(0)
    for _ in range(dice.choice((1, 1, 2, 3))):
        price = _rounded(Decimal(dice.randrange(499, 40_000)) / 100)
        ours = price / (1 + share) if market.is_inclusive else price
        net, tax = net + ours, tax + ours * share
        rows.append({"price": str(price), "vat_percent": str(market.tax)})
    total_tax = _rounded(tax)
    gross = _rounded(net + tax) if market.is_inclusive else _rounded(net) + total_tax
    return gross - total_tax, total_tax, json.dumps(rows)


def _payment(
    made: Trade,
    buyer: Row,
    invoice: Row,
    market: _Market,
    paid: Decimal,
    day: date,
    dice: random.Random,
) -> None:
    processor = dice.choice(("card", "card", "wallet"))
    number = len(made.rows["payments"]) + 1
    made.rows["payments"].append({
        "id": f"p{number}", **buyer, "invoice_id": invoice["id"], "paid_on": str(day), **_money(market, day),
        "amount": str(paid),
        "fee": str(_rounded(paid * Decimal("0.014") + Decimal("0.25"))), "processor": processor,
        "payout_id": _payout(processor, market, day), "updated_at": _stamp(day),
    })  # fmt: skip


def _return(made: Trade, invoice: Row, market: _Market, day: date) -> None:
    """Take goods back: a credit note, and the money."""
    number = len(made.rows["credit_notes"]) + 1
    amount, tax = str(invoice["amount"]), str(invoice["vat"])
    told = {"customer_id": invoice["customer_id"], **_money(market, day), "updated_at": _stamp(day)}
    made.rows["credit_notes"].append({
        "id": f"c{number}", "number": f"GS-{number:04}", "invoice_id": invoice["id"], "issued_on": str(day),
        "amount": amount, "vat": tax, **told,
    })  # fmt: skip
    made.rows["refunds"].append({
        "id": f"r{number}", "credit_note_id": f"c{number}", "paid_on": str(day), "amount": amount, "processor": "card",
        "payout_id": _payout("card", market, day), **told,
    })  # fmt: skip


def _pay_out(made: Trade, until: date) -> None:
    """Let the processors pay out each week what they took, less fees and refunds, once it is over."""
    sums: dict[str, tuple[Row, Decimal]] = {}
    signed = [(row, 1) for row in made.rows["payments"]] + [
        (row, -1) for row in made.rows["refunds"]
    ]
    for row, sign in signed:
        name = str(row["payout_id"])
        told, amount = sums.get(name, (row, Decimal(0)))
        fee = Decimal(str(row.get("fee") or 0))
        sums[name] = told, amount + sign * Decimal(str(row["amount"])) - fee
    for name, (told, amount) in sorted(sums.items()):
        day = date.fromisoformat(name[-10:]) + timedelta(days=8)
        if day >= until or amount <= 0:
            continue  # still on its way
        made.rows["payouts"].append({
            "id": name, "paid_on": str(day), "currency": told["currency"], "eur_rate": told["eur_rate"],
            "amount": str(amount), "processor": told["processor"], "updated_at": _stamp(day),
        })  # fmt: skip


def _payout(processor: str, market: _Market, day: date) -> str:
    monday = day - timedelta(days=day.weekday())
    return f"{processor}-{market.currency}-{monday}"


def _money(market: _Market, day: date) -> Row:
    """Return the currency and what it was worth that month; the euro is worth a euro."""
    drift = Decimal(day.month * 7 % 11 - 5) / 400 if market.rate != 1 else Decimal(0)
    rate = (market.rate * (1 + drift)).quantize(Decimal("0.0001")).normalize()
    return {"currency": market.currency, "eur_rate": str(rate)}


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _stamp(day: date) -> str:
    return f"{day} 12:00:00.000000"
