"""From configuration to a stream's mapping, or to a reason why not.

Decides what contradicts itself: fields claimed twice, source fields written twice, options that
exclude each other; and that documents are only read, never written. Promises that whatever it refuses
is a ``ConfigurationError`` that names system, stream, key and remedy, and that compiling reads nothing
but the configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from customer_sync.core.mapping.binding import Binding
from customer_sync.core.mapping.code import Constant
from customer_sync.core.mapping.expression import Expression, ExpressionError
from customer_sync.core.mapping.registry import Draft, MappingError, canonical_lens, lens_of
from customer_sync.core.mapping.row import RowLens
from customer_sync.core.mapping.rule import RuleError, compile_rules
from customer_sync.core.mapping.stream import StreamMap
from customer_sync.core.mapping.structure import JsonPath
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import Configuration, FieldMapping, StreamConfig
from customer_sync.model.document import DOCUMENT_FIELDS
from customer_sync.model.field import Field

__all__ = ["compile_guests", "compile_stream"]


def compile_stream(config: Configuration, system: str, stream: str) -> StreamMap:
    """Return the mapping of one stream.

    Raises:
        ConfigurationError: The stream does not exist, or its mapping cannot mean what it says.
    """
    found = config.systems.get(system)
    settings = found.streams.get(stream) if found is not None else None
    if settings is None:
        raise _refusal(system, stream, "streams", "there is no such stream", "Check its name.")
    try:
        map_ = _compiled(config, settings)
    except _MappedWrongError as error:
        raise _refusal(system, stream, f"fields.{error.key}", error.reason, error.remedy) from None
    except RuleError as error:
        key = f"rules[{error.number}]"
        raise _refusal(system, stream, key, str(error), error.remedy) from None
    guests = compile_guests(config, system, stream)
    if guests is None:
        return map_
    # One reading shows the document, and who bought.
    both = (*map_.source_fields, *guests.source_fields)
    return replace(map_, source_fields=tuple(dict.fromkeys(both)))


def compile_guests(config: Configuration, system: str, stream: str) -> StreamMap | None:
    """Return the mapping of the customers that a stream's documents tell of themselves, if they do.

    Raises:
        ConfigurationError: It cannot mean what it says.
    """
    settings = config.systems[system].streams[stream].guests()
    if settings is None:
        return None
    try:
        return _compiled(config, settings)
    except _MappedWrongError as error:
        key = f"guest.fields.{error.key}"
        raise _refusal(system, stream, key, error.reason, error.remedy) from None


class _MappedWrongError(ValueError):
    def __init__(self, key: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.key, self.reason, self.remedy = key, reason, remedy


def _refusal(system: str, stream: str, key: str, reason: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        f"{system}.{stream}, {key}: {reason}",
        context={"system": system, "stream": stream, "key": key},
        hint=remedy,
    )


def _compiled(config: Configuration, settings: StreamConfig) -> StreamMap:
    bindings = [_bound(config, settings, names, mapping) for names, mapping in settings.mappings()]
    _refuse_overlaps(bindings)
    mapped = {name for binding in bindings if binding.is_in for name in binding.names}
    assigned = _assigned(config, settings)
    known = list(DOCUMENT_FIELDS) if settings.is_document else config.canonical_names()
    order = [*known, *sorted(assigned)]
    canonical = tuple(dict.fromkeys(name for name in order if name in mapped | set(assigned)))
    fields = {name: _field(config, settings, name) for name in canonical}
    return StreamMap(
        source_fields=_distinct(name for binding in bindings for name in binding.sources),
        canonical=canonical,
        outward=_outward(order, bindings),
        out_sources=_distinct(name for b in bindings if b.is_out for name in b.sources),
        bindings=tuple(bindings),
        rules=compile_rules(settings.rules, fields),
        fields=fields,
        unmapped=tuple(name for name in canonical if name not in mapped),
    )


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _outward(order: Sequence[str], bindings: Sequence[Binding]) -> tuple[str, ...]:
    names = {name for binding in bindings if binding.is_out for name in binding.names}
    return _distinct(name for name in order if name in names)


def _field(config: Configuration, settings: StreamConfig, name: str) -> Field:
    found = config.canonical_of(settings, name)
    assert found is not None, "checked when it was bound"
    return found


def _assigned(config: Configuration, settings: StreamConfig) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, rule in enumerate(settings.rules, start=1):
        for name in [*(rule.derive or {}), *(rule.default or {})]:
            if config.canonical_of(settings, name) is None:
                raise RuleError(
                    number,
                    f"'{name}' is no canonical field",
                    "Use a field of the catalogue, or define it.",
                )
            found.setdefault(name, number)
    return found


def _bound(
    config: Configuration, settings: StreamConfig, names: tuple[str, ...], mapping: FieldMapping
) -> Binding:
    key = ", ".join(names)
    fields = []
    for name in names:
        found = config.canonical_of(settings, name)
        if found is None:
            raise _MappedWrongError(key, f"'{name}' is no canonical field", _known(settings))
        fields.append(found)
    if settings.is_document:
        mapping = mapping.model_copy(update={"direction": "in"})
    draft = Draft(
        fields=tuple(fields),
        mapping=mapping,
        region=config.workspace.region,
        currency=config.workspace.currency,
    )
    try:
        lens, sources = lens_of(draft)
        return _with_policies(draft, lens, sources)
    except MappingError as error:
        raise _MappedWrongError(key, str(error), error.remedy) from None
    except ExpressionError as error:
        raise _MappedWrongError(
            key,
            f"the expression does not parse: {error}",
            "Write an SQL expression over the record.",
        ) from None


def _known(settings: StreamConfig) -> str:
    if settings.is_document:
        return f"Fields of a document: {', '.join(DOCUMENT_FIELDS)}."
    return "Use a field of the catalogue, reference.SYSTEM, or a custom.NAME."


def _with_policies(draft: Draft, lens: RowLens, sources: tuple[str, ...]) -> Binding:
    mapping = draft.mapping
    is_constant = isinstance(lens, Constant)
    one_way = is_constant or isinstance(lens, Expression)
    _refuse_contradictions(draft, lens)
    constant_text = None
    if is_constant and mapping.direction == "out":
        if mapping.field is None:
            raise MappingError("the constant has no source field to be written to", "Give `field`.")
        sources, constant_text = (mapping.field,), mapping.constant
    default, default_text = _default(draft, lens)
    return Binding(
        names=draft.names,
        sources=sources,
        lens=lens,
        lens_name=mapping.lens or type(lens).__name__,
        is_in=mapping.direction != "out",
        is_out=mapping.direction == "out" or (mapping.direction == "both" and not one_way),
        set_if_empty=mapping.set_if_empty,
        never_clear=mapping.never_clear,
        required=mapping.required,
        default=default,
        default_text=default_text,
        constant_text=constant_text,
        length=mapping.length,
    )


def _refuse_contradictions(draft: Draft, lens: RowLens) -> None:
    mapping = draft.mapping
    if mapping.default is not None and mapping.required:
        raise MappingError(
            "`default` is never read back: required, the field would reject its own records",
            "Drop `required` or `default`.",
        )
    if mapping.default is not None and (lens.arity, lens.width) != (1, 1):
        raise MappingError("`default` needs one source field and one canonical field", "Drop it.")
    if mapping.set_if_empty and mapping.direction == "in":
        raise MappingError(
            "`set_if_empty` is about writing, the direction is in", "Drop one of them."
        )


def _default(draft: Draft, lens: RowLens) -> tuple[str | None, str | None]:
    text = draft.mapping.default
    if text is None:
        return None, None
    (value,) = lens.read((text,))
    if isinstance(value, str):
        return value, text
    (value,) = canonical_lens(draft.field).read((text,))
    written = lens.write((value,), (None,)) if isinstance(value, str) else None
    if written is None or not isinstance(value, str):
        raise MappingError(
            f"the default is nothing that lens reads as {draft.field.kind}",
            "Give a value it reads.",
        )
    return value, written[0]


def _refuse_overlaps(bindings: Sequence[Binding]) -> None:
    for way in ("is_in", "is_out"):
        owners: dict[str, Binding] = {}
        for binding in bindings:
            for name in binding.names if getattr(binding, way) else ():
                if name in owners:
                    raise _MappedWrongError(
                        ", ".join(binding.names),
                        f"'{name}' is mapped twice",
                        "Keep one of the mappings.",
                    )
                owners[name] = binding
    writers: dict[str, Binding] = {}
    for binding in bindings:
        for source in binding.sources if binding.is_out else ():
            other = writers.setdefault(source, binding)
            if other is not binding and not _share(other, binding):
                raise _MappedWrongError(
                    ", ".join(binding.names),
                    f"source field '{source}' would be written by two mappings",
                    "Give one of them `direction: in`.",
                )


def _share(first: Binding, second: Binding) -> bool:
    return isinstance(first.lens, JsonPath) and isinstance(second.lens, JsonPath)
