"""The sample company's ERP: a CSV export with everything that makes such files hard to keep intact."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale

from customer_sync.cli.demo.company import Card, national_phone

__all__ = ["Erp"]

ZONE = ZoneInfo("Europe/Berlin")
TITLES = (
    "Kundennummer", "Matchcode", "Firma", "Nachname", "Vorname", "Straße", "PLZ", "Ort", "Land", "Telefon", "E-Mail",
    "USt-IdNr.", "Zahlungsziel", "Kreditlimit", "Umsatz Vorjahr", "Rabattgruppe", "Interne Notiz", "Letzte Änderung",
)  # fmt: skip
OWN = ("Matchcode", "Rabattgruppe", "Interne Notiz")  # nobody but the ERP knows what these mean
TERMS = ("Z14", "Z30", "Z60", "Z00")
NOTES = ("", 'sagt "ruft zurück"; dann\nnicht erreichbar', " Skonto 2 %  ", "00123")
GERMAN = Locale("de").territories


@dataclass(frozen=True, slots=True)
class Erp:
    """The export in one file: UTF-8 with a byte order mark, semicolons, Windows line ends."""

    path: Path

    def build(self, cards: Sequence[Card]) -> None:
        """Write the file anew."""
        self._write([_row(card) for card in cards])

    def edit(self, key: str, now: datetime, **values: str) -> None:
        """Change a row, as the ERP's next export would show it."""
        rows = self.rows()
        changed: dict[str, str] = dict(values)
        changed["Letzte Änderung"] = f"{now.astimezone(ZONE):%Y-%m-%d %H:%M:%S.%f}"
        self._write([row | changed if row["Kundennummer"] == key else row for row in rows])

    def rows(self) -> list[dict[str, str]]:
        """Return all rows as they are now, read without our own connector."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def shown(self, key: str) -> dict[str, str]:
        """Return one row."""
        return next((row for row in self.rows() if row["Kundennummer"] == key), {})

    def own_cells(self) -> dict[str, tuple[str, ...]]:
        """Return the cells that only the ERP understands, by customer number."""
        return {row["Kundennummer"]: tuple(row[name] for name in OWN) for row in self.rows()}

    def _write(self, rows: Sequence[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, TITLES, delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        self.path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _row(card: Card) -> dict[str, str]:
    phone = national_phone(card.phone, "DE") or ""
    if phone.startswith("0"):
        phone = phone.replace(" ", "/", 1) if card.dice % 2 else f"+49 (0){phone[1:]}"
    elif phone.startswith("+"):
        phone = f"00{phone[1:]}" if card.dice % 3 == 0 else phone
    country = GERMAN.get(card.country or "", card.country)
    whole, cents = divmod(card.dice % 9_000_000, 100)
    cells = (
        card.key, (card.firm or card.family or "").upper()[:8], card.firm, card.family, card.given, card.street,
        card.postal, card.city, country, phone, card.email, card.tax_id, TERMS[card.dice % 4],
        f"{1 + card.dice % 40}.000,00", f"{whole:,}".replace(",", ".") + f",{cents:02}",
        f"A;{card.dice % 9}", NOTES[card.dice % 4], f"2026-0{1 + card.dice % 5}-1{card.dice % 9} 08:15:00",
    )  # fmt: skip
    return {title: cell or "" for title, cell in zip(TITLES, cells, strict=True)}
