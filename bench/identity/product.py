"""Find customers by the product's own functions, without a database: profiles, candidates, features, score, cluster.

Decides batch sizes only. Promises what the engine would join automatically: in one load, or record after record in
batches, each against what stands already. Must not know the truth.
"""

from dataclasses import dataclass
from random import Random

import polars as pl

from bench.identity.export import Corpus
from customer_sync.core.identity import (
    ClusterPolicy,
    Comparable,
    Model,
    candidate_keys,
    candidate_pairs,
    cluster,
    implied_pairs,
    lacks_families,
    profiles,
    terms,
    vetoed,
)
from customer_sync.model.config import MatchConfig

__all__ = ["Prepared", "bands", "prepared_records", "product_customers", "product_in_batches"]

REGION = "DE"
SALT = "bench"
PAIRS_MAX = 100_000  # features of so many at once: about 20 MB
LINKS = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})
MEMBERS = pl.DataFrame(schema={"link": pl.Int64, "customer": pl.Int64})
SCORES = pl.DataFrame(
    schema={"left": pl.Int64, "right": pl.Int64, "score": pl.Float64, "veto": pl.String}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A corpus as the product compares it: records numbered by link, their profiles, keys and terms."""

    records: pl.DataFrame
    profiles: pl.DataFrame
    keys: pl.DataFrame
    terms: pl.DataFrame


def product_customers(corpus: Corpus) -> pl.DataFrame:
    """Return the customers that the shipped model joins automatically in one load."""
    ready = prepared_records(corpus)
    scores, model = _scored_at_once(ready)
    return _named(ready, _clustered(scores, MEMBERS, ready.records["link"], model).assigned)


def product_in_batches(corpus: Corpus, *, batches: int, seed: int) -> pl.DataFrame:
    """Return the same, when the records come in random order and so many batches."""
    ready = prepared_records(corpus)
    links = ready.records["link"].to_list()
    Random(seed).shuffle(links)
    scores, members, model = SCORES, MEMBERS, Model.shipped()
    size = -(-len(links) // batches)
    for start in range(0, len(links), size):
        new, known = links[start : start + size], links[: start + size]
        pairs = _pairs_of_batch(ready, new, known, members)
        compared = _compared(ready, ready.terms.filter(pl.col("link").is_in(set(known))))
        if not start:
            model = _model_for(compared, pairs)
        fresh = _with_implied(_scores(compared, pairs, ready, model), compared, ready, model)
        scores = pl.concat([scores, fresh]).unique(
            ["left", "right"], keep="last", maintain_order=True
        )
        found = _clustered(scores, members, pl.Series(new, dtype=pl.Int64), model)
        # A new group is numbered below zero; from now on it stands.
        standing = found.assigned.with_columns(pl.col("customer").abs())
        into = found.merged.select("customer", "into").with_columns(pl.col("into").abs())
        members = _merged(pl.concat([members, standing.select("link", "customer")]), into)
    return _named(ready, members)


def bands(corpus: Corpus, truth: pl.DataFrame) -> dict[str, float]:
    """Return precision and recall of single pairs at the model's thresholds, before clustering."""
    ready = prepared_records(corpus)
    told, model = _scored_at_once(ready)
    scores = told.filter(pl.col("veto").is_null())
    entity = ready.records.join(truth, on=["system", "external_id"]).select("link", "entity")
    judged = scores.join(entity.rename({"link": "left", "entity": "one"}), on="left").join(
        entity.rename({"link": "right", "entity": "other"}), on="right"
    )
    sizes = entity.group_by("entity").len()["len"].cast(pl.Int64)
    true = int((sizes * (sizes - 1)).sum()) // 2
    found: dict[str, float] = {}
    for name, threshold in (("automatic", model.automatic), ("review", model.review)):
        taken = judged.filter(pl.col("score") >= threshold)
        right = taken.filter(pl.col("one") == pl.col("other")).height
        found[f"{name}_precision"] = right / max(1, taken.height)
        found[f"{name}_recall"] = right / max(1, true)
    return found


def prepared_records(corpus: Corpus) -> Prepared:
    """Return the corpus ready to be compared."""
    whole = pl.concat(
        frame.with_columns(system=pl.lit(system)) for system, frame in corpus.frames.items()
    )
    records = whole.with_row_index("link", offset=1).with_columns(pl.col("link").cast(pl.Int64))
    found = profiles(records.drop("system", "external_id"), region=REGION, match=MatchConfig())
    return Prepared(
        records=records.select("link", "system", "external_id"), profiles=found,
        keys=candidate_keys(found, salt=SALT), terms=terms(found, salt=SALT),
    )  # fmt: skip


def _pairs_of_batch(
    ready: Prepared, new: list[int], known: list[int], members: pl.DataFrame
) -> pl.DataFrame:
    """Return new records with each other, and with all members of each customer they may belong to."""
    is_new, is_known = pl.col("link").is_in(set(new)), pl.col("link").is_in(set(known))
    fresh, old = ready.keys.filter(is_new), ready.keys.filter(is_known & ~is_new)
    met = candidate_pairs(fresh, old)
    both = pl.concat([met, met.select(left="right", right="left")])
    customers = members.rename({"link": "right"})
    whole = (
        both.join(customers, on="right")
        .select("left", "customer")
        .unique()
        .join(members, on="customer")
    )
    every = pl.concat(
        [
            met,
            whole.select(
                left=pl.min_horizontal("left", "link"), right=pl.max_horizontal("left", "link")
            ),
        ]
    )
    return every.filter(pl.col("left") != pl.col("right")).unique().sort("left", "right")


def _compared(ready: Prepared, said: pl.DataFrame) -> Comparable:
    """Return the profiles ready to be compared, with the counts of what was said so far."""
    counts = said.group_by("term").agg(records=pl.col("link").n_unique().cast(pl.Int64))
    return Comparable.of(ready.profiles, terms=ready.terms, counts=counts)


def _model_for(compared: Comparable, pairs: pl.DataFrame) -> Model:
    """Return the shipped model, as it is for this workspace: chosen once, from the first pairs."""
    model = Model.shipped()
    return model.alone() if lacks_families(compared.features(pairs.head(PAIRS_MAX))) else model


def _scored_at_once(ready: Prepared) -> tuple[pl.DataFrame, Model]:
    compared, pairs = _compared(ready, ready.terms), candidate_pairs(ready.keys)
    model = _model_for(compared, pairs)
    return _with_implied(_scores(compared, pairs, ready, model), compared, ready, model), model


def _with_implied(
    scores: pl.DataFrame, compared: Comparable, ready: Prepared, model: Model
) -> pl.DataFrame:
    """Add the pairs that two strong ones imply."""
    strong = scores.filter((pl.col("score") >= model.automatic) & pl.col("veto").is_null())
    implied = implied_pairs(strong, scores.select("left", "right"))
    return pl.concat([scores, _scores(compared, implied, ready, model)])


def _scores(
    compared: Comparable, pairs: pl.DataFrame, ready: Prepared, model: Model
) -> pl.DataFrame:
    parts = [SCORES.drop("veto")]
    for part in pairs.iter_slices(PAIRS_MAX) if pairs.height else ():
        score = pl.Series("score", model.score(compared.features(part)), dtype=pl.Float64)
        parts.append(part.with_columns(score))
    scores = pl.concat(parts)
    near = scores.filter(pl.col("score") >= model.review).select("left", "right")
    told = vetoed(near, ready.profiles, waived=model.waived)
    return scores.join(told, on=["left", "right"], how="left").select(SCORES.columns)


def _clustered(scores: pl.DataFrame, members: pl.DataFrame, links: pl.Series, model: Model):
    policy = ClusterPolicy(automatic=model.automatic, review=model.review)
    return cluster(scores, members, links=links, together=LINKS, apart=LINKS, policy=policy)


def _merged(members: pl.DataFrame, into: pl.DataFrame) -> pl.DataFrame:
    """Follow merges to their end: a customer may go into one that goes elsewhere."""
    goes = dict(into.iter_rows())

    def end(customer: int) -> int:
        while customer in goes:
            customer = goes[customer]
        return customer

    ends = {customer: end(customer) for customer in goes}
    return members.with_columns(pl.col("customer").replace(ends)) if ends else members


def _named(ready: Prepared, members: pl.DataFrame) -> pl.DataFrame:
    named = ready.records.join(members, on="link", how="left")
    return named.select("system", "external_id", "customer")
