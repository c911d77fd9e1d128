"""A published configuration, compiled: what the decisions of one batch need to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from customer_sync.core.golden import Policies
from customer_sync.core.ledger import Rules, compiled
from customer_sync.core.mapping import (
    ExpressionError,
    StreamMap,
    compile_guests,
    compile_stream,
    parse,
)
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import (
    BOOKS_SYSTEM,
    LEDGER_SYSTEM,
    STEWARD_SYSTEM,
    Configuration,
    FieldMapping,
    StreamConfig,
    SystemConfig,
)
from customer_sync.model.field import CATALOGUE, FIGURES, column_name

__all__ = [
    "BOOKS_STREAM", "GUESTS", "LEDGER_STREAM", "OWN_STREAMS", "STEWARD_STREAM", "DocumentStream", "Published", "Stream",
    "numbered_streams", "published",
]  # fmt: skip

LEDGER_STREAM = 0
STEWARD_STREAM = 1
BOOKS_STREAM = 2
RESERVED_STREAMS = {
    LEDGER_STREAM: (LEDGER_SYSTEM, "customers"),
    STEWARD_STREAM: (STEWARD_SYSTEM, "decisions"),
    BOOKS_STREAM: (BOOKS_SYSTEM, "figures"),
}
OWN_STREAMS = tuple(RESERVED_STREAMS)  # their records are customers, named by the customer's id

# The customers that documents tell of themselves are a stream of their own, named after theirs.
GUESTS = ".guest"

_KINDS = {"owner": 0, "ledger_wins": 0, "most_recent": 1, "most_complete": 2, "ask": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of a published configuration, with its mapping compiled."""

    id: int
    system: str
    name: str
    config: StreamConfig
    map: StreamMap
    is_derived: bool = False  # its records are read as part of another stream's

    @property
    def is_document(self) -> bool:
        """Return whether its records are documents of the money side."""
        return self.config.is_document

    @property
    def title(self) -> str:
        """Return ``system.stream``, as people and reports name it."""
        return f"{self.system}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStream:
    """A stream of documents, and where those are whom they name.

    customers: the stream whose records `customer` names, if there is one. guests: the customers that
    they tell of themselves, if they do. others: the stream that their allocations name. rule: the
    posting rule; None: the one of the type.
    """

    stream: Stream
    customers: Stream | None
    guests: Stream | None
    others: int | None
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One numbered version of a workspace's configuration."""

    version: int
    config: Configuration
    fields: Sequence[str]
    many: Sequence[str]
    policies: Policies
    streams: Mapping[int, Stream]
    salt: str
    books: Rules
    documents: Mapping[int, DocumentStream] = field(default_factory=dict)

    @property
    def connected(self) -> list[Stream]:
        """Return the streams of customers that systems hold: all but the ledger's and the stewards' own."""
        return [stream for stream in self.tied if not stream.is_derived]

    @property
    def tied(self) -> list[Stream]:
        """Return the streams whose records are tied to customers: the guests of documents are, too."""
        return [stream for id_, stream in self.streams.items() if id_ not in RESERVED_STREAMS]

    @property
    def read(self) -> list[Stream]:
        """Return every stream that is read, customers first: documents name them."""
        return [*self.connected, *(one.stream for one in self.documents.values())]

    def source(self, stream: Stream) -> Stream:
        """Return the stream that is read for this one: the documents', for their guests."""
        found = (one.stream for one in self.documents.values() if one.guests == stream)
        return next(found) if stream.is_derived else stream


def published(
    config: Configuration, *, version: int, stream_ids: Mapping[tuple[str, str], int], salt: str
) -> Published:
    """Compile a configuration.

    Raises:
        ConfigurationError: A mapping cannot mean what it says.
    """
    fields = [name for name in config.canonical_names() if not name.startswith("reference.")]
    streams = {id_: _own_stream(config, fields, id_) for id_ in OWN_STREAMS}
    for system in config.systems.values():
        for name, stream in system.streams.items():
            if stream.is_document:
                guests = _guests(config, stream_ids, system.system, name)
                streams |= {guests.id: guests} if guests is not None else {}
                continue
            id_ = stream_ids[system.system, name]
            _check_condition((system.system, name), stream.create_when, fields)
            map_ = compile_stream(config, system.system, name)
            streams[id_] = Stream(id=id_, system=system.system, name=name, config=stream, map=map_)
    _check_deletes(streams)
    return Published(
        version=version,
        config=config,
        fields=fields,
        many=[name for name in fields if (field := config.canonical(name)) and field.many],
        policies=_policies(config, fields, streams),
        streams=streams,
        salt=salt,
        books=compiled(config.ledger, config.workspace.currency),
        documents=_documents(config, stream_ids, streams),
    )


def numbered_streams(config: Configuration) -> list[tuple[str, str]]:
    """Return (system, stream) of everything that has a number: streams, and the guests of some."""
    found = []
    for system in config.systems.values():
        for name, stream in system.streams.items():
            found.append((system.system, name))
            if stream.guest is not None:
                found.append((system.system, name + GUESTS))
    return found


def _guests(
    config: Configuration, ids: Mapping[tuple[str, str], int], system: str, name: str
) -> Stream | None:
    """Return the stream of the customers that documents tell of themselves."""
    map_ = compile_guests(config, system, name)
    settings = config.systems[system].streams[name].guests()
    if map_ is None or settings is None:
        return None
    id_ = ids[system, name + GUESTS]
    return Stream(
        id=id_, system=system, name=name + GUESTS, config=settings, map=map_, is_derived=True
    )


def _documents(
    config: Configuration, ids: Mapping[tuple[str, str], int], streams: Mapping[int, Stream]
) -> dict[int, DocumentStream]:
    found = {}
    for system in config.systems.values():
        for name, stream in system.streams.items():
            if not stream.is_document:
                continue
            id_ = ids[system.system, name]
            map_ = compile_stream(config, system.system, name)
            named = config.named_stream(system.system, name, "customer")
            others = config.named_stream(system.system, name, "allocations")
            found[id_] = DocumentStream(
                stream=Stream(id=id_, system=system.system, name=name, config=stream, map=map_),
                customers=streams.get(ids.get(named, -1)) if named is not None else None,
                guests=streams.get(ids.get((system.system, name + GUESTS), -1)),
                others=ids.get(others) if others is not None else None,
                rule=config.ledger.streams.get(f"{system.system}.{name}"),
            )
    return found


def _check_condition(stream: tuple[str, str], condition: str | None, fields: Sequence[str]) -> None:
    """Refuse a `create_when` that cannot be computed of a customer."""
    if condition is None:
        return
    try:
        unknown = sorted(set(parse(condition).meta.root_names()) - set(fields))
        fault = f"it speaks of {', '.join(unknown)}, which no customer has" if unknown else ""
    except ExpressionError as error:
        fault = f"it is no SQL condition: {error}"
    if fault:
        raise ConfigurationError(
            f"{'.'.join(stream)}, create_when: {fault}",
            context={"path": [*stream, "create_when"]},
            hint="use canonical fields by their names, e.g. loyalty.tier = 'gold'",
        )


def _check_deletes(streams: Mapping[int, Stream]) -> None:
    """Refuse to pass deletions on to nobody."""
    for stream in streams.values():
        if stream.config.deletes.elsewhere == "ignore":
            continue
        others = [other for other in streams.values() if other.system != stream.system]
        told = [o for o in others if o.id not in RESERVED_STREAMS and "active" in o.map.outward]
        if not told:
            raise ConfigurationError(
                f"{stream.title}, deletes.elsewhere: no other system would hear of it",
                context={"path": [stream.system, stream.name, "deletes", "elsewhere"]},
                hint="map `active` in a stream of another system, e.g. active: {field: status, "
                "values: {A: 'true', I: 'false'}}",
            )


def _own_stream(config: Configuration, fields: Sequence[str], id_: int) -> Stream:
    """Map the customer table, what stewards said, or what the books say: columns to fields of their names."""
    owner, name_of_stream = RESERVED_STREAMS[id_]
    # What the books say nobody else does.
    fields = [name for name in fields if (name in FIGURES) == (id_ == BOOKS_STREAM)]
    mapping = {
        name: FieldMapping(field=column_name(name), lens="list" if _is_many(config, name) else None)
        for name in fields
    }
    stream = StreamConfig(fields=mapping)
    system = SystemConfig(system=owner, connector="ledger", streams={name_of_stream: stream})
    with_own = config.model_copy(update={"systems": {**config.systems, owner: system}})
    map_ = compile_stream(with_own, owner, name_of_stream)
    return Stream(id=id_, system=owner, name=name_of_stream, config=stream, map=map_)


def _is_many(config: Configuration, name: str) -> bool:
    field = config.canonical(name)
    return field is not None and field.many


def _policies(
    config: Configuration, fields: Sequence[str], streams: Mapping[int, Stream]
) -> Policies:
    kinds, rows = {}, []
    written = {system: rank for rank, system in enumerate(config.systems)}
    for name in fields:
        policy = config.policy(name)
        kinds[name] = _KINDS[policy.policy]
        order = [LEDGER_SYSTEM, *policy.owner] if policy.policy == "ledger_wins" else policy.owner
        ranks = {system: rank for rank, system in enumerate([STEWARD_SYSTEM, *order])}
        for id_, stream in streams.items():
            # Systems that the policy does not name follow in the order they are configured.
            rank = ranks.get(stream.system, 100 + written.get(stream.system, 0))
            rows.append((name, id_, rank))
    ranks_frame = pl.DataFrame(
        rows, schema={"field": pl.String, "stream": pl.Int32, "rank": pl.Int32}, orient="row"
    )
    return Policies(kinds=kinds, ranks=ranks_frame)


def catalogue_columns() -> list[str]:
    """Return the columns of the customer table that hold catalogue fields, in order."""
    return [column_name(name) for name in CATALOGUE]
