"""The codes of everything that can keep a document from being posted as it is.

Decides the wording: cause and remedy, for the person who looks after the books. Promises stable codes:
docs and stored rows refer to them. Must not hold a value of any document.
"""

from typing import Final

__all__ = ["LEDGER_CODES"]

LEDGER_CODES: Final[dict[str, tuple[str, str]]] = {
    "allocation_unfit": (
        "The document that it says it settles cannot be settled by it: it stands on the same side, or is never posted.",
        "Name the stream of what it settles; of refunds e.g. allocations: {field: ID, stream: credit_notes}.",
    ),
    "allocation_unknown": (
        "The document that it says it settles is not known.",
        "Nothing where that one is still to be read; else correct the reference, or name its stream: {field, stream}.",
    ),
    "account_unknown": (
        "A line names an account that is not in the chart, or that only the ledger itself posts to.",
        "Add the account to `accounts`, or correct the line at its source.",
    ),
    "amount_precision": (
        "An amount that is posted has more places than its currency.",
        "Round the amount at its source; only lines may be finer.",
    ),
    "amount_too_large": (
        "The amounts of the document are too large to be kept exactly.",
        "Correct the amounts at their source.",
    ),
    "customer_missing": (
        "The document's customer is not known yet.",
        "Nothing where the customer is still to be read; else correct its reference at its source.",
    ),
    "customer_unread": (
        "The document's customer is not known yet, and its system could not be asked.",
        "See status for why; the next sync asks again.",
    ),
    "date_implausible": (
        "A day of the document is before 1900 or after 2199.",
        "Correct the day at its source; where it stands for no day, map it to none.",
    ),
    "date_missing": ("The document has no date.", "Map `date`, or fill it in at its source."),
    "document_currency_missing": (
        "The document has no currency.",
        "Map `currency`, or fill it in at its source.",
    ),
    "line_invalid": (
        "A line of the document cannot be read.",
        "Correct the line at its source: a list of objects, amounts as plain numbers.",
    ),
    "period_closed": (
        "The document, or the entry it changes, is dated in a closed period.",
        "Reopen the period, date the document later, or set `closed_period: redate`.",
    ),
    "points_kind_unknown": (
        "The document does not say what became of the points.",
        "Map `points` to earned, redeemed or expired.",
    ),
    "rate_invalid": (
        "The exchange rate is not a positive number that can be kept.",
        "Correct the rate at its source.",
    ),
    "rate_missing": (
        "The document is in a foreign currency and carries no exchange rate.",
        "Map `rate`: units of the functional currency for one of the document's.",
    ),
    "redated": (
        "The document is dated in a closed period and was posted on the next open day.",
        "Nothing; see `closed_period`.",
    ),
    "rule_unknown": (
        "There is no posting rule for this document.",
        "Correct its type, or add the rule to `rules`.",
    ),
    "service_period_invalid": (
        "The service period ends before it begins, or has one end only.",
        "Correct the service period at its source.",
    ),
    "tax_exceeds_total": (
        "The tax is more than the total, or has another sign, and there are no lines to tell why.",
        "Correct the tax at its source, or map `lines`.",
    ),
    "text_too_long": (
        "A number, a reference or a name in the document is over 1,000 bytes long.",
        "Correct it at its source, or the mapping, where another field is meant.",
    ),
    "total_differs": (
        "Lines, tax and discount do not add up to the total, by more than the cap of rounding.",
        "Correct the document at its source, or raise `rounding.cap`.",
    ),
    "total_missing": ("The document has no total.", "Map `total`, or fill it in at its source."),
}  # fmt: skip
