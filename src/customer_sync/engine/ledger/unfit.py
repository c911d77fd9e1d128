"""Tell what documents say that they settle and cannot: of another stream, of the same side, or never seen.

The money stands as it is posted; without this nobody would learn why it settles nothing. Promises that what
arrives later closes what was told, and a cost that follows what is not settled. Changes no posting.
"""

import polars as pl

from customer_sync.core.ledger import LEDGER_CODES
from customer_sync.engine.session import Session
from customer_sync.store import rejects, sightings
from customer_sync.store import snapshot as snapshots

__all__ = ["tell_unfit"]

STAGE = "settle"


def tell_unfit(session: Session) -> int:
    """Set aside every allocation that cannot be; close those that can be by now. Return how many are open."""
    with session.db.transaction() as tx:
        snapshots.begin(tx)
        found = sightings.judge_given(tx)
        causes = {code: cause for code, (cause, _) in LEDGER_CODES.items()}
        faults = found.select(
            "stream",
            "external_id",
            stage=pl.lit(STAGE),
            field=pl.lit("allocations"),
            code=pl.when(pl.col("type").is_null())
            .then(pl.lit("allocation_unknown"))
            .otherwise(pl.lit("allocation_unfit")),
            named=pl.concat_str(pl.lit(" It names "), "other", pl.lit(" of "), "named"),
            elsewhere=pl.concat_str(pl.lit("; there is one in "), "elsewhere"),
            whole=pl.lit(value=False),
        ).with_columns(
            detail=pl.concat_str(
                pl.col("code").replace(causes),
                "named",
                pl.col("elsewhere").fill_null(""),
                pl.lit("."),
            )
        )
        faults = faults.drop("named", "elsewhere")
        for stream in session.rules.documents:
            told = faults.filter(pl.col("stream") == stream).drop("stream")
            rejects.renew(tx, stream, STAGE, told, run=session.run, now=session.now())
    return found.height
