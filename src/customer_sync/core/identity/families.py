"""Families: whether the people of a workspace live together, told from pairs that nobody has judged.

Decides from what the pairs of one family name and one house show. Where families are, most of those differ
in given name and birth date; where records of single persons were copied carelessly, most of those that
differ in the given name were born on the same day. Promises no answer from a few pairs. Must not score.
"""

import numpy as np

from customer_sync.core.identity.features import FEATURES, PERSON, Features

__all__ = ["lacks_families"]

_PAIRS_MIN = 30  # fewer prove nothing: families are taken for granted
_AT = {name: place for place, name in enumerate(FEATURES)}


def lacks_families(found: Features) -> bool:
    """Tell whether a workspace is of persons who live alone, by the features of all its candidate pairs.

    There, what elsewhere is a twin or a father is the same person with a fault (see `Model.alone`).
    """
    told = {name: found.matrix[:, _AT[name]] for name in _ASKED}
    is_home = (
        (found.kind == PERSON) & (told["family_level"] >= 2)
        & (told["house_same"] == 1) & (told["street_alike"] > 0.9)
    )  # fmt: skip
    is_other = is_home & (told["given_level"] == 0) & (told["given_alike"] < 0.7)
    kin = int(np.count_nonzero(is_other & (told["birth_level"] < 1.5)))
    twins = int(np.count_nonzero(is_other & (told["birth_level"] >= 2)))
    return kin + twins >= _PAIRS_MIN and twins > kin


_ASKED = ("family_level", "house_same", "street_alike", "given_level", "given_alike", "birth_level")
