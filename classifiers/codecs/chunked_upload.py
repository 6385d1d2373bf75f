"""`aws-chunked`: the frames that S3 clients put around the pieces of an upload, with signatures and
trailers.
"""

import re
from collections.abc import Iterator

from classifiers.codecs.packed import Beside, BrokenStreamError, Format

_LONGEST_LINE = 1024
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")
_SIGNATURE = re.compile(rb"chunk-signature=[0-9a-fA-F]{0,128}")
_TRAILER = re.compile(
    rb"x-amz-(?:checksum-\w{1,12}:[A-Za-z0-9+/=]{0,88}|trailer-signature:[0-9a-fA-F]{0,128})"
)


class Chunks:
    """Lines with a size, so many bytes, an empty line; behind size 0 lines of trailers, and one
    that is empty.
    """

    def __init__(self) -> None:
        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._line = b""
        self._left = 0
        self._trailers = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content. Raises BrokenStreamError."""
        while data and not self.over:
            if self._left:
                part = data[: self._left]
                self._left -= len(part)
                data = data[len(part) :]
                yield part
                continue
            line, end, data = (self._line + data).partition(b"\n")
            if len(line) > _LONGEST_LINE:
                self.rest = line + end + data
                raise BrokenStreamError
            self._line = b"" if end else line
            if end:
                self._take(line, data)

    def _take(self, line: bytes, behind: bytes) -> None:
        stripped = line.strip()
        if self._trailers:
            self.over = not stripped
            self.rest = behind if self.over else b""
            if stripped and _TRAILER.fullmatch(stripped) is None:
                self.beside.add(stripped + b"\n")
        elif stripped:
            size, _, extension = stripped.partition(b";")
            if _SIZE.fullmatch(size.strip()) is None:
                self.rest = line + b"\n" + behind
                raise BrokenStreamError
            self._left = int(size, 16)
            self._trailers = self._left == 0
            if extension and _SIGNATURE.fullmatch(extension) is None:
                self.beside.add(extension + b"\n")


def _starts(data: bytes, last: bool) -> bool | None:
    line, end, _ = data[:_LONGEST_LINE].partition(b"\n")
    if not end:
        return False if last or len(data) >= _LONGEST_LINE else None
    return _SIZE.fullmatch(line.strip().partition(b";")[0]) is not None


AWS_CHUNKED = Format(_starts, Chunks)
