"""What the files say of documents and of the books: what only the money side can get wrong.

Decides what a stream of documents needs, what it cannot have, and whom its references mean. Promises
a remedy for each. Must not know lines of files: problems are told by key.
"""

from collections.abc import Iterator, Sequence

from customer_sync.engine.folder.problem import did_you_mean
from customer_sync.engine.folder.yaml_text import Path
from customer_sync.model.config import Configuration, FieldMapping, StreamConfig
from customer_sync.model.document import DOCUMENT_FIELDS, SETTLES
from customer_sync.model.field import FIGURES

__all__ = ["Found", "book_problems", "paper_problems"]

Found = tuple[Path, str, str]  # key, message, remedy

_OUTWARD = ("create", "create_when", "deletes", "merged_into")
_WRITING = ("set_if_empty", "never_clear", "default", "length")
_NEEDED = ("total", "date", "currency")
_OWED = ("invoice", "credit_note", "payment", "refund", "points")
_EXAMPLES = {
    "total": "total: {field: total_amount}",
    "date": "date: {field: issued_on}",
    "currency": "currency: {constant: EUR}, where all are in one",
    "points": "points: {field: kind, values: {bonus: earned, spent: redeemed}}",
    "customer": "customer: {field: customer_id, stream: customers}, or a `guest` section",
}
_READ = "Remove it: documents are read from systems, and never written."


def paper_problems(config: Configuration, system: str, name: str) -> Iterator[Found]:
    """Say what is wrong with a stream as a stream of documents, or with what only those have."""
    stream = config.systems[system].streams[name]
    if not stream.is_document:
        yield from _of_customers(stream)
        return
    for key in _OUTWARD:
        if key in stream.model_fields_set:
            yield (key,), f"a stream of documents has no '{key}'", _READ
    yield from _written(("fields",), stream.fields)
    yield from _of_guests(stream)
    for number, rule in enumerate(stream.rules):
        if rule.flag is not None:
            what = "a rule over documents cannot flag"
            yield ("rules", number, "flag"), what, "Reject the document, or leave it be."
    yield from _missing(stream)
    yield from _named(config, system, name, "customer")
    yield from _named(config, system, name, "allocations")
    yield from _settled(config, system, name)


def book_problems(config: Configuration) -> Iterator[Found]:
    """Say which streams of ledger.yaml are no streams of documents."""
    known = [
        f"{system.system}.{name}"
        for system in config.systems.values()
        for name, stream in system.streams.items()
        if stream.is_document
    ]
    for title in config.ledger.streams:
        if title not in known:
            otherwise = f"Streams of documents: {', '.join(known) or 'none yet'}."
            remedy = did_you_mean(title, known, otherwise=otherwise)
            yield ("streams", title), f"there is no stream of documents '{title}'", remedy


def _of_customers(stream: StreamConfig) -> Iterator[Found]:
    if stream.guest is not None:
        remedy = "Say what the records are, e.g. entity: order; or map the fields themselves."
        yield ("guest",), "only documents have guests", remedy
    for names, mapping in stream.fields.items():
        told = sorted({name.strip() for name in names.split(",")} & set(FIGURES))
        if told and mapping.direction != "out":
            what = f"'{told[0]}' is computed from the books, and no system says it"
            yield ("fields", names), what, "Map it with direction: out."
        for key in ("stream", "items"):
            if getattr(mapping, key) is not None:
                yield ("fields", names, key), f"only documents have '{key}'", "Remove it."


def _of_guests(stream: StreamConfig) -> Iterator[Found]:
    if stream.guest is None:
        return
    yield from _written(("guest", "fields"), stream.guest.fields)
    for names in stream.guest.fields:
        if {name.strip() for name in names.split(",")} & set(FIGURES):
            what = "a guest says nothing of what is computed from the books"
            yield ("guest", "fields", names), what, "Remove it."


def _written(base: Path, fields: dict[str, FieldMapping]) -> Iterator[Found]:
    for names, mapping in fields.items():
        if mapping.direction != "in" and "direction" in mapping.model_fields_set:
            yield (*base, names, "direction"), "a document is never written", _READ
        for key in _WRITING:
            if key in mapping.model_fields_set:
                yield (*base, names, key), f"a document is never written: no '{key}'", _READ
        if names.strip() not in {"customer", "allocations"} and mapping.stream is not None:
            remedy = "Give it to `customer` or `allocations`."
            yield (*base, names, "stream"), "this field names no record", remedy
        if names.strip() not in {"lines", "allocations"} and mapping.items is not None:
            remedy = "Give it to `lines` or `allocations`."
            yield (*base, names, "items"), "this field holds no list", remedy


def _missing(stream: StreamConfig) -> Iterator[Found]:
    told = {name for names, _ in stream.mappings() for name in names}
    for rule in stream.rules:
        told |= {*(rule.derive or {}), *(rule.default or {})}
    if told - set(DOCUMENT_FIELDS):
        return  # what seems to be missing may be misspelt, and that is told already
    needed: Sequence[str] = (*_NEEDED, "points") if stream.entity == "points" else _NEEDED
    for name in needed:
        if name not in told:
            what = f"a stream of documents needs '{name}'"
            yield ("fields",), what, f"Map it, e.g. {_EXAMPLES[name]}."
    if stream.entity in _OWED and "customer" not in told and stream.guest is None:
        what = f"nothing says whose each {stream.entity} is"
        yield ("fields",), what, f"Map it, e.g. {_EXAMPLES['customer']}."


def _named(config: Configuration, system: str, name: str, field: str) -> Iterator[Found]:
    """Refuse a reference that means no stream, or more than one."""
    mapping = config.systems[system].streams[name].mapping(field)
    if mapping is None:
        return
    is_party = field == "customer"
    what = "customers" if is_party else "documents"
    wanted = [
        f"{one.system}.{other}"
        for one in config.systems.values()
        for other, stream in one.streams.items()
        if stream.is_document != is_party
    ]
    known = f"Streams of {what}: {', '.join(wanted) or 'none yet'}."
    found = config.named_stream(system, name, field)
    if found is None:
        remedy = f"Name it: stream: NAME. {known}"
        yield (
            ("fields", field),
            f"'{field}' may name records of several streams, or of none",
            remedy,
        )
    elif ".".join(found) not in wanted:
        remedy = did_you_mean(".".join(found), wanted, otherwise=known)
        message = f"there is no stream of {what} '{mapping.stream}'"
        yield ("fields", field, "stream"), message, remedy


def _settled(config: Configuration, system: str, name: str) -> Iterator[Found]:
    """Refuse that documents settle what stands on their own side, where the rules are those that come along."""
    stream = config.systems[system].streams[name]
    found = config.named_stream(system, name, "allocations")
    other = (
        config.systems[found[0]].streams.get(found[1])
        if found and found[0] in config.systems
        else None
    )
    if (
        stream.mapping("allocations") is None
        or found is None
        or other is None
        or not other.is_document
    ):
        return
    titles = {f"{system}.{name}", ".".join(found)}
    if titles & set(config.ledger.streams) or {stream.entity, other.entity} & set(
        config.ledger.rules
    ):
        return  # by rules of their own, they may stand anywhere
    fitting = SETTLES.get(stream.entity, ())
    if other.entity in fitting:
        return
    message = f"a {stream.entity} cannot settle a record of '{'.'.join(found)}', an {other.entity}"
    known = [
        f"{one.system}.{each}"
        for one in config.systems.values()
        for each, each_stream in one.streams.items()
        if each_stream.entity in fitting
    ]
    streams = f"Streams of such: {', '.join(known) or 'none yet'}."
    remedy = f"Leave it out, or name what it settles: stream: NAME. {streams}"
    yield ("fields", "allocations"), message, remedy
