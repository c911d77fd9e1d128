"""The chart of accounts in force: what the configuration says, and the sub-accounts that postings name.

Decides that `1300.card` is what `1300` is. Promises to write only what is new or was renamed, so that
posting touches no row that others wait for. Must not know what is posted there.
"""

from collections.abc import Iterable

import polars as pl

from customer_sync.infra.pg import Transaction
from customer_sync.model.ledger_config import LedgerConfig, root_of
from customer_sync.store import journal

__all__ = ["keep_chart"]


def keep_chart(tx: Transaction, config: LedgerConfig, used: Iterable[str] = ()) -> None:
    """Bring the stored chart up to the configuration's, and to the accounts used."""
    chart = config.chart()
    rows = []
    for code in sorted({*chart, *used}):
        root = root_of(code, chart)
        assert root in chart, "rules name accounts of the chart"
        one = chart[root]
        name = one.name if code == root else f"{one.name}: {code[len(root) + 1 :]}"
        rows.append((code, name, one.type, one.control, one.commodity, one.active))
    wanted = pl.DataFrame(rows, schema=journal.ACCOUNTS, orient="row")
    news = wanted.join(
        journal.accounts(tx), on=list(journal.ACCOUNTS), how="anti", nulls_equal=True
    )
    if news.height:
        journal.add_accounts(tx, news)
