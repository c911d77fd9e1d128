"""Perform HTTP calls: the only place that opens connections to systems that speak HTTP.

It decides what a failed call means: a ``SystemDownError`` says that nothing was done, a
``PushUnconfirmedError`` that a write left this machine and nobody answered for it. Replies of any
status are replies; what 401 or 429 means is the connector's business.

Promises: replies in the order of the calls; certificates verified; never a redirect to another
origin, never one of a write; never more than ``CONTENT_BYTES_MAX`` of one reply in memory; no
cookie kept between calls; bodies never logged. Nothing is retried, except one read whose kept-alive
connection turned out to be closed.
"""

import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

from customer_sync import __version__
from customer_sync.connect.port import HttpCall, HttpReply
from customer_sync.kernel.errors import (
    ConfigurationError,
    CustomerSyncError,
    DoubtfulError,
    PushUnconfirmedError,
    SystemDownError,
)

__all__ = ["CONTENT_BYTES_MAX", "HttpTransport"]

CONTENT_BYTES_MAX = 64 * 1024 * 1024  # a page of 10,000 wide records is 20 MB; more is a mistake
CONNECT_S = 10.0  # a host that does not take a connection by then is down
SILENCE_S = 120.0  # a bulk write of 1,000 records took an ERP 7 s; ten times that, and some
DEADLINE_S = 600.0  # a reply that drips is no reply: bounds the sum of many short silences
FAN_OUT = 4  # few enough that a small server keeps serving its own users
REDIRECTS_MAX = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# These are raised before the first byte of a request leaves.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# These are how a kept-alive connection that the server has closed shows itself.
_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


class HttpTransport:
    """A pool of kept-alive connections; may be used by many threads."""

    def __init__(
        self,
        *,
        connect_s: float = CONNECT_S,
        silence_s: float = SILENCE_S,
        deadline_s: float = DEADLINE_S,
        content_bytes_max: int = CONTENT_BYTES_MAX,
        fan_out: int = FAN_OUT,
    ) -> None:
        """Open nothing yet."""
        self._deadline_s = deadline_s
        self._content_bytes_max = content_bytes_max
        self._client = httpx.Client(
            timeout=httpx.Timeout(silence_s, connect=connect_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=4 * fan_out),
            headers={"user-agent": f"customer-sync/{__version__}"},
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )
        self._pool = ThreadPoolExecutor(fan_out, thread_name_prefix="http")

    def perform(self, calls: Sequence[HttpCall]) -> list[HttpReply]:
        """Return the reply of each call, in order.

        Raises:
            SystemDownError: Nothing was done.
            PushUnconfirmedError: A write of these may have been done.
            ConfigurationError: An address that cannot be called, a certificate that cannot be
                trusted, or a reply without end.
        """
        outcomes = [self._outcome(calls[0])] if len(calls) == 1 else self._fan_out(calls)
        failures = [outcome for outcome in outcomes if isinstance(outcome, CustomerSyncError)]
        if not failures:
            return [outcome for outcome in outcomes if isinstance(outcome, HttpReply)]
        raise _worst(calls, outcomes, failures)

    def close(self) -> None:
        """Close every connection."""
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fan_out(self, calls: Sequence[HttpCall]) -> list[HttpReply | CustomerSyncError]:
        return list(self._pool.map(self._outcome, calls))

    def _outcome(self, call: HttpCall) -> HttpReply | CustomerSyncError:
        """Return the reply or the failure, as a value: one failed call must not hide the others."""
        try:
            try:
                return self._follow(call)
            except _CLOSED:
                if call.is_write:
                    raise
                return self._follow(call)
        except CustomerSyncError as failure:
            return failure
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            return ConfigurationError("This address cannot be called.", context=_place(call))
        except httpx.HTTPError as failure:
            return _meaning(call, failure)

    def _follow(self, call: HttpCall) -> HttpReply:
        """Send, and follow a read's redirects within its origin."""
        url = httpx.URL(call.url)
        for _ in range(REDIRECTS_MAX):
            reply = self._send(call, url)
            if call.is_write or call.method.upper() != "GET" or reply.status not in _REDIRECTS:
                return reply
            target = url.join(reply.headers.get("location", ""))
            if _origin(target) != _origin(url):
                return reply
            url = target
        return self._send(call, url)

    def _send(self, call: HttpCall, url: httpx.URL) -> HttpReply:
        request = self._client.build_request(
            call.method, url, headers=dict(call.headers), json=call.json, content=call.content
        )
        end_s = time.monotonic() + self._deadline_s
        response = self._client.send(request, stream=True)
        try:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > self._content_bytes_max:
                    raise self._too_long(call)
                if time.monotonic() > end_s:
                    message = "the reply did not end in time"
                    raise httpx.ReadTimeout(message)
        finally:
            response.close()
        return HttpReply(
            status=response.status_code, headers=dict(response.headers), content=bytes(content)
        )

    def _too_long(self, call: HttpCall) -> CustomerSyncError:
        context = _place(call) | {"bytes_max": self._content_bytes_max}
        if call.is_write:
            return PushUnconfirmedError("The answer to a write was too long.", context=context)
        return ConfigurationError(
            "The system answered with more than one reply may hold.",
            context=context,
            hint="Ask for smaller pages, or check that the address is the right one.",
        )


def _meaning(call: HttpCall, failure: httpx.HTTPError) -> CustomerSyncError:
    context = _place(call) | {"failure": type(failure).__name__}
    if _is_certificate(failure):
        return ConfigurationError(
            "The system's certificate is not to be trusted.",
            context=context,
            hint="Check the address, or make its certificate authority known to this machine.",
        )
    if call.is_write and not isinstance(failure, _NOT_SENT):
        return PushUnconfirmedError("A write was sent and not answered.", context=context)
    return SystemDownError("The system does not answer.", context=context)


def _is_certificate(failure: BaseException | None) -> bool:
    """Say whether a refused certificate is at the bottom of this: waiting would not help."""
    while failure is not None:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


def _worst(
    calls: Sequence[HttpCall],
    outcomes: Sequence[HttpReply | CustomerSyncError],
    failures: Sequence[CustomerSyncError],
) -> CustomerSyncError:
    """Return what to raise: "nothing was done" would be a lie once one write was answered."""
    for failure in failures:
        if isinstance(failure, DoubtfulError):
            return failure
    for call, outcome in zip(calls, outcomes, strict=True):
        if call.is_write and isinstance(outcome, HttpReply):
            return PushUnconfirmedError(
                "Of several writes some were answered and some not.", context=_place(call)
            )
    return failures[0]


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _place(call: HttpCall) -> dict[str, object]:
    """Return where a call went, without path and query: those may name a person."""
    try:
        url = httpx.URL(call.url)
    except httpx.InvalidURL:
        return {"method": call.method}
    return {"method": call.method, "host": url.host, "port": url.port}
