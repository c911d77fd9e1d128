"""Identity: which customer a new record belongs to, by exact match keys and stewards' decisions."""

from customer_sync.core.identity.keys import identifies, match_keys
from customer_sync.core.identity.resolve import Resolved, resolve

__all__ = ["Resolved", "identifies", "match_keys", "resolve"]
