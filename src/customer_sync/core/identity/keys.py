"""Match keys: normalised values that identify, hashed.

A key is a 64-bit digest of the workspace's salt, the kind and the normalised value, so the key table
holds no personal value. Values that identify nobody (role mailboxes, junk) give no key; values that
turn out to be shared are discounted later, by how many records carry them.
"""

import re

import polars as pl

from customer_sync.kernel.frames import digest, json_elements, where
from customer_sync.model.config import MatchConfig

__all__ = ["KINDS", "certain", "identifies", "match_keys"]

# Order is trust: a reference that a system declares, then what is issued to one party alone,
# then what a person uses, then what a household shares.
KINDS = {"reference": 0, "tax_id": 1, "email": 2, "phone": 3}
_LISTS = ("emails", "phones")
_SOURCES = {"tax_id": ("tax_id",), "email": ("email", "emails"), "phone": ("phone", "phones")}
PHONE_DIGITS_MIN = 7  # shorter numbers are extensions
_TYPED = "|".join([*(f"{digit}{{7}}" for digit in range(10)), "12345678"])
_KEYS = {"link": pl.Int64, "kind": pl.Int8, "key": pl.Int64, "is_kept": pl.Boolean}


def identifies(column: str) -> bool:
    """Tell whether match keys are made of a canonical field."""
    return column.startswith("reference.") or any(column in names for names in _SOURCES.values())


def certain(keys: pl.DataFrame, config: MatchConfig) -> pl.DataFrame:
    """Return the keys that recognise a customer by themselves; what the others say is weighed with all the rest."""
    if config.method == "exact":
        return keys
    return where(keys, keys["kind"] <= KINDS["tax_id"])


def match_keys(
    values: pl.DataFrame,
    config: MatchConfig,
    *,
    system: str,
    salt: str,
    external_id: pl.Series | None,
) -> pl.DataFrame:
    """Return the match keys of records: (link, kind, key, is_kept), distinct.

    A record is looked up by its own id too, in case others point at it; that key is not kept, because
    the crosswalk itself finds a record by its id.

    Args:
        values: ``link`` and canonical columns.
        config: which kinds of key, and which values identify nobody.
        system: the records' system.
        salt: the workspace's, so that digests of two workspaces cannot be compared.
        external_id: the records' own ids, row by row, when other systems may point at them.
    """
    kinds: dict[str, str] = {
        column: kind
        for kind in config.keys
        for column in _SOURCES.get(kind, ())
        if column in values.columns
    }
    pointing = [name for name in values.columns if name.startswith("reference.")]
    if "reference" in config.keys:
        kinds |= {name: name for name in pointing}
    parts = [_said(values.lazy(), column, kind, config) for column, kind in kinds.items()]
    if external_id is not None and "reference" in config.keys:
        own = pl.DataFrame({"link": values["link"], "value": external_id}).lazy()
        parts.append(_kind(own, f"reference.{system}", is_kept=False))
    if values.is_empty() or not parts:
        return pl.DataFrame(schema=_KEYS)
    keyed = pl.concat(parts).with_columns(salt=pl.lit(salt))
    hashed = keyed.select(
        "link", "number", key=digest(["salt", "kind", "value"]), is_kept="is_kept"
    ).rename({"number": "kind"})
    return hashed.unique(["link", "key"], maintain_order=False).collect()


def _said(values: pl.LazyFrame, column: str, kind: str, config: MatchConfig) -> pl.LazyFrame:
    """Return what one column says that identifies: (link, value, kind, number, is_kept)."""
    said = values.select("link", value=column).drop_nulls("value")
    if column in _LISTS:
        said = said.with_columns(json_elements("value")).explode("value")
    if kind == "email":
        said = said.filter(~_is_junk_email(config))
    elif kind == "phone":
        said = said.filter(~_is_junk_phone())
    return _kind(said, kind, is_kept=True)


def _kind(said: pl.LazyFrame, kind: str, *, is_kept: bool) -> pl.LazyFrame:
    return said.filter(pl.col("value") != "").with_columns(
        kind=pl.lit(kind), number=pl.lit(KINDS[kind.partition(".")[0]], pl.Int8),
        is_kept=pl.lit(is_kept),
    )  # fmt: skip


def _is_junk_email(config: MatchConfig) -> pl.Expr:
    """Is it a mailbox of many (its name, up to a plus), or of nobody?"""
    roles = "|".join(map(re.escape, config.role_mailboxes))
    value = pl.col("value")
    junk = value.str.contains(rf"\A(?:{roles})(?:[+@]|\z)") if roles else pl.lit(value=False)
    for pattern in config.junk:
        junk = junk | value.str.contains(pattern)
    return junk


def _is_junk_phone() -> pl.Expr:
    """0000000, 1111111, 12345678 and the like are typed to get past a required field."""
    digits = pl.col("value").str.replace_all(r"\D", "")
    return digits.str.contains(_TYPED) | (digits.str.len_chars() < PHONE_DIGITS_MIN)
