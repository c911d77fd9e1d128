"""Look at a system that is not mapped yet, and propose its configuration file.

Decides which of its streams look like customers and writes what is proposed as people would write
it. Promises that the file can be published as it stands, that every field of every stream is in it
(mapped, or in a comment that says why not), and that it holds no value of any record save the codes
of value maps. Nothing is written to any system. Must not know any connector.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from customer_sync.connect.driver import Driver
from customer_sync.connect.port import Connector, FieldShape, ReadRequest, StreamShape
from customer_sync.connect.registry import stream_faults
from customer_sync.core.mapping.propose import Proposal, propose
from customer_sync.infra.secrets import redacted
from customer_sync.kernel.errors import NotFoundError, OperatorError, RetryableError
from customer_sync.model.config import StreamConfig, SystemConfig

__all__ = ["Discovered", "as_yaml", "discover"]

SAMPLE_ROWS = 500
NAME_LENGTH_MAX = 63

_NAMING = frozenset({"given_name", "family_name", "organisation"})
_IDENTIFYING = frozenset({"email", "emails", "phone", "phones", "tax_id", "billing_address"})
_PARTS = ("key", "cursor", "version")  # settings that name source fields with a part of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """One stream of a system: what it is, and the mapping proposed.

    settings: of the stream (table, url, key, cursor...). problem: why it cannot be a stream.
    """

    system: SystemConfig
    stream: str
    settings: Mapping[str, Any]
    fields: Sequence[FieldShape]
    proposals: Sequence[Proposal] = ()
    count: int | None = None
    problem: str = ""

    @property
    def mapped(self) -> list[Proposal]:
        """Return what is proposed to be mapped."""
        return [one for one in self.proposals if one.canonical]

    @property
    def is_customers(self) -> bool:
        """Return whether its records have a name and something to recognise them by."""
        names = {name for one in self.mapped for name in one.canonical}
        return bool(names & _NAMING and names & _IDENTIFYING)


def discover(  # noqa: PLR0917 - as it is asked for
    connector: Connector,
    driver: Driver,
    system: SystemConfig,
    stream: str | None = None,
    sample_rows: int = SAMPLE_ROWS,
    region: str | None = None,
) -> list[Discovered]:
    """Return the streams of a system with the mapping proposed for each.

    Args:
        connector: of the system.
        driver: performs its calls.
        system: what the connector was made from, secrets filled in.
        stream: only this one, by its name or as the system calls it.
        sample_rows: how many records of each stream to look at.
        region: of phone numbers of which nothing else tells the country.

    Raises:
        NotFoundError: There is no such stream.
    """
    found: dict[str, StreamShape] = {}
    for shape in driver.run(connector.discover()):
        found[_free_name(shape.stream, found)] = shape
    if stream is not None:
        wanted = {name: one for name, one in found.items() if stream in {name, one.stream}}
        if not wanted:
            raise NotFoundError(
                f"system {system.system} has no stream '{stream}'",
                hint=f"it has: {', '.join(sorted(found))}",
            )
        found = wanted
    kind = type(connector)
    return [
        _discovered(kind, driver, system, (n, s), sample_rows, region) for n, s in found.items()
    ]


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    """Return a stream's name as the configuration can write it."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"s_{plain}".rstrip("_")
    free, number = plain[:NAME_LENGTH_MAX], 1
    while free in taken:
        number += 1
        free = f"{plain[: NAME_LENGTH_MAX - 4]}_{number}"
    return free


def _discovered(  # noqa: PLR0917 - one step of the above
    kind: type[Connector],
    driver: Driver,
    system: SystemConfig,
    named: tuple[str, StreamShape],
    sample_rows: int,
    region: str | None,
) -> Discovered:
    name, shape = named
    known = {*StreamConfig.model_fields} - {"fields", "overrides"}
    settings = {key: value for key, value in shape.settings.items() if key in known}
    problem = str(shape.settings.get("problem", ""))
    if not problem and "key" not in settings:
        problem = "no field names its records; add a key, or name one with `key`"
    samples = pl.DataFrame()
    if not problem:
        try:
            samples = _samples(kind, driver, system, (name, shape, settings), sample_rows)
        except (OperatorError, RetryableError) as error:
            problem = error.message
    own = [one for part in _PARTS for one in _listed(settings.get(part))]
    return Discovered(
        system=system,
        stream=name,
        settings=settings,
        fields=shape.fields,
        proposals=propose(shape.fields, samples, exclude=own, region=region),
        count=shape.count,
        problem=problem,
    )


def _listed(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return [] if value is None else [str(value)]


def _samples(
    kind: type[Connector],
    driver: Driver,
    system: SystemConfig,
    stream: tuple[str, StreamShape, Mapping[str, Any]],
    sample_rows: int,
) -> pl.DataFrame:
    name, shape, settings = stream
    names = [field.name for field in shape.fields]
    config = StreamConfig.model_validate({**settings, "fields": {"note": names[0]}})
    connector = kind(system.model_copy(update={"streams": {name: config}}))
    limit = min(sample_rows, connector.capabilities(name).read_rows_max)
    request = ReadRequest(stream=name, fields=names, mode="listing", limit=limit)
    return driver.run(connector.read(request)).records


# -- the file -------------------------------------------------------------------------------------


def as_yaml(discovered: Sequence[Discovered], written: SystemConfig | None = None) -> str:
    """Return the configuration file of a system with what is proposed.

    Args:
        discovered: its streams, at least one.
        written: the system as people wrote it, with ``${NAME}`` instead of secrets.
    """
    assert discovered, "a system without streams has nothing to propose"
    system = written or discovered[0].system
    shown = [one for one in discovered if _is_shown(one, len(discovered))]
    lines = [
        "# Proposed from field names and some records. Read every line before you publish it.",
        "# The number before a mapping says how sure it is. No record is created without `create`.",
        f"system: {system.system}",
        f"connector: {_scalar(system.connector)}",
    ]
    if system.settings:
        settings = _flow(system.settings)
        # Without what people wrote, all that is known are settings with their secrets filled in. What they wrote
        # stays as it is: it may look like a secret of somewhere else.
        lines.append(f"settings: {redacted(settings) if written is None else settings}")
    lines.append("streams:" if shown else "streams: {}")
    for one in sorted(discovered, key=lambda one: one not in shown):
        body = list(_stream_lines(one, system))
        lines += body if one in shown else [f"  # {line.removeprefix('  ')}" for line in body]
    return "\n".join(lines) + "\n"


def _is_shown(one: Discovered, count: int) -> bool:
    is_meant = one.is_customers or count == 1
    return is_meant and not one.problem and bool(one.mapped)


def _stream_lines(one: Discovered, system: SystemConfig) -> Iterator[str]:
    count = "" if one.count is None else f"  # records: {one.count}"
    yield f"  {one.stream}:{count}"
    if one.problem:
        yield f"    # Not proposed: {_comment(one.problem)}"
    elif not one.is_customers:
        yield "    # Does not look like customers: no name, or nothing to recognise them by."
    yield "    entity: customer"
    for key, value in one.settings.items():
        yield f"    {key}: {_flow(_as_written(value, one.system, system))}"
    yield "    # create: true  # adds the customers here that other systems have"
    created = StreamConfig(fields={}, create=True, key=one.settings.get("key", "id"))
    yield from (f"    #   {fault.remedy}" for fault in stream_faults(system.connector, created))
    yield "    fields:" if one.mapped else "    fields: {}"
    for proposal in one.proposals:
        yield from _proposal_lines(proposal)


def _as_written(value: object, filled: SystemConfig, written: SystemConfig) -> object:
    """Return an address relative to the folder as people wrote it."""
    before, after = filled.settings.get("folder"), written.settings.get("folder")
    if isinstance(value, str) and isinstance(before, str) and isinstance(after, str):
        prefix = before.rstrip("/") + "/"
        if value.startswith(prefix):
            return after.rstrip("/") + "/" + value.removeprefix(prefix)
    return value


def _proposal_lines(one: Proposal) -> Iterator[str]:
    if not one.canonical:
        names = ", ".join(_comment(name) for name in one.sources)
        yield f"      # {names}: not mapped; {_comment(one.reason)}"
        return
    yield f"      # {one.confidence:.0%}: {_comment(one.reason)}"
    document = one.document()
    is_short = set(document) == {"field"}
    yield f"      {one.key}: {_scalar(document['field']) if is_short else _flow(document)}"


# -- YAML -----------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", ".nan", ".inf"})


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_scalar(str(key))}: {_flow(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _comment(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)
