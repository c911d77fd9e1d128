"""pseudopeople's sample of a census, tax forms and an aid programme, in canonical columns, without the social security number.

Decides the columns. Promises the sample's own truth. The package drags in a stack of its own, so it is asked in an
environment of its own, and what it writes is read here: ``census.csv``, ``w2.csv`` and ``wic.csv`` as `generate_decennial_census`,
`generate_taxes_w2_and_1099` and `generate_women_infants_and_children` give them (year 2020, seed 1).
"""

import json
from pathlib import Path

import polars as pl

from bench.identity.export import COLUMNS, Corpus

__all__ = ["census"]

FILES = {"crm": "census", "erp": "w2", "shop": "wic"}
_MAILED = "mailing_address_"


def census(folder: Path) -> Corpus:
    """Return the three files of a folder as three systems."""
    frames, truths = {}, []
    for system, name in FILES.items():
        rows = pl.read_csv(
            folder / f"{name}.csv", infer_schema=False, null_values=["nan", "None", ""]
        )
        ids = [f"{place:06d}" for place in range(rows.height)]
        frames[system] = pl.DataFrame(
            [_row(key, row) for key, row in zip(ids, rows.iter_rows(named=True), strict=True)],
            schema=dict.fromkeys(("external_id", *COLUMNS), pl.String),
        )
        truths.append(
            pl.DataFrame(
                {
                    "system": [system] * rows.height,
                    "external_id": ids,
                    "simulant": rows["simulant_id"],
                }
            )
        )
    whole = pl.concat(truths)
    truth = whole.select(
        "system", "external_id", entity=pl.col("simulant").rank("dense").cast(pl.Int64),
        kind=pl.lit("person"), traps=pl.lit([], dtype=pl.List(pl.String)),
    )  # fmt: skip
    return Corpus(name="pseudopeople's sample", frames=frames, truth=truth)


def _row(key: str, row: dict[str, str | None]) -> dict[str, str | None]:
    before = _MAILED if f"{_MAILED}city" in row else ""

    def said(name: str) -> str | None:
        return row.get(f"{before}{name}")

    box = said("po_box")
    street = f"PO Box {box}" if box else " ".join(filter(None, (said("street_number"), said("street_name"))))  # fmt: skip
    place = {
        "street": street, "street2": said("unit_number"), "city": said("city"), "region": said("state"),
        "postal_code": said("zipcode"), "country": "US",
    }  # fmt: skip
    return {
        "external_id": key, "given_name": row["first_name"], "middle_name": row["middle_initial"], "family_name": row["last_name"],
        "birth_date": _date(row.get("date_of_birth")), "country": "US",
        "billing_address": json.dumps({name: value for name, value in place.items() if value}) if street else None,
    }  # fmt: skip


def _date(text: str | None) -> str | None:
    """Return a date as the programmes write it, month first."""
    digits = (text or "").replace("/", "")
    return f"{digits[4:]}-{digits[:2]}-{digits[2:4]}" if len(digits) == 8 else None
