"""Keep customers, and the money tied to them, in agreement across every system and the ledger."""

__all__ = ["__version__"]

__version__ = "0.1.0"
