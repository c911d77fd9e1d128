"""The frames that travel between the floors: their columns, by name and type."""

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

LIVE, GONE, OUT_OF_SCOPE, EXCLUDED, MERGED_AWAY = range(5)
STATES = ("live", "gone", "out of scope", "excluded", "merged away")

# The crosswalk: record <-> customer.
LINKS: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "stream": pl.Int32(),
    "external_id": pl.String(),
    "customer": pl.Int64(),
    "state": pl.Int32(),
    "since": pl.Int64(),
    "seen": pl.Int64(),
    "shown": pl.Int64(),
    "digest": pl.Int64(),
    "version": pl.String(),
    "changed_at": INSTANT,
}

# Images as stored: JSON of the mapped source fields, and of accepted transformations.
IMAGES: dict[str, pl.DataType] = {"link": pl.Int64(), "image": pl.String(), "accepted": pl.String()}

# Claims as stored: one row per observation that changed something.
CLAIMS: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "stamp": pl.Int64(),
    "basis": pl.Int64(),
    "seen": pl.Int64(),
    "at": INSTANT,
    "fields": pl.String(),
    "cleared": pl.String(),
}

# Claims cell by cell: what one record says about one field (and element, where a field has many).
CELLS: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "field": pl.String(),
    "element": pl.String(),
    "value": pl.String(),
    "at": INSTANT,
    "stamp": pl.Int64(),
    "basis": pl.Int64(),
    "seen": pl.Int64(),
}

# A canonical value an open or lost attempt meant to leave in a record.
SENT: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "mark": pl.Int64(),
    "answered": pl.Boolean(),
}

# What a system made of a canonical value it was sent. asked: null once that is certain; before, the mark
# of the attempt after which it was shown. said: it is new in the record, so people may have said it.
ACCEPTED: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "field": pl.String(),
    "sent": pl.String(),
    "shown": pl.String(),
    "asked": pl.Int64(),
    "said": pl.Boolean(),
}

REJECTS: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "field": pl.String(),
    "code": pl.String(),
    "detail": pl.String(),
    "whole": pl.Boolean(),
    "stage": pl.String(),
}

CHANGES: dict[str, pl.DataType] = {
    "customer": pl.Int64(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "link": pl.Int64(),
    "claim": pl.Int64(),
}
