"""What the company sells: invoices and payments in one of its systems, and what each customer must owe in the end.

Half of the companies trade. Draws of their own, so that everything else of a seed is what it is without trade.
"""

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.company import STREAM, System

from customer_sync.store import soundness
from customer_sync.systems.simulated import Platform

if TYPE_CHECKING:
    from tests.simulation.scenario import World

__all__ = ["STREAMS", "Trade", "breaches"]

SHARE = 0.5  # of the companies; what it costs is a reading of two streams more in each run
ACT_SHARE = 0.3  # of what people do, beside everything else
_FIELDS = {
    "customer": "buyer", "total": "amount", "currency": "money", "date": "day", "status": "standing",
}  # fmt: skip
STREAMS: dict[str, Any] = {
    "invoices": {"entity": "invoice", "fields": _FIELDS},
    "payments": {"entity": "payment", "fields": _FIELDS | {"allocations": "pays"}},
}
SIGNS = {"invoices": 1, "payments": -1}


class Trade:
    """Everybody who sells, and books what is paid, in one system."""

    def __init__(self, seed: int, systems: list[System]) -> None:
        self._random = Random(f"trade {seed}")
        is_trading = self._random.random() < SHARE
        self.system = self._random.choice(systems).name if is_trading else None
        self.counts: dict[str, int] = {}

    def act(self, platforms: dict[str, Platform]) -> None:
        """Perhaps sell something, be paid, correct it, void it, or find that somebody else bought it."""
        if self.system is None or self._random.random() >= ACT_SHARE:
            return
        platform = platforms[self.system]
        buyers = [record.id for record in platform.records(STREAM)]
        stream = self._random.choice(list(STREAMS))
        records = platform.records(stream)
        draw = self._random.random()
        if buyers and (draw < 0.6 or not records):
            self._count("sale")
            platform.create(stream, self._document(platform, stream, buyers))
        elif records:
            self._count("correction")
            record = self._random.choice(records)
            platform.edit(stream, record.id, self._correction(buyers))

    def _document(
        self, platform: Platform, stream: str, buyers: list[str]
    ) -> dict[str, str | None]:
        sold = {
            "buyer": self._random.choice(buyers), "amount": self._amount(), "money": "EUR", "standing": "issued",
            "day": f"2026-0{self._random.randint(1, 6)}-15",
        }  # fmt: skip
        invoices = [record.id for record in platform.records("invoices")]
        if stream == "payments" and invoices and self._random.random() < 0.7:
            sold["pays"] = self._random.choice(invoices)
        return dict(sold)

    def _correction(self, buyers: list[str]) -> dict[str, str | None]:
        match self._random.choice(("amount", "amount", "standing", "buyer")):
            case "amount":
                return {"amount": self._amount()}
            case "buyer" if buyers:
                return {"buyer": self._random.choice(buyers)}
            case _:
                return {"standing": self._random.choice(("void", "void", "issued", "draft"))}

    def _amount(self) -> str:
        return f"{self._random.randint(1, 99_999) / 100:.2f}"

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def breaches(world: "World") -> Iterator[str]:
    """Tell what does not hold of the books: a law of theirs, or what a record's customer owes."""
    if world.trade.system is None:
        return
    for name, text in soundness.STATEMENTS.items():
        found = world.rows(text)
        if found:
            yield f"books: {name}: {found[:3]}"
    wanted, unplaced = _wanted(world)
    stands: dict[int, int] = defaultdict(int)
    # What is allocated may move from one record to another, as the payment says.
    for party, document, amount in world.rows(
        "SELECT p.party, s.name || '/' || d.external_id, (sum(p.amount) * 100)::bigint FROM posting p"
        " JOIN entry e ON e.id = p.entry LEFT JOIN document d ON d.id = p.document LEFT JOIN stream s ON s.id = d.stream"
        " WHERE p.party IS NOT NULL AND e.kind <> 'allocate' GROUP BY 1, 2"
    ):
        # What was moved to somebody nobody ever read of stays where it stood, and waits.
        stands[0 if document in unplaced else party] += amount
    waiting = stands.pop(0, 0)
    owed = {party: amount for party, amount in stands.items() if amount}
    if owed != wanted:
        yield f"books: records owe {owed}, and their documents come to {wanted}"
    [(total,)] = world.rows(
        "SELECT (coalesce(sum(amount), 0) * 100)::bigint FROM balance WHERE party > 0"
    )
    if total != sum(wanted.values()) + waiting:
        yield f"books: all records together owe {total}, and their documents come to {sum(wanted.values())}"


def _wanted(world: "World") -> tuple[dict[int, int], set[str]]:
    """Return what the documents of each record come to, in cents, as its system shows them, and those of nobody known."""
    assert world.trade.system is not None
    platform = world.platforms[world.trade.system]
    parties = dict(
        world.rows(
            "SELECT l.external_id, l.id FROM link l JOIN stream s ON s.id = l.stream"
            " WHERE s.system = %s AND s.name = %s",
            world.trade.system,
            STREAM,
        )
    )
    sums: dict[int, int] = defaultdict(int)
    unplaced: set[str] = set()
    for stream, sign in SIGNS.items():
        for record in platform.records(stream):
            party = parties.get(record.fields["buyer"])
            if record.fields["standing"] == "issued" and party is None:
                unplaced.add(f"{stream}/{record.id}")
            elif record.fields["standing"] == "issued":
                cents = round(float(record.fields["amount"] or 0) * 100)
                sums[party] += sign * cents
    return {party: amount for party, amount in sums.items() if amount}, unplaced
