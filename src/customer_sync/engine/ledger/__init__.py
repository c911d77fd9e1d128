"""Use cases of the customer ledger: its books for other programs, periods, opening balances."""

from customer_sync.engine.ledger.chart import keep_chart
from customer_sync.engine.ledger.closing import close, reopen
from customer_sync.engine.ledger.export import Book, Exported, Format, export
from customer_sync.engine.ledger.opening import OPENING, Opened, open_balances

__all__ = [
    "OPENING", "Book", "Exported", "Format", "Opened", "close", "export", "keep_chart", "open_balances", "reopen",
]  # fmt: skip
