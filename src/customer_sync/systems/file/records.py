"""Make records of the rows of a file: their ids, their faults, and what the columns say of them.

Decides what names a row (its key; several columns as a JSON array), that of two rows with one key
the first is the record and the later a fault, and when a record changed: only its own cursor column
says, never the time of the file, which is no record's own. Must not know formats.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from customer_sync.connect.condition import condition_columns, holds
from customer_sync.connect.port import ABSENT, CHANGED_AT, GONE, ID, MERGED_INTO, OUTSIDE, VERSION
from customer_sync.model.config import StreamConfig
from customer_sync.systems.file.settings import FileSettings
from customer_sync.systems.file.source import Array, Table

__all__ = ["SeenKeys", "columns_read", "ids_of", "key_columns", "mapped_columns", "records_of"]


def key_columns(config: StreamConfig) -> list[str]:
    """Return the columns that name a record."""
    return [config.key] if isinstance(config.key, str) else list(config.key)


def mapped_columns(config: StreamConfig) -> list[str]:
    """Return the key and every column that a field is mapped to."""
    found = key_columns(config)
    for _, mapping in config.mappings():
        several = mapping.fields or []
        found += list(several.values()) if isinstance(several, dict) else list(several)
        found += [mapping.field] if mapping.field else []
    return list(dict.fromkeys(found))


def columns_read(config: StreamConfig, fields: Sequence[str]) -> list[str]:
    """Return every column that must be read to show these fields, each once."""
    named = [config.cursor, config.version, config.merged_into]
    asked = [*key_columns(config), *fields, *(name for name in named if name)]
    conditions = [*condition_columns(config.where), *condition_columns(config.deleted)]
    return list(dict.fromkeys([*asked, *conditions]))


def ids_of(frame: pl.DataFrame, keys: Sequence[str]) -> pl.Series:
    """Return the id of each row: null where a key column is empty."""
    if len(keys) == 1:
        only = frame[keys[0]]
        return only.set((only == "").fill_null(value=False), None).alias(ID)
    rows = zip(*(frame[key].to_list() for key in keys), strict=True)
    named = [json.dumps(row, ensure_ascii=False) if all(row) else None for row in rows]
    return pl.Series(ID, named, dtype=pl.String)


@dataclass(slots=True)
class SeenKeys:
    """The keys of the rows read so far of one version of a file, and where each stood first.

    Keys are kept as 64-bit hashes in a few sorted runs, sixteen bytes a row. Two of ten million
    share a hash with a chance of three in a million.
    """

    version: str
    until: int = 0  # places up to here are in
    next_place: int = 0  # where reading goes on
    runs: list[tuple[Array, Array]] = field(default_factory=list)

    def places(self, ids: pl.Series) -> Array:
        """Return where each id stood first; -1 where it is new."""
        hashes = ids.hash(seed=7).to_numpy()
        found = np.full(len(hashes), -1, dtype=np.int64)
        for keys, places in self.runs:
            at = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            found = np.where((found < 0) & (keys[at] == hashes), places[at], found)
        return found

    def add(self, ids: pl.Series, places: Array) -> None:
        """Remember ids, none of which is in."""
        fresh = places > self.until
        if not fresh.any():
            return
        hashes, places = ids.hash(seed=7).to_numpy()[fresh], places[fresh]
        self.until = int(places.max())
        while self.runs and len(self.runs[-1][0]) <= len(hashes):
            more_hashes, more_places = self.runs.pop()
            hashes = np.concatenate([more_hashes, hashes])
            places = np.concatenate([more_places, places])
        order = np.argsort(hashes)
        self.runs.append((hashes[order], places[order]))


def records_of(
    table: Table,
    config: StreamConfig,
    fields: Sequence[str],
    *,
    settings: FileSettings,
    seen: SeenKeys,
    place_word: str,
) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Return the records of rows in record_schema(fields), and the faults of rows that are none."""
    frame = _with_nulls(table.frame, settings.null_values)
    ids = ids_of(frame, key_columns(config))
    places = table.places
    faults = [(f"{place_word} {place}", "no key") for place in places[ids.is_null().to_numpy()]]
    first_places = _first_places(ids, places, seen)
    named = ids.is_not_null().to_numpy()
    is_first = named & (first_places == places)
    faults += [
        (str(name), f"the same key on {place_word} {first} and {place_word} {place}")
        for name, first, place in zip(
            ids.filter(pl.Series(named & ~is_first)),
            first_places[named & ~is_first],
            places[named & ~is_first],
            strict=True,
        )
    ]
    seen.add(ids.filter(pl.Series(is_first)), places[is_first])
    keep = pl.Series(is_first)
    if config.where and frame.height:
        keep &= holds(config.where, frame)
    shown = _shown(
        frame, ids, _absent(table, fields), config=config, fields=fields, settings=settings
    ).filter(keep)
    return shown, faults


def _with_nulls(frame: pl.DataFrame, null_values: Sequence[str]) -> pl.DataFrame:
    if not null_values:
        return frame
    column = pl.all()
    return frame.with_columns(pl.when(~column.is_in(list(null_values))).then(column))


def _absent(table: Table, fields: Sequence[str]) -> pl.Series:
    """Return which of these fields each row lacks; the file was read for other columns too."""
    if table.absent is None:
        return pl.Series(ABSENT, [None] * table.frame.height, dtype=pl.String)
    if set(table.frame.columns) <= set(fields):
        return table.absent.alias(ABSENT)
    asked = pl.element().filter(pl.element().is_in(list(fields)))
    kept = table.absent.str.split(",").list.eval(asked).list.join(",")
    return kept.set(kept == "", None).alias(ABSENT)


def _first_places(ids: pl.Series, places: Array, seen: SeenKeys) -> Array:
    """Return for each row where its key stood first, in this page or before."""
    here = pl.DataFrame({"id": ids, "place": places})
    first = here.select(pl.col("place").min().over("id"))["place"].to_numpy()
    before = seen.places(ids)
    return np.where((before >= 0) & (before < first), before, first)


def _shown(
    frame: pl.DataFrame,
    ids: pl.Series,
    absent: pl.Series,
    *,
    config: StreamConfig,
    fields: Sequence[str],
    settings: FileSettings,
) -> pl.DataFrame:
    height = frame.height
    texts = pl.Series([None] * height, dtype=pl.String)
    changed = instants(frame[config.cursor], settings.zone) if config.cursor else None
    gone = holds(config.deleted, frame) if config.deleted and height else None
    meta = [
        ids.alias(ID),
        (
            pl.Series([None] * height, dtype=pl.Datetime("us", "UTC"))
            if changed is None
            else changed
        ).alias(CHANGED_AT),
        (frame[config.version] if config.version else texts).alias(VERSION),
        (pl.Series([False] * height, dtype=pl.Boolean) if gone is None else gone).alias(GONE),
        (frame[config.merged_into] if config.merged_into else texts).alias(MERGED_INTO),
        pl.repeat(False, height, dtype=pl.Boolean, eager=True).alias(OUTSIDE),
        absent,
    ]
    return pl.DataFrame([*meta, *(frame[name] for name in fields)])


def instants(texts: pl.Series, zone: str) -> pl.Series:
    """Return the instants that texts name; null where one is none (a number, say)."""
    tidy = pl.col("t").str.strip_chars().str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
    whole = tidy.str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00").str.replace(
        r"(?i)z$", "+0000"
    )
    apart = whole.str.replace(r"([+-]\d\d):?(\d\d)$", "${1}${2}")
    timed = apart.str.replace(r"T(\d\d:\d\d)([+-]|$)", "T${1}:00${2}")
    said = timed.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
    local = timed.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    there = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    found = pl.coalesce(said.dt.convert_time_zone("UTC"), there.dt.convert_time_zone("UTC"))
    return pl.DataFrame({"t": texts}).select(found.alias("t"))["t"]
