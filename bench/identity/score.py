"""Score which records were made one customer: by pairs, by records, by whole customers, by trap.

Decides the measures. Promises exact counts over all pairs (what was never compared counts as missed), in time
that grows with the records and not with the pairs, except for the pairs themselves that are listed by trap.
Must not know how customers were found.

Truth is ``system``, ``external_id``, ``entity``, ``kind``, ``traps``; what is scored is ``system``,
``external_id``, ``customer``. A record without a customer stands alone.
"""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

__all__ = ["Measure", "Scores", "scored", "trapped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Precision and recall, from what was found, what is true and what is both."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean."""
        whole = self.precision + self.recall
        return 2 * self.precision * self.recall / whole if whole else 0.0

    @classmethod
    def of(cls, *, both: float, found: float, true: float) -> "Measure":
        """Count: nothing found is precise, nothing to find is found."""
        return cls(precision=both / found if found else 1.0, recall=both / true if true else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """All measures of one result.

    Attributes:
        pairs: two records of one entity are one customer.
        across: the same of records of two systems.
        records: B-cubed: the mean over records of how pure and how whole their customer is.
        clusters: entities of two and more records that are exactly one customer.
        persons: pairs among persons; companies: among companies.
        wrong_pairs: pairs of records of two entities that were made one customer.
    """

    pairs: Measure
    across: Measure
    records: Measure
    clusters: Measure
    persons: Measure
    companies: Measure
    wrong_pairs: int

    def named(self) -> dict[str, Any]:
        """Return everything as numbers, for JSON."""
        found = asdict(self)
        for name, value in found.items():
            if isinstance(value, dict):
                value["f1"] = getattr(self, name).f1
        return found


def scored(truth: pl.DataFrame, customers: pl.DataFrame) -> Scores:
    """Measure a result against the truth."""
    both = joined(truth, customers)
    found, true, same = (
        _pairs(both, "customer"),
        _pairs(both, "entity"),
        _pairs(both, "customer", "entity"),
    )
    pairs = Measure.of(both=same, found=found, true=true)
    return Scores(
        pairs=pairs,
        across=_across(both),
        records=_records(both),
        clusters=_clusters(both),
        persons=_of_kind(both, "person"),
        companies=_of_kind(both, "organisation"),
        wrong_pairs=found - same,
    )


def joined(truth: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return the truth with a number for each record's customer; alone where it has none."""
    number = customers.select(
        "system", "external_id", customer=pl.col("customer").rank("dense").cast(pl.Int64)
    )
    both = truth.join(number, on=["system", "external_id"], how="left", validate="1:1")
    alone = -1 - pl.int_range(pl.len(), dtype=pl.Int64)
    return both.with_columns(customer=pl.col("customer").fill_null(alone))


def _pairs(both: pl.DataFrame, *by: str) -> int:
    sizes = both.group_by(*by).agg(size=pl.len().cast(pl.Int64))["size"]
    return int((sizes * (sizes - 1)).sum()) // 2


def _across(both: pl.DataFrame) -> Measure:
    def counted(*by: str) -> int:
        return _pairs(both, *by) - _pairs(both, "system", *by)

    return Measure.of(
        both=counted("customer", "entity"), found=counted("customer"), true=counted("entity")
    )


def _of_kind(both: pl.DataFrame, kind: str) -> Measure:
    """Return the measure of pairs with a record of that kind; a mixed pair is nobody's, and counts for both."""
    is_kind = pl.col("kind") == kind
    touched = both.filter(is_kind.any().over("customer"))
    within = both.filter(is_kind)
    found = _pairs(touched, "customer") - _pairs(touched.filter(~is_kind), "customer")
    return Measure.of(
        both=_pairs(within, "customer", "entity"), found=found, true=_pairs(within, "entity")
    )


def _records(both: pl.DataFrame) -> Measure:
    size = pl.len().cast(pl.Float64)
    shared = size.over("customer", "entity")
    means = both.select(
        precision=(shared / size.over("customer")).mean(),
        recall=(shared / size.over("entity")).mean(),
    )
    precision, recall = means.row(0)
    return Measure(precision=precision, recall=recall)


def _clusters(both: pl.DataFrame) -> Measure:
    parts = both.group_by("customer", "entity").agg(shared=pl.len())
    sizes = parts.with_columns(
        customers=pl.col("shared").sum().over("customer"),
        entities=pl.col("shared").sum().over("entity"),
    )
    exact = sizes.filter(
        (pl.col("shared") == pl.col("customers")) & (pl.col("shared") == pl.col("entities"))
    )
    counts = {
        name: frame.height
        for name, frame in (
            ("both", exact.filter(pl.col("shared") > 1)),
            ("found", sizes.filter(pl.col("customers") > 1).unique("customer")),
            ("true", sizes.filter(pl.col("entities") > 1).unique("entity")),
        )
    }
    return Measure.of(both=counts["both"], found=counts["found"], true=counts["true"])


def trapped(truth: pl.DataFrame, customers: pl.DataFrame, *, size_max: int = 200) -> pl.DataFrame:
    """Return by trap how many pairs were wrongly merged and how many true ones were found.

    A wrong pair counts for the traps that both its records bear (both are twins), a true pair for those that
    either bears (one says the nickname). Of a customer of more than ``size_max`` records, so many are looked at.

    Returns:
        ``trap``, ``wrong``, ``true``, ``found``, ``recall``, most wrong first.
    """
    both = joined(truth, customers).with_row_index("record")
    wrong = _listed(both, "customer", size_max).filter(pl.col("entity") != pl.col("entity_right"))
    true = _listed(both, "entity", size_max)
    found = true.filter(pl.col("customer") == pl.col("customer_right"))
    counts = {"wrong": wrong, "true": true, "found": found}
    tables = [
        _by_trap(pairs, is_wrong=name == "wrong").rename({"len": name})
        for name, pairs in counts.items()
    ]
    table = tables[0]
    for other in tables[1:]:
        table = table.join(other, on="trap", how="full", coalesce=True)
    return (
        table.fill_null(0)
        .with_columns(recall=pl.col("found") / pl.col("true"))
        .sort(["wrong", "trap"], descending=[True, False])
    )


def _listed(both: pl.DataFrame, by: str, size_max: int) -> pl.DataFrame:
    kept = both.filter((pl.len().over(by) > 1) & (pl.int_range(pl.len()).over(by) < size_max))
    columns = ["record", "entity", "customer", "traps"]
    keys = list(dict.fromkeys([by, *columns]))
    pairs = kept.select(keys).join(kept.select(keys), on=by, how="inner", suffix="_right")
    pairs = pairs.filter(pl.col("record") < pl.col("record_right"))
    # The key of a join is kept once.
    return pairs.with_columns(**{f"{by}_right": pl.col(by)})


def _by_trap(pairs: pl.DataFrame, *, is_wrong: bool) -> pl.DataFrame:
    common = pl.col("traps").list.set_intersection("traps_right")
    either = pl.col("traps").list.set_union("traps_right")
    return (
        pairs.select(trap=common if is_wrong else either)
        .with_columns(
            pl.when(pl.col("trap").list.len() == 0).then(["none"]).otherwise("trap").alias("trap")
        )
        .explode("trap")
        .group_by("trap")
        .len()
        .with_columns(pl.col("len").cast(pl.Int64))
    )
