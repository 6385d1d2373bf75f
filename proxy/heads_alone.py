"""What answers a request for a head (RFC 9110, 9.3.2) when the gate itself answers."""

from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._events import ResponseData, ResponseHeaders


def head_alone(said: layer.CommandGenerator[None]) -> layer.CommandGenerator[None]:
    """Yield the parts of an answer but its body, which the client would take for the next answer;
    no command among them is answered itself.
    """
    for command in said:
        event = command.event if isinstance(command, SendHttp) else None
        if isinstance(event, ResponseData):
            continue
        if isinstance(event, ResponseHeaders):
            event.end_stream = True
        yield command
