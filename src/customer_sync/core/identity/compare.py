"""Compare: pairs of records into scores and vetoes, the one way for two records and for ten million.

Decides in what portions pairs are compared. Promises the same score for a pair whatever it is compared
beside. Must not know where profiles and counts are kept.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from customer_sync.core.identity.features import FEATURES, PERSON, Features, features
from customer_sync.core.identity.model import Model
from customer_sync.core.identity.veto import vetoed
from customer_sync.kernel.frames import empty

__all__ = ["SCORES", "compared"]

SCORES = {"left": pl.Int64, "right": pl.Int64, "score": pl.Float64, "veto": pl.String}
PAIRS_MAX = 400_000  # features of so many at once: about 70 MB
# Of fewer records nobody can tell whether a name is rare: there it joins nobody by itself, but is asked about. Among
# 20,000 records 904 of 10,860 pairs that are joined have only their names in common, and 94 % of these are right.
NAMES_KNOWN_MIN = 1_000
OWN_MAILBOX_MAX = 3  # log2 of the records that carry an address which is one person's
STEP = 0.01  # below the automatic threshold: as near as a score is told
ALIKE_MIN = 0.8
BIRTH_SLIP = 2  # the same birth date, but for one slip


def compared(
    pairs: pl.DataFrame, found: pl.DataFrame, *, terms: pl.DataFrame, counts: pl.DataFrame, size: int, model: Model
) -> pl.DataFrame:  # fmt: skip
    """Return SCORES of pairs: the probability of each to be one party, and the rule that excludes it.

    Args:
        pairs: (left, right) links.
        found: profiles, among them those of every pair, each once.
        terms: what `terms` says of these profiles.
        counts: (term, records): how many records of the workspace carry a term.
        size: how many records the workspace has.
        model: what weighs their features.
    """
    if pairs.is_empty():
        return empty(SCORES)
    is_small = size < NAMES_KNOWN_MIN
    scores = pl.concat(
        _scored(part, found, terms, counts, model, is_small=is_small)
        for part in pairs.iter_slices(PAIRS_MAX)
    )
    # What the model sets apart needs no rule to do so.
    near = scores.filter(pl.col("score") >= model.review)
    if near.is_empty():
        return scores.with_columns(veto=pl.lit(None, pl.String))
    theirs = _of(near, found)
    excluded = vetoed(near.select("left", "right"), theirs, waived=model.waived)
    return scores.join(excluded, on=["left", "right"], how="left", maintain_order="left")


def _scored(
    part: pl.DataFrame, found: pl.DataFrame, terms: pl.DataFrame, counts: pl.DataFrame, model: Model, *,
    is_small: bool,
) -> pl.DataFrame:  # fmt: skip
    theirs = _of(part, found)
    said = terms
    if theirs.height < found.height:
        said = terms.filter(pl.col("link").is_in(theirs["link"].implode()))
    told = features(part, theirs, terms=said, counts=counts)
    score = model.score(told)
    if is_small:
        score = np.where(_is_name_all(told), np.minimum(score, model.automatic - STEP), score)
    score = np.where(_is_mail_all(told), np.maximum(score, model.automatic), score)
    return part.select("left", "right").with_columns(pl.Series("score", score, dtype=pl.Float64))


def _is_name_all(told: Features) -> npt.NDArray[np.bool_]:
    """Tell which pairs of persons have nothing but their names in common."""
    column = {name: told.matrix[:, place] for place, name in enumerate(FEATURES)}
    house = (column["house_same"] == 1) & (column["street_alike"] > ALIKE_MIN)
    witness: npt.NDArray[np.bool_] = np.logical_or.reduce([
        column["mail_same"] == 1, column["role_same"] == 1, column["domain_same"] == 1, column["phone_same"] == 1,
        column["birth_level"] >= BIRTH_SLIP, column["tax_same"] > ALIKE_MIN, house,
    ])  # fmt: skip
    is_person: npt.NDArray[np.bool_] = told.kind == PERSON
    return is_person & ~witness


def _is_mail_all(told: Features) -> npt.NDArray[np.bool_]:
    """Tell of which pairs one says nothing but the address that both have: a guest is whose mailbox it is."""
    column = {name: told.matrix[:, place] for place, name in enumerate(FEATURES)}
    is_own = column["mail_records"] <= OWN_MAILBOX_MAX
    found: npt.NDArray[np.bool_] = (
        (column["mail_same"] == 1) & (column["fields_compared"] == 1) & is_own
    )
    return found


def _of(pairs: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the profiles of pairs."""
    links = pl.concat([pairs["left"], pairs["right"]]).unique()
    if links.len() == found.height:
        return found
    return found.filter(pl.col("link").is_in(links.implode()))
