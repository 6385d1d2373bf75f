"""What ends of HTTP/1 know of messages that are taken as wholes: as mitmproxy would leave them."""

from typing import Any

from h11._readers import ContentLengthReader


def is_free(end: Any) -> bool:
    """Return whether an end stands between two exchanges, and nothing has come there."""
    if end._paused is not None or end.debug is not None or end.buf or end._head:
        return False
    return end.request is None and end.response is None and end.state == end.read_headers


def note_asked(end: Any, lacking: int) -> None:
    """Have the end towards a client know how much of a request has come."""
    if lacking:
        end.state = end.read_body
    else:
        end.request_done, end.state = True, end.wait


def between(end: Any) -> None:
    """Have an end stand between two exchanges."""
    end.request = end.response = end.stream_id = None
    end.request_done = end.response_done = False
    end.state = end.read_headers


def reader_of(size: int, lacking: int) -> ContentLengthReader:
    """Return what reads a body of this size, of which so much has not come yet."""
    reader = ContentLengthReader(size)
    reader._remaining = lacking
    return reader


def lacking_at(end: Any) -> int:
    """Return how much of a body is to come where its length is known; else -1."""
    if end.state != end.read_body or end.buf or end._paused is not None:
        return -1
    reader = end.body_reader
    return reader._remaining if type(reader) is ContentLengthReader else -1
