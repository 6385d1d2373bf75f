"""Fingerprints of registered documents: finds copied passages by hashes of runs of words, never by the text itself."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Self

from classifiers.hits import Hit
from classifiers.payload import Segment
from core.findings import Confidence

KIND = "registered_document"
_RUN = 8
"""Words of a shingle."""
_KEEP = 4
"""One of so many shingles is kept, chosen by its hash: the same ones on both sides."""
_MINIMUM = 3
"""Kept shingles that must agree: a passage of some twenty words."""
_WORD = re.compile(r"\w+")
_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15


class DocumentIndex:
    """Keyed hashes of the passages of registered documents. Without the key it tells nothing of them."""

    __slots__ = ("_key", "_names", "_shingles")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._names: list[str] = []
        self._shingles: dict[int, int] = {}

    def add(self, name: str, text: str) -> int:
        """Register a document under a name for people; return how many passages were kept."""
        number = len(self._names)
        self._names.append(name)
        kept = 0
        for shingle, _, _ in self._of(text):
            kept += self._shingles.setdefault(shingle, number) == number
        return kept

    def find(self, segments: list[Segment]) -> list[Hit]:
        """Return one hit for each registered document of which a segment repeats a passage."""
        hits = []
        for index, segment in enumerate(segments):
            if self._shingles and len(segment.text) >= 40:
                hits += self._in_segment(index, segment.text)
        return hits

    def _in_segment(self, index: int, text: str) -> list[Hit]:
        counts: Counter[int] = Counter()
        spans: dict[int, tuple[int, int]] = {}
        for shingle, start, end in self._of(text):
            number = self._shingles.get(shingle)
            if number is not None:
                counts[number] += 1
                first = spans.get(number, (start, end))
                spans[number] = (first[0], end)
        return [
            Hit(
                kind=KIND, detector="document-fingerprint", value=self._names[number], segment=index,
                confidence=Confidence.CERTAIN if count >= 3 * _MINIMUM else Confidence.LIKELY,
                start=spans[number][0], end=spans[number][1],
            )
            for number, count in counts.items() if count >= _MINIMUM
        ]  # fmt: skip

    def _of(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield (hash, start, end) of the kept shingles: a rolling polynomial over keyed hashes of words."""
        known: dict[str, int] = {}
        window: list[tuple[int, int]] = []
        rolling, lead = 0, pow(_BASE, _RUN, 1 << 64)
        for match in _WORD.finditer(text):
            word = match[0].casefold()
            value = known.get(word)
            if value is None:
                value = known[word] = int.from_bytes(
                    hashlib.blake2b(
                        word.encode("utf-8", "replace"), key=self._key[:64], digest_size=8
                    ).digest()
                )
            window.append((value, match.start()))
            rolling = (rolling * _BASE + value) & _MASK
            if len(window) > _RUN:
                rolling = (rolling - window.pop(0)[0] * lead) & _MASK
            if len(window) == _RUN and (rolling >> 20) % _KEEP == 0:
                yield rolling, window[0][1], match.end()

    def to_json(self) -> str:
        """Return the index for storing; names and keyed hashes only."""
        return json.dumps(
            {"names": self._names, "shingles": [[f"{h:x}", n] for h, n in self._shingles.items()]}
        )

    @classmethod
    def from_json(cls, text: str, key: bytes) -> Self:
        """Return a stored index. Raises ValueError, KeyError or TypeError on anything else."""
        stored = json.loads(text)
        index = cls(key)
        index._names = [str(name) for name in stored["names"]]
        index._shingles = {int(h, 16): int(n) for h, n in stored["shingles"]}
        if any(not 0 <= n < len(index._names) for n in index._shingles.values()):
            raise ValueError("the index names a document that it does not hold")
        return index

    def __repr__(self) -> str:
        return f"<DocumentIndex {len(self._names)} documents, {len(self._shingles)} passages>"
