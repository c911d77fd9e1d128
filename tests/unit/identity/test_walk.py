"""The same trees, with the library and without it: the same numbers to the last bit."""

import json
from importlib import resources

import numpy as np
import pytest

from customer_sync.core.identity import trees
from customer_sync.core.identity.trees import Trees
from customer_sync.core.identity.walk import Walked, grown
from customer_sync.kernel.errors import CapabilityMissingError

SHIPPED = json.loads(
    resources.files("customer_sync.core.identity").joinpath("shipped_model.json").read_text("utf-8")
)
WIDTH = len(SHIPPED["features"])
LEAF = "tree\n\nTree=0\nnum_leaves=1\nleaf_value=0.25\n"


def rows(seed, count=600):
    random = np.random.default_rng(seed)
    matrix = random.normal(scale=3, size=(count, WIDTH)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.3] = np.nan
    matrix[random.random(matrix.shape) < 0.2] = 1
    matrix[random.random(matrix.shape) < 0.1] = 0
    return matrix


@pytest.mark.parametrize("kind", ["person", "organisation"])
@pytest.mark.parametrize("seed", [1, 2])
def test_walking_the_trees_gives_the_numbers_of_the_library(kind, seed):
    text = SHIPPED[kind]["trees"]
    matrix = rows(seed)

    assert Walked(text).raw(matrix).tolist() == Trees(text).raw(matrix).tolist()


def test_a_tree_that_never_grew_is_its_leaf():
    assert Walked(LEAF).raw(rows(1, 2)).tolist() == [0.25, 0.25]


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        LEAF.replace("num_leaves=1", "num_leaves=2")
        + "split_feature=0\nthreshold=1\ndecision_type=1\n"
        "left_child=-1\nright_child=-2\n",
    ],
    ids=["no ensemble", "categories"],
)
def test_what_cannot_be_walked_is_refused(text):
    with pytest.raises(ValueError, match="walked"):
        Walked(text)


def test_a_machine_without_the_library_scores_all_the_same(monkeypatch):
    monkeypatch.setattr(trees, "_LIBRARIES", ())
    trees._library.cache_clear()
    try:
        found = grown(SHIPPED["person"]["trees"])
        with pytest.raises(CapabilityMissingError, match="libgomp1"):
            found.contributions(rows(1, 1))
    finally:
        trees._library.cache_clear()

    assert isinstance(found, Walked)
    monkeypatch.undo()
    assert isinstance(grown(SHIPPED["person"]["trees"]), Trees)
