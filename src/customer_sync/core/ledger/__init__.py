"""The ledger's rules: from documents to balanced entries, settlement, schedules and reconciliation."""

from customer_sync.core.ledger.balance import balances, unbalanced
from customer_sync.core.ledger.codes import LEDGER_CODES
from customer_sync.core.ledger.post import Posted, Standing, post
from customer_sync.core.ledger.rule import Calendar, Rules, calendar, compiled

__all__ = [
    "LEDGER_CODES", "Calendar", "Posted", "Rules", "Standing", "balances", "calendar", "compiled", "post",
    "unbalanced",
]  # fmt: skip
