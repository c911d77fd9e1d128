"""The model: features of pairs into the probability that both records are one party.

Decides by gradient-boosted trees, one ensemble for persons and one for organisations; a person and an
organisation are never one. Promises the same score for the same features on every machine and in every
batch, a calibrated probability, and contributions that add up to it. Must not know thresholds' use.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Self

import numpy as np
import numpy.typing as npt

from customer_sync.core.identity.features import FEATURES, ORGANISATION, PERSON, Features
from customer_sync.core.identity.trees import Trees
from customer_sync.core.identity.walk import Walked, grown
from customer_sync.kernel.errors import CapabilityMissingError

__all__ = ["Model"]

Doubles = npt.NDArray[np.float64]
_SHIPPED = "shipped_model.json"
_KINDS = {"person": PERSON, "organisation": ORGANISATION}
_ALONE = "person_alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ensemble:
    """Trees of one kind of party, and how their log odds become probabilities."""

    trees: Trees | Walked
    log_odds: Doubles  # where the calibration bends, rising
    probabilities: Doubles

    def calibrated(self, raw: Doubles) -> Doubles:
        return np.interp(raw, self.log_odds, self.probabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model.

    Attributes:
        version: names the model in decisions.
        automatic: the probability from which pairs are joined without a person.
        review: the probability from which a person is asked.
        figures: what it reached on exports it had not seen, as training wrote it.
        lone_persons: the trees for persons where there are no families.
        automatic_alone: the probability from which pairs are joined there.
        waived: the vetoes that do not hold in the workspaces it is for.
    """

    version: str
    automatic: float
    review: float
    figures: str
    ensembles: dict[int, _Ensemble]
    lone_persons: _Ensemble
    automatic_alone: float
    waived: frozenset[str] = frozenset()

    @classmethod
    def shipped(cls) -> Self:
        """Return the model of this release.

        Raises:
            CapabilityMissingError: the machine cannot run it.
        """
        return cls.from_text(_shipped_text())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the model that training wrote.

        Raises:
            CapabilityMissingError: the machine cannot run it, or it was trained for other features.
        """
        found = json.loads(text)
        if found["features"] != list(FEATURES):
            raise CapabilityMissingError(
                "this model was trained for other features: train it anew (`make model`)"
            )
        ensembles = {number: _ensemble(found[name]) for name, number in _KINDS.items()}
        return cls(
            version=found["version"], automatic=found["automatic"], review=found["review"],
            figures=json.dumps(found["figures"]), ensembles=ensembles,
            lone_persons=_ensemble(found[_ALONE]), automatic_alone=found["automatic_alone"],
        )  # fmt: skip

    def alone(self) -> Self:
        """Return this model for workspaces without families (see `lacks_families`)."""
        return replace(
            self, version=f"{self.version}-alone", automatic=self.automatic_alone,
            waived=frozenset({"twin", "generation"}), ensembles=self.ensembles | {PERSON: self.lone_persons},
        )  # fmt: skip

    def score(self, found: Features) -> Doubles:
        """Return the probability of each pair that both records are one party."""
        scores = np.zeros(len(found.kind))
        for kind, ensemble in self.ensembles.items():
            rows = np.flatnonzero(found.kind == kind)
            if len(rows):
                scores[rows] = ensemble.calibrated(ensemble.trees.raw(found.matrix[rows]))
        return scores

    def contributions(self, found: Features) -> Doubles:
        """Return what each feature adds to the log odds of each pair (SHAP); the last column is where all begin."""
        told = np.zeros((len(found.kind), len(FEATURES) + 1))
        for kind, ensemble in self.ensembles.items():
            rows = np.flatnonzero(found.kind == kind)
            if len(rows):
                told[rows] = ensemble.trees.contributions(found.matrix[rows])
        return told


@cache
def _shipped_text() -> str:
    return resources.files(__package__ or "").joinpath(_SHIPPED).read_text("utf-8")


def _ensemble(said: dict[str, object]) -> _Ensemble:
    return _Ensemble(
        trees=grown(str(said["trees"])),
        log_odds=np.asarray(said["log_odds"], np.float64),
        probabilities=np.asarray(said["probabilities"], np.float64),
    )
