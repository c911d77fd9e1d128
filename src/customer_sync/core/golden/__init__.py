"""Golden values: how images become claims, and claims the one value of each field."""

from customer_sync.core.golden.claims import changed_cells, current_cells, first_cells, packed
from customer_sync.core.golden.merge import ASK, Policies, merge, widened

__all__ = [
    "ASK",
    "Policies",
    "changed_cells",
    "current_cells",
    "first_cells",
    "merge",
    "packed",
    "widened",
]
