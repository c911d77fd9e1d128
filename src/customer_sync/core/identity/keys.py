"""Match keys: normalised values that identify, hashed.

A key is a 64-bit digest of the workspace's salt, the kind and the normalised value, so the key table
holds no personal value. Values that identify nobody (role mailboxes, junk) give no key; values that
turn out to be shared are discounted later, by how many records carry them.
"""

import polars as pl

from customer_sync.kernel.frames import digest, json_elements
from customer_sync.model.config import MatchConfig

__all__ = ["KINDS", "identifies", "match_keys"]

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
    if values.is_empty() or not (kinds or external_id is not None):
        return pl.DataFrame(schema=_KEYS)
    # Unpivoting no column at all gives values of no type.
    wide = (
        values.lazy().select("link", *kinds)
        if kinds
        else values.lazy().select("link", none=pl.lit(None, pl.String))
    )
    said = wide.unpivot(index="link", variable_name="column").drop_nulls("value")
    many = [column for column in kinds if column in _LISTS]
    if many:
        is_list = pl.col("column").is_in(many)
        listed = said.filter(is_list).with_columns(json_elements("value")).explode("value")
        said = pl.concat([said.filter(~is_list), listed])
    said = said.select(
        "link",
        pl.col("column")
        .replace_strict(kinds or {"none": "none"}, return_dtype=pl.String)
        .alias("kind"),
        "value",
        is_kept=pl.lit(value=True),
    )
    if external_id is not None and "reference" in config.keys:
        own = pl.DataFrame({"link": values["link"], "value": external_id}).lazy()
        kind = pl.lit(f"reference.{system}")
        said = pl.concat(
            [said, own.select("link", kind=kind, value="value", is_kept=pl.lit(value=False))]
        )
    said = said.filter((pl.col("value") != "") & ~_identifies_nobody(config))
    bare = pl.col("kind").str.splitn(".", 2).struct.field("field_0")
    keyed = said.with_columns(salt=pl.lit(salt)).select(
        "link",
        kind=bare.replace_strict(KINDS, return_dtype=pl.Int8),
        key=digest(["salt", "kind", "value"]),
        is_kept="is_kept",
    )
    return keyed.unique(["link", "key"], maintain_order=False).collect()


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
    # 0000000, 1111111, 12345678 and the like are typed to get past a required field.
    junk_phone = digits.str.contains(_TYPED) | (digits.str.len_chars() < PHONE_DIGITS_MIN)
    return (is_email & junk_email) | ((pl.col("kind") == "phone") & junk_phone)
