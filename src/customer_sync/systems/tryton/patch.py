"""Turn a patch of texts into the values of one Tryton ``create`` or ``write``, children included.

It decides which contact mechanisms, addresses and identifiers come, change and go so that the
record shows what the patch says. Pure. It touches no child that the patch does not speak of, keeps
a child's id wherever its value may stay, and puts nothing into Tryton that Tryton would store
unread (SQLite takes any text for a boolean): such a value is a ``PatchFault``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customer_sync.systems.tryton.party import (
    ADDRESS_PARTS,
    POOLS,
    PRIMARIES,
    active_children,
    address_object,
    tax_type,
)

__all__ = ["Codes", "PatchFault", "codes_in", "values_of"]

_READ_ONLY = ("id", "replaced_by", "write_date")
_LIST_MEMBERS = {"identifiers": ("type", "code")}
_ADDRESS_MEMBERS = ("street", "street2", "city", "postal_code", "country", "region")
_ORDER_STEP = 10  # leaves room for a person to put one in between

Commands = list[list[Any]]


class PatchFault(Exception):  # noqa: N818  # a row fault carried out of a nest of functions, no error
    """This patch cannot be written; ``code`` and ``reason`` go into the answer."""

    def __init__(self, code: str, reason: str) -> None:
        """Keep what the answer says; never a value."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What codes stand for in this Tryton: the ids of languages, countries, subdivisions."""

    lang: Mapping[str, int] = field(default_factory=dict)
    country: Mapping[str, int] = field(default_factory=dict)
    subdivision: Mapping[str, int] = field(default_factory=dict)

    def id(self, kind: str, code: str | None) -> int | None:
        """Return the id that a code stands for; None for no code."""
        if not code:
            return None
        known: Mapping[str, int] = getattr(self, kind)
        if code not in known:
            raise PatchFault(f"{kind}_unknown", f"Tryton does not have this {kind}.")
        return known[code]


def codes_in(patches: Sequence[Mapping[str, str | None]]) -> dict[str, set[str]]:
    """Return the codes of each kind that some patches speak of; what cannot be read is left out."""
    found: dict[str, set[str]] = {"lang": set(), "country": set(), "subdivision": set()}
    for patch in patches:
        for kind, codes in found.items():
            codes.update(code for code in [patch.get(kind)] if code)
        try:
            objects = _objects(patch, "addresses", _ADDRESS_MEMBERS)
        except PatchFault:
            continue
        found["country"].update(o["country"] for o in objects if o.get("country"))
        found["subdivision"].update(o["region"] for o in objects if o.get("region"))
    return found


def values_of(
    patch: Mapping[str, str | None], row: Mapping[str, Any] | None, codes: Codes
) -> dict[str, Any]:
    """Return the values to create (``row`` None) or to write so that the party shows the patch.

    Raises:
        PatchFault: A value has no form that Tryton takes.
    """
    known = row or {"contact_mechanisms.": [], "addresses.": [], "identifiers.": []}
    for name in _READ_ONLY:
        if name in patch:
            raise PatchFault("read_only", f"Tryton sets {name} itself.")
    values = _own(patch, codes)
    children = {
        "contact_mechanisms": _mechanisms(patch, active_children(known, "contact_mechanisms")),
        "addresses": _addresses(patch, active_children(known, "addresses"), codes),
        "identifiers": _identifiers(patch, known, active_children(known, "identifiers")),
    }
    return values | {name: commands for name, commands in children.items() if commands}


def _own(patch: Mapping[str, str | None], codes: Codes) -> dict[str, Any]:
    values: dict[str, Any] = {name: patch[name] for name in ("name", "code") if name in patch}
    if "active" in patch:
        if patch["active"] not in {"true", "false"}:
            raise PatchFault("invalid_value", "`active` is true or false.")
        values["active"] = patch["active"] == "true"
    if "lang" in patch:
        values["lang"] = codes.id("lang", patch["lang"])
    return values


# -- contact mechanisms ----------------------------------------------------------------------------


def _mechanisms(patch: Mapping[str, str | None], present: Sequence[Mapping[str, Any]]) -> Commands:
    pools = [(name, types) for name, types in POOLS.items()] + [("", ("website",))]
    commands: Commands = []
    for name, types in pools:
        primaries = [p for p, type_ in PRIMARIES.items() if type_ in types and p in patch]
        if name not in patch and not primaries:
            continue
        before = [m for m in present if m["type"] in types]
        after = [_kept(m) for m in before]
        if name in patch:
            after = _as_set(after, _strings(patch, name), types[0])
        for primary in primaries:
            after = _with_primary(
                after, PRIMARIES[primary], patch[primary], is_set_given=name in patch
            )
        commands += _mechanism_commands(before, after)
    return commands


def _kept(mechanism: Mapping[str, Any]) -> dict[str, Any]:
    return {name: mechanism[name] for name in ("id", "type", "value", "sequence")}


def _as_set(
    mechanisms: Sequence[dict[str, Any]], wanted: Sequence[str], new_type: str
) -> list[dict[str, Any]]:
    """Keep what is wanted in its order, drop the rest and doubles, append what is missing."""
    kept: dict[str, dict[str, Any]] = {}
    for mechanism in mechanisms:
        if mechanism["value"] in wanted:
            kept.setdefault(mechanism["value"], mechanism)
    new = [value for value in dict.fromkeys(wanted) if value not in kept]
    return [*kept.values(), *({"type": new_type, "value": value} for value in new)]


def _with_primary(
    mechanisms: Sequence[dict[str, Any]], type_: str, value: str | None, *, is_set_given: bool
) -> list[dict[str, Any]]:
    """Make ``value`` the first of its type; an emptied one takes the first away, not the others."""
    mine = [m for m in mechanisms if m["type"] == type_]
    if not value:
        gone = mine[:1] if not is_set_given else []
        return [m for m in mechanisms if m not in gone]
    found = next((m for m in mine if m["value"] == value), None)
    if found is None:
        # Of a set that was given, a new element may simply have got the default type of the pool.
        new = [m for m in mechanisms if "id" not in m and m["value"] == value]
        found = new[0] if new else None
    if found is None and mine and not is_set_given:
        mine[0]["value"] = value
        return list(mechanisms)
    first = (found or {"value": value}) | {"type": type_}
    rest = [m for m in mechanisms if m is not found]
    place = next((i for i, m in enumerate(rest) if m["type"] == type_), len(rest))
    return [*rest[:place], first, *rest[place:]]


def _mechanism_commands(
    before: Sequence[Mapping[str, Any]], after: Sequence[dict[str, Any]]
) -> Commands:
    by_id = {m["id"]: m for m in before}
    _put_in_order(after)
    commands: Commands = []
    kept = [m for m in after if "id" in m]
    gone = sorted(by_id.keys() - {m["id"] for m in kept})
    if gone:
        commands.append(["delete", gone])
    for mechanism in kept:
        old = by_id[mechanism["id"]]
        changed = {
            name: mechanism[name]
            for name in ("type", "value", "sequence")
            if mechanism[name] != old[name]
        }
        if changed:
            commands.append(["write", [mechanism["id"]], changed])
    new = [m for m in after if "id" not in m]
    return [*commands, ["create", new]] if new else commands


def _put_in_order(after: Sequence[dict[str, Any]]) -> None:
    """Give sequences only where Tryton's own order (sequence, then id) would be another one."""

    def place(index: int) -> tuple[int, int]:
        mechanism = after[index]
        sequence = mechanism.get("sequence")
        # Later than any id there is: ids grow, and new ones are created in this order.
        return (2**31 if sequence is None else sequence, mechanism.get("id", 2**62 + index))

    natural = sorted(range(len(after)), key=place)
    if natural != list(range(len(after))):
        for index, mechanism in enumerate(after):
            mechanism["sequence"] = _ORDER_STEP * (index + 1)


# -- addresses -------------------------------------------------------------------------------------


def _addresses(
    patch: Mapping[str, str | None], present: Sequence[Mapping[str, Any]], codes: Codes
) -> Commands:
    commands: Commands = []
    parts = {name: patch[name] for name in ADDRESS_PARTS if name in patch}
    if "addresses" in patch:
        if parts:
            # Both speak of the first address, and nothing says which of them is right.
            raise PatchFault("ambiguous", "Map `addresses`, or the parts of the first address.")
        return _address_set(_objects(patch, "addresses", _ADDRESS_MEMBERS), present, codes)
    if not parts:
        return commands
    values = _address_values(parts, codes)
    if present:
        return [["write", [present[0]["id"]], values]]
    return [["create", [values]]] if any(parts.values()) else []


def _address_set(
    wanted: Sequence[dict[str, str]], present: Sequence[Mapping[str, Any]], codes: Codes
) -> Commands:
    """Keep equal ones; write the others over each other in order; put surplus ones out of use.

    An address that documents refer to keeps its id, and is deactivated rather than deleted.
    """
    missing = [dict(sorted(o.items())) for o in wanted]
    spare = []
    for address in present:
        object_ = address_object(address)
        if object_ in missing:
            missing.remove(object_)
        else:
            spare.append(address)
    commands: Commands = []
    for address, object_ in zip(spare, missing, strict=False):
        commands.append(["write", [address["id"]], _object_values(object_, codes)])
    surplus = [address["id"] for address in spare[len(missing) :] if address_object(address)]
    if surplus:
        commands.append(["write", surplus, {"active": False}])
    new = [_object_values(object_, codes) for object_ in missing[len(spare) :]]
    return [*commands, ["create", new]] if new else commands


def _object_values(object_: Mapping[str, str], codes: Codes) -> dict[str, Any]:
    lines = [object_[name] for name in ("street", "street2") if object_.get(name)]
    return _address_values(
        {
            "street": "\n".join(lines) or None,
            "city": object_.get("city"),
            "postal_code": object_.get("postal_code"),
            "country": object_.get("country"),
            "subdivision": object_.get("region"),
        },
        codes,
    )


def _address_values(parts: Mapping[str, str | None], codes: Codes) -> dict[str, Any]:
    return {
        name: codes.id(name, value) if name in {"country", "subdivision"} else value
        for name, value in parts.items()
    }


# -- identifiers -----------------------------------------------------------------------------------


def _identifiers(
    patch: Mapping[str, str | None], row: Mapping[str, Any], present: Sequence[Mapping[str, Any]]
) -> Commands:
    commands: Commands = []
    if "identifiers" in patch:
        wanted = _objects(patch, "identifiers", _LIST_MEMBERS["identifiers"])
        commands += _identifier_set(wanted, present)
    if "tax_identifier" in patch:
        if "identifiers" in patch:
            raise PatchFault("ambiguous", "Map `identifiers` or `tax_identifier`, not both.")
        commands += _tax_identifier(patch["tax_identifier"], row.get("tax_identifier"), present)
    return commands


def _identifier_set(
    wanted: Sequence[dict[str, str]], present: Sequence[Mapping[str, Any]]
) -> Commands:
    missing = [(o.get("type"), o.get("code")) for o in wanted]
    gone = []
    for identifier in present:
        key = (identifier["type"], identifier["code"])
        if key in missing:
            missing.remove(key)
        else:
            gone.append(identifier["id"])
    commands: Commands = [["delete", gone]] if gone else []
    new = [{"type": type_, "code": code} for type_, code in missing]
    return [*commands, ["create", new]] if new else commands


def _tax_identifier(
    value: str | None, shown: int | None, present: Sequence[Mapping[str, Any]]
) -> Commands:
    if not value:
        return [["delete", [shown]]] if shown is not None else []
    type_ = tax_type(value)
    if type_ is None:
        raise PatchFault("tax_id_type_unknown", "No type of identifier is known for this country.")
    old = next((i for i in present if i["id"] == shown), None)
    if old is None:
        return [["create", [{"type": type_, "code": value}]]]
    return [["write", [old["id"]], {"type": type_, "code": value}]]


# -- lists in texts --------------------------------------------------------------------------------


def _list(patch: Mapping[str, str | None], name: str) -> list[Any]:
    text = patch.get(name)
    try:
        elements = json.loads(text) if text else []
    except ValueError:
        elements = None
    if not isinstance(elements, list):
        raise PatchFault("invalid_value", f"`{name}` is a JSON list.")
    return elements


def _strings(patch: Mapping[str, str | None], name: str) -> list[str]:
    elements = _list(patch, name)
    if not all(isinstance(element, str) and element for element in elements):
        raise PatchFault("invalid_value", f"`{name}` is a JSON list of texts.")
    return elements


def _objects(
    patch: Mapping[str, str | None], name: str, members: Sequence[str]
) -> list[dict[str, str]]:
    elements = _list(patch, name)
    for element in elements:
        is_object = isinstance(element, dict) and element.keys() <= set(members)
        if not is_object or not all(isinstance(v, str | None) for v in element.values()):
            raise PatchFault("invalid_value", f"`{name}` is a JSON list of {', '.join(members)}.")
    return [{key: value for key, value in element.items() if value} for element in elements]
