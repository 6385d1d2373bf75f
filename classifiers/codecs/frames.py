"""Splits an answer's plain bytes into messages as they pass: lines of SSE and NDJSON, AWS event streams, gRPC frames.

Sans-io: bytes in, messages out, split anywhere, with bounded memory.
"""

import binascii
import struct
import zlib
from collections.abc import Iterator

MAX_MESSAGE = 8 * 1024 * 1024


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


class Frames:
    """Messages with a length in front: base of the binary framings."""

    __slots__ = ("_buffer", "_skip", "broken")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self.broken = False
        """True when the bytes do not keep to the framing: nothing after that can be trusted."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payload of each complete message."""
        if self.broken:
            return
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        buffer = self._buffer
        buffer += data
        at = 0
        while not self.broken and (size := self._size(buffer, at)) is not None:
            if size > MAX_MESSAGE:
                self._skip = max(0, at + size - len(buffer))
                at = min(len(buffer), at + size)
                continue
            if at + size > len(buffer):
                break
            payload = self._payload(bytes(buffer[at : at + size]))
            at += size
            if payload is not None:
                yield payload
        del buffer[:at]

    def _size(self, buffer: bytearray, at: int) -> int | None:
        raise NotImplementedError

    def _payload(self, frame: bytes) -> bytes | None:
        raise NotImplementedError


class EventStream(Frames):
    """`application/vnd.amazon.eventstream`: both checksums are verified; a bad one ends the reading."""

    __slots__ = ()

    def _size(self, buffer: bytearray, at: int) -> int | None:
        if len(buffer) - at < 12:
            return None
        total, headers, checksum = struct.unpack_from(">III", buffer, at)
        if zlib.crc32(buffer[at : at + 8]) != checksum or total < 16 or headers > total - 16:
            self.broken = True
            return None
        return int(total)

    def _payload(self, frame: bytes) -> bytes | None:
        if zlib.crc32(frame[:-4]) != struct.unpack(">I", frame[-4:])[0]:
            self.broken = True
            return None
        return frame[12 + struct.unpack_from(">I", frame, 4)[0] : -4]


class Grpc(Frames):
    """Length-prefixed gRPC messages; compressed ones are undone when they are gzip."""

    __slots__ = ()

    def _size(self, buffer: bytearray, at: int) -> int | None:
        if len(buffer) - at < 5:
            return None
        if buffer[at] not in {0, 1}:
            self.broken = True
            return None
        return 5 + int(struct.unpack_from(">I", buffer, at + 1)[0])

    def _payload(self, frame: bytes) -> bytes | None:
        if frame[0] == 0:
            return frame[5:]
        try:
            return zlib.decompressobj(47).decompress(frame[5:], MAX_MESSAGE)
        except zlib.error:
            return None


def chunk_bytes(event: object) -> bytes | None:
    """Return the JSON inside a Bedrock `chunk` event (`{"bytes": base64}`), or None."""
    inner = event.get("bytes") if isinstance(event, dict) else None
    if not isinstance(inner, str):
        return None
    try:
        return binascii.a2b_base64(inner)
    except binascii.Error:
        return None
