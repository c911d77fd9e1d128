"""Fixtures of the ledger's tests: books that post generated trade by the default rules."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "store"))

from bookkeeping import Bookkeeper
from trading import Company

from customer_sync.infra.pg import Database


@pytest.fixture
def keeper(database: Database) -> Iterator[Bookkeeper]:
    """Empty books, as commands act on them, kept by the default rules in euros."""
    found = Bookkeeper(database)
    yield found
    found.books.owner.close()


@pytest.fixture
def company(database: Database, tmp_path: Path) -> Iterator[Company]:
    """A company with a shop, and nothing sold yet."""
    found = Company(database, tmp_path)
    yield found
    found.shop.close()
    found.driver.close()
