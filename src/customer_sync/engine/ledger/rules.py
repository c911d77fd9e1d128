"""The rules of the books that a published configuration holds.

Decides nothing: the functional currency is the workspace's, accounts and policies are the ledger's.
"""

from customer_sync.core.decide import Published
from customer_sync.core.ledger import Rules, compiled
from customer_sync.engine.ledger.notation import Amounts
from customer_sync.model.ledger_config import LedgerConfig

__all__ = ["amounts", "ledger_rules"]


def ledger_rules(published: Published) -> Rules:
    """Return what documents are posted and reported by."""
    return compiled(LedgerConfig(), published.config.workspace.currency)


def amounts(rules: Rules) -> Amounts:
    """Return how amounts are written under these rules."""
    return Amounts(functional=rules.functional, points=(rules.config.loyalty.commodity,))
