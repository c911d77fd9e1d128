"""The catalogue of canonical fields: what a customer consists of, whatever a system calls it.

Every canonical value is a text in one normal form per kind, so that equality of texts is agreement:

=============  ==========================================================================
kind           normal form
=============  ==========================================================================
text           NFC, outer white space trimmed
email          lower-case address (local part too: mailboxes that differ by case are one)
phone          E.164, ``+4930123456``
country        ISO 3166-1 alpha-2; region: ISO 3166-2; language: lower-case ISO 639; currency: ISO 4217
date           ``YYYY-MM-DD``
instant        ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z``
boolean        ``true`` or ``false``
number         plain decimal, no exponent, no trailing zeros: ``10.5``
money          number, space, currency: ``10.5 EUR``
tax_id         country prefix and compact number: ``DE136695976``
url            lower-case scheme and host
address        JSON object, keys sorted, of street, street2, city, postal_code, region, country; no nulls
reference      the external id of a record in another system
=============  ==========================================================================

A field that holds many values (``many=True``) is a JSON array of distinct normal forms, sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CATALOGUE", "FIGURES", "Field", "Kind", "canonical_field", "column_name"]

Kind = Literal[
    "text", "email", "phone", "country", "region", "language", "currency", "date", "instant", "boolean",
    "number", "money", "tax_id", "url", "address", "reference",
]  # fmt: skip

CUSTOM_PREFIX = "custom."
REFERENCE_PREFIX = "reference."


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One canonical field: its kind, whether it holds many values, and whether it is personal."""

    name: str
    kind: Kind = "text"
    many: bool = False
    personal: bool = True


def _catalogue(*fields: Field) -> Mapping[str, Field]:
    return {field.name: field for field in fields}


CATALOGUE = _catalogue(
    Field(name="kind", personal=False),  # person or organisation
    Field(name="title"),
    Field(name="given_name"),
    Field(name="middle_name"),
    Field(name="family_name"),
    Field(name="name_suffix"),
    Field(name="organisation"),
    Field(name="job_title"),
    Field(name="email", kind="email"),
    Field(name="emails", kind="email", many=True),
    Field(name="phone", kind="phone"),
    Field(name="phones", kind="phone", many=True),
    Field(name="website", kind="url"),
    Field(name="tax_id", kind="tax_id"),
    Field(name="birth_date", kind="date"),
    Field(name="language", kind="language", personal=False),
    Field(name="country", kind="country", personal=False),
    Field(name="billing_address", kind="address"),
    Field(name="shipping_address", kind="address"),
    Field(name="addresses", kind="address", many=True),
    Field(name="currency", kind="currency", personal=False),
    Field(name="payment_terms", personal=False),
    Field(name="credit_limit", kind="money", personal=False),
    Field(name="lifecycle_stage", personal=False),
    Field(name="loyalty.tier", personal=False),
    Field(name="loyalty.points", kind="number", personal=False),
    Field(name="consent.email", kind="boolean", personal=False),
    Field(name="consent.sms", kind="boolean", personal=False),
    Field(name="consent.phone", kind="boolean", personal=False),
    Field(name="customer_since", kind="date", personal=False),
    Field(name="active", kind="boolean", personal=False),
    Field(name="note"),
    Field(name="balance", kind="money", personal=False),
    Field(name="overdue", kind="money", personal=False),
    Field(name="credit_available", kind="money", personal=False),
    Field(name="credit_state", personal=False),
    Field(name="orders", kind="number", personal=False),
    Field(name="first_order", kind="date", personal=False),
    Field(name="last_order", kind="date", personal=False),
    Field(name="lifetime_value", kind="money", personal=False),
)
# Computed from the books: told to systems, claimed by none.
FIGURES = (
    "balance", "overdue", "credit_available", "credit_state", "orders", "first_order", "last_order", "lifetime_value",
)  # fmt: skip


def canonical_field(name: str, custom: Mapping[str, Field]) -> Field | None:
    """Return the field of that name: of the catalogue, the workspace's own, or a reference; else None."""
    if name.startswith(REFERENCE_PREFIX):
        return Field(name=name, kind="reference", personal=False)
    return CATALOGUE.get(name) or custom.get(name)


def column_name(field: str) -> str:
    """Return the column of the customer table that holds a catalogue field: ``loyalty.tier`` is ``loyalty_tier``."""
    return field.replace(".", "_")
