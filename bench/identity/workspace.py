"""Write the three exports as their systems would, and the Customer Sync workspace that reads them.

Decides column names and formats of each system. Promises that the workspace's mapping gives back the canonical
frames, wherever a value can be read at all. Must not know the truth.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl

from bench.identity.export import ADDRESS_PARTS, Corpus

__all__ = ["customers_of", "write_workspace"]

WORKSPACE = "workspace: {name}\nregion: DE\ncurrency: EUR\n"
# System -> canonical column -> column of the export.
NAMES: dict[str, dict[str, str]] = {
    "crm": {
        "external_id": "Id", "kind": "RecordType", "title": "Salutation", "given_name": "FirstName", "middle_name": "MiddleName",
        "family_name": "LastName", "name_suffix": "Suffix", "organisation": "AccountName", "job_title": "Title",
        "email": "Email", "phone": "Phone", "other_phone": "OtherPhone", "tax_id": "VAT_Number__c", "birth_date": "Birthdate", "language": "Language",
        "country": "Country__c", "website": "Website", "billing_address": "Mailing{}",
    },
    "shop": {
        "external_id": "customer_no", "title": "prefix", "given_name": "firstname", "family_name": "lastname",
        "organisation": "company", "email": "login", "phone": "telephone", "tax_id": "vat_id", "birth_date": "dob",
        "language": "locale", "country": "country", "billing_address": "bill_{}", "shipping_address": "ship_{}",
    },
    "erp": {
        "external_id": "KUNNR", "kind": "BU_TYPE", "title": "TITLE", "given_name": "NAME_FIRST", "family_name": "NAME_LAST",
        "organisation": "NAME_ORG1", "email": "SMTP_ADDR", "phone": "TEL_NUMBER", "tax_id": "STCEG", "birth_date": "BIRTHDT",
        "language": "LANGU", "country": "LAND1", "billing_address": "ADR_{}",
    },
}  # fmt: skip
KINDS = {
    "crm": {"person": "Contact", "organisation": "Account"},
    "erp": {"person": "1", "organisation": "2"},
}
DATES = {"crm": "%Y-%m-%d", "shop": "%d/%m/%Y", "erp": "%Y%m%d"}


def write_workspace(corpus: Corpus, folder: Path) -> None:
    """Write ``crm.csv``, ``shop.csv``, ``erp.csv`` and the configuration beside them."""
    (folder / "systems").mkdir(parents=True, exist_ok=True)
    (folder / "workspace.yaml").write_text(WORKSPACE.format(name="identity"), encoding="utf-8")
    for system, frame in corpus.frames.items():
        raw = _raw(system, frame)
        raw.write_csv(folder / f"{system}.csv")
        (folder / "systems" / f"{system}.yaml").write_text(_configured(system), encoding="utf-8")


def customers_of(path: Path) -> pl.DataFrame:
    """Return what ``links export`` wrote, as it is scored."""
    links = pl.read_csv(path, infer_schema=False)
    return links.select("system", "external_id", customer="customer_id")


def _raw(system: str, frame: pl.DataFrame) -> pl.DataFrame:
    columns: list[pl.Expr] = []
    for canonical, name in NAMES[system].items():
        if canonical == "other_phone":
            column = pl.col("phones").str.json_decode(pl.List(pl.String)).list.last()
            columns.append(_phone(column, system).alias(name))
        elif canonical.endswith("_address"):
            parts = pl.col(canonical).str.json_decode(
                pl.Struct(dict.fromkeys(ADDRESS_PARTS, pl.String))
            )
            columns += [parts.struct.field(part).alias(name.format(part)) for part in ADDRESS_PARTS]
        else:
            columns.append(_written(canonical, system).alias(name))
    return frame.select(columns)


def _written(canonical: str, system: str) -> pl.Expr:
    column = pl.col(canonical)
    if canonical == "kind":
        return column.replace_strict(KINDS[system], return_dtype=pl.String)
    if canonical == "birth_date":
        return column.str.to_date("%Y-%m-%d", strict=False).dt.to_string(DATES[system])
    if canonical == "phone":
        return _phone(column, system)
    return column


def _phone(column: pl.Expr, system: str) -> pl.Expr:
    if system == "crm":
        return column.str.replace(r"^(\+\d\d)(\d\d\d)(\d+)$", "$1 ($2) $3")
    if system == "shop":
        return column.str.replace(r"^\+", "00")
    return column.str.replace(r"^(\+\d{5})(\d+)$", "$1/$2")


def _configured(system: str) -> str:
    """Return the file of one system; read only, so that nothing is written into the exports."""
    names = NAMES[system]
    fields: dict[str, Any] = {}
    for canonical, name in names.items():
        if canonical in {"external_id", "other_phone"}:
            continue
        line: dict[str, Any] = {"field": name, "direction": "in"}
        if canonical == "kind":
            line["values"] = {written: kind for kind, written in KINDS[system].items()}
        elif canonical == "birth_date":
            line["format"] = DATES[system]
        elif canonical.endswith("_address"):
            line = {
                "fields": {part: name.format(part) for part in ADDRESS_PARTS},
                "direction": "in",
            }
        fields[canonical] = line
    if "other_phone" in names:
        fields["phones"] = {
            "lens": "list",
            "fields": [names["phone"], names["other_phone"]],
            "direction": "in",
        }
    stream = {
        "entity": "customer",
        "url": f"{system}.csv",
        "key": names["external_id"],
        "fields": fields,
    }
    # JSON is YAML, and needs no library to be written.
    return json.dumps(
        {"system": system, "connector": "file", "streams": {"customers": stream}}, indent=1
    )
