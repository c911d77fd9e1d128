"""The driver: performs what a connector yields, and hands it the replies.

It is the one place where connectors meet the world. It promises that a call that failed is raised
inside the connector, where it was yielded, as one of ``kernel.errors``; that the replies come in
the
order of the calls; and that a flow that ends early is closed. It knows no system and no stream.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from threading import Lock
from typing import Protocol, TypeVar

from customer_sync.connect.port import (
    Call,
    FileRead,
    FileReplace,
    FileStat,
    Flow,
    HttpCall,
    MemoryCall,
    Reply,
    SqlCall,
)
from customer_sync.infra.closing import Closing
from customer_sync.kernel.errors import CustomerSyncError

__all__ = ["Driver", "Transport", "standard_driver"]

T = TypeVar("T")


class Transport(Protocol):
    """Performs calls of the kinds it is registered for."""

    def perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Perform the calls; answer each, in order."""

    def close(self) -> None:
        """Let go of every connection."""


class LazyTransport:
    """A transport whose module is imported at its first call: nobody pays for what is not used."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name
        self._transport: Transport | None = None
        self._lock = Lock()

    def perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Perform the calls with the transport, made now if there is none yet."""
        return self._made().perform(calls)

    def close(self) -> None:
        """Close the transport, if one was ever made."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _made(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = getattr(import_module(self._module), self._name)()
            return self._transport


class Driver(Closing):
    """Drives connectors' flows through transports."""

    def __init__(self, transports: Mapping[type, Transport]) -> None:
        """Take the transport of each type of call."""
        self._transports = dict(transports)

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow to its end; return what it returns, raise what it lets through."""
        try:
            calls = next(flow)
            while True:
                try:
                    replies = self._perform(calls)
                except CustomerSyncError as error:
                    calls = flow.throw(error)
                else:
                    calls = flow.send(replies)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()

    def close(self) -> None:
        """Close every transport."""
        for transport in {id(t): t for t in self._transports.values()}.values():
            transport.close()

    def _perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Perform runs of calls of one transport together, so that it may do them side by side."""
        replies: list[Reply] = []
        start = 0
        while start < len(calls):
            transport = self._transports[type(calls[start])]
            end = start + 1
            while end < len(calls) and self._transports[type(calls[end])] is transport:
                end += 1
            replies += transport.perform(calls[start:end])
            start = end
        return replies


def standard_driver() -> Driver:
    """Return a driver that speaks SQL, HTTP, files and to platforms in this process."""
    place = "customer_sync.connect.transport"
    files = LazyTransport(f"{place}.file", "FileTransport")
    return Driver(
        {
            SqlCall: LazyTransport(f"{place}.sql", "SqlTransport"),
            HttpCall: LazyTransport(f"{place}.http", "HttpTransport"),
            MemoryCall: LazyTransport(f"{place}.memory", "MemoryTransport"),
            FileStat: files,
            FileRead: files,
            FileReplace: files,
        }
    )
