"""Find customers by other means: the same e-mail, strong exact keys, Splink.

Decides what an able person would do with each in an afternoon. Promises ``system``, ``external_id``,
``customer`` for each. Must not see the truth, and not the product.
"""

from collections.abc import Iterable, Sequence

import polars as pl

__all__ = ["same_email", "splink_customers", "strong_keys"]

KEY_RECORDS_MAX = 12  # a key that more records carry names a shop, not a customer
SPLINK_SAMPLE_PAIRS = 2e6


def same_email(table: pl.DataFrame) -> pl.DataFrame:
    """Return customers of one e-mail address."""
    return _grouped(table, _linked(table, [["email"]]))


def strong_keys(table: pl.DataFrame) -> pl.DataFrame:
    """Return customers that share a combination which hardly two of them can."""
    persons, companies = table.filter(~pl.col("is_company")), table.filter("is_company")
    edges = pl.concat([
        _linked(persons, [
            ["names", "email"], ["names", "phone"], ["names", "born"], ["names", "street", "postal"],
            ["family", "email", "phone"],
        ]),
        _linked(companies, [
            ["tax"], ["firm", "email"], ["firm", "phone"], ["firm", "postal"], ["firm", "host"], ["email", "phone"],
        ]),
    ])  # fmt: skip
    return _grouped(table, edges)


def _linked(table: pl.DataFrame, keys: Iterable[Sequence[str]]) -> pl.DataFrame:
    """Link each record to the first one of its key."""
    edges = []
    for key in keys:
        known = table.drop_nulls(list(key)).filter(
            pl.len().over(key).is_between(2, KEY_RECORDS_MAX)
        )
        edges.append(known.select(left=pl.col("unique_id").min().over(key), right="unique_id"))
    return pl.concat(edges).filter(pl.col("left") != pl.col("right")).unique()


def _grouped(table: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Return connected components."""
    parent = list(range(table.height))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for left, right in edges.iter_rows():
        parent[max(root(left), root(right))] = min(root(left), root(right))
    customers = [root(one) for one in range(table.height)]
    return table.select("system", "external_id", customer=pl.Series(customers))


def splink_customers(table: pl.DataFrame, *, is_tuned: bool, threshold: float) -> pl.DataFrame:
    """Return customers by Splink: EM on blocks, connected components above a probability.

    Args:
        table: of ``prepared``.
        is_tuned: with hand-set levels for households; else with the library's comparisons.
        threshold: of the match probability.
    """
    return splink_by_threshold(table, is_tuned=is_tuned, thresholds=(threshold,))[threshold]


def splink_by_threshold(
    table: pl.DataFrame, *, is_tuned: bool, thresholds: Sequence[float]
) -> dict[float, pl.DataFrame]:
    """Return customers by Splink, for each threshold of one prediction."""
    from bench.identity.splinking import companies, persons

    least = min(thresholds)
    parts = [persons(table.filter(~pl.col("is_company")), is_tuned=is_tuned, least=least)]
    if table["is_company"].any():
        parts.append(companies(table.filter("is_company"), least=least))
    predicted = pl.concat(parts)
    return {
        threshold: _grouped(
            table, predicted.filter(pl.col("probability") >= threshold).select("left", "right")
        )
        for threshold in thresholds
    }
