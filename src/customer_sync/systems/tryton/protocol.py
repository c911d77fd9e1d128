"""Speak Tryton's JSON-RPC: sessions, coding of values, and what an error means.

It decides when to log in (before the first call, and once more when a session has expired) and
turns what Tryton answers into a value, a ``Fault`` or one of our errors. It knows no model and no
field.

Promises: a call whose session had expired was not done, so it is sent again once; an error that
Tryton answers was rolled back by Tryton, so nothing of it was done.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

from customer_sync.connect.port import Flow, HttpCall, HttpReply, Reply
from customer_sync.kernel.errors import (
    ConfigurationError,
    CredentialError,
    PushUnconfirmedError,
    RateLimitedError,
    SchemaDriftError,
    SystemDownError,
)
from customer_sync.model.config import SystemConfig

__all__ = ["CONTEXT", "Fault", "Rpc", "Session", "coded"]

# Inactive parties are records too; messages in one language, so that their codes can be told.
CONTEXT: Mapping[str, Any] = {"active_test": False, "language": "en"}
_SETTINGS = ("url", "database", "user", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """One method of one model, with its arguments before the context."""

    method: str
    arguments: Sequence[Any] = ()
    timestamps: Mapping[str, str] | None = None  # "model,id" -> what must still be its _timestamp
    is_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What Tryton refused and rolled back. ``kind``: UserError, ConcurrencyException, ..."""

    kind: str
    message: str


class Session:
    """One user's session with one database; remembers the token, opens nothing itself."""

    def __init__(self, config: SystemConfig) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: One of url, database, user, password is missing.
        """
        missing = [name for name in _SETTINGS if not config.settings.get(name)]
        if missing:
            raise ConfigurationError(
                f"The system {config.system} lacks settings of Tryton: {', '.join(missing)}.",
                hint="settings: {url: ..., database: ..., user: ..., password: ...}",
            )
        self._settings = {name: str(config.settings[name]) for name in _SETTINGS}
        self._url = f"{self._settings['url'].rstrip('/')}/{self._settings['database']}/rpc/"
        self._authorization: str | None = None
        self.user_id: int | None = None

    def ask(self, requests: Sequence[Rpc]) -> Flow[list[Any]]:
        """Return the values of several reads, asked at once.

        Raises:
            SchemaDriftError: Tryton does not have what was asked for.
        """
        values = yield from self._exchange(requests)
        for request, value in zip(requests, values, strict=True):
            if isinstance(value, Fault):
                _refuse_read(request, value)
        return values

    def attempt(self, request: Rpc) -> Flow[Any]:
        """Return the value of one write, or the ``Fault`` it was refused with."""
        values = yield from self._exchange([request])
        return values[0]

    def _exchange(self, requests: Sequence[Rpc]) -> Flow[list[Any]]:
        if self._authorization is None:
            yield from self._log_in()
        replies = _http((yield [self._call(request) for request in requests]))
        expired = [i for i, reply in enumerate(replies) if reply.status == HTTPStatus.UNAUTHORIZED]
        if expired:
            yield from self._log_in()
            again = _http((yield [self._call(requests[i]) for i in expired]))
            for i, reply in zip(expired, again, strict=True):
                replies[i] = reply
        return [_value(request, reply) for request, reply in zip(requests, replies, strict=True)]

    def _log_in(self) -> Flow[None]:
        user = self._settings["user"]
        body = _body("common.db.login", [user, {"password": self._settings["password"]}, "en"])
        (reply,) = _http((yield [HttpCall(method="POST", url=self._url, json=body)]))
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise CredentialError(
                "Tryton refuses this user and password.",
                context={"user": user, "database": self._settings["database"]},
                hint="Check `user` and `password` in the settings of this system.",
            )
        answer = _value(Rpc(method="common.db.login"), reply)
        if isinstance(answer, Fault) or not isinstance(answer, list):
            raise CredentialError("Tryton asks for more than a password to log in.")
        self.user_id, token = answer[0], answer[1]
        text = f"{user}:{self.user_id}:{token}"
        self._authorization = "Session " + base64.b64encode(text.encode()).decode()

    def _call(self, request: Rpc) -> HttpCall:
        context = dict(CONTEXT)
        if request.timestamps:
            context["_timestamp"] = dict(request.timestamps)
        return HttpCall(
            method="POST",
            url=self._url,
            headers={"authorization": self._authorization or ""},
            json=_body(request.method, [*request.arguments, context]),
            is_write=request.is_write,
        )


def coded(value: datetime) -> dict[str, Any]:
    """Return an instant (UTC) as Tryton's JSON says it."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime"} | {part: getattr(value, part) for part in parts}


def _decoded(members: dict[str, Any]) -> Any:
    """Return what a JSON object stands for; Tryton's own classes carry ``__class__``."""
    kind = members.get("__class__")
    if kind == "datetime":
        return datetime(**{key: part for key, part in members.items() if key != "__class__"})  # noqa: DTZ001  # UTC, as Tryton keeps it
    if kind == "date":
        return f"{members['year']:04}-{members['month']:02}-{members['day']:02}"
    if kind == "Decimal":
        return members["decimal"]
    return members


def _body(method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"id": 0, "method": method, "params": list(params)}


def _http(replies: Sequence[Reply]) -> list[HttpReply]:
    assert all(isinstance(reply, HttpReply) for reply in replies)
    return [reply for reply in replies if isinstance(reply, HttpReply)]


def _value(request: Rpc, reply: HttpReply) -> Any:
    """Return what a reply says, or its ``Fault``."""
    if reply.status != HTTPStatus.OK:
        _raise_status(request, reply)
    try:
        answer = json.loads(reply.content, object_hook=_decoded)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        _raise_garbled(request)
    if "error" not in answer:
        return answer["result"]
    return _fault(answer["error"])


def _fault(error: Any) -> Fault:
    """Read ``["UserError", [message, ...]]``, or ``[text, traceback]`` of a failure inside."""
    parts = error if isinstance(error, list) else [error]
    kind, rest = str(parts[0]), parts[1] if len(parts) > 1 else ""
    if isinstance(rest, list):
        # A warning begins with its name, a name that carries record ids.
        message = rest[1] if kind == "UserWarning" and len(rest) > 1 else rest[0] if rest else ""
        return Fault(kind=kind, message=str(message))
    if kind == "ConcurrencyException":
        return Fault(kind=kind, message=str(rest))
    return Fault(kind="failure", message=kind)


def _refuse_read(request: Rpc, fault: Fault) -> NoReturn:
    raise SchemaDriftError(
        "Tryton refuses to show what the mapping asks for.",
        context={"method": request.method, "fault": fault.kind},
        hint="Is the module activated, does the field exist, may this user read it?",
    )


def _raise_status(request: Rpc, reply: HttpReply) -> NoReturn:
    context = {"method": request.method, "status": reply.status}
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            raise CredentialError("Tryton ends every session at once.", context=context)
        case HTTPStatus.FORBIDDEN:
            raise CredentialError(
                "Tryton does not let this user call what the connector needs.", context=context
            )
        case HTTPStatus.NOT_FOUND:
            raise ConfigurationError(
                "There is no such database on this Tryton.",
                context=context,
                hint="Check `url` and `database` in the settings of this system.",
            )
        case HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimitedError(
                "Tryton asks for patience.", after_s=_retry_after_s(reply), context=context
            )
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise ConfigurationError("Tryton takes no request of this size.", context=context)
        case _:
            pass
    if request.is_write:
        # A proxy's 502 or 504 does not say whether Tryton went on and committed.
        raise PushUnconfirmedError("A write was answered with an error.", context=context)
    raise SystemDownError("Tryton cannot answer now.", context=context)


def _raise_garbled(request: Rpc) -> NoReturn:
    context = {"method": request.method}
    if request.is_write:
        raise PushUnconfirmedError("The answer to a write cannot be read.", context=context)
    raise SystemDownError("What answers is not Tryton.", context=context)


def _retry_after_s(reply: HttpReply) -> float | None:
    text = {name.lower(): value for name, value in reply.headers.items()}.get("retry-after", "")
    return float(text) if text.isdigit() else None
