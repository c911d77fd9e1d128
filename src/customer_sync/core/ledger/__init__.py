"""The ledger's rules: from documents to balanced entries, settlement, schedules and reconciliation."""

from customer_sync.core.ledger.absorb import LedgerEffects, LedgerSnapshot, absorb
from customer_sync.core.ledger.balance import balances, unbalanced
from customer_sync.core.ledger.codes import LEDGER_CODES
from customer_sync.core.ledger.post import Standing
from customer_sync.core.ledger.rule import Calendar, Rules, calendar, compiled
from customer_sync.core.ledger.settle import Settled, Unsettled, settle

__all__ = [
    "LEDGER_CODES", "Calendar", "LedgerEffects", "LedgerSnapshot", "Rules", "Settled", "Standing", "Unsettled",
    "absorb", "balances", "calendar", "compiled", "settle", "unbalanced",
]  # fmt: skip
