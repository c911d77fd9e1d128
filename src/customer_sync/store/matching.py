"""What scored matching compares: profiles of records, the hashed keys by which they meet, and counts of values."""

from typing import cast

import polars as pl

from customer_sync.infra.pg import Transaction, load
from customer_sync.kernel.frames import empty
from customer_sync.store.snapshot import ANALYZE_ROWS_MIN

__all__ = [
    "APART", "MEMBERS", "candidates", "carriers", "filled", "forget", "keep", "keep_filled",
    "kept_apart", "members", "profiles_of", "record", "records_of", "size",
]  # fmt: skip

STATEMENTS = load(__file__)

Compared = tuple[int, int, int, str, str]  # link, customer, stream, external id, packed

APART = {"link": pl.Int64, "customer": pl.Int64}
MEMBERS = {"link": pl.Int64, "customer": pl.Int64, "packed": pl.String}
_PACKED = {"link": pl.Int64, "packed": pl.String}
_KEYS = {"key": pl.Int64, "link": pl.Int64}
_TERMS = {"term": pl.Int64, "records": pl.Int64}


def profiles_of(tx: Transaction, links: pl.Series) -> pl.DataFrame:
    """Return the packed profiles that records were compared by last: (link, packed)."""
    if links.is_empty():
        return empty(_PACKED)
    _stage(tx, "compared_link", pl.DataFrame({"link": links}))
    return tx.frame(STATEMENTS["profiles"], schema=_PACKED)


def keep(
    tx: Transaction, packed: pl.DataFrame, *, added: pl.DataFrame, gone: pl.DataFrame, terms: pl.DataFrame
) -> None:  # fmt: skip
    """Keep what records are compared by from now on.

    Args:
        tx: the caller's transaction.
        packed: (link, packed).
        added: (key, link) that hold from now on.
        gone: (key, link) that no longer do.
        terms: (term, records): how many records more carry it; negative: fewer.
    """
    if packed.height:
        _stage(tx, "new_profile", packed)
        tx.execute(STATEMENTS["keep_profiles"])
    if gone.height:
        _stage(tx, "old_candidate_key", gone)
        tx.execute(STATEMENTS["drop_candidate_keys"])
    if added.height:
        _stage(tx, "new_candidate_key", added.sort("key", "link"))
        tx.execute(STATEMENTS["add_candidate_keys"])
    if terms.height:
        _stage(tx, "new_term", terms.sort("term"))
        tx.execute(STATEMENTS["count_terms"])


def candidates(tx: Transaction, keys: pl.Series, *, limit: int) -> pl.DataFrame:
    """Return records that carry these keys, each key's up to the limit: (key, link)."""
    if keys.is_empty():
        return empty(_KEYS)
    # In order: neighbours in the index.
    _stage(tx, "wanted_candidate_key", pl.DataFrame({"key": keys.unique().sort()}))
    return tx.frame(STATEMENTS["candidates"], {"limit": limit}, schema=_KEYS)


def members(tx: Transaction, links: pl.Series, *, limit: int) -> pl.DataFrame:
    """Return all records, each customer's up to the limit, of the customers whose these records are: MEMBERS."""
    if links.is_empty():
        return empty(MEMBERS)
    _stage(tx, "wanted_link", pl.DataFrame({"link": links.unique().sort()}))
    return tx.frame(STATEMENTS["members"], {"limit": limit}, schema=MEMBERS)


def carriers(tx: Transaction, terms: pl.Series) -> pl.DataFrame:
    """Return how many records carry each value: (term, records)."""
    if terms.is_empty():
        return empty(_TERMS)
    _stage(tx, "wanted_term", pl.DataFrame({"term": terms.unique().sort()}))
    return tx.frame(STATEMENTS["carriers"], schema=_TERMS)


def size(tx: Transaction) -> int:
    """Return how many records are compared, as far as one counts: up to a few thousand."""
    return cast("int", tx.rows(STATEMENTS["size"])[0][0])


def kept_apart(tx: Transaction, customers: pl.Series) -> pl.DataFrame:
    """Return which records of these customers stewards said not to be another of them: APART."""
    if customers.len() < 2:
        return empty(APART)
    _stage(tx, "near_customer", pl.DataFrame({"customer": customers.unique()}))
    return tx.frame(STATEMENTS["kept_apart"], schema=APART)


def record(tx: Transaction, stream: int, external_id: str) -> list[Compared]:
    """Return one record as it is compared, if it is."""
    rows = tx.rows(STATEMENTS["record"], {"stream": stream, "id": external_id})
    return cast("list[Compared]", rows)


def records_of(tx: Transaction, customer: int, *, limit: int) -> list[Compared]:
    """Return the records of a customer as they are compared."""
    rows = tx.rows(STATEMENTS["records_of"], {"customer": customer, "limit": limit})
    return cast("list[Compared]", rows)


def filled(tx: Transaction) -> str | None:
    """Return by which version of profiles all records can be compared; None: not all of them can."""
    rows = tx.rows(STATEMENTS["filled"])
    return cast("str", rows[0][0]) if rows else None


def keep_filled(tx: Transaction, version: str) -> None:
    """Note that all records can be compared by profiles of that version."""
    tx.execute(STATEMENTS["keep_filled"], [version])


def forget(tx: Transaction) -> None:
    """Forget all that records are compared by."""
    for name in ("forget_profiles", "forget_candidate_keys", "forget_terms", "forget_version"):
        tx.execute(STATEMENTS[name])


def _stage(tx: Transaction, name: str, frame: pl.DataFrame) -> None:
    tx.stage(name, frame, analyze=frame.height >= ANALYZE_ROWS_MIN)
