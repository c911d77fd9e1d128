"""Documents and the journal: their canonical fields, and the frames that the ledger's core speaks in.

Money is Int64 in ten-thousandths of the unit (``*_e4``), so that every exponent of ISO 4217 fits; debits
are positive, credits negative. Rates are functional units per unit, in ``rate_e12``. Posted amounts are
whole minor units of their currency; only lines of a document may be finer.
"""

from datetime import date
from typing import Literal

import polars as pl

from customer_sync.model.field import Field

__all__ = [
    "ALLOCATIONS", "ALLOCATION_CHANGES", "AMOUNT_E4_MAX", "CLEARING", "DIFFERENCES", "DOCUMENTS",
    "DOCUMENT_EVENTS", "DOCUMENT_FIELDS", "DOCUMENT_OUTCOMES", "DOCUMENT_REJECTS", "DOCUMENT_TYPES",
    "ENTRIES", "ENTRY_KINDS", "FIRST_DAY", "GIVEN", "HELD", "ITEMS", "LAST_DAY", "LINES", "LINE_FIELDS", "OPEN",
    "PERIODS", "POSTINGS", "RATE_E12_MAX", "RATE_E12_ONE", "RECOGNISED", "SCHEDULES", "SETTLES", "STANDING",
    "DocumentState", "DocumentType",
]  # fmt: skip

DocumentType = Literal["order", "invoice", "credit_note", "payment", "refund", "fee", "payout", "points"]  # fmt: skip
DOCUMENT_TYPES: tuple[DocumentType, ...] = (
    "order", "invoice", "credit_note", "payment", "refund", "fee", "payout", "points",
)  # fmt: skip

# What each type can settle by the rules as they come: what stands on the other side of the customer's account.
_DEBITS, _CREDITS = ("invoice", "refund"), ("credit_note", "payment")
SETTLES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_DEBITS, _CREDITS),
    **dict.fromkeys(_CREDITS, _DEBITS),
}

# noted: known, and by its rule nothing is posted (an order, a draft).
DocumentState = Literal["posted", "noted", "waiting", "parked", "void", "rejected"]
ENTRY_KINDS = ("post", "reverse", "allocate", "recognise", "exchange", "opening", "correct")

AMOUNT_E4_MAX = 9 * 10**18  # 9e14 units
RATE_E12_ONE = 10**12
RATE_E12_MAX = 9 * 10**18  # 9 million units for one; what is larger does not fit
# Beyond these a day is somebody's word for "none" or a slip; a service until 9999 would be recognised for ever.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

# What a mapping may say about a document. Amounts are plain numbers in the document's currency.
DOCUMENT_FIELDS = {
    field.name: field
    for field in (
        Field(name="number", personal=False),
        Field(name="status", personal=False),  # draft, issued, void; anything else is issued
        Field(
            name="customer", kind="reference", personal=False
        ),  # the system's own id of its customer
        Field(name="date", kind="date", personal=False),
        Field(name="due_date", kind="date", personal=False),
        Field(name="service_start", kind="date", personal=False),
        Field(name="service_end", kind="date", personal=False),
        Field(name="currency", kind="currency", personal=False),
        Field(name="rate", kind="number", personal=False),  # functional units per unit
        Field(name="total", kind="number", personal=False),
        Field(name="net", kind="number", personal=False),
        Field(name="tax", kind="number", personal=False),
        Field(name="discount", kind="number", personal=False),
        Field(name="shipping", kind="number", personal=False),
        Field(name="fee", kind="number", personal=False),
        Field(name="prices_include_tax", kind="boolean", personal=False),
        Field(name="lines", personal=False),  # JSON array of objects of LINE_FIELDS
        Field(name="allocations", personal=False),  # JSON array of {document, amount}
        Field(name="processor", personal=False),
        Field(name="payout", kind="reference", personal=False),  # the payout that carries it
        Field(name="points", personal=False),  # earned, redeemed, expired
        Field(name="campaign", personal=False),
        Field(name="source", personal=False),
        Field(name="name"),
        Field(name="email", kind="email"),
        Field(name="billing_address", kind="address"),
        Field(name="shipping_address", kind="address"),
    )
}
LINE_FIELDS = (
    "kind", "amount", "quantity", "unit_price", "tax", "tax_rate", "tax_code", "account", "service_start",
    "service_end",
)  # fmt: skip

# Documents as observed, their customer resolved through the crosswalk; at most one row a document. The
# caller gives a new document its number before the core sees it.
DOCUMENTS: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "type": pl.String(),
    "rule": pl.String(),  # the posting rule; null: the one of the type
    "number": pl.String(),
    "status": pl.String(),  # draft, issued, void
    "party": pl.Int64(),
    "customer_ref": pl.String(),
    "date": pl.Date(),
    "due_date": pl.Date(),
    "service_start": pl.Date(),
    "service_end": pl.Date(),
    "currency": pl.String(),
    "rate_e12": pl.Int64(),
    "total_e4": pl.Int64(),
    "net_e4": pl.Int64(),
    "tax_e4": pl.Int64(),
    "discount_e4": pl.Int64(),
    "shipping_e4": pl.Int64(),
    "fee_e4": pl.Int64(),
    "prices_include_tax": pl.Boolean(),
    "processor": pl.String(),
    "payout": pl.String(),
    "points": pl.String(),
    "campaign": pl.String(),
    "source": pl.String(),
    "is_unreadable": pl.Boolean(),  # a line or an allocation of it cannot be read
}

# Lines of documents. tax_rate_e6: 9.375 % is 93750.
LINES: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "line": pl.Int32(),
    "kind": pl.String(),  # item, shipping, discount
    "amount_e4": pl.Int64(),
    "tax_e4": pl.Int64(),
    "tax_rate_e6": pl.Int64(),
    "tax_code": pl.String(),
    "account": pl.String(),
    "service_start": pl.Date(),
    "service_end": pl.Date(),
}

# Allocations that the source gives: this document against one of the same system, named by its own id.
GIVEN: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "other": pl.Int64(),  # null while the other is not there: the amount is kept for it
    "amount_e4": pl.Int64(),
}

# What stands of the documents observed: their last outcome. entry is null unless posted.
STANDING: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "state": pl.String(),
    "digest": pl.Int64(),
    "version": pl.Int32(),
    "party": pl.Int64(),
    "entry": pl.Int64(),
}

PERIODS: dict[str, pl.DataType] = {"period": pl.String(), "state": pl.String()}

# Journal entries. The core numbers new ones 0..n-1; the shell adds the base it allocated. reverses names a
# standing entry, so it is never shifted.
ENTRIES: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "document": pl.Int64(),
    "kind": pl.String(),
    "date": pl.Date(),
    "period": pl.String(),
    "reverses": pl.Int64(),
    "rule": pl.String(),
    "memo": pl.String(),
}

# Their lines. The sum of a document's postings on control accounts is what is open of it.
POSTINGS: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "line": pl.Int32(),
    "account": pl.String(),
    "party": pl.Int64(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
    "document": pl.Int64(),
}

# Deferred lines of post entries: what is recognised on which account, day by day from start to end. amount_e4
# is as it stands on the deferral account; no recognition is dated before date.
SCHEDULES: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "line": pl.Int32(),
    "document": pl.Int64(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
    "start": pl.Date(),
    "end": pl.Date(),
    "date": pl.Date(),
}

# Which months of schedules are recognised, and by which entry.
RECOGNISED: dict[str, pl.DataType] = {
    "entry": pl.Int64(),  # of the schedule
    "line": pl.Int32(),
    "until": pl.Date(),
    "made": pl.Int64(),
}

# What can be settled: posted documents with a line on a control account. customer: whose parties settle with
# each other now. settled_e4: the sum of all its standing allocations, never negative.
ITEMS: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "customer": pl.Int64(),
    "party": pl.Int64(),
    "account": pl.String(),
    "currency": pl.String(),
    "date": pl.Date(),
    "amount_e4": pl.Int64(),  # as posted on the control account: debit positive
    "functional_e4": pl.Int64(),
    "settled_e4": pl.Int64(),
}

# Standing allocations between two items, both loaded.
ALLOCATIONS: dict[str, pl.DataType] = {
    "allocation": pl.Int64(),
    "debit": pl.Int64(),
    "credit": pl.Int64(),
    "amount_e4": pl.Int64(),
}

# What becomes of allocations: allocation is null for a new one; else that one is released. entry is new.
ALLOCATION_CHANGES: dict[str, pl.DataType] = {**ALLOCATIONS, "entry": pl.Int64()}

# What became of each document observed. entry: new number, or null where no new entry was made.
DOCUMENT_OUTCOMES: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "state": pl.String(),
    "reason": pl.String(),  # a code, also of a change that is set aside while the posted one stands
    "party": pl.Int64(),
    "digest": pl.Int64(),
    "version": pl.Int32(),
    "entry": pl.Int64(),
    "is_changed": pl.Boolean(),  # the posted content is new: keep this observation as its snapshot
}

DOCUMENT_REJECTS: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "field": pl.String(),
    "code": pl.String(),
    "detail": pl.String(),
}

# For the audit trail: redated, parked, reversed, reposted; detail holds dates and codes, never a value.
DOCUMENT_EVENTS: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "code": pl.String(),
    "detail": pl.String(),
}

# What a customer owes, document by document: the sum of its postings on control accounts.
OPEN: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "customer": pl.Int64(),
    "currency": pl.String(),
    "due": pl.Date(),  # the due date, else the date
    "open_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}

# Postings on clearing accounts. payout: the payout that carries it; of a payout, its own external id.
CLEARING: dict[str, pl.DataType] = {
    "account": pl.String(),
    "currency": pl.String(),
    "payout": pl.String(),
    "document": pl.Int64(),
    "date": pl.Date(),
    "is_payout": pl.Boolean(),
    "amount_e4": pl.Int64(),
    "functional_e4": pl.Int64(),
}

# What the ledger holds of documents, for reconciling.
HELD: dict[str, pl.DataType] = {
    "document": pl.Int64(),
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "type": pl.String(),
    "number": pl.String(),
    "state": pl.String(),
    "reason": pl.String(),
    "party": pl.Int64(),
    "date": pl.Date(),  # of its current entry, else its own
    "currency": pl.String(),
    "total_e4": pl.Int64(),
    "tax_e4": pl.Int64(),
    "entries": pl.Int32(),  # live entries of kind post
    "posted_e4": pl.Int64(),  # their sum on control accounts; null where its rule names none
    "payout": pl.String(),
}

# One cause of difference between what a system says and what the ledger holds. effect_e4: how much of shown
# minus held it explains; nothing where it only moves within the window.
DIFFERENCES: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "document": pl.Int64(),
    "type": pl.String(),
    "party": pl.Int64(),
    "payout": pl.String(),
    "currency": pl.String(),
    "effect_e4": pl.Int64(),
    "reason": pl.String(),
}
