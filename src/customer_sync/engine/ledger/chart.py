"""The chart of accounts in force: what the configuration says, and the sub-accounts that postings name.

Decides that `1300.card` is what `1300` is. Promises to write only what is new or was renamed, so that
posting touches no row that others wait for. Must not know what is posted there.
"""

from collections.abc import Iterable

import polars as pl

from customer_sync.infra.pg import Transaction
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.ledger_config import LedgerConfig, root_of
from customer_sync.store import journal

__all__ = ["check_chart", "keep_chart"]

NATURE = ("type", "is_control", "commodity")


def keep_chart(tx: Transaction, config: LedgerConfig, used: Iterable[str] = ()) -> None:
    """Bring the stored chart up to the configuration's, and to the accounts used."""
    wanted = _wanted(config, used)
    news = wanted.join(
        journal.accounts(tx), on=list(journal.ACCOUNTS), how="anti", nulls_equal=True
    )
    if news.height:
        journal.add_accounts(tx, news)


def check_chart(tx: Transaction, config: LedgerConfig) -> None:
    """Refuse a chart by which an account that was posted to would be another.

    Raises:
        ConfigurationError: It would.
    """
    chart, stored = config.chart(), journal.accounts(tx)
    used = [code for code in stored["code"] if root_of(code, chart) in chart]
    wanted = _wanted(config, used).select("code", *NATURE)
    others = stored.join(wanted, on=["code", *NATURE], how="anti", nulls_equal=True)
    codes = others.filter(pl.col("code").is_in(wanted["code"].implode()))["code"]
    posted = journal.posted(tx, codes)
    if posted:
        raise ConfigurationError(
            f"ledger.accounts: {', '.join(posted)} has postings: what it is stays as it was",
            hint="rename it or deactivate it only, and give the new account a code of its own",
        )


def _wanted(config: LedgerConfig, used: Iterable[str]) -> pl.DataFrame:
    """Return ACCOUNTS as they should be kept."""
    chart = config.chart()
    rows = []
    for code in sorted({*chart, *used}):
        root = root_of(code, chart)
        assert root in chart, "rules name accounts of the chart"
        one = chart[root]
        name = one.name if code == root else f"{one.name}: {code[len(root) + 1 :]}"
        rows.append((code, name, one.type, one.control, one.commodity, one.active))
    return pl.DataFrame(rows, schema=journal.ACCOUNTS, orient="row")
