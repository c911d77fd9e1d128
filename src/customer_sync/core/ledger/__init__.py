"""The ledger's rules: from documents to balanced entries, settlement, schedules and reconciliation."""

from customer_sync.core.ledger.balance import balances, unbalanced

__all__ = ["balances", "unbalanced"]
