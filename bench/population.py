"""Invent customers: the same file for the same number, and near enough to what an export looks like.

Decides the columns; 12 of them are mapped, half of the phone numbers are written nationally, and one
e-mail address in ten is of the sort that only a library can judge.
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
# Country, language, calling code, area, digits after it, cities.
GERMANY = ("DE", "de", "+49", "30", 7, "Berlin Köln Münster")
ABROAD = (
    ("FR", "fr", "+33", "1", 8, "Paris Lyon Orléans"),
    ("IT", "it", "+39", "06", 7, "Roma Milano Torino"),
    ("ES", "es", "+34", "91", 7, "Madrid Sevilla Bilbao"),
)
TOP_LEVELS = ("com", "de", "fr", "it", "es", "net")


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
    land = ABROAD[number // 2 % 3] if number % 2 else GERMANY
    country, language, calling, area, digits, cities = land
    given, family = dice.choice(GIVEN.split()), dice.choice(FAMILY.split())
    local = f"{area}{10 ** (digits - 1) + number % 10 ** (digits - 1):0{digits}d}"
    phone = f"{calling}{local}" if number % 2 else f"0{local[:2]} {local[2:]}"
    firm = f"{family} & Partner {number % 5000} GmbH" if number % 10 == 3 else None
    tier = "platinum" if number % PLATINUM_EVERY == 0 else TIERS[number % 3]
    street = f"{dice.choice(STREETS.split()).replace('_', ' ')} {dice.randint(1, 240)}"
    return (
        f"K{number:08d}", _email(given, family, number), phone, given, family, firm, street,
        f"{10_000 + dice.randrange(80_000)}", dice.choice(cities.split()), country, language, tier,
        str(dice.randrange(10_000)),
    )  # fmt: skip


def _email(given: str, family: str, number: int) -> str:
    """Return an address: one in 20 typed with capitals, one in 20 of a younger top level."""
    top = "shop" if number % 20 == 3 else TOP_LEVELS[number % 6]
    name = f"{_plain(given)}.{_plain(family)}"
    return f"{name.title() if number % 20 == 1 else name}.{number}@mail{number % 977}.{top}"


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("öüäéèłßçóí", "ouaeelscoi"))
