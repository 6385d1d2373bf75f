"""Connections of HTTP/2 that end before a request of theirs is whole: in the middle of its head,
before any, or with what cannot be read. mitmproxy tells nobody.
"""

import string
from collections.abc import Callable, Iterable

import h2.errors
import h2.events
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http._http2 import Http2Server

from proxy.http2_turns import FramesInTurns
from proxy.uninspected import Told, Uninspected
from proxy.unreadable import half_head, refused, unreadable

_HEADERS = 1
"""Type of the frame that begins a head (RFC 9113, 6.2)."""
_TYPE_AT = 3
_TOKEN = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
"""What a method is made of (RFC 9110, 9.1)."""
_APART = bytes([*range(33), 127])
"""What parts the words of a request's first line, or ends it."""


class GateHttp2Server(FramesInTurns, Http2Server):
    """mitmproxy's reader of HTTP/2 requests; tells of what never became one."""

    _is_in_order = True

    def handle_h2_event(self, event: h2.events.Event) -> layer.CommandGenerator[bool]:
        """Read what has come; a request of which HTTP/1 would read another one is none."""
        if isinstance(event, h2.events.RequestReceived) and not _is_one_line(event.headers):
            yield from self.protocol_error("a method or a path that is none")
            return True
        return (yield from super().handle_h2_event(event))

    def protocol_error(
        self, message: str, error_code: int = h2.errors.ErrorCodes.PROTOCOL_ERROR
    ) -> layer.CommandGenerator[None]:
        """End what does not keep to HTTP/2."""
        self._is_in_order = False
        yield from super().protocol_error(message, error_code)

    def close_connection(self, msg: str) -> layer.CommandGenerator[None]:
        """End the connection, whoever asks for it. Requests under way tell of themselves."""
        how = self._how_it_ends()
        yield from super().close_connection(msg)
        if how is not None:
            yield from refused(self.context, b"", how)

    def _how_it_ends(self) -> Callable[[Uninspected], Told] | None:
        if not self._is_in_order:
            return None if self.streams else unreadable
        incoming = self.h2_conn.incoming_buffer
        frame = bytes(incoming._data[: _TYPE_AT + 1])
        if incoming._headers_buffer or frame[_TYPE_AT:] == bytes([_HEADERS]):
            return half_head
        asked = self.h2_conn.highest_inbound_stream_id
        return None if asked else _asked_nothing


def _asked_nothing(told: Uninspected) -> Told:
    return told.asked_nothing


def _is_one_line(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a server of HTTP/1 reads the same method and path: there they stand in one
    line, parted by spaces, and what follows the line is something else.
    """
    for name, value in fields:
        if name == b":method" and (not value or value.translate(None, _TOKEN)):
            return False
        if name == b":path" and value.translate(None, _APART) != value:
            return False
    return True
