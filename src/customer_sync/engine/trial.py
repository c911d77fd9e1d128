"""Try a configuration before it is published: its lens laws, and the systems it speaks of.

Decides whether a mapping may go live. Promises that a two-way field which does not come back as it
went out, and a field its system does not have, are refused with a counter-example or a close match;
that a system which cannot be reached, or whose records cannot be looked at though its fields can,
only warns; and that nothing is written anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from customer_sync.connect.driver import Driver
from customer_sync.connect.port import Connector, ReadRequest, record_schema
from customer_sync.core.mapping import LawBreak, StreamMap, check_laws, compile_stream
from customer_sync.engine.folder.problem import did_you_mean
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    CustomerSyncError,
    RetryableError,
    SchemaDriftError,
    SystemDownError,
)
from customer_sync.model.config import Configuration

__all__ = ["Warned", "try_configuration"]

SAMPLE_ROWS = 500
MEND = "mend it where it is kept, then publish again to have the lenses tried on its records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A stream that could not be looked at, and why."""

    stream: str
    reason: str


def try_configuration(
    config: Configuration, connectors: Mapping[str, Connector], driver: Driver
) -> list[Warned]:
    """Try every stream; return what could not be looked at.

    Raises:
        SchemaDriftError: A system does not have what is mapped, and nothing else is wrong.
        ConfigurationError: A field breaks a lens law, or several things are wrong.
    """
    warned: list[Warned] = []
    refused: list[CustomerSyncError] = []
    for system in config.systems.values():
        for name in system.streams:
            title = f"{system.system}.{name}"
            map_ = compile_stream(config, system.system, name)
            samples = pl.DataFrame(schema=record_schema(map_.source_fields))
            try:
                if not system.paused:
                    _require_fields(connectors[system.system], driver, name, title, map_)
                    samples = _samples(connectors[system.system], driver, name, map_)
            except (RetryableError, CredentialError) as error:
                reason = error.message + (f" ({error.hint})" if error.hint else "")
                warned.append(Warned(stream=title, reason=reason))
            except (SchemaDriftError, ConfigurationError) as error:
                refused.append(_placed(error, title, system.system))
            breaks = check_laws(map_, samples)
            if breaks:
                refused.append(_unlawful(title, breaks))
    if refused:
        raise _together(refused)
    return warned


def _require_fields(
    connector: Connector, driver: Driver, name: str, title: str, map_: StreamMap
) -> None:
    shape = driver.run(connector.shape(name))
    there = [field.name for field in shape.fields]
    missing = [field for field in map_.source_fields if field not in there]
    if missing:
        raise _missing(title, missing, there)


def _samples(connector: Connector, driver: Driver, name: str, map_: StreamMap) -> pl.DataFrame:
    """Look at some records of a stream as they are now."""
    limit = min(SAMPLE_ROWS, connector.capabilities(name).read_rows_max)
    request = ReadRequest(stream=name, fields=map_.source_fields, mode="listing", limit=limit)
    try:
        return driver.run(connector.read(request)).records
    except SchemaDriftError as error:
        # The mapping fits: one broken file is no reason to stop a change for every other system.
        raise SystemDownError(
            error.message, context=error.context, hint=error.hint or MEND
        ) from error


def _placed(error: CustomerSyncError, title: str, system: str) -> CustomerSyncError:
    """Return the error with the stream and the file that it is about."""
    where = f"correct streams.{title.partition('.')[2]} in systems/{system}.yaml"
    message = error.message if title in error.message else f"{title}: {error.message}"
    hint = f"{where}. {error.hint}" if error.hint else where
    return type(error)(message, context=error.context, hint=hint)


def _missing(title: str, missing: list[str], there: list[str]) -> SchemaDriftError:
    lines = [
        f"{title} has no field '{name}'. "
        + did_you_mean(name, there, otherwise=f"It has: {', '.join(there)}.")
        for name in missing
    ]
    return SchemaDriftError(
        "\n".join(lines),
        context={"stream": title, "fields": missing, "known": there},
        hint="Or bring the field back.",
    )


def _unlawful(title: str, breaks: list[LawBreak]) -> ConfigurationError:
    lines = [
        f"{title}, {one.field}: what goes out does not come back ({one.law}, lens {one.lens}): "
        f"{one.counter_example}. {one.remedy}"
        for one in breaks
    ]
    context = {"stream": title, "fields": [one.field for one in breaks]}
    return ConfigurationError("\n".join(lines), context=context, hint="nothing was published")


def _together(refused: list[CustomerSyncError]) -> CustomerSyncError:
    if len(refused) == 1:
        return refused[0]
    lines = []
    for error in refused:
        lines += [error.message] if error.hint is None else [error.message, f"    {error.hint}"]
    return ConfigurationError(
        "\n".join(lines),
        context={"problems": [error.context for error in refused]},
        hint="nothing was published",
    )
