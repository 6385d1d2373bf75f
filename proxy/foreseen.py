"""Which requests are likely to have an answer that streams: those whose like had one lately."""

from collections import OrderedDict

from core.exchange import Exchange

_REMEMBERED = 512


class Foreseen:
    """Remembers of each host and path whether the last answer streamed. Keeps neither."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._streamed: OrderedDict[int, None] = OrderedDict()

    def streams(self, exchange: Exchange) -> bool:
        """Return whether the last answer to its like streamed."""
        return bool(self._streamed) and _kind(exchange) in self._streamed

    def note(self, exchange: Exchange, *, streamed: bool) -> None:
        """Its answer streamed, or it has come to another end."""
        if streamed:
            self._streamed[kind := _kind(exchange)] = None
            self._streamed.move_to_end(kind)
            if len(self._streamed) > self._most:
                self._streamed.popitem(last=False)
        elif self._streamed:
            self._streamed.pop(_kind(exchange), None)


def _kind(exchange: Exchange) -> int:
    return hash((exchange.host, exchange.method, exchange.path.partition("?")[0]))
