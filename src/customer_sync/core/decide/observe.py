"""Read observed records through their mapping: from source fields to what each record says."""

from dataclasses import dataclass

import polars as pl

from customer_sync.core.decide.published import Stream
from customer_sync.core.mapping.stream import Mapped
from customer_sync.kernel.frames import (
    among,
    apart,
    from_json,
    matched,
    pick,
    to_json,
    unless,
    where,
)
from customer_sync.model.frame import INSTANT

__all__ = ["OBSERVED", "Observation", "displayed", "observe", "shown", "with_outward"]

# What the shell adds to the records of a page: their link (existing or allocated), and the image before.
OBSERVED: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "is_new": pl.Boolean(),
    "before": pl.String(),
    "digest": pl.Int64(),
    "@id": pl.String(),
    "@changed_at": INSTANT,
    "@version": pl.String(),
    "@gone": pl.Boolean(),
    "@outside": pl.Boolean(),
    "@merged_into": pl.String(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What records of one stream were seen to say.

    records: OBSERVED plus image (JSON). values, before: ``link`` and canonical columns, now and in the
    image before; ``before`` only for records that had one. silent: (link, field) not spoken of now.
    rejects: (link, external_id, field, source, code, detail, whole). flags: (link, remark). refused: what
    was rejected as a whole (as ``records``): nothing about it is taken in, not even what it shows, so that
    all of it counts as changed once it is mended.
    """

    stream: Stream
    records: pl.DataFrame
    values: pl.DataFrame
    before: pl.DataFrame
    silent: pl.DataFrame
    rejects: pl.DataFrame
    flags: pl.DataFrame
    refused: pl.DataFrame


_REJECTED = ("link", "external_id", "field", "source", "code", "detail", "whole")


def observe(stream: Stream, records: pl.DataFrame, mapped: Mapped | None = None) -> Observation:
    """Map records; those gone or out of scope say nothing but stay in ``records``, rejected ones do not.

    Args:
        stream: whose records they are.
        records: OBSERVED and the source fields; given ``mapped``: ``row`` and ``image`` instead of these.
        mapped: what the rows of the page that these are of say, when it was read before they were chosen.
    """
    spoken = unless(unless(records, "@gone"), "@outside")
    index = pl.DataFrame([spoken["link"], spoken["@id"].alias("external_id")])
    if mapped is None:
        mapped = stream.map.get(spoken)
        said = mapped.values
        index = index.with_row_index("row")
        shown_now = records.select(*OBSERVED, image=to_json(list(stream.map.source_fields)))
    else:
        said = mapped.values[spoken["row"]]
        index = index.hstack([spoken["row"]])
        shown_now = pick(records, *OBSERVED, "image")
    rejects = pick(matched(mapped.rejects, index, "row"), *_REJECTED)
    silent = matched(mapped.silent, index, "row")
    values = spoken[["link"]].hstack(said)
    whole = where(rejects, "whole")
    values = apart(values, whole, "link")
    refused = among(shown_now, whole, "link")
    shown_now = apart(shown_now, whole, "link")
    had = shown_now.drop_nulls("before") if shown_now["before"].null_count() else shown_now
    return Observation(
        stream=stream,
        records=shown_now,
        values=values,
        before=shown(stream, pl.DataFrame([had["link"], had["before"].alias("image")]))[0],
        silent=pick(silent, "link", "field"),
        rejects=rejects,
        flags=pick(matched(mapped.flags, index, "row"), "link", "remark"),
        refused=refused,
    )


def shown(stream: Stream, images: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read stored images: (link and canonical values, source fields, rejected cells (link, field)).

    Args:
        stream: the stream of all of them.
        images: link, image (JSON).
    """
    fields = from_json(images["image"], stream.map.source_fields)
    if images.is_empty():
        empty = pl.DataFrame(
            schema={"link": pl.Int64, **dict.fromkeys(stream.map.canonical, pl.String)}
        )
        return empty, fields, pl.DataFrame(schema={"link": pl.Int64, "field": pl.String})
    mapped = stream.map.get(fields)
    values = images[["link"]].hstack(mapped.values)
    index = images[["link"]].with_row_index("row")
    rejected = matched(where(mapped.rejects, pl.col("field").is_not_null()), index, "row")
    return values, fields, pick(rejected, "link", "field")


def displayed(
    stream: Stream, images: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read stored images like ``shown``, fields that are only delivered among the values.

    Such a field claims nothing, but what it shows tells whether something is left to deliver.
    """
    values, fields, rejected = shown(stream, images)
    return with_outward(stream, values, fields), fields, rejected


def with_outward(stream: Stream, values: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    """Add to what records say what they show of fields that are only delivered.

    Args:
        stream: the records' stream.
        values: ``link`` and the canonical values that they say.
        fields: their source fields; same rows, same order.
    """
    columns = []
    for binding in stream.map.bindings:
        if binding.is_out and not binding.is_in and binding.constant_text is None:
            got = binding.get([fields[name] for name in binding.sources], fields.height)
            columns += [one.value.alias(name) for one, name in zip(got, binding.names, strict=True)]
    new = [column for column in columns if column.name not in values.columns]
    return values.hstack(new) if new and values.height else values
