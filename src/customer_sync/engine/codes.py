"""The codes of everything that can stand between a record and agreement, once it could be read.

Decides the wording: each code has a cause and a remedy, written for the person who looks after the
data. Promises stable codes: reports, docs and stored rows refer to them. What can be wrong with a
value is told by core.mapping's codes, what keeps a document from being posted by core.ledger's; what a
system says of its own refusals stays its own words.
Must not hold a value of any record.
"""

from typing import Final, NamedTuple

from customer_sync.core.ledger import LEDGER_CODES
from customer_sync.core.mapping.codes import CODES

__all__ = ["ENGINE_CODES", "Explained", "explained"]


class Explained(NamedTuple):
    """What a code means, and what to do about it."""

    cause: str
    remedy: str


ENGINE_CODES: Final[dict[str, Explained]] = {
    "busy": Explained(
        "The record keeps changing while it is compared.",
        "Run the same command again.",
    ),
    "cannot_create": Explained(
        "The stream should have this customer, and its system takes no new records.",
        "Set `create: false`, or connect the system in a way that may create.",
    ),
    "cannot_update": Explained(
        "The field should change, and its system takes no changes.",
        "Map the field with `direction: in`, or connect the system in a way that may write.",
    ),
    "changed": Explained(
        "The record changed in its system since it was last read.",
        "Nothing: it is read again, and what still differs is sent then.",
    ),
    "flapping": Explained(
        "The record was written again and again in one run and still shows something else.",
        "See which rule or person there changes it back; then decide its review: customer-sync reviews.",
    ),
    "gone": Explained(
        "The record is no longer there, so nothing can be written to it.",
        "Run: customer-sync sync, which reads what became of it.",
    ),
    "identity_doubtful": Explained(
        "The record may belong to more than one customer.",
        "Decide its review: customer-sync reviews.",
    ),
    "ledger_edit": Explained(
        "The customer was edited in the ledger and the edit is not absorbed yet.",
        "Run: customer-sync sync.",
    ),
    "listing_short": Explained(
        "The system says it has more records than it showed, or left out records that exist.",
        "Ask the system's owner for the limits of its listing; lower what one page asks for.",
    ),
    "merged": Explained(
        "The record was merged into another one in its system.",
        "Run: customer-sync sync, which follows it.",
    ),
    "moved": Explained(
        "The record changed in its system since it was last read.",
        "Nothing: it is read again, and what still differs is sent then.",
    ),
    "not_done": Explained(
        "The write was surely not done.",
        "Nothing: it is sent again.",
    ),
    "not_sent": Explained(
        "The system could not be reached, or asked for patience; nothing was written.",
        "Nothing: it is sent again. If it stays, check that the system is up.",
    ),
    "opening_amount": Explained(
        "The opening balance is nothing, too large, finer than its currency, or of another sign in the functional one.",
        "Correct the row: what the customer owes is positive, what it has to its credit negative.",
    ),
    "opening_currency": Explained(
        "The currency of the opening balance is no currency.",
        "Use the ISO code, such as EUR.",
    ),
    "opening_customer": Explained(
        "The record that the opening balance names is not known, or excluded.",
        "Read the customers first, then give the same file again: what was posted is not posted twice.",
    ),
    "opening_date": Explained(
        "A day of the opening balance is no day.",
        "Write it like 2026-01-31.",
    ),
    "opening_differs": Explained(
        "This opening balance was posted before with another amount or day.",
        "Correct what was posted by an entry, or give the new item a number of its own.",
    ),
    "opening_incomplete": Explained(
        "The opening balance lacks its day, its currency or an amount.",
        "Complete the row.",
    ),
    "opening_number": Explained(
        "An amount of the opening balance is no plain number of at most four places.",
        "Write it like -1234.50: no thousands separators, no currency sign.",
    ),
    "opening_period": Explained(
        "The opening balance is dated in a closed period.",
        "Reopen the period, or date the row later.",
    ),
    "opening_stream": Explained(
        "The opening balance names a stream that is not configured.",
        "Name the system and stream of the customer's record, as `links export` writes them.",
    ),
    "opening_twice": Explained(
        "Two rows open the same item: one record, currency and number.",
        "Add them up, or give each a number of its own.",
    ),
    "paused": Explained(
        "The system is paused in the configuration.",
        "Set `paused: false` and publish.",
    ),
    "policy_asks": Explained(
        "Records say different things, and the policy of this field is to ask.",
        "Decide its review: customer-sync reviews.",
    ),
    "push_unconfirmed": Explained(
        "The write was sent and its answer was lost.",
        "Run: customer-sync sync, which reads what became of it.",
    ),
    "record_back": Explained(
        "The record is shown again after it had been gone.",
        "Run: customer-sync sync.",
    ),
    "record_changed": Explained(
        "The field changed in its system since it was last read.",
        "Run: customer-sync sync.",
    ),
    "record_gone": Explained(
        "The record is gone or merged away in its system since it was last read.",
        "Run: customer-sync sync.",
    ),
    "record_out_of_scope": Explained(
        "The stream's `where` no longer holds of the record, since it was last read.",
        "Run: customer-sync sync.",
    ),
    "record_missing": Explained(
        "The stream should have this customer, and nothing is on its way to make it there.",
        "Run: customer-sync sync. If it stays, run: customer-sync doctor, and report it.",
    ),
    "record_new": Explained(
        "The record is new in its system since it was last read.",
        "Run: customer-sync sync.",
    ),
    "refused": Explained(
        "The system refused the write, and gave its reason.",
        "Correct what the reason names, then run: customer-sync retry.",
    ),
    "row_unreadable": Explained(
        "The row could not be read as a record: no key, a key twice, a key that is no key "
        "(a NUL character, over 1,000 bytes), a torn line, or letters that are no text.",
        "Correct the row at its source; it is read again by itself.",
    ),
    "unexplained": Explained(
        "The system shows something else than it should, and nothing is on its way to mend it.",
        "Run: customer-sync sync --whole. If it stays, run: customer-sync doctor, and report it.",
    ),
    "unknown": Explained(
        "Nobody knows whether the write was done.",
        "Look there, then decide its review: customer-sync reviews.",
    ),
    "unknown_outcome": Explained(
        "Nobody knows whether the write was done.",
        "Look there, then decide its review: customer-sync reviews.",
    ),
    "value_unshowable": Explained(
        "The field cannot show this value: it is not in the value map, or no text says it.",
        "Add the value to `values`, or map the field with another lens.",
    ),
    "waiting": Explained(
        "It is on its way and was not delivered yet.",
        "Nothing: it is delivered next. If it stays, run: customer-sync sync.",
    ),
}


def explained(code: str) -> Explained:
    """Return cause and remedy of any code; in general of one that a system gave."""
    if code in ENGINE_CODES:
        return ENGINE_CODES[code]
    if code in CODES:
        cause, _, remedy = CODES[code].partition(". ")
        return Explained(f"{cause.rstrip('.')}.", remedy or "Correct the record at its source.")
    if code in LEDGER_CODES:
        return Explained(*LEDGER_CODES[code])
    return ENGINE_CODES["refused"]
