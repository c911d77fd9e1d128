"""What dlt does with the same file: merge by primary key, in the fastest way that it offers.

Arrow tables read by pyarrow, handed on as CSV files that PostgreSQL takes by COPY. Its rows need no
normalising that way. It keeps one table and neither history, identity, claims nor audit.
"""

import os
from collections.abc import Iterator
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["merge"]

BLOCK_BYTES = 16 << 20
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}


def merge(*, path: str, dsn: str, dataset: str, folder: str, strategy: str) -> dict[str, Any]:
    """Merge a CSV file into one table; the second call with the same folder is the second run."""
    os.environ.update(QUIET)
    import dlt
    import pyarrow as pa
    from pyarrow import csv

    started = perf_counter()
    texts = csv.ConvertOptions(column_types=dict.fromkeys(["id", "phone", "zip"], pa.string()))
    blocks = csv.ReadOptions(block_size=BLOCK_BYTES)

    def customers() -> Iterator[pa.Table]:
        for batch in csv.open_csv(path, read_options=blocks, convert_options=texts):
            yield pa.Table.from_batches([batch])

    resource = dlt.resource(
        customers,
        name="customers",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": strategy},
    )
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=folder, dataset_name=dataset,
        destination=dlt.destinations.postgres(credentials=_credentials(dsn)),
    )  # fmt: skip
    done = pipeline.run(resource, loader_file_format="csv")
    done.raise_on_failed_jobs()
    return {"seconds": perf_counter() - started, "rows": _count(pipeline)}


def _count(pipeline: Any) -> int:
    with pipeline.sql_client() as client:
        return int(client.execute_sql("SELECT count(*) FROM customers")[0][0])


def _credentials(dsn: str) -> str:
    """Write the address as dlt wants it: the folder of the socket in the place of the host."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    if "host" not in query:
        return dsn
    return f"postgresql://{parts.username}:none@localhost{parts.path}?host={query['host'][0]}"
