"""Walk: the ensembles that LightGBM grew, evaluated without its library.

For machines that cannot load the library, as slim images lack the OpenMP run-time of GCC. Promises the
library's log odds to the last bit, four times as slow (217 us a pair beside 52, measured together on a busy
machine). Must not know what the columns mean.
"""

import numpy as np
import numpy.typing as npt

from customer_sync.core.identity.trees import Trees
from customer_sync.kernel.errors import CapabilityMissingError

__all__ = ["Walked", "grown"]

Doubles = npt.NDArray[np.float64]
_CATEGORIES, _NAN_LEFT = 1, 2  # bits of `decision_type`; the two above say what is missing
_MISSING_NONE, _MISSING_NAN = 0, 2
_ROWS = 256  # walked at once: they stay in the processor's cache


def grown(text: str) -> "Trees | Walked":
    """Return the ensemble of a text, evaluated by the library where the machine can load it.

    Raises:
        ValueError: the text is no ensemble.
    """
    try:
        return Trees(text)
    except CapabilityMissingError:
        return Walked(text)


class Walked:
    """One ensemble.

    Raises:
        ValueError: the text is no ensemble, or one of a kind that is not shipped.
    """

    def __init__(self, text: str) -> None:
        feature: list[int] = []
        threshold: list[float] = []
        left: list[int] = []
        right: list[int] = []
        kinds: list[int] = []
        leaves: list[float] = []
        roots: list[int] = []
        for said in _trees(text):
            # Nodes are numbered through all trees, leaves below zero, as within each.
            node, leaf = len(feature), len(leaves)
            leaves += map(float, said["leaf_value"].split())
            if said["num_leaves"] == "1":
                roots.append(-1 - leaf)
                continue
            roots.append(node)
            feature += map(int, said["split_feature"].split())
            threshold += map(float, said["threshold"].split())
            kinds += map(int, said["decision_type"].split())
            for side, name in ((left, "left_child"), (right, "right_child")):
                side += [
                    one + node if one >= 0 else one - leaf for one in map(int, said[name].split())
                ]
        missing = np.array(kinds, np.int32) >> 2
        known = np.isin(missing, [_MISSING_NONE, _MISSING_NAN])
        if not roots or any(kind & _CATEGORIES for kind in kinds) or not known.all():
            raise ValueError("this is no ensemble that can be walked")
        self._feature, self._threshold = np.array(feature, np.int32), np.array(threshold)
        self._left, self._right = np.array(left, np.int32), np.array(right, np.int32)
        self._is_nan_left = (np.array(kinds, np.int32) & _NAN_LEFT) > 0
        self._knows_nan = missing == _MISSING_NAN
        self._leaves, self._roots = np.array(leaves), np.array(roots, np.int32)

    def raw(self, matrix: npt.NDArray[np.float32]) -> Doubles:
        """Return the log odds of each row."""
        told = np.empty(len(matrix))
        for start in range(0, len(matrix), _ROWS):
            part = matrix[start : start + _ROWS].astype(np.float64)
            # One after another, as the library adds them: another order has another last bit.
            told[start : start + len(part)] = np.cumsum(self._reached(part), axis=1)[:, -1]
        return told

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Doubles:
        """Refuse: what each column adds is told by the library alone."""
        raise CapabilityMissingError(
            "telling what speaks for and against needs the OpenMP run-time: install libgomp1 (Debian, Ubuntu) "
            "or libgomp"
        )

    def _reached(self, rows: Doubles) -> Doubles:
        """Return the leaf of each tree that each row comes to."""
        node = np.tile(self._roots, len(rows))
        row = np.repeat(np.arange(len(rows)), len(self._roots))
        walking = np.flatnonzero(node >= 0)
        while len(walking):
            at = node[walking]
            value = rows[row[walking], self._feature[at]]
            is_nan = np.isnan(value)
            knows = self._knows_nan[at]
            goes_left = np.where(
                is_nan & knows,
                self._is_nan_left[at],
                np.where(is_nan, 0.0, value) <= self._threshold[at],
            )
            after = np.where(goes_left, self._left[at], self._right[at])
            node[walking] = after
            walking = walking[after >= 0]
        return self._leaves[-1 - node].reshape(len(rows), -1)


def _trees(text: str) -> list[dict[str, str]]:
    blocks = text.split("\nTree=")[1:]
    return [
        dict(line.split("=", 1) for line in block.split("\n") if "=" in line) for block in blocks
    ]
