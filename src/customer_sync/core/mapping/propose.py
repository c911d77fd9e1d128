"""Propose the mapping of a stream from its field names and some of its records.

Decides canonical field, lens and options of each source field, and how sure that is. Promises that
what it proposes compiles as it stands, that no source field is written by two mappings, that a
field is two-way only where the lens laws hold on the samples, and that every field is accounted
for: one that is not mapped says why. No value of a record stands in a reason. Must not know
systems: it takes any object that looks like a field.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

import polars as pl

from customer_sync.core.mapping.compile import compile_stream
from customer_sync.core.mapping.guess.address import AddressGuess, guess_addresses
from customer_sync.core.mapping.guess.code import code_options, kind_options, word_options
from customer_sync.core.mapping.guess.evidence import (
    Settled,
    countries_of,
    date_options,
    is_list,
    list_options,
    number_options,
    phone_options,
    share_read,
    tax_options,
)
from customer_sync.core.mapping.guess.name import guess_names
from customer_sync.core.mapping.guess.vocabulary import Guess, guesses, languages_of
from customer_sync.core.mapping.laws import check_laws
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import Configuration, FieldMapping
from customer_sync.model.field import CATALOGUE, Field

__all__ = ["FieldLike", "Proposal", "propose"]

VALUES_MAX = 500  # distinct values looked at in a column
SURE_SCORE = 0.8  # of a name that needs no value to confirm it
SHARE_MIN = 0.5  # of values that the lens has to read
LAW_CASES = 60

Direction = Literal["both", "in", "out"]


class FieldLike(Protocol):
    """A source field as its system shows it."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def type(self) -> str:
        """Return the system's own word for its type."""

    @property
    def length(self) -> int | None:
        """Return the longest text it takes."""

    @property
    def options(self) -> Sequence[str] | None:
        """Return the values it takes, where these are listed."""

    @property
    def is_key(self) -> bool:
        """Return whether it names the record."""

    @property
    def is_writable(self) -> bool:
        """Return whether it can be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One mapping proposed, or (no canonical field) why a source field is not mapped."""

    canonical: tuple[str, ...] = ()
    sources: tuple[str, ...]
    lens: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    direction: Direction = "both"
    confidence: float = 0.0
    reason: str

    @property
    def key(self) -> str:
        """Return the canonical fields as the configuration writes them."""
        return ", ".join(self.canonical)

    def document(self) -> dict[str, Any]:
        """Return the mapping as the configuration writes it."""
        found: dict[str, Any] = {} if "fields" in self.options else {"field": self.sources[0]}
        if self.lens is not None:
            found["lens"] = self.lens
        found |= self.options
        if self.direction != "both":
            found["direction"] = self.direction
        return found

    def mapping(self) -> FieldMapping:
        """Return the mapping."""
        return FieldMapping.model_validate(self.document())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A source field, and what its samples hold."""

    shape: FieldLike
    texts: tuple[str, ...]  # every value that is not blank
    values: tuple[str, ...]  # the distinct ones
    has_blanks: bool
    guesses: tuple[Guess, ...]

    @property
    def name(self) -> str:
        return self.shape.name

    def score(self, meaning: str) -> float:
        """Return how surely the name says this."""
        return max((guess.score for guess in self.guesses if guess.meaning == meaning), default=0.0)

    def best(self) -> str:
        """Return what the name says, where it surely says something."""
        sure = [guess for guess in self.guesses if guess.score >= SURE_SCORE]
        return sure[0].meaning if sure else ""


@dataclass(slots=True, kw_only=True)
class _Table:
    """The fields of a stream, what is known of all of them together, and what is settled so far."""

    columns: Mapping[str, _Column]
    countries: Counter[str]
    country: str | None
    tongues: list[str]
    currency: str | None
    home: str | None
    found: list[Proposal] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def free(self) -> list[_Column]:
        """Return the columns nothing is settled of."""
        taken = {source for proposal in self.found for source in proposal.sources}
        return [c for c in self.columns.values() if c.name not in taken | set(self.refused)]

    def is_mapped(self, canonical: str) -> bool:
        """Return whether a canonical field has its source."""
        return any(canonical in proposal.canonical for proposal in self.found)


def propose(
    fields: Sequence[FieldLike],
    samples: pl.DataFrame,
    *,
    exclude: Collection[str] = (),
    currency: str | None = None,
    region: str | None = None,
) -> list[Proposal]:
    """Return the mappings proposed, by canonical field, then the fields not mapped.

    Args:
        fields: The source fields.
        samples: Some records: String columns named as the fields; columns may be missing.
        exclude: Fields with a part of their own: cursor, version.
        currency: Of amounts that do not say theirs.
        region: Of phone numbers of which nothing else tells the country.
    """
    table = _table(fields, samples, currency, region)
    _set_aside(table, exclude)
    _addresses(table)
    _names(table)
    _singles(table)
    _more(table)
    _by_values(table)
    mapped = [_bounded(_lawful(one, table, samples), table) for one in table.found]
    order = {name: place for place, name in enumerate(CATALOGUE)}
    mapped.sort(key=lambda one: order.get(one.canonical[0], -1) if one.canonical else len(order))
    for column in table.free():
        table.refused[column.name] = _why_not(column, table)
    refused = [Proposal(sources=(name,), reason=why) for name, why in table.refused.items()]
    return [*mapped, *refused]


def _table(
    fields: Sequence[FieldLike], samples: pl.DataFrame, currency: str | None, home: str | None
) -> _Table:
    columns = {shape.name: _column(shape, samples) for shape in fields}
    countries: Counter[str] = Counter()
    for column in columns.values():
        if column.score("part.country") >= SURE_SCORE:
            countries += countries_of(column.texts)
    tongues = languages_of(list(columns))
    total = sum(countries.values())
    main = max(countries, key=lambda code: countries[code]) if total else None
    if main is not None and countries[main] < 0.9 * total:
        main = None
    country = main if total else (tongues[0] if tongues else None)
    return _Table(
        columns=columns, countries=countries, country=country, tongues=tongues, currency=currency,
        home=home,
    )  # fmt: skip


def _column(shape: FieldLike, samples: pl.DataFrame) -> _Column:
    raw = samples[shape.name].to_list() if shape.name in samples.columns else []
    texts = tuple(text.strip() for text in raw if text is not None and text.strip())
    return _Column(
        shape=shape,
        texts=texts,
        values=tuple(dict.fromkeys(texts))[:VALUES_MAX],
        has_blanks=len(texts) < len(raw),
        guesses=tuple(guesses(shape.name)),
    )


# -- what is left alone ---

_OWN: Final[Mapping[str, str]] = {
    "own.fax": "a fax number, for which there is no canonical field",
    "own.moment": "kept by the system itself",
    "own.secret": "looks like a secret or a bank detail; such values do not belong here",
    "own.opposite": "says the opposite of `active`; map it with `values` where it means that",
    "own.reference": "may be the id of a record elsewhere; map it to reference.SYSTEM where it is",
    "own.key": "a number of the system itself; map it to reference.SYSTEM where it is another's id",
}


def _set_aside(table: _Table, exclude: Collection[str]) -> None:
    for column in table.columns.values():
        if column.shape.is_key:
            table.refused[column.name] = "names the record"
        elif column.name in exclude:
            table.refused[column.name] = "says when the record changed"
        elif column.best() in _OWN:
            table.refused[column.name] = _OWN[column.best()]


def _why_not(column: _Column, table: _Table) -> str:
    meaning = next((g.meaning for g in column.guesses if g.meaning in CATALOGUE), None)
    if meaning is not None and table.is_mapped(meaning):
        return f"named like {meaning}, which another field shows better"
    if meaning == "addresses":
        return "several addresses in one field; `addresses` takes a JSON array of address objects"
    if not column.values:
        return "no canonical field has that name, and the samples hold no value"
    return "no canonical field has that name; custom.NAME keeps it, once defined in workspace.yaml"


# -- several fields together ---


def _addresses(table: _Table) -> None:
    wanted = [
        (column.name, guess, column.values)
        for column in table.free()
        for guess in column.guesses
        if guess.meaning.startswith("part.") or guess.meaning == "own.house_number"
    ]
    for one in guess_addresses(wanted):
        if one.refusal:
            for name in one.sources:
                if not _is_country(table.columns[name]):
                    table.refused[name] = one.refusal
        else:
            table.found.append(_address(one))
    _country(table)


def _is_country(column: _Column) -> bool:
    return column.score("part.country") >= SURE_SCORE


def _address(one: AddressGuess) -> Proposal:
    lens = None if one.is_json else "address"
    return Proposal(
        canonical=(one.canonical,),
        sources=one.sources,
        lens=lens,
        options={"field": one.sources[0], "fields": one.parts}
        if one.is_json
        else {"fields": one.parts},
        confidence=one.confidence,
        reason=f"{len(one.parts)} parts of one address",
    )


def _country(table: _Table) -> None:
    """Let the country of the billing address be read as the customer's; the address writes it."""
    for one in list(table.found):
        parts = one.options["fields"]
        source = parts.get("country")
        if one.canonical != ("billing_address",) or source is None or source not in table.columns:
            continue
        if share_read(CATALOGUE["country"], {}, table.columns[source].values) >= SHARE_MIN:
            table.found.append(
                Proposal(
                    canonical=("country",),
                    sources=(source,),
                    direction="in",
                    confidence=one.confidence,
                    reason="read from the billing address, which writes it",
                )
            )


def _names(table: _Table) -> None:
    for canonical, source, lens, score, why in guess_names(
        [(column.name, column.guesses, column.texts) for column in table.free()]
    ):
        if not canonical:
            table.refused[source] = why
            continue
        table.found.append(
            Proposal(
                canonical=canonical, sources=(source,), lens=lens, confidence=score, reason=why
            )
        )


# -- one field each ---


@dataclass(frozen=True, slots=True)
class _Candidate:
    confidence: float
    column: _Column
    canonical: str
    settled: Settled
    share: float


_OF_OTHERS: Final = frozenset(
    {
        "given_name",
        "family_name",
        "organisation",
        "billing_address",
        "shipping_address",
        "addresses",
    }
)


def _singles(table: _Table) -> None:
    """Give each canonical field the column that shows it best."""
    candidates = [
        found
        for column in table.free()
        for guess in column.guesses
        if (found := _candidate(column, guess, table)) is not None
    ]
    candidates.sort(key=lambda one: -one.confidence)
    for one in candidates:
        is_free = one.column in table.free() and not table.is_mapped(one.canonical)
        if is_free and one.share < SHARE_MIN:
            told = one.settled.doubt or f"only {one.share:.0%} of the values can be read as one"
            table.refused[one.column.name] = f"named like {one.canonical}, but {told}"
        elif is_free:
            table.found.append(_single(one))


def _candidate(column: _Column, guess: Guess, table: _Table) -> _Candidate | None:
    canonical = guess.meaning
    if canonical == "part.country" and guess.use is None:
        canonical = "country"
    if canonical == "own.mobile" and not any(c.best() == "phone" for c in table.columns.values()):
        canonical = "phone"
    if canonical == "email" and is_list(column.values):
        canonical = "emails"
    if (
        canonical not in CATALOGUE
        or canonical in _OF_OTHERS
        or (guess.use and canonical != "email")
    ):
        return None
    settled = _settled(CATALOGUE[canonical], column, table)
    share = share_read(CATALOGUE[canonical], settled.options, column.values)
    if settled.doubt and "region" not in settled.options:
        share = 0.0
    if guess.score < SURE_SCORE and (share < 0.9 or not column.values):
        return None
    weight = 0.4 + 0.6 * share if column.values else 0.75
    return _Candidate(guess.score * weight, column, canonical, settled, share)


def _settled(canonical: Field, column: _Column, table: _Table) -> Settled:
    values = column.values
    if canonical.many:
        return list_options(values)
    of_kind: Mapping[str, Callable[[], Settled]] = {
        "phone": lambda: phone_options(values, table.countries, table.tongues, table.home),
        "tax_id": lambda: tax_options(canonical, values, table.countries),
        "date": lambda: date_options(canonical, values, table.country),
        "number": lambda: number_options(canonical, values),
        "money": lambda: _money_options(canonical, column, table),
        "boolean": lambda: word_options(values, has_blanks=column.has_blanks),
    }
    settle = of_kind.get(canonical.kind)
    return Settled(options={}) if settle is None else settle()


def _money_options(canonical: Field, column: _Column, table: _Table) -> Settled:
    settled = number_options(canonical, column.values)
    words = column.name.upper().replace("-", "_").split("_")
    said = next(
        (word for word in words if word in {"EUR", "USD", "GBP", "CHF", "PLN", "SEK"}), None
    )
    beside = {
        text.upper()
        for other in table.columns.values()
        if other.best() == "currency"
        for text in other.values
    }
    if said is None and len(beside) == 1:
        (said,) = beside
    if said is None and len(beside) > 1:
        doubt = "its currency differs by record; map `fields: {amount, currency}`"
        return Settled(options={}, doubt=doubt)
    said = said or table.currency
    options = dict(settled.options) | ({"currency": said} if said else {})
    return Settled(options=options, why=settled.why, doubt=settled.doubt)


def _single(one: _Candidate) -> Proposal:
    canonical = CATALOGUE[one.canonical]
    options: dict[str, Any] = dict(one.settled.options)
    why = [f"the name says {one.canonical}"]
    listed = tuple(one.column.shape.options or ())
    if canonical.name == "kind":
        values = kind_options((*one.column.values, *listed))
        if values is None:
            return Proposal(
                sources=(one.column.name,), reason="named like kind, with values of unknown meaning"
            )
        options |= {"values": values, "unmapped": "reject"}
    elif values := code_options(canonical.name, one.column.values, listed):
        options |= {"values": values, "unmapped": "reject"}
        why.append(f"{len(values)} different values: check what each stands for")
    elif one.column.values and canonical.kind != "text":
        why.append(f"{one.share:.0%} of the values can be read")
    why += [told for told in (one.settled.why, one.settled.doubt) if told]
    lens = canonical.kind if canonical.kind != "text" and not canonical.many else None
    return Proposal(
        canonical=(one.canonical,),
        sources=(one.column.name,),
        lens="values" if "values" in options else lens,
        options=options,
        confidence=one.confidence,
        reason="; ".join(why),
    )


# -- what comes after: second numbers, and columns whose names say nothing ---


def _more(table: _Table) -> None:
    """Read further e-mail addresses and numbers into the lists of all of them."""
    for many, one, meanings in (
        ("emails", "email", ("own.email2",)),
        ("phones", "phone", ("own.mobile",)),
    ):
        columns = [c for c in table.free() if c.best() in meanings]
        if table.is_mapped(many):
            for column in columns:
                table.refused[column.name] = f"{many} shows it too"
        elif columns and table.is_mapped(one):
            _list_of(columns, many, table)


def _list_of(columns: Sequence[_Column], many: str, table: _Table) -> None:
    values = [text for column in columns for text in column.values]
    single = CATALOGUE[many.removesuffix("s")]
    settled = Settled(options={})
    if single.kind == "phone":
        settled = phone_options(values, table.countries, table.tongues, table.home)
    share = share_read(single, settled.options, values)
    if share < SHARE_MIN:
        return
    sources = tuple(column.name for column in columns)
    table.found.append(
        Proposal(
            canonical=(many,),
            sources=sources,
            lens="list",
            options={"fields": list(sources), **settled.options},
            direction="in",
            confidence=0.6 * share,
            reason=f"further {many}; only read: there is room for {len(sources)} of any number",
        )
    )


_SIGNS: Final[Mapping[str, Sequence[str]]] = {
    "email": ("@",),
    "phone": ("+",),
    "website": ("http", "www."),
}


def _by_values(table: _Table) -> None:
    """Recognise what nothing else looks like: addresses with @, numbers with +, web addresses."""
    for column in table.free():
        for canonical, signs in _SIGNS.items():
            is_alike = len(column.values) > 2 and all(
                any(sign in text for sign in signs) for text in column.values
            )
            if is_alike and (found := _by_value(column, canonical, table)) is not None:
                table.found.append(found)
                break


def _by_value(column: _Column, canonical: str, table: _Table) -> Proposal | None:
    many = canonical == "email" and is_list(column.values)
    name = "emails" if many else canonical
    options = list_options(column.values).options if many else {}
    share = share_read(CATALOGUE[name], options, column.values)
    if share < 0.9 or table.is_mapped(name):
        return None
    return Proposal(
        canonical=(name,),
        sources=(column.name,),
        options=dict(options),
        confidence=0.5 * share,
        reason=f"the name says nothing; {share:.0%} of the values can be read as {canonical}",
    )


# -- what may be written ---


def _bounded(one: Proposal, table: _Table) -> Proposal:
    """Add the length of the one field that is written."""
    if not one.canonical or len(one.sources) != 1 or one.direction == "in":
        return one
    length = table.columns[one.sources[0]].shape.length
    return one if length is None else replace(one, options={**one.options, "length": length})


def _lawful(one: Proposal, table: _Table, samples: pl.DataFrame) -> Proposal:
    """Let a field be written only where that is possible and keeps the lens laws."""
    if not one.canonical:
        return one
    if not all(table.columns[name].shape.is_writable for name in one.sources):
        reason = one.reason if one.direction == "in" else f"{one.reason}; it cannot be written"
        one = replace(one, direction="in", reason=reason)
    try:
        found = compile_stream(_alone(one, table), "proposed", "stream")
    except ConfigurationError as error:
        return replace(one, canonical=(), confidence=0.0, reason=error.message.partition(": ")[2])
    breaks = check_laws(found, samples, cases=LAW_CASES)
    if not breaks:
        return replace(one, confidence=round(one.confidence, 2))
    reason = f"{one.reason}; only read: what goes out would not come back ({breaks[0].law})"
    return replace(one, direction="in", confidence=round(one.confidence, 2), reason=reason)


def _alone(one: Proposal, table: _Table) -> Configuration:
    stream = {"fields": {one.key: one.document()}}
    system = {"system": "proposed", "connector": "any", "streams": {"stream": stream}}
    workspace = {"workspace": "proposed", "currency": table.currency or "EUR"}
    return Configuration.model_validate({"workspace": workspace, "systems": {"proposed": system}})
