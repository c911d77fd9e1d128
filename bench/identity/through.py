"""Find customers as a user does: `customer-sync sync` over the exports, then `customer-sync links export`.

Decides nothing. Promises what the program wrote. Must not know the truth.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl

from bench.identity.export import Corpus
from bench.identity.workspace import customers_of, write_workspace

__all__ = ["synced_customers"]


def synced_customers(corpus: Corpus, folder: Path) -> pl.DataFrame:
    """Return the customers that a fresh workspace in this folder ends up with."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_workspace(corpus, folder)
    links = folder / "links.csv"
    for command in (["sync"], ["links", "export", str(links)]):
        done = subprocess.run(
            [sys.executable, "-m", "customer_sync", *command],
            cwd=folder,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        # 3 says that something waits for a person, as it always does here.
        if done.returncode not in {0, 3}:
            raise SystemExit(f"customer-sync {command[0]} failed: {done.returncode}")
    return customers_of(links)
