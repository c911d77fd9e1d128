"""Train the shipped model on invented exports, and write it with its figures.

Decides what is trained on and what is held out: seeds of every size are mixed, others are kept for
calibrating, others again for the figures. Promises the same model for the same arguments. Must not see
what the product is judged on.

Run it as ``python -m bench.identity.train`` (``make model``).
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import lightgbm
import numpy as np
import numpy.typing as npt
import polars as pl

from bench.identity.export import Corpus, generate
from bench.identity.registry import registry
from bench.identity.score import joined, scored
from customer_sync.core.identity import (
    ClusterPolicy,
    Model,
    candidate_keys,
    candidate_pairs,
    cluster,
    features,
    profiles,
    terms,
    vetoed,
)
from customer_sync.core.identity.features import FEATURES, ORGANISATION, PERSON, Features
from customer_sync.model.config import MatchConfig

VERSION = "2026-11-24.2"
MODEL = Path(__file__).parents[2] / "src/customer_sync/core/identity/shipped_model.json"
AUTOMATIC, REVIEW, AUTOMATIC_ALONE = 0.75, 0.35, 0.5
_LINKS = {"left": pl.Int64, "right": pl.Int64}
# (records, seed, noise): sizes are mixed, so that a count means the same in each.
TRAINED = (
    *((1_000, seed, 1.0) for seed in range(500, 510)), *((10_000, seed, noise) for seed, noise in enumerate((0.5, 1.0, 1.0, 1.5, 2.0, 3.0), 520)),
    (30_000, 530, 1.0), (30_000, 531, 1.3), (30_000, 532, 2.0), (100_000, 540, 1.0), (100_000, 541, 2.0), (100_000, 542, 1.0),
    (100_000, 543, 1.2),
)  # fmt: skip
CALIBRATED = (
    *((1_000, seed, 1.0) for seed in range(600, 610)),
    (10_000, 610, 1.0),
    (100_000, 611, 1.2),
)
MEASURED = ((1_000, 700, 1.0), (10_000, 701, 1.0), (100_000, 702, 1.0), (100_000, 703, 2.0))
# Organisations of these, as they are and with hardly more than their names.
FIRMS = (
    *((1_000, seed, 1.0) for seed in (500, 501, 502)), (10_000, 521, 1.0), (10_000, 524, 2.0),
    (30_000, 550, 1.0), (30_000, 551, 1.0), (30_000, 552, 1.5),
)  # fmt: skip
FIRMS_CALIBRATED = ((1_000, 600, 1.0), (10_000, 610, 1.0), (30_000, 612, 1.0))
# (records, seed) of registers of persons who live alone, for the ensemble of such workspaces.
ALONE = ((1_000, 800), (5_000, 801), (5_000, 802), (20_000, 803))
ALONE_CALIBRATED = ((5_000, 810), (10_000, 811))
# What holds whatever else does: more in common never speaks against, more carriers never for.
_RISING = (
    "given_alike", "given_level", "given_all_alike", "family_alike", "family_level", "name_alike", "name_words", "suffix_same",
    "mail_same", "phone_same", "birth_level", "street_alike", "house_same", "postcode_same", "tax_same", "firm_alike", "firm_words_alike",
    "form_same",
)  # fmt: skip
_FALLING = (
    "given_records", "family_records", "name_records", "mail_records", "phone_records", "birth_records", "address_records",
    "firm_records", "firm_word_records", "firm_odd_least", "firm_odd_most",
)  # fmt: skip
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 31, "min_data_in_leaf": 60, "feature_fraction": 0.6,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5, "max_bin": 127, "num_threads": 2, "verbose": -1, "seed": 7,
    "deterministic": True, "force_row_wise": True,
    "monotone_constraints": [(name in _RISING) - (name in _FALLING) for name in FEATURES],
}  # fmt: skip
ROUNDS = {PERSON: 300, ORGANISATION: 120}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An export with its truth, compared."""

    records: pl.DataFrame
    found: pl.DataFrame
    pairs: pl.DataFrame
    compared: Features
    same: npt.NDArray[np.bool_]


def firms_of(corpus: Corpus, *, is_sparse: bool) -> Corpus:
    """Return the organisations of an export and who works for them; sparse, with hardly more than their names.

    Sparse, each system lacks what its people never asked for, and one firm in three has a mailbox at a provider.
    """
    dice = Random(f"{corpus.name} {is_sparse}")
    frames, kept = {}, []
    for system, frame in corpus.frames.items():
        theirs = corpus.truth.filter(system=system)
        said = frame.join(
            theirs, on="external_id", how="left", suffix="_true", maintain_order="left"
        )
        said = said.filter(
            (pl.col("kind_true") == "organisation") | pl.col("organisation").is_not_null()
        )
        kept.append(said.select("system", "external_id", "entity", kind="kind_true", traps="traps"))
        if is_sparse:
            lacks = [name for name in _SPARED if dice.random() < 0.6]
            private = pl.col("email").str.replace(r"@([^.]+)\..*$", ".$1@gmail.com")
            said = said.with_columns(
                email=pl.when(pl.col("entity") % 3 == 0).then(private).otherwise("email")
            ).with_columns(pl.lit(None, pl.String).alias(name) for name in lacks)
        frames[system] = said.select(frame.columns)
    return Corpus(name=corpus.name, frames=frames, truth=pl.concat(kept))


_SPARED = (
    "email", "phone", "phones", "tax_id", "website", "country", "billing_address", "shipping_address", "language",
)  # fmt: skip


def prepared(corpus: Corpus) -> Prepared:
    """Compare the records of an export with each other."""
    records = pl.concat(
        [frame.with_columns(system=pl.lit(system)) for system, frame in corpus.frames.items()]
    )
    records = records.with_row_index("link", offset=1).cast({"link": pl.Int64})
    found = profiles(records, region="US", match=MatchConfig())
    pairs = candidate_pairs(candidate_keys(found, salt="bench"))
    counted = terms(found, salt="bench")
    counts = counted.group_by("term").agg(records=pl.col("link").n_unique())
    truth = corpus.truth.select("system", "external_id", "entity")
    entity = records.select("link", "system", "external_id").join(
        truth, on=["system", "external_id"], how="left", maintain_order="left"
    )
    of = np.zeros(records.height + 1, np.int64)
    of[entity["link"].to_numpy()] = entity["entity"].to_numpy()
    return Prepared(
        records=records.select("link", "system", "external_id"), found=found, pairs=pairs,
        compared=features(pairs, found, terms=counted, counts=counts),
        same=of[pairs["left"].to_numpy()] == of[pairs["right"].to_numpy()],
    )  # fmt: skip


def learnt(of: Sequence[Prepared], kind: int) -> lightgbm.Booster:
    """Return the trees of one kind of party."""
    rows = [one.compared.kind == kind for one in of]
    matrix = np.concatenate([one.compared.matrix[row] for one, row in zip(of, rows, strict=True)])
    same = np.concatenate([one.same[row] for one, row in zip(of, rows, strict=True)])
    own = {"num_leaves": 31} if kind == PERSON else {"num_leaves": 15, "min_data_in_leaf": 40}
    data = lightgbm.Dataset(matrix, same, feature_name=list(FEATURES))
    return lightgbm.train(PARAMETERS | own, data, ROUNDS[kind])


def calibration(
    raw: Floats, same: npt.NDArray[np.bool_], bins: int = 40
) -> tuple[list[float], list[float]]:
    """Return log odds and the share of true pairs there, rising: by bins of equal size, then isotonic."""
    order = np.argsort(raw, kind="stable")
    parts = np.array_split(order, bins)
    at = [float(raw[part].mean()) for part in parts]
    # A pair of each kind is added, so that no share is 0 or 1.
    share = [(float(same[part].sum()) + 0.5) / (len(part) + 1) for part in parts]
    blocks: list[list[float]] = []
    for value in share:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            value_, count = blocks.pop()
            blocks[-1] = [
                (blocks[-1][0] * blocks[-1][1] + value_ * count) / (blocks[-1][1] + count),
                blocks[-1][1] + count,
            ]
    rising = [value for value, count in blocks for _ in range(int(count))]
    return [round(one, 4) for one in at], [round(one, 6) for one in rising]


def trained(most: int) -> dict[str, object]:
    """Return a model as it is written, without its figures; of exports of so many records at most."""
    said: dict[str, object] = {
        "version": VERSION, "features": list(FEATURES), "automatic": AUTOMATIC, "review": REVIEW,
        "automatic_alone": AUTOMATIC_ALONE, "figures": {},
    }  # fmt: skip
    said["organisation"] = organisations(most)
    said["person"] = _ensemble(
        [prepared(generate(*one)) for one in TRAINED if one[0] <= most],
        [prepared(generate(*one)) for one in CALIBRATED if one[0] <= most],
        PERSON,
    )
    alone = [[prepared(registry(*one)) for one in some] for some in (ALONE, ALONE_CALIBRATED)]
    said["person_alone"] = _ensemble(*alone, PERSON)
    return said


def organisations(most: int) -> dict[str, object]:
    """Return the ensemble of organisations."""
    parts = [
        [
            prepared(firms_of(whole, is_sparse=is_sparse))
            for whole in (generate(*one) for one in some if one[0] <= most)
            for is_sparse in (False, True)
        ]
        for some in (FIRMS, FIRMS_CALIBRATED)
    ]
    return _ensemble(*parts, ORGANISATION)


def _ensemble(of: Sequence[Prepared], held: Sequence[Prepared], kind: int) -> dict[str, object]:
    trees = learnt(of, kind)
    raw, same = [], []
    for one in held:
        row = one.compared.kind == kind
        raw.append(trees.predict(one.compared.matrix[row], raw_score=True))
        same.append(one.same[row])
    log_odds, probabilities = calibration(np.concatenate(raw), np.concatenate(same))
    return {
        "trees": trees.model_to_string(importance_type="gain"), "log_odds": log_odds, "probabilities": probabilities,
    }  # fmt: skip


def joined_records(
    one: Prepared, scores: Floats, *, automatic: float, review: float
) -> pl.DataFrame:
    """Return the customers that a threshold makes: (system, external_id, customer)."""
    none = pl.DataFrame(schema=_LINKS)
    told = one.pairs.with_columns(score=pl.Series(scores))
    near = told.filter(pl.col("score") >= review).select("left", "right")
    told = told.join(vetoed(near, one.found), on=["left", "right"], how="left")
    found = cluster(
        told, pl.DataFrame(schema={"link": pl.Int64, "customer": pl.Int64}), links=one.records["link"],
        together=none, apart=none, policy=ClusterPolicy(automatic=automatic, review=review),
    )  # fmt: skip
    return one.records.join(found.assigned, on="link").select("system", "external_id", "customer")


def figures(
    corpus: Corpus, of: tuple[int, int, float], one: Prepared, model: Model
) -> Iterator[dict[str, object]]:
    """Return what thresholds reach on an export, after clustering."""
    scores = model.score(one.compared)
    for automatic in (0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9):
        customers = joined_records(
            one, scores, automatic=automatic, review=min(automatic, model.review)
        )
        reached = scored(corpus.truth, customers)
        yield {
            "size": of[0], "seed": of[1], "noise": of[2], "automatic": automatic,
            **{name: {part: round(number, 4) for part, number in said.items()} for name, said in reached.named().items() if isinstance(said, dict)},
            "wrong_pairs": reached.wrong_pairs, "wrong_by_trap": wrong_by_trap(corpus, customers),
        }  # fmt: skip


def wrong_by_trap(corpus: Corpus, customers: pl.DataFrame) -> dict[str, int]:
    """Count pairs of two persons that were made one, by what they share: kind of party and traps of both."""
    both = joined(corpus.truth, customers)
    met = both.join(both, on="customer", suffix="_other").filter(
        (pl.col("entity") < pl.col("entity_other"))
        & (pl.col("kind") == "person")
        & (pl.col("kind_other") == "person")
    )
    shared = met.select(trap=pl.col("traps").list.set_intersection("traps_other")).explode("trap")
    return dict(shared.group_by("trap").len().drop_nulls().sort("trap").iter_rows())


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--most", type=int, default=100_000, help="records of the largest export to use"
    )
    most: int = parser.parse_args().most
    start = time.perf_counter()
    said = trained(most)
    print(f"trained after {time.perf_counter() - start:.0f} s", flush=True)
    MODEL.write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    model = Model.from_text(json.dumps(said))
    told = []
    for one in MEASURED:
        if one[0] <= most:
            corpus = generate(*one)
            for row in figures(corpus, one, prepared(corpus), model):
                print(json.dumps(row), flush=True)
                told.append(row)
    said["figures"] = told
    MODEL.write_text(json.dumps(said, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
