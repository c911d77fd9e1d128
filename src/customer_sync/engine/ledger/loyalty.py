"""What points a customer earned, redeemed and lost, what it holds, and the tier that this means.

Reads only, from the same journal as money: points are a commodity of their own. Promises that what was
earned, redeemed and expired comes to what is held. The tier is by the rules of `ledger.yaml`, where it has
any; else what the system says that owns it.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from customer_sync.core.ledger import Rules, tiers
from customer_sync.engine.ledger.notation import Amounts, amounts
from customer_sync.engine.ledger.owing import resolved
from customer_sync.infra.pg import Transaction
from customer_sync.store import receivables

__all__ = ["KINDS", "LoyaltyAccount", "loyalty"]

KINDS = ("earned", "redeemed", "expired", "otherwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyAccount:
    """One customer's points. sums: earned, redeemed, expired, otherwise, held. tier: None below the first."""

    customer: int
    name: str = field(repr=False)
    day: date
    commodity: str
    sums: pl.DataFrame
    tier: str | None
    tier_by: str
    lines: pl.DataFrame
    write: Amounts

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that the JSON writer knows."""
        return {
            "customer": self.customer, "name": self.name, "day": self.day, "commodity": self.commodity,
            **self.write.told(self.sums)[0], "tier": self.tier, "tier_by": self.tier_by,
            "lines": self.write.told(self.lines),
        }  # fmt: skip


def loyalty(tx: Transaction, rules: Rules, asked: int, day: date) -> LoyaltyAccount:
    """Return the points of a customer at the end of a day.

    Raises:
        NotFoundError: There is no such customer.
    """
    customer = resolved(tx, asked)
    settings = rules.config.loyalty
    found = receivables.points(tx, customer, day).filter(pl.col("currency") == settings.commodity)
    what = pl.col("rule").str.strip_prefix("points_")
    found = found.with_columns(
        what=pl.when(what.is_in(KINDS)).then(what).otherwise(pl.lit("otherwise")),
        balance_e4=pl.col("points_e4").cum_sum(),
    )
    sums = {f"{kind}_e4": found.filter(pl.col("what") == kind)["points_e4"].sum() for kind in KINDS}
    held = found["points_e4"].sum()
    ranked = tiers(pl.DataFrame({"customer": [customer], "points_e4": [held]}), settings)
    has_rules = bool(settings.tiers)
    tier = ranked["tier"][0] if has_rules else receivables.said_tier(tx, customer)
    lines = [
        "date",
        "entry",
        "kind",
        "what",
        "reverses",
        "number",
        "currency",
        "points_e4",
        "balance_e4",
    ]
    commodity = pl.lit(settings.commodity)
    return LoyaltyAccount(
        customer=customer, name=str(receivables.named_customers(tx, [customer])["name"][0]), day=day,
        commodity=settings.commodity, sums=pl.DataFrame([{**sums, "held_e4": held}]).with_columns(currency=commodity),
        tier=tier, tier_by="rules" if has_rules else "systems", lines=found.select(lines), write=amounts(rules),
    )  # fmt: skip
