"""Exact arithmetic with amounts: minor units, exchange rates, shares.

Promises never to pass through floating point: products are taken in 128 bits, and halves are rounded
away from zero, as invoices do.
"""

import polars as pl

from customer_sync.model.currency import UNIT_E4_COMMODITY, UNIT_E4_DEFAULT, UNITS_E4
from customer_sync.model.document import RATE_E12_ONE

__all__ = ["converted", "quotient", "rounded", "unit_e4"]


def unit_e4(commodity: str, currency: str = "currency") -> pl.Expr:
    """Return the minor unit of each row's currency; points of the commodity are whole."""
    return pl.col(currency).replace_strict(
        {**UNITS_E4, commodity: UNIT_E4_COMMODITY}, default=UNIT_E4_DEFAULT, return_dtype=pl.Int64
    )


def quotient(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """Return a quotient of 128 bits, halves away from zero; the divisor must be positive."""
    return dividend.sign() * ((dividend.abs() + divisor // 2) // divisor)


def rounded(amount: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """Return an amount in whole units."""
    return quotient(amount, unit) * unit


def converted(amount: pl.Expr, rate_e12: pl.Expr, unit: int) -> pl.Expr:
    """Return an amount at a rate, in whole units of the functional currency."""
    divisor = pl.lit(RATE_E12_ONE * unit, pl.Int128)
    return (quotient(amount.cast(pl.Int128) * rate_e12, divisor) * unit).cast(pl.Int64)
