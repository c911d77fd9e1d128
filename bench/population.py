"""Invent customers: the same file for the same number, and near enough to what an export looks like.

Decides the columns; 12 of them are mapped, and half of the phone numbers are written nationally.
"""

import random
from pathlib import Path

import polars as pl

__all__ = ["COLUMNS", "make"]

COLUMNS = (
    "email", "phone", "first_name", "last_name", "company", "street", "zip", "city", "country",
    "language", "tier", "points",
)  # fmt: skip
CHUNK_ROWS = 200_000
TIERS = ("gold", "silver", "bronze")
PLATINUM_EVERY = 200  # these customers are the ones that the second system of the company has
GIVEN = (
    "Anna Bruno Chloé Dörte Émile Fatma Götz Hélène Igor Jana Krzysztof Laura Müge Noah Olga Petra"
)
FAMILY = "Müller Dubois Rossi García Nowak Jansen Öztürk Lefèvre Schröder Conti López Kowalski Weiß Martin"
STREETS = "Hauptstraße Lindenallee Rue_de_l'Église Via_Roma Calle_Mayor Goethestraße Ringstraße Marktplatz"
# Country, language, calling code, length of the national number after its first digits, cities.
LANDS = (
    ("DE", "de", "+49", "30", 7, "Berlin Köln Münster"),
    ("FR", "fr", "+33", "1", 8, "Paris Lyon Orléans"),
    ("IT", "it", "+39", "06", 7, "Roma Milano Torino"),
    ("ES", "es", "+34", "91", 7, "Madrid Sevilla Bilbao"),
)


def make(*, path: str, rows: int, seed: int = 1) -> dict[str, object]:
    """Write a CSV file of so many customers."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    with unfinished.open("wb") as out:
        for start in range(0, rows, CHUNK_ROWS):
            numbers = range(start, min(start + CHUNK_ROWS, rows))
            _chunk(numbers, seed).write_csv(out, include_header=start == 0)
    unfinished.rename(target)
    return {"bytes": target.stat().st_size}


def _chunk(numbers: range, seed: int) -> pl.DataFrame:
    dice = random.Random(seed * 1_000_003 + numbers.start)
    return pl.DataFrame(
        [_row(number, dice) for number in numbers], schema=["id", *COLUMNS], orient="row"
    )


def _row(number: int, dice: random.Random) -> tuple[str | None, ...]:
    country, language, calling, area, digits, cities = LANDS[number % 4]
    given, family = dice.choice(GIVEN.split()), dice.choice(FAMILY.split())
    local = f"{area}{10 ** (digits - 1) + number % 10 ** (digits - 1):0{digits}d}"
    trunk = "" if country in {"IT", "ES"} else "0"  # dialled before a national number
    phone = f"{calling}{local}" if number % 2 else f"{trunk}{local[:3]} {local[3:]}"
    firm = f"{family} & Partner {number % 5000} GmbH" if number % 10 == 3 else None
    tier = "platinum" if number % PLATINUM_EVERY == 0 else TIERS[number % 3]
    street = f"{dice.choice(STREETS.split()).replace('_', ' ')} {dice.randint(1, 240)}"
    return (
        f"K{number:08d}", f"{_plain(given)}.{_plain(family)}.{number}@mail{number % 977}.example",
        phone, given, family, firm, street, f"{10_000 + dice.randrange(80_000)}", dice.choice(cities.split()),
        country, language, tier, str(dice.randrange(10_000)),
    )  # fmt: skip


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("öüäéèłßç", "ouaeelsc")).replace("ó", "o")
