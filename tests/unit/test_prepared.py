"""A page that was read ahead says the same as one whose news was chosen first."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from customer_sync.connect.port import record_schema
from customer_sync.core.decide import published
from customer_sync.core.decide.observe import observe
from customer_sync.engine.absorb import prepared
from customer_sync.model.config import Configuration

FRAMES = ("records", "values", "before", "silent", "rejects", "flags", "refused")


@pytest.fixture
def stream():
    mapping = {
        "fields": {
            "email": {"field": "mail", "required": True},
            "phone": {"field": "phone", "lens": "phone", "region": "DE"},
            "family_name": "last",
        },
        "rules": [{"when": "family_name = 'Odd'", "flag": "odd"}],
    }
    config = Configuration.model_validate(
        {
            "workspace": {"workspace": "test"},
            "systems": {
                "crm": {"system": "crm", "connector": "simulated", "streams": {"contacts": mapping}}
            },
        }
    )
    return published(config, version=1, stream_ids={("crm", "contacts"): 2}, salt="salt").streams[2]


def page(stream):
    rows = [
        ("a", "Ann@Acme.test", "030 123456", "Lee", False),
        ("b", None, "030 123456", "Nobody", False),
        ("c", None, None, None, True),
        ("d", "d@acme.test", "no number", "Odd", False),
        ("e", "e@acme.test", None, "Moe", False),
        ("a", "Ann2@Acme.test", "030 123456", "Lee", False),
    ]
    schema = record_schema(stream.map.source_fields)
    named = pl.DataFrame(rows, schema=["@id", "mail", "phone", "last", "@gone"], orient="row")
    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in named]
    return named.with_columns(missing).select(list(schema)).cast(dict(schema))


def news(frame, ids):
    """Number the records that are news, as absorb does."""
    chosen = frame.filter(pl.col("@id").is_in(ids))
    return chosen.with_columns(
        link=pl.col("row").cast(pl.Int64) + 100,
        is_new=pl.lit(value=True),
        before=pl.lit(None, pl.String),
    )


@pytest.mark.parametrize("ids", [["a", "b", "c", "d", "e"], ["b", "d", "e"], ["c"], ["e"]])
def test_reading_ahead_changes_nothing_that_is_observed(stream, ids):
    alone, ahead = (
        prepared(stream, page(stream), is_mapped=is_mapped) for is_mapped in (False, True)
    )

    first = observe(stream, news(alone.frame, ids), alone.mapped)
    second = observe(stream, news(ahead.frame, ids), ahead.mapped)

    for name in FRAMES:
        assert_frame_equal(getattr(first, name), getattr(second, name), check_row_order=False)
    assert first.records.height == len(ids) - first.refused.height
