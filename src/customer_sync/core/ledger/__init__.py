"""The ledger's rules: from documents to balanced entries, settlement, schedules and reconciliation."""

from customer_sync.core.ledger.absorb import LedgerEffects, LedgerSnapshot, absorb
from customer_sync.core.ledger.attribute import cohorts, purchases, revenue
from customer_sync.core.ledger.balance import balances, unbalanced
from customer_sync.core.ledger.clearing import cleared, realised
from customer_sync.core.ledger.codes import LEDGER_CODES
from customer_sync.core.ledger.credit import aged, credit, tiers
from customer_sync.core.ledger.post import Standing
from customer_sync.core.ledger.read import read
from customer_sync.core.ledger.recognise import months, recognise
from customer_sync.core.ledger.reconcile import BROUGHT, DIFFERENCE_KINDS, OWED, reconciled, totals
from customer_sync.core.ledger.rule import Calendar, Rules, calendar, compiled
from customer_sync.core.ledger.settle import Settled, Unsettled, settle

__all__ = [
    "BROUGHT", "DIFFERENCE_KINDS", "LEDGER_CODES", "OWED", "Calendar", "LedgerEffects", "LedgerSnapshot", "Rules",
    "Settled", "Standing", "Unsettled", "absorb", "aged", "balances", "calendar", "cleared", "cohorts", "compiled",
    "credit", "months", "purchases", "read", "realised", "recognise", "reconciled", "revenue", "settle", "tiers",
    "totals", "unbalanced",
]  # fmt: skip
