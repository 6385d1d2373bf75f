"""Presidio as registry and API for an organisation's own recognisers: theirs only, no model, no
network.

Importing presidio-analyzer takes 1.5 s and 100 MB: worker processes only, and only where own
recognisers are set.
"""

import logging
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from classifiers.hits import Hit
from classifiers.payload import Payload, Segment, Unread
from classifiers.personal.prose.recogniser_files import (
    RecogniserEntry,
    kind_of,
    read_recogniser_file,
)
from classifiers.personal.vocabulary import split_name
from core.findings import Confidence

DETECTOR = "organisation"
MAX_TEXT = 4096
"""Characters that Presidio gets at once: some of its parts are quadratic."""
OVERLAP = 256
TIMEOUT_S = 0.25
"""For one pattern on one text."""
MAX_CHARACTERS = 512 * 1024
_LANGUAGE = "en"
_NEEDED = 0.5
_SURE = 0.85
_CONTEXT_BONUS = 0.35
_LEFT = 48


class _Timeouts(logging.Handler):
    """Hears of patterns that Presidio gave up on: it only logs them, and goes on as if nothing had
    been there.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.patterns: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if "timed out" in str(record.msg) and isinstance(record.args, tuple) and record.args:
            self.patterns.add(str(record.args[0]))


def build_analyzer(entries: Sequence[RecogniserEntry]) -> Any:
    """Return an AnalyzerEngine that knows these recognisers and nothing else."""
    from presidio_analyzer import (
        AnalyzerEngine,
        Pattern,
        PatternRecognizer,
        RecognizerRegistry,
        pattern_recognizer,
    )
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    pattern_recognizer.REGEX_TIMEOUT_SECONDS = TIMEOUT_S
    registry = RecognizerRegistry(supported_languages=[_LANGUAGE])
    for entry in entries:
        settings = dict(entry.settings)
        settings["patterns"] = [Pattern(**pattern) for pattern in settings["patterns"] or ()]
        registry.add_recognizer(PatternRecognizer(supported_language=_LANGUAGE, **settings))
    if not registry.recognizers:
        raise ValueError("an analyzer without recognisers would load Presidio's own")
    engine = NoOpNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": "none"}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[_LANGUAGE])


class OrganisationRecognisers:
    """Finds what an organisation described in Presidio's YAML. Worker processes only."""

    def __init__(self, entries: Sequence[RecogniserEntry]) -> None:
        self._analyzer = build_analyzer(entries)
        self._context = {entry.kind: frozenset(entry.context) for entry in entries}
        self._timeouts = _Timeouts()
        logger = logging.getLogger("presidio-analyzer")
        logger.propagate = False
        logger.addHandler(self._timeouts)

    def __repr__(self) -> str:
        return f"<OrganisationRecognisers {len(self._context)} kinds>"

    def detect(self, payload: Payload) -> list[Hit]:
        """Return the hits; a pattern that took too long and text beyond the limit become
        `payload.unread`.
        """
        hits: list[Hit] = []
        spare = MAX_CHARACTERS
        self._timeouts.patterns.clear()
        for index, segment in enumerate(payload.segments):
            text = segment.text[: max(0, spare)]
            spare -= len(segment.text)
            found = {
                hit[4:7]: hit
                for offset, piece in _pieces(text)
                for hit in self._hits(index, segment, offset, piece)
            }
            hits.extend(found.values())
        for pattern in sorted(self._timeouts.patterns):
            payload.unread.append(
                Unread(
                    f"the organisation's pattern {pattern!r} took too long on a part of the text"
                )
            )
        if spare < 0:
            limit = MAX_CHARACTERS // 1024
            payload.unread.append(
                Unread(f"the organisation's recognisers read the first {limit} KB of text only")
            )
        return hits

    def _hits(self, index: int, segment: Segment, offset: int, piece: str) -> Iterator[Hit]:
        for result in self._analyzer.analyze(piece, language=_LANGUAGE, score_threshold=0.0):
            kind = kind_of(result.entity_type)
            start, end = offset + result.start, offset + result.end
            score = result.score + self._bonus(kind, segment, start)
            if score >= _NEEDED:
                confidence = Confidence.LIKELY if score >= _SURE else Confidence.POSSIBLE
                value = " ".join(segment.text[start:end].split()).casefold()
                yield Hit(kind, DETECTOR, confidence, value, index, start, end)

    def _bonus(self, kind: str, segment: Segment, start: int) -> float:
        """Context words count left of the value and in its key; Presidio's own way needs a language
        model.
        """
        words = self._context.get(kind)
        if not words:
            return 0.0
        near = segment.text[max(0, start - _LEFT) : start].lower()
        key = " ".join(split_name(segment.key)) if segment.key else ""
        return _CONTEXT_BONUS if any(word in near or word in key for word in words) else 0.0


def recognisers_of(files: Sequence[str]) -> OrganisationRecognisers:
    """Return the recognisers of these files. Raises SettingsError that names the file."""
    return OrganisationRecognisers(
        [entry for file in files for entry in read_recogniser_file(pathlib.Path(file))]
    )


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, piece) of pieces of at most MAX_TEXT characters that overlap."""
    for offset in range(0, max(1, len(text) - OVERLAP), MAX_TEXT - OVERLAP):
        if text:
            yield offset, text[offset : offset + MAX_TEXT]
