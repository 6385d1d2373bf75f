"""What has ended is let go at once: mitmproxy ties what belongs to a connection in circles, and
both ends of its TLS would stay in memory until garbage is looked for.
"""

from collections.abc import Iterator
from types import MethodType
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.proxy import commands, events, layer
from mitmproxy.tls import ClientHello


class Over:
    """Stands where the layers of a connection stood: whatever still comes, nothing is done."""

    def handle_event(self, event: events.Event) -> Iterator[commands.Command]:
        """Do nothing."""
        del event
        yield from ()


async def nothing() -> None:
    """Stands for what is done when a connection was silent too long: it is over."""


def untie_layers(top: layer.Layer) -> None:
    """Have no layer know those above it, nor keep its own methods. No event may come to them."""
    found = {id(top): top}
    waiting = [top]
    while waiting:
        for one in _beside(waiting.pop()):
            if id(one) not in found:
                found[id(one)] = one
                waiting.append(one)
    for one in found.values():
        one.context.layers.clear()
        kept = vars(one)
        for name in [name for name, value in kept.items() if isinstance(value, MethodType)]:
            del kept[name]
        kept.pop("backlog", None)
        kept.pop("far_end", None)


def _beside(one: layer.Layer) -> Iterator[layer.Layer]:
    """Yield the layers that one knows of."""
    yield from one.context.layers
    for value in vars(one).values():
        if isinstance(value, layer.Layer):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, layer.Layer))


def untie_hello(hello: ClientHello) -> None:
    """Have no part of the beginning of a handshake know what it is part of; all of it can still be
    read.
    """
    waiting: list[Any] = [hello._client_hello]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif "_parent" in (kept := getattr(one, "__dict__", {})):
            waiting += [kept[name] for name in kept if name not in {"_parent", "_root", "_io"}]
            kept["_parent"] = kept["_root"] = None
