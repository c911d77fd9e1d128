"""Invent a register of persons who live alone: what is left of them after careless copying.

Decides a second world, in which nobody shares a house and a birth date with anybody, while any field may have
been replaced: so that a pair which would be twins elsewhere is one person. Promises the same corpus for the same
arguments. No record has a mailbox or a telephone.
"""

import json
from itertools import islice
from random import Random

import polars as pl

from bench.identity.export import COLUMNS, Corpus
from bench.identity.noise import typo
from bench.identity.population import Person, Recipe, people

__all__ = ["registry"]

FAMILIES = frozenset({"household", "twins", "junior", "father_son", "namesake", "company"})
COPIES = (1, 1, 2, 2, 2, 3, 4)  # records of a person
FAULTS_MAX = 6
Row = dict[str, str]


def registry(records: int, seed: int) -> Corpus:
    """Invent so many records, or a few more, of one system."""
    dice = Random(seed * 104_729 + 5)
    recipe = Recipe(records=records, seed=seed, without=FAMILIES)
    persons = (one for one in people(recipe, dice) if isinstance(one, Person))
    originals = [_row(one, dice) for one in islice(persons, records // 2)]
    rows: list[tuple[int, Row]] = []
    for entity, original in enumerate(originals):
        copies = dice.choice(COPIES)
        rows.append((entity, original))
        rows += [(entity, _copied(original, originals, dice)) for _ in range(copies - 1)]
    rows = rows[:records]
    dice.shuffle(rows)
    return _corpus(f"register {seed}", rows)


def _row(one: Person, dice: Random) -> Row:
    street, _, city, postcode, _, country = one.address
    words = street.split(" ")
    number = next((word for word in words if word[:1].isdigit()), str(dice.randrange(1, 200)))
    found = {
        "given_name": one.given, "family_name": one.family, "birth_date": one.born.isoformat(), "country": country,
        "street": " ".join(word for word in words if word != number), "number": number, "city": city, "postal_code": postcode,
    }  # fmt: skip
    for name in ("given_name", "family_name", "birth_date", "street", "number"):
        if dice.random() < 0.03:
            found[name] = ""
    return found


def _copied(original: Row, originals: list[Row], dice: Random) -> Row:
    """Return a copy with some faults."""
    found = dict(original)
    for _ in range(dice.randrange(1, FAULTS_MAX)):
        name = dice.choice(("given_name", "given_name", "family_name", "family_name", "birth_date", "street", "number", "city", "postal_code"))  # fmt: skip
        fault = dice.choices((_slip, _replaced, _lost, _spaced, _exchanged), (5, 2, 1, 1, 1))[0]
        fault(found, name, originals, dice)
    return found


def _slip(row: Row, name: str, _: list[Row], dice: Random) -> None:
    text = row[name]
    if name in {"birth_date", "postal_code", "number"} and len(text) > 1:
        places = [place for place, letter in enumerate(text) if letter.isdigit()] or [0]
        place = dice.choice(places)
        if dice.random() < 0.4 and place + 1 < len(text) and text[place + 1].isdigit():
            row[name] = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        else:
            row[name] = text[:place] + str(dice.randrange(10)) + text[place + 1 :]
    else:
        row[name] = typo(text, dice)


def _replaced(row: Row, name: str, originals: list[Row], dice: Random) -> None:
    row[name] = dice.choice(originals)[name]


def _lost(row: Row, name: str, _: list[Row], dice: Random) -> None:
    row[name] = "" if dice.random() < 0.7 else row[name][:1]


def _spaced(row: Row, name: str, _: list[Row], dice: Random) -> None:
    text = row[name]
    if " " in text:
        row[name] = text.replace(" ", "", 1)
    elif len(text) > 4 and name != "birth_date":
        place = dice.randrange(1, len(text))
        row[name] = f"{text[:place]} {text[place:]}"


def _exchanged(row: Row, name: str, _: list[Row], dice: Random) -> None:
    date = row["birth_date"]
    if name == "birth_date" and len(date) == 10:
        row["birth_date"] = f"{date[:4]}-{date[8:]}-{date[5:7]}"
    else:
        row["given_name"], row["family_name"] = row["family_name"], row["given_name"]


def _corpus(name: str, rows: list[tuple[int, Row]]) -> Corpus:
    ids = [f"{place:07d}" for place in range(len(rows))]
    frame = pl.DataFrame(
        [{"external_id": key} | _canonical(row) for key, (_, row) in zip(ids, rows, strict=True)],
        schema=dict.fromkeys(("external_id", *COLUMNS), pl.String),
    )
    truth = pl.DataFrame(
        {
            "system": ["crm"] * len(rows), "external_id": ids, "entity": [entity for entity, _ in rows],
            "kind": ["person"] * len(rows), "traps": [[]] * len(rows),
        },
        schema_overrides={"entity": pl.Int64, "traps": pl.List(pl.String)},
    )  # fmt: skip
    return Corpus(name=name, frames={"crm": frame}, truth=truth)


def _canonical(row: Row) -> dict[str, str | None]:
    place = {
        "street": f"{row['number']} {row['street']}".strip(), "city": row["city"],
        "postal_code": row["postal_code"], "country": row["country"],
    }  # fmt: skip
    said = {name: row[name] or None for name in ("given_name", "family_name", "birth_date")}
    said["country"] = row["country"]
    said["billing_address"] = json.dumps({key: value for key, value in place.items() if value})
    return said
