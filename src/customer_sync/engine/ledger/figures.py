"""What the books say of customers, as golden values: balance, overdue, credit, orders, lifetime value.

They are claimed by the books' own stream, so they reach other systems by the ordinary delivery, and no source
claims them. Promises that they are what the journal comes to, whoever was merged or split, at a cost that follows
what was posted, moved or became due since. Without a stream that is told of them, nothing is computed.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from customer_sync.connect.port import CHANGED_AT, GONE, ID, MERGED_INTO, OUTSIDE, VERSION
from customer_sync.core.decide import BOOKS_STREAM
from customer_sync.core.ledger import credit, purchases
from customer_sync.engine.absorb import absorb_own_in
from customer_sync.engine.session import Session
from customer_sync.infra.pg import Transaction
from customer_sync.kernel.frames import to_json
from customer_sync.model.field import FIGURES, column_name
from customer_sync.model.frame import INSTANT
from customer_sync.store import figures, stewards
from customer_sync.store import snapshot as snapshots

__all__ = ["keep_figures"]

CUSTOMERS_MAX = 5_000
_MONEY = {
    "balance": "balance_e4", "overdue": "overdue_e4", "credit_available": "available_e4",
    "lifetime_value": "lifetime_e4",
}  # fmt: skip


def keep_figures(session: Session) -> int:
    """Bring figures of customers up to date; return how many customers changed."""
    if not any(set(stream.map.outward) & set(FIGURES) for stream in session.rules.connected):
        return 0
    day, version = session.now().date(), session.rules.version
    # Overdue is what was due before today; a level begins on its day.
    levels = [0, *(level - 1 for level in session.rules.config.ledger.dunning.levels)]
    with session.db.transaction() as tx:
        since = figures.mark(tx, "figures")
        if since is not None and since.version != version:
            since = None
        reached = figures.now(tx, day, version)
        customers = figures.touched(tx, since, day, levels)
    changed = 0
    for start in range(0, len(customers), CUSTOMERS_MAX):
        with session.db.transaction() as tx:
            snapshots.begin(tx)
            changed += _keep_in(tx, session, customers[start : start + CUSTOMERS_MAX], day)
    with session.db.transaction() as tx:
        figures.keep(tx, "figures", reached)
    return changed


def _keep_in(tx: Transaction, session: Session, customers: Sequence[int], day: date) -> int:
    computed = _computed(tx, session, customers, day)
    stands = stewards.golden(tx, session.rules, customers).select(
        "customer", pl.col(FIGURES).name.prefix("before.")
    )
    both = computed.join(stands, on="customer", how="inner", maintain_order="left")
    differs = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(f"before.{name}")) for name in FIGURES
    )
    news = both.filter(differs)
    if news.is_empty():
        return 0
    stream = session.rules.streams[BOOKS_STREAM]
    before = news.select(pl.col(f"before.{name}").alias(column_name(name)) for name in FIGURES)
    records = news.select(
        pl.col("customer").cast(pl.String).alias(ID),
        pl.lit(session.now()).cast(INSTANT).alias(CHANGED_AT),
        pl.lit(None, pl.String).alias(VERSION),
        pl.lit(None, pl.String).alias(MERGED_INTO),
        pl.lit(value=False).alias(GONE),
        pl.lit(value=False).alias(OUTSIDE),
        *(pl.col(name).alias(column_name(name)) for name in FIGURES),
    ).with_columns(before.select(before=to_json(list(stream.map.source_fields)))["before"])
    absorb_own_in(tx, session, stream, records)
    session.add({"figures": records.height})
    return records.height


def _computed(
    tx: Transaction, session: Session, customers: Sequence[int], day: date
) -> pl.DataFrame:
    """Return customer and every figure of theirs, in canonical form."""
    rules = session.rules.books
    limits = _limits(figures.limits(tx, customers), rules.functional)
    owed = credit(figures.open_items(tx, customers), limits, day, rules.config)
    bought = purchases(
        figures.revenue(tx, customers), _orders(figures.orders(tx, customers)), rules
    )
    frame = pl.DataFrame({"customer": list(customers)}, schema={"customer": pl.Int64})
    frame = frame.join(owed, on="customer", how="left").join(bought, on="customer", how="left")
    frame = frame.with_columns(pl.col("lifetime_e4", "orders").fill_null(0))
    return frame.select(
        "customer",
        *(_money(column, rules.functional).alias(name) for name, column in _MONEY.items()),
        pl.col("state").alias("credit_state"),
        pl.col("orders").cast(pl.String),
        pl.col("first").cast(pl.String).alias("first_order"),
        pl.col("last").cast(pl.String).alias("last_order"),
    )


def _limits(told: pl.DataFrame, functional: str) -> pl.DataFrame:
    """Return customer and limit_e4; a limit in another currency is none."""
    parts = pl.col("credit_limit").str.extract_groups(r"^(-?\d+(?:\.\d+)?) (\w+)$")
    amount = parts.struct.field("1").cast(pl.Decimal(38, 4), strict=False).to_physical()
    is_ours = parts.struct.field("2") == functional
    return told.select("customer", limit_e4=pl.when(is_ours).then(amount.cast(pl.Int64)))


def _orders(told: pl.DataFrame) -> pl.DataFrame:
    """Return customer and date of each order; of invoices, where a customer has no orders."""
    has_orders = (pl.col("type") == "order").any().over("customer")
    return told.filter(~has_orders | (pl.col("type") == "order")).select("customer", "date")


def _money(column: str, currency: str) -> pl.Expr:
    """Return ten-thousandths in the normal form of money: no trailing zeros, and the currency."""
    units, rest = pl.col(column).abs() // 10_000, pl.col(column).abs() % 10_000
    sign = pl.when(pl.col(column) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = pl.concat_str(
        sign, units.cast(pl.String), pl.lit("."), rest.cast(pl.String).str.zfill(4)
    )
    plain = text.str.strip_chars_end("0").str.strip_suffix(".")
    return pl.concat_str(plain, pl.lit(f" {currency}"))
