"""The organisation's own sensitive words and canary tokens, wherever they stand."""

import re
from typing import Any

import hyperscan

from classifiers.codecs.unicode_folding import fold
from classifiers.hits import Hit
from classifiers.payload import Segment
from core.findings import SECRET, Confidence
from core.organisation import Organisation

WORD_KIND = "organisation_word"
_FLAGS = (
    hyperscan.HS_FLAG_SINGLEMATCH
    | hyperscan.HS_FLAG_CASELESS
    | hyperscan.HS_FLAG_UTF8
    | hyperscan.HS_FLAG_UCP
)
_MAX_HITS = 1000
_SPACE = re.compile(r"\s+")


class OwnWords:
    """Looks for words (whole, in any case, with any white space) and canaries (exact); both in
    every carrier.
    """

    __slots__ = ("_database", "_terms")

    def __init__(self, organisation: Organisation) -> None:
        canaries = [(text, True) for text in dict.fromkeys(organisation.canaries) if text.strip()]
        words = [(text, False) for text in dict.fromkeys(organisation.words) if text.strip()]
        self._terms = [(text, canary, _pattern(text, canary)) for text, canary in canaries + words]
        self._database: Any = None
        if self._terms:
            self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            looked_for = [
                (_longest_word(form).encode(), number)
                for number, (text, _, _) in enumerate(self._terms)
                for form in {text, _read(text)}
            ]
            self._database.compile(
                expressions=[pattern for pattern, _ in looked_for],
                ids=[number for _, number in looked_for],
                elements=len(looked_for),
                flags=[_FLAGS] * len(looked_for),
            )

    def __repr__(self) -> str:
        return f"<OwnWords {len(self._terms)}>"

    def __bool__(self) -> bool:
        return bool(self._terms)

    def occur(self, data: bytes) -> bool:
        """Return True when a word or canary may stand in this UTF-8 text."""
        found: list[int] = []
        self._database.scan(data, _collect, 0, found, hyperscan.Scratch(self._database))
        return bool(found)

    def find(self, segments: list[Segment]) -> list[Hit]:
        """Return every place of a word or canary. The segments are folded."""
        data = "\n".join([segment.text for segment in segments]).encode("utf-8", "replace")
        found: list[int] = []
        self._database.scan(data, _collect, 0, found, hyperscan.Scratch(self._database))
        hits: list[Hit] = []
        for number in sorted(set(found)):
            text, canary, pattern = self._terms[number]
            for index, segment in enumerate(segments):
                hits += [
                    _hit(text, canary, index, match) for match in pattern.finditer(segment.text)
                ]
                if len(hits) >= _MAX_HITS:
                    return hits
        return hits


def _read(text: str) -> str:
    """Return a term as it is read once the text it stands in is folded; one of nothing but
    invisible characters stays.
    """
    folded = fold(text).text
    return folded if folded.strip() else text


def _longest_word(text: str) -> str:
    """Return what the first scan looks for: the longest part of the term without white space,
    escaped.
    """
    return "".join(c if c.isalnum() else rf"\x{{{ord(c):x}}}" for c in max(text.split(), key=len))


def _pattern(text: str, canary: bool) -> re.Pattern[str]:
    text = _read(text).strip()
    if canary:
        return re.compile(re.escape(text))
    body = _SPACE.sub("\0", text)
    escaped = r"\s+".join(re.escape(part) for part in body.split("\0"))
    return re.compile(rf"(?<!\w){escaped}(?!\w)", re.IGNORECASE)


def _hit(text: str, canary: bool, segment: int, match: re.Match[str]) -> Hit:
    return Hit(
        kind=SECRET if canary else WORD_KIND,
        detector="canary" if canary else "organisation-word",
        confidence=Confidence.CERTAIN,
        value=text if canary else text.casefold(),
        segment=segment,
        start=match.start(),
        end=match.end(),
    )


def _collect(index: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(index)
