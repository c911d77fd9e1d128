"""Which lens a field mapping means: the registry of lenses by their name in the configuration.

Decides the lens of a mapping and its source fields. Promises that a mapping which cannot mean what
it says is a ``MappingError`` with a reason and a remedy, before any record is read. Must not know
streams.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from customer_sync.core.mapping.amount import Money, Number
from customer_sync.core.mapping.code import Boolean, Constant, Currency, Language, TaxId, Values
from customer_sync.core.mapping.contact import Email, Url
from customer_sync.core.mapping.expression import Expression, source_names
from customer_sync.core.mapping.item import ITEM_KEYS, Items
from customer_sync.core.mapping.name import NAME_PARTS, PARTY_PARTS, PartyName, PersonName
from customer_sync.core.mapping.phone import Phone
from customer_sync.core.mapping.place import ADDRESS_PARTS, Address, AddressJson, Country, Region
from customer_sync.core.mapping.row import RowLens, ValueLens
from customer_sync.core.mapping.structure import (
    Columns,
    Join,
    JsonPath,
    ListOf,
    Split,
    path_steps,
    single,
)
from customer_sync.core.mapping.text import Organisation, Text
from customer_sync.core.mapping.time import Date, Instant
from customer_sync.model.config import FieldMapping
from customer_sync.model.field import Field

__all__ = ["LENSES", "Draft", "MappingError", "canonical_lens", "lens_of"]


NO_REGION: Final = "ZZ"  # ISO 3166's own code for "unknown": only international numbers are read


class MappingError(ValueError):
    """A mapping that cannot mean what it says: the reason, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mapping about to become a lens."""

    fields: tuple[Field, ...]
    mapping: FieldMapping
    region: str
    currency: str

    @property
    def field(self) -> Field:
        """Return the first canonical field."""
        return self.fields[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the canonical names."""
        return tuple(field.name for field in self.fields)


Made = tuple[RowLens, tuple[str, ...]]


def lens_of(draft: Draft) -> Made:
    """Return the lens of a mapping and its source fields, in the lens's order."""
    name = _lens_name(draft)
    make = LENSES.get(name)
    if make is None:
        raise MappingError(
            f"there is no lens '{name}'", f"Use one of: {', '.join(sorted(LENSES))}."
        )
    made = make(draft)
    if made[0].width != len(draft.fields):
        raise MappingError(
            f"lens '{name}' gives {made[0].width} canonical field(s), not {len(draft.fields)}",
            "Name as many fields as the lens gives, or use split, person_name or party_name.",
        )
    return made


def _lens_name(draft: Draft) -> str:
    mapping = draft.mapping
    if mapping.constant is not None:
        return "constant"
    if mapping.expression is None and draft.field.name in ITEM_KEYS:
        return "items"
    if mapping.expression is not None:
        return "expression"
    if mapping.path is not None:
        return "json_path"
    if mapping.lens is not None:
        return mapping.lens
    return "split" if len(draft.fields) > 1 else _implied(draft)


def _implied(draft: Draft) -> str:
    mapping = draft.mapping
    if draft.field.many:
        return "list"
    if mapping.values is not None:
        return "values"
    if isinstance(mapping.fields, list) and draft.field.kind not in {"address", "money"}:
        return "join"
    return draft.field.kind


def canonical_lens(field: Field) -> RowLens:
    """Return the lens that brings any text into the normal form of a field."""
    inner: ValueLens = single(_KINDS[field.kind](_bare_draft(field)))
    return ListOf(inner=inner, separator=None) if field.many else inner


def _bare_draft(field: Field) -> Draft:
    return Draft(
        fields=(field,),
        mapping=FieldMapping.model_validate({"field": "value"}),
        region=NO_REGION,
        currency="",
    )


# -- kinds ---


def _region(draft: Draft) -> str:
    region = draft.mapping.region or draft.region
    if len(region) != 2 or not (region.isascii() and region.isupper()):
        raise MappingError(f"'{region}' is not a region", "Use an ISO 3166-1 code such as DE.")
    return region


def _phone_region(draft: Draft) -> str | None:
    region = _region(draft)
    return None if region == NO_REGION else region


def _zone(draft: Draft) -> str | None:
    try:
        return ZoneInfo(draft.mapping.zone).key if draft.mapping.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingError(
            f"'{draft.mapping.zone}' is not a time zone", "Use a name such as Europe/Berlin."
        ) from None


def _money(draft: Draft, *, has_field: bool = False) -> RowLens:
    return Money(
        currency=draft.mapping.currency or draft.currency or None,
        example=_example(draft),
        has_field=has_field,
    )


def _example(draft: Draft) -> str | None:
    example = draft.mapping.format
    if example is not None and Number().expects and set(example) - set("0123456789#.,' "):
        raise MappingError(
            f"'{example}' is not a number format", "Give an example such as 1.234,56."
        )
    return example


def _text(draft: Draft) -> RowLens:
    return Text(keep_empty=draft.mapping.empty == "keep")


_KINDS: Final[Mapping[str, Callable[[Draft], RowLens]]] = {
    "text": _text,
    "email": lambda draft: Email(),
    "phone": lambda draft: Phone(region=_phone_region(draft)),
    "country": lambda draft: Country(),
    "region": lambda draft: Region(country=draft.mapping.region),
    "language": lambda draft: Language(),
    "currency": lambda draft: Currency(),
    "date": lambda draft: Date(pattern=draft.mapping.format),
    "instant": lambda draft: Instant(zone=_zone(draft), pattern=draft.mapping.format),
    "boolean": lambda draft: Boolean(words=draft.mapping.format),
    "number": lambda draft: Number(example=_example(draft)),
    "money": _money,
    "tax_id": lambda draft: TaxId(region=draft.mapping.region),
    "url": lambda draft: Url(),
    "address": lambda draft: AddressJson(),
    "reference": lambda draft: Text(),
    "organisation": lambda draft: Organisation(),
}


def _inner(draft: Draft) -> ValueLens:
    """Return the lens of one value of the field, value map included."""
    name = draft.mapping.lens
    kind = name if name in _KINDS else draft.field.kind
    plain = single(_KINDS[str(kind)](draft))
    if draft.mapping.values is None:
        return plain
    return _value_map(draft, plain)


def _value_map(draft: Draft, plain: ValueLens) -> ValueLens:
    accepts = canonical_lens(Field(name=draft.field.name, kind=draft.field.kind))
    for value in (draft.mapping.values or {}).values():
        if accepts.read((value,)) != (value,):
            raise MappingError(
                f"the value map gives '{value}', which is no canonical {draft.field.kind}",
                "Map to the normal form of the field's kind.",
            )
    return Values(values=draft.mapping.values or {}, unmapped=draft.mapping.unmapped, inner=plain)


# -- lenses of one source field ---


def _source(draft: Draft) -> str:
    mapping = draft.mapping
    if mapping.field is not None and mapping.fields is None:
        return mapping.field
    if isinstance(mapping.fields, list) and len(mapping.fields) == 1:
        return mapping.fields[0]
    raise MappingError("the mapping needs exactly one source field", "Give `field: NAME`.")


def _of_kind(kind: str) -> Callable[[Draft], Made]:
    def make(draft: Draft) -> Made:
        if draft.field.many:
            return _list(draft)
        _same_shape(draft, kind)
        return _KINDS[kind](draft), (_source(draft),)

    return make


def _same_shape(draft: Draft, kind: str) -> None:
    wanted = draft.field.kind
    if wanted not in {kind, "text"} and not (kind == "text" and wanted == "reference"):
        raise MappingError(
            f"lens '{kind}' does not give the {wanted} that '{draft.field.name}' holds",
            f"Use lens {wanted}, or leave `lens` out.",
        )


def _values(draft: Draft) -> Made:
    if draft.mapping.values is None:
        raise MappingError("lens 'values' has no value map", "Give `values: {source: canonical}`.")
    if draft.field.many:
        return _list(draft)
    return _inner(draft), (_source(draft),)


def _list(draft: Draft) -> Made:
    mapping = draft.mapping
    if not draft.field.many:
        raise MappingError(
            f"'{draft.field.name}' holds one value, lens 'list' gives many", "Map to a list field."
        )
    if isinstance(mapping.fields, dict):
        raise MappingError(
            f"'{draft.field.name}' holds many addresses, the mapping shows the parts of one",
            "Map it to billing_address or shipping_address, or give a JSON array field.",
        )
    if mapping.fields is not None:
        sources = tuple(mapping.fields)
        return Columns(arity=len(sources), inner=_inner(draft)), sources
    return ListOf(inner=_inner(draft), separator=mapping.separator), (_source(draft),)


def _json_path(draft: Draft) -> Made:
    path = draft.mapping.path
    if path is None or path_steps(path) is None:
        raise MappingError(
            f"'{path}' is not a JSON path", "Write it as $.address.city or $.emails[0]."
        )
    kind = "list" if draft.field.many else draft.field.kind
    inner = _inner(draft)
    if draft.field.many:
        inner = ListOf(inner=inner, separator=draft.mapping.separator)
    return JsonPath(path=path, inner=inner, kind=kind), (_source(draft),)


def _constant(draft: Draft) -> Made:
    text = draft.mapping.constant
    (value,) = canonical_lens(draft.field).read((text,))
    if not isinstance(value, str):
        raise MappingError(
            f"the constant is no {draft.field.kind}",
            "Write it in the normal form of the field's kind.",
        )
    return Constant(value=value), ()


def _expression(draft: Draft) -> Made:
    if draft.mapping.direction == "out":
        raise MappingError("an expression cannot be written back", "Give `direction: in`.")
    names = source_names(draft.mapping.expression or "")
    lens = Expression(
        sql=draft.mapping.expression or "", names=names, canonical=canonical_lens(draft.field)
    )
    return lens, names


def _items(draft: Draft) -> Made:
    name, items = draft.field.name, draft.mapping.items
    known = ITEM_KEYS.get(name)
    if known is None:
        raise MappingError(
            f"lens 'items' gives no {draft.field.kind}", "Map it to `lines` or `allocations`."
        )
    if name == "lines" and not items:
        raise MappingError("nothing says what a line holds", "Give `items`, e.g. {amount: price}.")
    unknown = sorted(set(items or ()) - set(known))
    if unknown:
        raise MappingError(
            f"'{unknown[0]}' is nothing that {name} say", f"Use of: {', '.join(known)}."
        )
    paths = {key: path_steps(path) for key, path in (items or {}).items()}
    root = path_steps(draft.mapping.path) if draft.mapping.path else []
    if root is None or None in paths.values():
        raise MappingError(
            "there is no such JSON path", "Write it as price or $.tax_lines[0].rate."
        )
    readers = {key: canonical_lens(Field(name=key, kind=known[key])) for key in paths}
    told = {key: steps for key, steps in paths.items() if steps is not None}
    return Items(items=told, readers=readers, root=root), (_source(draft),)


# -- lenses of several source or canonical fields ---


def _sources(draft: Draft) -> tuple[str, ...]:
    if isinstance(draft.mapping.fields, list) and draft.mapping.fields:
        return tuple(draft.mapping.fields)
    raise MappingError("the mapping needs a list of source fields", "Give `fields: [a, b]`.")


def _join(draft: Draft) -> Made:
    sources = _sources(draft)
    if draft.field.kind != "text":
        raise MappingError("only texts can be joined", "Map to a text field.")
    separator = " " if draft.mapping.separator is None else draft.mapping.separator
    return Join(arity=len(sources), separator=separator), sources


def _split(draft: Draft) -> Made:
    separator = draft.mapping.separator
    if not separator:
        if set(draft.names) <= set(NAME_PARTS):
            return _person_name(draft)
        raise MappingError("lens 'split' has no separator", "Give `separator`.")
    inner = [single(_KINDS[field.kind](replace(draft, fields=(field,)))) for field in draft.fields]
    return Split(inner=inner, separator=separator), (_source(draft),)


def _person_name(draft: Draft) -> Made:
    _only(draft.names, NAME_PARTS, "person_name")
    return PersonName(names=draft.names), (_source(draft),)


def _party_name(draft: Draft) -> Made:
    _only(draft.names, PARTY_PARTS, "party_name")
    return PartyName(names=draft.names), (_source(draft),)


def _only(names: Sequence[str], parts: Sequence[str], lens: str) -> None:
    if len(names) < 2 or not set(names) <= set(parts):
        raise MappingError(
            f"lens '{lens}' cannot give {', '.join(names)}",
            f"Name two or more of {', '.join(parts)}.",
        )


def _address(draft: Draft) -> Made:
    parts = draft.mapping.fields
    if draft.field.many:
        return _list(draft)
    _same_shape(draft, "address")
    if parts is None:
        return AddressJson(), (_source(draft),)
    if not isinstance(parts, dict) or not parts or not set(parts) <= set(ADDRESS_PARTS):
        raise MappingError(
            "the parts of the address are not told",
            f"Give `fields` as part: source field, of {', '.join(ADDRESS_PARTS)}.",
        )
    if draft.mapping.field is not None:
        return AddressJson(keys=parts), (draft.mapping.field,)
    return Address(parts=tuple(parts)), tuple(parts.values())


def _money_fields(draft: Draft) -> Made:
    _same_shape(draft, "money")
    fields = draft.mapping.fields
    if fields is None:
        return _money(draft), (_source(draft),)
    if isinstance(fields, dict) and set(fields) == {"amount", "currency"}:
        return _money(draft, has_field=True), (fields["amount"], fields["currency"])
    if isinstance(fields, list) and len(fields) == 2:
        return _money(draft, has_field=True), (fields[0], fields[1])
    raise MappingError(
        "money is an amount and a currency", "Give `fields: {amount: NAME, currency: NAME}`."
    )


LENSES: Final[Mapping[str, Callable[[Draft], Made]]] = {
    **{kind: _of_kind(kind) for kind in _KINDS},
    "address": _address,
    "money": _money_fields,
    "person_name": _person_name,
    "party_name": _party_name,
    "values": _values,
    "constant": _constant,
    "join": _join,
    "split": _split,
    "list": _list,
    "items": _items,
    "json_path": _json_path,
    "expression": _expression,
}
