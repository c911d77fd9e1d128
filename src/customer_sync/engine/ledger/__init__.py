"""Use cases of the customer ledger: what customers owe, the books and for other programs, periods, opening balances.

What reads systems stands beside and is imported by its own name (`reconciling`): reading needs this package.
"""

from customer_sync.engine.ledger.chart import keep_chart
from customer_sync.engine.ledger.closing import close, reopen
from customer_sync.engine.ledger.earning import By, customers_report, revenue_report
from customer_sync.engine.ledger.export import Book, Exported, Format, export, export_file
from customer_sync.engine.ledger.loyalty import loyalty
from customer_sync.engine.ledger.opening import OPENING, Opened, open_balances
from customer_sync.engine.ledger.opening_file import OpenedFile, open_file
from customer_sync.engine.ledger.owing import ageing, balance, debtors, statement
from customer_sync.engine.ledger.reading import account_book, days_of, found_entries, trial_balance
from customer_sync.engine.ledger.timeline import timeline

__all__ = [
    "OPENING", "Book", "By", "Exported", "Format", "Opened", "OpenedFile", "account_book", "ageing", "balance", "close",
    "customers_report", "days_of", "debtors", "export", "export_file", "found_entries", "keep_chart", "loyalty",
    "open_balances", "open_file", "reopen", "revenue_report", "statement", "timeline", "trial_balance",
]  # fmt: skip
