"""A stream's plain bytes split into messages as they pass: lines, SSE events, AWS event streams,
gRPC frames.

Sans-io: bytes in, messages out, split anywhere, with bounded memory.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MAX_MESSAGE = 8 * 1024 * 1024
_GRPC_HEAD = 5
_EVENT_HEAD, _EVENT_FRAME = 12, 16
_GRPC_FLAGS = frozenset({0x00, 0x01, 0x80, 0x81})
_PACKED = 0x01
_RETURN = 0x0D
_TRAILERS = 0x80


class Lines:
    """Complete lines; the rest waits. A line above the limit is dropped whole and counted."""

    __slots__ = ("_parts", "_size", "_skipping", "dropped")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self.dropped = 0

    def feed(self, data: bytes) -> bytes:
        """Return the block of complete lines that these bytes finish (may be empty)."""
        end = data.rfind(b"\n") + 1
        if end == 0:
            self._keep(data)
            return b""
        block = data[:end]
        if self._skipping:
            block = block[block.find(b"\n") + 1 :]
            self._skipping = False
        elif self._parts:
            block = b"".join((*self._parts, block))
        self._parts, self._size = [], 0
        self._keep(data[end:])
        return block

    def _keep(self, data: bytes) -> None:
        if not data or self._skipping:
            return
        self._size += len(data)
        if self._size > MAX_MESSAGE:
            self._parts, self._size, self._skipping = [], 0, True
            self.dropped += 1
            return
        self._parts.append(data)

    def rest(self) -> bytes:
        """Return the unfinished last line."""
        return b"".join(self._parts)


class Event(NamedTuple):
    """One server-sent event: its lines, and the empty line that ended it. Joined they are what
    came.
    """

    lines: bytes
    gap: bytes

    def __repr__(self) -> str:
        return f"<Event {len(self.lines)} bytes>"


class Events:
    """Whole server-sent events; the rest waits. What grows above the limit is given as it stands,
    without a gap.
    """

    __slots__ = ("_held", "_limit", "_searched")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._held = bytearray()
        self._searched = 0
        """No event ends before this place."""
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that these bytes finish."""
        self._held += data
        at = 0
        while (end := self._held.find(b"\n", self._searched)) >= 0:
            gap = self._gap(end)
            if gap is None:
                break
            if gap:
                start = end - 1 if end > at and self._held[end - 1] == _RETURN else end
                yield Event(bytes(self._held[at:start]), bytes(self._held[start : end + gap]))
                at = self._searched = end + gap
            else:
                self._searched = end + 1
        del self._held[:at]
        self._searched = max(0, self._searched - at)
        if len(self._held) > self._limit:
            yield Event(self.rest(), b"")

    def _gap(self, end: int) -> int | None:
        """Return the size of the gap that begins with this line end; 0 when it is none, None when
        more is needed.
        """
        behind = bytes(self._held[end + 1 : end + 3])
        if behind[:1] == b"\n":
            return 2
        if behind == b"\r\n":
            return 3
        return None if behind in {b"", b"\r"} else 0

    def rest(self) -> bytes:
        """Return what no empty line has ended."""
        rest = bytes(self._held)
        self._held.clear()
        self._searched = 0
        return rest


class Frames[Message]:
    """Messages with a length in front: base of the binary framings."""

    __slots__ = ("_buffer", "_limit", "_skip", "broken", "skipped")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self._limit = limit
        self.broken = False
        """True when the bytes do not keep to the framing: nothing after that can be trusted."""
        self.skipped = 0
        """Messages above the limit."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield each complete message."""
        if self.broken:
            return
        if self._skip:
            passed = min(self._skip, len(data))
            self._skip -= passed
            data = data[passed:]
        buffer = self._buffer
        buffer += data
        at = 0
        while not self.broken and (size := self._size(buffer, at)) is not None:
            if size > self._limit:
                self.skipped += 1
                self._skip = max(0, at + size - len(buffer))
                at = min(len(buffer), at + size)
                continue
            if at + size > len(buffer):
                break
            message = self._message(bytes(memoryview(buffer)[at : at + size]))
            if message is None:
                self.broken = True
                break
            at += size
            yield message
        del buffer[:at]

    @property
    def rest(self) -> bytes:
        """What is no complete message: the begin of one, or all behind the place where the framing
        broke.
        """
        return bytes(self._buffer)

    def _size(self, buffer: bytearray, at: int) -> int | None:
        raise NotImplementedError

    def _message(self, frame: bytes) -> Message | None:
        raise NotImplementedError


class EventMessage(NamedTuple):
    """One message of an AWS event stream; the headers as they came."""

    headers: bytes
    payload: bytes

    def __repr__(self) -> str:
        return f"<EventMessage {len(self.payload)} bytes>"


class EventStream(Frames[EventMessage]):
    """`application/vnd.amazon.eventstream`: both checksums are verified; a bad one ends the
    reading.
    """

    __slots__ = ()

    def _size(self, buffer: bytearray, at: int) -> int | None:
        if len(buffer) - at < _EVENT_HEAD:
            return None
        total, headers, checksum = struct.unpack_from(">III", buffer, at)
        sound = zlib.crc32(buffer[at : at + 8]) == checksum
        if not sound or total < _EVENT_FRAME or headers > total - _EVENT_FRAME:
            self.broken = True
            return None
        return int(total)

    def _message(self, frame: bytes) -> EventMessage | None:
        if zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:]):
            return None
        headers = _EVENT_HEAD + int.from_bytes(frame[4:8])
        return EventMessage(frame[_EVENT_HEAD:headers], frame[headers:-4])


class GrpcMessage(NamedTuple):
    """One length-prefixed message."""

    data: bytes
    packed: bool
    """True when it is in the coding that the stream's `grpc-encoding` names."""
    trailers: bool = False
    """True for the trailers that gRPC-Web sends as a last message."""

    def __repr__(self) -> str:
        return f"<GrpcMessage {len(self.data)} bytes>"


class Grpc(Frames[GrpcMessage]):
    """gRPC and gRPC-Web."""

    __slots__ = ()

    def _size(self, buffer: bytearray, at: int) -> int | None:
        if len(buffer) > at and buffer[at] not in _GRPC_FLAGS:
            self.broken = True
        if self.broken or len(buffer) - at < _GRPC_HEAD:
            return None
        return _GRPC_HEAD + int.from_bytes(buffer[at + 1 : at + _GRPC_HEAD])

    def _message(self, frame: bytes) -> GrpcMessage:
        return grpc_message(frame)


def grpc_message(frame: bytes) -> GrpcMessage:
    """Return the message in a frame; of a frame that is cut what there is of it."""
    flags = frame[0] if frame else 0
    return GrpcMessage(frame[_GRPC_HEAD:], bool(flags & _PACKED), bool(flags & _TRAILERS))
