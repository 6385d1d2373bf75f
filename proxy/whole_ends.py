"""What ends of HTTP/1 know of messages that are taken as wholes: as mitmproxy would leave them."""

from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from h11._readers import ContentLengthReader
from mitmproxy.proxy.layers.http._http1 import Http1Connection


def is_free(end: Any) -> bool:
    """Return whether an end stands between two exchanges, and nothing has come there."""
    if end._paused is not None or end.debug is not None or end.buf or end._head:
        return False
    return end.request is None and end.response is None and end.state == end.read_headers


class TakesWholes(Http1Connection):
    """A reader and writer of HTTP/1 that can be told what of a message was taken past it."""

    def asked(self, size: int, lacking: int) -> None:
        """So much of a request's body has not come yet, of all of it."""
        if lacking:
            self.lacks(size, lacking)
        else:
            self.request_done, self.state = True, self.wait

    def lacks(self, size: int, lacking: int) -> None:
        """So much of a body has not come yet, of all of it."""
        self.body_reader = ContentLengthReader(size)
        self.body_reader._remaining = lacking
        self.state = self.read_body

    def between(self, number: int | None) -> None:
        """It stands between two exchanges; the next one has this number, if it is known."""
        self.request = self.response = None
        self.request_done = self.response_done = False
        self.stream_id, self.state = number, self.read_headers


def lacking_at(end: Any) -> int:
    """Return how much of a body is to come where its length is known; else -1."""
    if end.state != end.read_body or end.buf or end._paused is not None:
        return -1
    reader = end.body_reader
    return reader._remaining if type(reader) is ContentLengthReader else -1
