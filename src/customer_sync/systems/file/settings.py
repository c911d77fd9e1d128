"""What a file stream is set to: its address, its format, and how to read it.

Decides the defaults (format by suffix) and refuses settings that cannot mean what they say. Must
not know what is in the file.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from customer_sync.connect.port import StreamFault
from customer_sync.kernel.errors import ConfigurationError
from customer_sync.model.config import FieldMapping, StreamConfig

__all__ = ["SUFFIXES", "FileSettings", "Format", "format_of", "settings_of", "stream_faults"]

Format = Literal["csv", "tsv", "jsonl", "parquet", "excel"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
_OneByte = Annotated[str, StringConstraints(pattern=r"^[\x01-\x7f]$")]


class FileSettings(BaseModel):
    """The stream's own settings, as people write them under ``settings:``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = Field("csv", description="Default: by the suffix of the address.")
    delimiter: _OneByte | None = Field(None, description="Between cells; found out when not given.")
    quote: _OneByte | Literal[""] | None = Field('"', description='"" when cells are never quoted.')
    encoding: str | None = Field(None, description="Found out when not given.")
    header: bool = Field(True, description="Without a header, columns are column_1, column_2, ...")
    sheet: str | None = Field(None, description="Excel: the sheet; the first when not given.")
    null_values: tuple[str, ...] = Field((), description="Texts that stand for nothing, e.g. NULL.")
    zone: str = Field("UTC", description="Time zone of cursor instants that do not say theirs.")
    final_line_end: Literal["optional", "required"] = Field(
        "optional", description="required: a last line without its end is taken as torn."
    )
    new_key: Literal["uuid", "max_plus_one"] | None = Field(
        None, description="How a created record gets its key, when the patch has none."
    )
    deactivate: dict[str, str] = Field(
        {}, description="Column and text that deactivate a row, e.g. {active: no}."
    )


def format_of(url: str) -> Format | None:
    """Return the format that the suffix of an address says; None for an unknown one."""
    path = urlsplit(url).path.lower() if "://" in url else url.lower()
    return next((name for suffix, name in SUFFIXES.items() if path.endswith(suffix)), None)


def settings_of(stream: str, config: StreamConfig) -> FileSettings:
    """Return the settings of a stream, checked.

    Raises:
        ConfigurationError: The stream has no address, or a setting cannot be meant.
    """
    if not config.url:
        raise ConfigurationError(f"Stream {stream} has no url: which file is it?")
    given: dict[str, Any] = dict(config.overrides)
    found = format_of(config.url)
    if "format" not in given:
        if found is None:
            raise ConfigurationError(
                f"The suffix of the file of stream {stream} says no format.",
                hint="Set format to csv, tsv, jsonl, parquet or excel.",
            )
        given["format"] = found
    if given["format"] == "tsv":
        given.setdefault("delimiter", "\t")
    try:
        return FileSettings.model_validate(given)
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"Stream {stream}, setting {place}: {first['msg']}.") from None


def stream_faults(config: StreamConfig) -> Sequence[StreamFault]:
    """Return what cannot work whatever the file holds: rows to be added that get no key."""
    keys = [config.key] if isinstance(config.key, str) else config.key
    written = {
        name
        for mapping in config.fields.values()
        if mapping.direction != "in"
        for name in _sources(mapping)
    }
    makes_keys = len(keys) == 1 and config.overrides.get("new_key") is not None
    if not config.create or makes_keys or written.issuperset(keys):
        return ()
    unmade = [name for name in keys if name not in written]
    remedy = f"Map {', '.join(unmade)} to what is written there."
    if len(keys) == 1:
        remedy = (
            "Add settings: {new_key: max_plus_one} for numbers, or uuid; or leave out `create`."
        )
    message = (
        f"a row that is added would have no key: nothing says what {', '.join(unmade)} becomes"
    )
    return (StreamFault(key="create", message=message, remedy=remedy),)


def _sources(mapping: FieldMapping) -> Sequence[str]:
    several = mapping.fields or ()
    named = several.values() if isinstance(several, dict) else several
    return [*named, *([mapping.field] if mapping.field else [])]
