"""HTTP has bounds, and says whether a request may be sent again."""

import gzip

import httpx
import pytest

from customer_sync.infra import http
from customer_sync.kernel.errors import DoubtfulError, InvalidInputError, SystemDownError


def answering(answer):
    return http.client("https://shop.example", transport=httpx.MockTransport(answer))


def broken(kind):
    def answer(request):
        raise kind("no", request=request)

    return answering(answer)


def test_an_answer_is_read_whole_and_decoded():
    body = gzip.compress(b'{"a": 1}')
    through = answering(
        lambda _: httpx.Response(
            429, headers={"content-encoding": "gzip", "retry-after": "7"}, content=body
        )
    )

    answer = http.fetch(through, through.build_request("GET", "/x"))

    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (
        429,
        {"a": 1},
        "7",
    )


def test_a_body_over_the_bound_is_refused():
    through = answering(lambda _: httpx.Response(200, content=b"x" * 101))

    with pytest.raises(InvalidInputError):
        http.fetch(through, through.build_request("GET", "/x"), body_bytes_max=100)


@pytest.mark.parametrize(
    "method, kind, error",
    [
        ("POST", httpx.ConnectError, SystemDownError),
        ("POST", httpx.ConnectTimeout, SystemDownError),
        ("POST", httpx.ReadTimeout, DoubtfulError),
        ("PATCH", httpx.RemoteProtocolError, DoubtfulError),
        ("GET", httpx.ReadTimeout, SystemDownError),
    ],
)
def test_what_may_have_been_received_is_doubtful(method, kind, error):
    through = broken(kind)

    with pytest.raises(error) as told:
        http.fetch(through, through.build_request(method, "/customers?email=a@b.c"))

    assert "a@b.c" not in f"{told.value} {told.value.context}"
