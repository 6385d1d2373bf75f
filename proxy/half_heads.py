"""Connections of HTTP/2 that end before a request of theirs is whole: in the middle of its head,
before any, or with what cannot be read. mitmproxy tells nobody.
"""

from collections.abc import Callable

import h2.errors
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http._http2 import Http2Server

from proxy.http2_turns import FramesInTurns
from proxy.uninspected import Told, Uninspected
from proxy.unreadable import half_head, refused, unreadable

_HEADERS = 1
"""Type of the frame that begins a head (RFC 9113, 6.2)."""
_TYPE_AT = 3


class GateHttp2Server(FramesInTurns, Http2Server):
    """mitmproxy's reader of HTTP/2 requests; tells of what never became one."""

    _is_in_order = True

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
