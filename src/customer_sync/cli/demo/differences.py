"""One difference of each kind between the shop and the books, planted where no sync can see it.

Decides which documents, and how each comes to differ; and what mends it. Two are planted openly, before a
sync: a copy of an invoice, and an invoice of a customer whom nobody knows. The others are edits that leave
`updated_at` as it was, as a careless script or a restored backup does.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from customer_sync.cli.demo.shop import ZONE

__all__ = ["KINDS", "Differences"]

KINDS = frozenset(
    {"amount", "currency", "date", "missing_in_ledger", "missing_in_source", "posted_twice", "rounding", "tax",
     "waiting", "wrong_customer"}
)  # fmt: skip
COPY, NEW, STRANGER = "copy", "unseen", "stranger"
NOBODY = 999_999


@dataclass(slots=True)
class Differences:
    """What was planted in the shop. taken: invoices that stories are told of, each of one kind."""

    path: Path
    taken: list[dict[str, Any]] = field(default_factory=list)

    def plant_openly(self, now: datetime) -> None:
        """Let an invoice be there twice, and one be of a customer whom nobody knows."""
        self.taken = self._rows(
            "SELECT * FROM invoices WHERE currency = 'EUR' AND customer_id IS NOT NULL AND service_from IS NULL"
            " AND issued_on LIKE '____-__-2%' ORDER BY issued_on DESC LIMIT 8"
        )
        copied = self.taken[0]
        self._insert({**copied, "id": COPY, "updated_at": _stamp(now)})
        stranger = {"id": STRANGER, "number": "RE-STRANGER", "customer_id": NOBODY}
        self._insert({**copied, **stranger, "updated_at": _stamp(now)})

    def plant_unseen(self) -> None:
        """Change the shop behind its own back: nothing of it is news to a sync."""
        copied, amount, tax, rounding, day, currency, customer, gone = self.taken
        self._do("DELETE FROM invoices WHERE id = ?", COPY)
        self._do("DELETE FROM invoices WHERE id = ?", gone["id"])
        self._insert({**copied, "id": NEW, "number": "RE-UNSEEN"})
        self._set(amount, amount=str(Decimal(amount["amount"]) + 100), rows=None)
        self._set(tax, vat=str(Decimal(tax["vat"]) - 1), rows=None)
        self._set(rounding, amount=str(Decimal(rounding["amount"]) + Decimal("0.02")))
        self._set(day, issued_on=day["issued_on"][:8] + "01")
        self._set(currency, currency="USD", eur_rate="0.92")
        self._set(customer, customer_id=copied["customer_id"] + 1)

    def mend(self, now: datetime) -> None:
        """Let the shop say aloud what holds: its changes, and whose the stranger's invoice is."""
        copied, gone, currency = self.taken[0], self.taken[-1], self.taken[5]
        self._set(
            currency, currency=currency["currency"], eur_rate=currency["eur_rate"]
        )  # that was an error
        self._insert({**gone, "updated_at": _stamp(now)})
        self._insert({**copied, "id": COPY, "deleted": 1, "updated_at": _stamp(now)})
        self._do(
            "UPDATE invoices SET customer_id = ? WHERE id = ?", copied["customer_id"], STRANGER
        )
        marks = [STRANGER, NEW, *(row["id"] for row in self.taken)]
        for id_ in marks:
            self._do("UPDATE invoices SET updated_at = ? WHERE id = ?", _stamp(now), id_)

    def _rows(self, text: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(text)]

    def _insert(self, row: dict[str, Any]) -> None:
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self._do(f"INSERT INTO invoices ({names}) VALUES ({marks})", *row.values())

    def _set(self, row: dict[str, Any], **values: object) -> None:
        sets = ", ".join(f"{name} = ?" for name in values)
        self._do(f"UPDATE invoices SET {sets} WHERE id = ?", *values.values(), row["id"])

    def _do(self, text: str, *values: object) -> None:
        given: Sequence[object] = values
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(text, given)


def _stamp(now: datetime) -> str:
    return f"{now.astimezone(ZONE):%Y-%m-%d %H:%M:%S.%f}"
