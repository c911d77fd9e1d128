"""What the tests of file streams share: a stream over a file, driven for real."""

import polars as pl

from customer_sync.connect.port import Page, ReadRequest, Write
from customer_sync.connect.transport.file import FileTransport
from customer_sync.model.config import StreamConfig, SystemConfig
from customer_sync.systems.file import Connector


def run(flow, transport=None, between=None):
    """Drive a flow to its end; `between` is told each list of calls before it is performed."""
    transport = transport or FileTransport()
    try:
        calls = next(flow)
        while True:
            if between is not None:
                between(calls)
            try:
                replies = transport.perform(calls)
            except Exception as problem:
                calls = flow.throw(problem)
            else:
                calls = flow.send(replies)
    except StopIteration as end:
        return end.value


def connector(url, fields=("email", "name"), stream=None, **settings) -> Connector:
    given = {"key": "id"} | (stream or {})
    config = StreamConfig.model_validate(
        {
            "url": str(url),
            "fields": {f"custom.f{n}": name for n, name in enumerate(fields)},
            "settings": settings,
        }
        | given
    )
    return Connector(SystemConfig(system="files", connector="file", streams={"people": config}))


def read_all(
    made, fields=("email", "name"), mode="listing", limit=10_000, transport=None, between=None
):
    """Return (records, faults, last cursor) of everything."""
    transport = transport or FileTransport()
    pages: list[Page] = []
    cursor = None
    while not pages or pages[-1].more:
        request = ReadRequest(
            stream="people", fields=list(fields), mode=mode, cursor=cursor, limit=limit
        )
        pages.append(run(made.read(request), transport, between))
        cursor = pages[-1].cursor
        assert len(pages) < 10_000
    records = pl.concat(page.records for page in pages)
    return records, [fault for page in pages for fault in page.faults], cursor


def rows(records, *fields):
    return records.select("@id", *fields).rows()


def update(external_id, patch, expected=None, token="t1"):
    return Write(
        token=token, kind="update", external_id=external_id, patch=patch, expected=expected or {}
    )


def create(patch, token="t1"):
    return Write(token=token, kind="create", external_id=None, patch=patch)


def delete(external_id, expected=None, token="t1"):
    return Write(
        token=token, kind="delete", external_id=external_id, patch={}, expected=expected or {}
    )
