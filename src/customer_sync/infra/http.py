"""HTTP with bounds: every wait has an end, and no answer can fill the memory.

The connector driver decides what a status means; this only says whether an answer came at all.
Nothing of a request or an answer gets into an error, because both carry personal values.
"""

import httpx

from customer_sync.kernel.errors import DoubtfulError, InvalidInputError, SystemDownError

__all__ = ["BODY_BYTES_MAX", "client", "fetch"]

BODY_BYTES_MAX = 64 * 1024 * 1024  # the largest page a shop was seen to send is 20 MB
TIMEOUT = httpx.Timeout(30.0, connect=10.0, pool=60.0)
LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=16)


def client(base_url: str = "", *, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client with the house's bounds. The caller closes it.

    Args:
        base_url: What relative addresses are relative to.
        transport: Another way to answer, for recorded replies.
    """
    return httpx.Client(
        base_url=base_url,
        timeout=TIMEOUT,
        limits=LIMITS,
        follow_redirects=False,  # a redirect may lead credentials to a stranger
        transport=transport,
        headers={"user-agent": "customer-sync"},
    )


def fetch(
    through: httpx.Client, request: httpx.Request, *, body_bytes_max: int = BODY_BYTES_MAX
) -> httpx.Response:
    """Send `request` and read the whole answer, whatever its status.

    Raises:
        SystemDownError: The request was not received: it may be sent again.
        DoubtfulError: It was sent and no answer came: read before sending again.
        InvalidInputError: The answer is larger than `body_bytes_max`.
    """
    context: dict[str, object] = {"host": request.url.host, "method": request.method}
    try:
        answer = through.send(request, stream=True)
        try:
            body = _bounded(answer, body_bytes_max, context)
        finally:
            answer.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise SystemDownError("the system cannot be reached", context=context) from error
    except httpx.TransportError as error:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            raise SystemDownError("the system broke off its answer", context=context) from error
        raise DoubtfulError("the system's answer was lost", context=context) from error
    # What was decoded must not be decoded again, and its length is another now.
    headers = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
    ]
    return httpx.Response(answer.status_code, headers=headers, content=body, request=request)


def _bounded(answer: httpx.Response, limit: int, context: dict[str, object]) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > limit:
            raise InvalidInputError(
                f"the answer is larger than {limit} bytes",
                context=context,
                hint="ask for smaller pages",
            )
        parts.append(part)
    return b"".join(parts)
