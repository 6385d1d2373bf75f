"""How a streamed body is cut into windows for scanning: nothing is split, nothing is counted twice. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from core.findings import NOT_INSPECTED, Confidence, Finding

OVERLAP = 4 * 1024
"""Scanned again with the next window: longer than any value, so none is split."""
_HEADED = ("text/csv", "text/tab-separated-values")

type Key = tuple[str, str, bool]


class Windows:
    """Cuts one body. Characters and, where there are columns, rows stay whole."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self._multipart = content_type.startswith("multipart/")
        self._headed = content_type.startswith(_HEADED)
        self._header: bytes | None = None
        self._carry = b""

    def next(self, piece: bytes) -> tuple[bytes, bytes]:
        """Return the window that ends with this piece, and the part of it that will be in the next one, too."""
        joined = self._carry + piece
        first = self._header is None
        if first:
            line = joined.split(b"\n", 1)[0] if self._headed else b""
            self._header = line + b"\n" if line and len(line) < OVERLAP else b""
        window = joined if first else self._dressed(joined)
        self._carry = joined[-OVERLAP:]
        return _whole_end(window), _whole_end(self._dressed(self._carry))

    def typed(self, first: bool) -> str:
        """Return what to read a window as: a window of JSON is none, only the first of a multipart body begins as one."""
        whole = first if self._multipart else "json" not in self.content_type
        return self.content_type if whole else "text/plain"

    def _dressed(self, data: bytes) -> bytes:
        if self._header:
            return self._header + data.partition(b"\n")[2]
        return data[_whole_start(data) :]


def without(seen: Iterable[Finding], again: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of a window without those of its end, which the next window will find again."""
    later: Mapping[Key, Finding] = {_key(f): f for f in again}
    reduced = (_less(f, later[_key(f)]) if _key(f) in later else f for f in seen)
    return tuple(f for f in reduced if f.count > 0)


def not_inspected(why: str) -> Finding:
    """Return the finding that says why a body was not read."""
    return Finding(
        kind=NOT_INSPECTED,
        detector="stream",
        confidence=Confidence.CERTAIN,
        count=1,
        distinct=1,
        where=("body",),
        note=why,
    )


def _less(finding: Finding, later: Finding) -> Finding:
    return replace(
        finding,
        count=max(0, finding.count - later.count),
        distinct=max(0, finding.distinct - later.distinct),
        records=None if finding.records is None else max(0, finding.records - (later.records or 0)),
        fingerprints=tuple(f for f in finding.fingerprints if f not in later.fingerprints),
    )


def _key(finding: Finding) -> Key:
    return finding.kind, finding.detector, finding.test_data


def _whole_start(data: bytes) -> int:
    """Return where the first whole UTF-8 character begins."""
    return next((at for at in range(min(4, len(data))) if data[at] & 0xC0 != 0x80), 0)


def _whole_end(data: bytes) -> bytes:
    """Return the data without a last UTF-8 character that is not complete yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return data[:-back] if length > back else data
    return data
