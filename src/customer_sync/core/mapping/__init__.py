"""The Transformation Engine: source records to canonical values and back, by lenses.

Decides what a record says and what a system should show. Promises the two lens laws. Must not know
identity, golden values, the ledger, or any connector.
"""

from customer_sync.core.mapping.codes import CODES
from customer_sync.core.mapping.compile import compile_guests, compile_stream
from customer_sync.core.mapping.expression import ExpressionError, parse
from customer_sync.core.mapping.laws import LawBreak, check_laws
from customer_sync.core.mapping.lens import Got, Lens
from customer_sync.core.mapping.registry import LENSES
from customer_sync.core.mapping.stream import Mapped, StreamMap

__all__ = [
    "CODES",
    "LENSES",
    "ExpressionError",
    "Got",
    "LawBreak",
    "Lens",
    "Mapped",
    "StreamMap",
    "check_laws",
    "compile_guests",
    "compile_stream",
    "parse",
]
