"""Fixtures of the store's tests: a ledger with a small chart, and its owner."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from books import Books

from customer_sync.infra.pg import Database


@pytest.fixture
def books(database: Database) -> Iterator[Books]:
    """An empty ledger, as commands act on it, with its chart of accounts."""
    found = Books(database)
    yield found
    found.owner.close()
