"""What a party looks like as a record: its own fields and its children's, flattened to texts.

It decides which source fields there are, how they are read from one nested ``search_read``, and
what the version of a party is. Pure. Contact mechanisms, addresses and identifiers that are
inactive are no part of the record, but their change is a change of the party.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from customer_sync.connect.port import CHANGED_AT, GONE, ID, MERGED_INTO, VERSION, FieldShape

__all__ = [
    "ADDRESS_PARTS", "FIELDS", "FIELD_NAMES", "LISTS", "PARTY", "POOLS", "PRIMARIES", "SHAPES",
    "active_children", "address_object", "is_as_created", "is_unwritten", "meta",
    "tax_type", "texts", "timestamps", "version",
]  # fmt: skip

PARTY = "party.party"
MECHANISM = "party.contact_mechanism"
ADDRESS = "party.address"
IDENTIFIER = "party.identifier"

# Source field -> type of the contact mechanism whose first one it shows.
PRIMARIES = {"email": "email", "phone": "phone", "mobile": "mobile", "website": "website"}
# Source field -> types of the contact mechanisms that it lists; the first is the type of a new one.
POOLS = {"emails": ("email",), "phones": ("phone", "mobile")}
ADDRESS_PARTS = ("street", "city", "postal_code", "country", "subdivision")
LISTS = ("emails", "phones", "addresses", "identifiers")

_STAMPS = ("_timestamp", "create_date", "write_date")
_CHILDREN = {
    "contact_mechanisms": (MECHANISM, ("type", "value")),
    "addresses": (ADDRESS, ("street", "city", "postal_code", "country.code", "subdivision.code")),
    "identifiers": (IDENTIFIER, ("type", "code")),
}
# Everything a record is made of, in one call: nested names cost a query a model, not a call.
FIELDS: list[str] = [
    "name", "code", "active", "lang.code", "replaced_by", "tax_identifier", *_STAMPS,
    *(
        f"{child}.{name}"
        for child, (_, names) in _CHILDREN.items()
        for name in (*names, "active", "sequence", *_STAMPS)
    ),
]  # fmt: skip

SHAPES: Sequence[FieldShape] = (
    FieldShape(name="id", type="integer", nullable=False, is_key=True, is_writable=False),
    FieldShape(name="name", type="char"),
    FieldShape(name="code", type="char"),
    FieldShape(name="active", type="boolean", nullable=False),
    FieldShape(name="lang", type="many2one ir.lang (code)"),
    FieldShape(name="tax_identifier", type="char"),
    FieldShape(name="identifiers", type="json list of {type, code}"),
    *(FieldShape(name=name, type="char") for name in PRIMARIES),
    FieldShape(name="emails", type="json list of char"),
    FieldShape(name="phones", type="json list of char"),
    FieldShape(name="street", type="text"),
    FieldShape(name="city", type="char"),
    FieldShape(name="postal_code", type="char"),
    FieldShape(name="country", type="many2one country.country (code)"),
    FieldShape(name="subdivision", type="many2one country.subdivision (code)"),
    FieldShape(name="addresses", type="json list of addresses"),
    FieldShape(name="replaced_by", type="many2one party.party", is_writable=False),
    FieldShape(name="write_date", type="timestamp", nullable=False, is_writable=False),
)
FIELD_NAMES = tuple(shape.name for shape in SHAPES)

_LAST = 2**31  # where a child without a sequence stands


def texts(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return every source field of one party as a text."""
    mechanisms = active_children(row, "contact_mechanisms")
    addresses = active_children(row, "addresses")
    identifiers = active_children(row, "identifiers")
    first = addresses[0] if addresses else {}
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "code": row["code"],
        "active": "true" if row["active"] else "false",
        "lang": _code(row, "lang."),
        "tax_identifier": _tax_identifier(row, identifiers),
        "identifiers": _json([{"code": i["code"], "type": i["type"]} for i in identifiers]),
        **{name: _first(mechanisms, type_) for name, type_ in PRIMARIES.items()},
        **{name: _all(mechanisms, types) for name, types in POOLS.items()},
        "street": first.get("street") or None,
        "city": first.get("city"),
        "postal_code": first.get("postal_code"),
        "country": _code(first, "country."),
        "subdivision": _code(first, "subdivision."),
        "addresses": _json([object_ for a in addresses if (object_ := address_object(a))]),
        "replaced_by": None if row["replaced_by"] is None else str(row["replaced_by"]),
        "write_date": f"{_moved_at(row).isoformat(timespec='microseconds')}Z",
    }


def meta(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the meta columns of one party."""
    replaced_by = row["replaced_by"]
    return {
        ID: str(row["id"]),
        CHANGED_AT: _moved_at(row).replace(tzinfo=UTC),
        VERSION: version(row),
        GONE: replaced_by is not None,  # merged: it stays to be found, and is nobody any more
        MERGED_INTO: None if replaced_by is None else str(replaced_by),
    }


def timestamps(row: Mapping[str, Any]) -> dict[str, str]:
    """Return ``model,id`` -> ``_timestamp`` of a party and all its children, inactive ones too."""
    stamps = {f"{PARTY},{row['id']}": row["_timestamp"]}
    for name, (model, _) in _CHILDREN.items():
        for child in row[f"{name}."]:
            stamps[f"{model},{child['id']}"] = child["_timestamp"]
    return stamps


def version(row: Mapping[str, Any]) -> str:
    """Return a short text that changes when the party or any child of it changes or goes."""
    lines = sorted(f"{name}={stamp}" for name, stamp in timestamps(row).items())
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()


def active_children(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the active children of one kind, as Tryton orders them: by sequence, then by id."""
    children = [child for child in row[f"{name}."] if child["active"]]
    return sorted(
        children,
        key=lambda child: (_LAST if child["sequence"] is None else child["sequence"], child["id"]),
    )


def address_object(address: Mapping[str, Any]) -> dict[str, str]:
    """Return an address as the object that the address lens reads: no empty part in it."""
    street, _, street2 = (address.get("street") or "").partition("\n")
    parts = {
        "street": street,
        "street2": street2,
        "city": address.get("city"),
        "postal_code": address.get("postal_code"),
        "country": _code(address, "country."),
        "region": _code(address, "subdivision."),
    }
    return {name: value for name, value in sorted(parts.items()) if value}


def tax_type(code: str) -> str | None:
    """Return the type of identifier that shows as tax identifier, for a number with its prefix."""
    prefix = code[:2].upper()
    if prefix in _EU:
        return "eu_vat"
    return _OTHER_VAT.get(prefix)


_EU = frozenset([
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
])  # fmt: skip
_OTHER_VAT = {"CH": "ch_vat", "GB": "gb_vat", "NO": "no_mva", "IS": "is_vsk", "TR": "tr_vkn"}


def is_as_created(row: Mapping[str, Any]) -> bool:
    """Say whether all of it comes from one transaction, and the party was not written since."""
    born = {r["create_date"] for r in _rows(row)}
    return len(born) == 1 and row["write_date"] in {None, row["create_date"]}


def is_unwritten(row: Mapping[str, Any]) -> bool:
    """Say whether neither the party nor any child was written after it was created."""
    return all(r["write_date"] in {None, r["create_date"]} for r in _rows(row))


def _tax_identifier(row: Mapping[str, Any], identifiers: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the number that Tryton prints on documents, with its country in front."""
    for identifier in identifiers:
        if identifier["id"] == row["tax_identifier"]:
            code: str = identifier["code"]
            prefix = (identifier["type"] or "")[:2].upper()
            is_bare = prefix in _EU | _OTHER_VAT.keys() and code[:1].isdigit()
            return f"{prefix}{code}" if is_bare else code
    return None


def _first(mechanisms: Sequence[Mapping[str, Any]], type_: str) -> str | None:
    return next((m["value"] for m in mechanisms if m["type"] == type_), None)


def _all(mechanisms: Sequence[Mapping[str, Any]], types: Sequence[str]) -> str | None:
    return _json(list(dict.fromkeys(m["value"] for m in mechanisms if m["type"] in types)))


def _json(elements: Sequence[Any]) -> str | None:
    return json.dumps(elements, ensure_ascii=False) if elements else None


def _code(row: Mapping[str, Any], name: str) -> str | None:
    referred = row.get(name)
    return referred["code"] if referred else None


def _moved_at(row: Mapping[str, Any]) -> datetime:
    moment: datetime = max(r["write_date"] or r["create_date"] for r in _rows(row))
    return moment


def _rows(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row, *(child for name in _CHILDREN for child in row[f"{name}."])]
