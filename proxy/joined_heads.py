"""Heads that leave together with the body behind them: one TLS record and one write, not two.

Only where the body is held whole, and so follows at once; what streams leaves as it comes.
"""

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._events import HttpEvent, RequestHeaders, ResponseHeaders

from proxy.turns import in_pieces
from proxy.whole_ends import TakesWholes

MOST = 65_536
"""Bytes of a body that is copied behind its head; a larger one goes on its own."""


class HeadJoined(TakesWholes):
    """What a reader and writer of HTTP/1 keeps of a head that its body follows at once."""

    handles_events_as_every_layer = True
    _head = b""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Return what comes of what is to be sent, or has come."""
        if isinstance(event, HttpEvent):
            return self.send(event)
        if isinstance(event, events.DataReceived) and self.state != self.passthrough:
            self.buf += event.data
        return self.state(event)

    def joined(
        self, event: HttpEvent, sending: layer.CommandGenerator[None]
    ) -> layer.CommandGenerator[None]:
        """Return what is sent for this event, with the head that was kept before it."""
        keeps = _is_followed(event)
        return self._joining(sending, keeps=keeps) if keeps or self._head else sending

    def _joining(
        self, sending: layer.CommandGenerator[None], *, keeps: bool
    ) -> layer.CommandGenerator[None]:
        for command in sending:
            if not isinstance(command, commands.SendData):
                yield command
            elif keeps:
                self._head = command.data
            else:
                if self._head:
                    command.data, self._head = self._head + command.data, b""
                yield from in_pieces(command)


def _is_followed(event: HttpEvent) -> bool:
    if isinstance(event, RequestHeaders):
        body = event.request.data.content
    elif isinstance(event, ResponseHeaders):
        body = event.response.data.content
    else:
        return False
    return not event.end_stream and body is not None and 0 < len(body) <= MOST
