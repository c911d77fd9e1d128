"""Builders of a one-stream configuration and of its records."""

import polars as pl
import pytest

from customer_sync.core.mapping import compile_stream
from customer_sync.model.config import Configuration


def configuration(mappings, *, rules=(), **workspace):
    stream = {"fields": mappings, "rules": list(rules)}
    system = {"system": "shop", "connector": "sql", "streams": {"customers": stream}}
    return Configuration.model_validate(
        {
            "workspace": {"workspace": "acme", "region": "DE"} | workspace,
            "systems": {"shop": system},
        }
    )


def records(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )


@pytest.fixture
def stream():
    def make(mappings, **options):
        return compile_stream(configuration(mappings, **options), "shop", "customers")

    return make


@pytest.fixture
def frame():
    return records
