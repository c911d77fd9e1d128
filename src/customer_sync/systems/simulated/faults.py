"""A seeded plan of what goes wrong between a connector and a simulated platform.

The plan decides, at every operation, which faults fire: the same seed and the same sequence of
operations fire the same faults. It counts what fired, so that a test can assert that the weather it
ordered did happen. It must not know platforms, records or connectors: the platform asks and acts.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

__all__ = ["FAULTS", "Fault", "FaultPlan"]

Fault = Literal[
    "rate_limited",  # refused with a wait, nothing was done
    "lost_request",  # lost before the platform acted: SystemDownError
    "race_before",  # people edit a record of the batch between its read and this write
    "late",  # a write whose answer is given up; it is performed after the next operation
    "doubled",  # the write is performed twice (a proxy sent it again)
    "race_after",  # people edit a record of the batch between this write and its answer
    "lost_answer",  # the platform acted, and its answer was lost: PushUnconfirmedError
    "page_cut",  # a page shows fewer rows than were asked for, and says that there is more
    "empty_listing",  # a listing succeeds and shows nothing
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class FaultPlan:
    """Which faults fire, by seed and rate.

    Attributes:
        histogram: How often each ``operation.fault`` fired.
        active: Set it to False and nothing fires any more (forced faults neither).
        race_fields: The fields that racing people edit; without one, nobody races.
    """

    def __init__(
        self,
        *,
        seed: int,
        rates: Mapping[str, float] | None = None,
        race_fields: Sequence[str] = (),
    ) -> None:
        """Take the rates: ``fault`` for every operation, ``operation.fault`` for one of them."""
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._rates = dict(rates or {})
        unknown = sorted(key for key in self._rates if key.rpartition(".")[2] not in FAULTS)
        assert not unknown, f"no such fault: {', '.join(unknown)}"
        self._forced: list[tuple[str, Fault]] = []
        self.race_fields = tuple(race_fields)
        self.histogram: Counter[str] = Counter()
        self.active = True

    def force(self, operation: str, fault: Fault) -> None:
        """Let this fault fire at the next such operation, whatever the rates."""
        self._forced.append((operation, fault))

    def fires(self, operation: str, fault: Fault) -> bool:
        """Decide whether this fault fires now, and count it."""
        if not self.active:
            return False
        fired = self._is_forced(operation, fault) or self._is_drawn(operation, fault)
        if fired:
            self.histogram[f"{operation}.{fault}"] += 1
        return fired

    def pick(self, number: int) -> int:
        """Return a seeded choice among ``number`` things."""
        return self._random.randrange(number)

    def _is_forced(self, operation: str, fault: Fault) -> bool:
        if (operation, fault) not in self._forced:
            return False
        self._forced.remove((operation, fault))
        return True

    def _is_drawn(self, operation: str, fault: Fault) -> bool:
        rate = self._rates.get(f"{operation}.{fault}", self._rates.get(fault, 0.0))
        return rate > 0 and self._random.random() < rate
