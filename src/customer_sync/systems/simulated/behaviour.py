"""How a simulated platform behaves: the habits, good and bad, of the platforms that companies run.

A behaviour decides what the platform can do and how it treats what it is sent. It is a value: it
holds no record and no state, so one behaviour may serve many platforms. It knows no connector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["ACTIVE", "Behaviour"]

ACTIVE = "active"  # the field that a deactivated record shows as "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The habits of one platform; the defaults are those of a well-behaved one."""

    ids: Literal["sequential", "random"] = "sequential"

    # -- its clock and its change feed
    resolution_s: float = 0.000_001  # a change is stamped with the instant rounded down to this
    lag_s: float = 0.0  # how late a commit may follow its own stamp
    late_commits: float = 0.0  # share of people's changes that commit late, within the lag
    repeats: float = 0.0  # share of changes that are told twice, in the feed and as notifications
    cursor: bool = True  # it can tell what changed since
    tells_time: bool = True  # records carry the instant of their last change
    deletes: Literal["none", "flag", "feed", "keys"] = "feed"

    # -- what it does to values that it is sent
    upper: Sequence[str] = ()  # fields that it stores in capitals
    trims: bool = False
    empty_is_null: bool = False
    lengths: Mapping[str, int] = field(default_factory=dict)
    too_long: Literal["refuse", "truncate"] = "refuse"
    unknown: Literal["refuse", "drop"] = "refuse"  # fields that a declared stream does not have
    required: Sequence[str] = ()
    unique: Sequence[str] = ()

    # -- what it promises a writer
    tokens: bool = True  # it remembers idempotency tokens
    precondition: Literal["none", "values", "version"] = "version"
    answers_record: bool = True
    creates: bool = True
    updates: bool = True
    can_delete: bool = False
    can_deactivate: bool = False

    # -- its limits
    page_rows_max: int = 1_000
    write_rows_max: int = 100
    search_rows_max: int | None = None  # one search shows no more than this, and says nothing of it
    tells_total: bool = True
    empty_listing: bool = False  # it answers every listing with success and no record
    calls_per_limit: int | None = None  # every n-th call is refused for its rate...
    limit_after_s: float = 1.0  # ...with this wait

    def stored(self, fields: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return these values as the platform stores and shows them."""
        return {name: self._stored_value(name, value) for name, value in fields.items()}

    def _stored_value(self, name: str, value: str | None) -> str | None:
        if value is None:
            return None
        shown = value.strip() if self.trims else value
        shown = shown.upper() if name in self.upper else shown
        if self.too_long == "truncate" and name in self.lengths:
            shown = shown[: self.lengths[name]]
        return None if self.empty_is_null and not shown else shown
