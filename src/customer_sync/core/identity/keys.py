"""Match keys: normalised values that identify, hashed.

A key is a 64-bit digest of the workspace's salt, the kind and the normalised value, so the key table
holds no personal value. Values that identify nobody (role mailboxes, junk) give no key; values that
turn out to be shared are discounted later, by how many records carry them.
"""

from collections.abc import Sequence

import polars as pl

from customer_sync.kernel.frames import digest, json_elements
from customer_sync.model.config import MatchConfig

__all__ = ["KINDS", "match_keys", "own_references"]

# Order is trust: a reference that a system declares, then what is issued to one party alone,
# then what a person uses, then what a household shares.
KINDS = {"reference": 0, "tax_id": 1, "email": 2, "phone": 3}
_SOURCES = {"tax_id": ("tax_id",), "email": ("email", "emails"), "phone": ("phone", "phones")}
_KEYS = {"link": pl.Int64, "kind": pl.Int8, "key": pl.Int64}


def match_keys(
    values: pl.DataFrame,
    config: MatchConfig,
    *,
    system: str,
    salt: str,
    external_id: pl.Series | None,
) -> pl.DataFrame:
    """Return the match keys of records: (link, kind, key), distinct.

    Args:
        values: ``link`` and canonical columns.
        config: which kinds of key, and which values identify nobody.
        system: the records' system.
        salt: the workspace's, so that digests of two workspaces cannot be compared.
        external_id: the records' own ids, row by row: what references of other systems point at.
    """
    parts: list[pl.DataFrame] = []
    for kind in config.keys:
        if kind == "reference":
            parts += _references(values, system, external_id)
            continue
        for column in _SOURCES[kind]:
            if column in values.columns:
                parts.append(_column(values, kind, column, many=column.endswith("s")))
    parts = [part for part in parts if part.height]
    if not parts:
        return pl.DataFrame(schema=_KEYS)
    said = pl.concat(parts).drop_nulls("value").filter(pl.col("value") != "")
    said = said.filter(~_identifies_nobody(config))
    keyed = said.with_columns(salt=pl.lit(salt), text=pl.col("kind")).with_columns(
        key=digest(["salt", "text", "value"]),
        kind=pl.col("kind")
        .str.splitn(".", 2)
        .struct.field("field_0")
        .replace_strict(KINDS, return_dtype=pl.Int8),
    )
    return keyed.select("link", "kind", "key").unique(["link", "key"], maintain_order=False)


def _column(values: pl.DataFrame, kind: str, column: str, *, many: bool) -> pl.DataFrame:
    said = values.select("link", value=pl.col(column)).drop_nulls("value")
    if many:
        said = said.with_columns(json_elements("value")).explode("value")
    return said.with_columns(kind=pl.lit(kind)).select("link", "kind", "value")


def _references(
    values: pl.DataFrame, system: str, external_id: pl.Series | None
) -> list[pl.DataFrame]:
    """A record is found by its own id, and points at others by the references it carries."""
    parts = [
        values.select("link", kind=pl.lit(name), value=pl.col(name)).drop_nulls("value")
        for name in values.columns
        if name.startswith("reference.")
    ]
    if external_id is not None:
        own = pl.DataFrame({"link": values["link"], "value": external_id})
        parts.append(own.select("link", kind=pl.lit(f"reference.{system}"), value="value"))
    return parts


def own_references(systems: Sequence[str]) -> set[str]:
    """Return the kinds of key under which records of these systems are found by their own id."""
    return {f"reference.{system}" for system in systems}


def _identifies_nobody(config: MatchConfig) -> pl.Expr:
    is_email = pl.col("kind") == "email"
    local = (
        pl.col("value")
        .str.splitn("@", 2)
        .struct.field("field_0")
        .str.splitn("+", 2)
        .struct.field("field_0")
    )
    value = pl.col("value")
    junk_email = local.is_in(config.role_mailboxes)
    for pattern in config.junk:
        junk_email = junk_email | value.str.contains(pattern)
    digits = value.str.replace_all(r"\D", "")
    # 000000, 111111, 12345678 and the like are typed to get past a required field.
    repeated = (
        digits.str.len_chars()
        - digits.str.replace_all(digits.str.slice(-1), "", literal=True).str.len_chars()
    )
    junk_phone = (
        (repeated >= 7)
        | digits.str.contains("12345678", literal=True)
        | (digits.str.len_chars() < 7)
    )
    return (is_email & junk_email) | ((pl.col("kind") == "phone") & junk_phone)
