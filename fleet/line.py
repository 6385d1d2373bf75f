"""The line to the hub: one HTTPS connection, kept while it is used. It goes to the hub itself,
through no proxy: least of all through the gate.
"""

import contextlib
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from core.errors import OutgateError
from core.text import printable
from fleet.membership import Membership, address_of

_TIMEOUT_S = 60.0
MOST_ANSWER = 4 << 20
"""Bytes of an answer that are read."""


class HubAwayError(OutgateError):
    """The hub cannot be reached or is busy: try again later."""

    def __init__(self, message: str, *, again_s: float | None = None) -> None:
        super().__init__(message, remedy="What is not shipped stays here and is shipped later.")
        self.again_s = again_s
        """What the hub asks to wait, in seconds."""


class HubRefusesError(OutgateError):
    """The hub does not take what was sent; the same again would be refused again."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, remedy="Ask whoever runs the hub.")
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub says."""

    status: int
    value: Mapping[str, Any]


class Line(Protocol):
    """Takes messages to the hub."""

    def send(self, path: str, body: bytes) -> Answer:
        """Send and return the answer: of status 200 or 409.

        Raises HubAwayError, HubRefusesError.
        """

    def renewed(self) -> None:
        """Use the certificate that is in place now."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass
class HttpsLine:
    """The line of a member; `membership` is None before there is one."""

    hub: str
    context: ssl.SSLContext
    membership: Membership | None = None
    timeout_s: float = _TIMEOUT_S
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    @classmethod
    def of(cls, membership: Membership) -> "HttpsLine":
        """Return the line of a member. Raises SettingsError."""
        return cls(membership.hub, membership.context(), membership)

    def send(self, path: str, body: bytes) -> Answer:
        """Send and return the answer. Raises HubAwayError, HubRefusesError."""
        kept = self._connection is not None
        try:
            return self._sent(path, body)
        except (http.client.HTTPException, ConnectionError) as error:
            self.close()
            if not kept:
                raise _broke_off(error) from None
        # A connection that was kept may have been closed by the other side meanwhile.
        try:
            return self._sent(path, body)
        except (http.client.HTTPException, ConnectionError) as error:
            self.close()
            raise _broke_off(error) from None

    def _sent(self, path: str, body: bytes) -> Answer:
        headers = {"Content-Type": "application/octet-stream"}
        if self.membership is not None:
            headers["Outgate-Endpoint"] = self.membership.endpoint
        try:
            connection = self._connected()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read(MOST_ANSWER)
        except ssl.SSLError as error:
            self.close()
            raise HubAwayError(f"TLS with the hub fails ({_reason(error)}).") from None
        except ConnectionError:
            raise
        except OSError as error:
            self.close()
            why = error.strerror or type(error).__name__
            raise HubAwayError(f"The hub cannot be reached ({why}).") from None
        return _read(answer, text)

    def _connected(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            host, port = address_of(self.hub)
            self._connection = http.client.HTTPSConnection(
                host, port, timeout=self.timeout_s, context=self.context
            )
        return self._connection

    def renewed(self) -> None:
        """Use the certificate that is in place now."""
        self.close()
        if self.membership is not None:
            self.context = self.membership.context()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None


def _broke_off(error: Exception) -> HubAwayError:
    why = getattr(error, "strerror", None) or type(error).__name__
    return HubAwayError(f"The hub does not answer ({why}).")


def _read(answer: http.client.HTTPResponse, text: bytes) -> Answer:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = {}
    if not isinstance(value, dict):
        value = {}
    said = printable(str(value.get("error") or answer.status), 300)
    match answer.status:
        case 200 | 409:
            return Answer(answer.status, value)
        case 503 | 502 | 504 | 429:
            raise HubAwayError(f"The hub is away: {said}", again_s=_seconds(answer))
        case 500:
            raise HubAwayError(f"The hub has a fault: {said}")
        case status:
            raise HubRefusesError(f"The hub refuses: {said}", status)


def _seconds(answer: http.client.HTTPResponse) -> float | None:
    told = answer.headers.get("Retry-After") or ""
    return float(told) if told.isascii() and told.isdigit() and len(told) < 6 else None


def _reason(error: ssl.SSLError) -> str:
    told = getattr(error, "verify_message", None) or error.reason or type(error).__name__
    return printable(str(told), 120)
