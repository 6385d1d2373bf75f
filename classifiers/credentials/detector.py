"""The secrets detector: one scan for all rules, then judgement of the few candidates, minding the
direction.
"""

import pathlib
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from classifiers.attempts import Attempts
from classifiers.credentials.engines.choosing import Engines
from classifiers.credentials.engines.engine import Engine
from classifiers.credentials.folded import Offsets, as_it_was, folded
from classifiers.credentials.judging.direction import (
    TOKEN_FIELDS,
    is_authentication,
    is_normal_use,
    is_told,
)
from classifiers.credentials.judging.joined import Joined
from classifiers.credentials.judging.judge import (
    Found,
    judged,
    rejected,
    with_requirements,
    without_overlaps,
    without_repeats,
)
from classifiers.credentials.rules.generic import is_secret_column
from classifiers.credentials.rules.own_words import OwnWords
from classifiers.hits import Hit
from classifiers.payload import Carrier, Payload, Segment
from core.organisation import Organisation

_REMEMBERED = 512
_TOKEN_REQUEST_FIELDS = 20
_UNCHANGED: Offsets = {}


class _Authentication(NamedTuple):
    """What was found in one authentication header at one host. Holds payload."""

    all: tuple[Hit, ...]
    leaks: tuple[Hit, ...]

    def __repr__(self) -> str:
        return f"<{len(self.all)} candidates, {len(self.leaks)} leaks>"


class CredentialDetector:
    """Finds secrets in decoded payloads. Safe to use from many threads."""

    def __init__(
        self,
        cache_dir: pathlib.Path | None,
        organisation: Organisation,
        *,
        long_tail: bool = True,
    ) -> None:
        """Use our own rules at once; the long tail joins from its cache, or seconds later from a
        background build.

        `cache_dir` must be private to its owner; None makes the pack anew for this process.
        `long_tail=False` leaves it out.
        """
        self._engines = Engines(cache_dir, long_tail=long_tail)
        self._words = OwnWords(organisation)
        self._remembered: dict[tuple[object, ...], _Authentication] = {}

    @property
    def rule_count(self) -> int:
        """How many rules are active now."""
        return self._engines.rule_count

    def health(self) -> dict[str, object]:
        """Return which pack is active: `pack` (`full` or `own rules`), `rules`, `failure`."""
        full = self._engines.complete
        return {
            "pack": "full" if full else "own rules",
            "rules": self.rule_count,
            "failure": self._engines.failure,
        }

    def warm(self, wait_s: float = 0.0) -> None:
        """Compile every confirming pattern now.

        A gate that starts does not wait for the full pack (20 ms from its cache, seconds when it
        must be made first); one-shot work such as an inspection of files does: `warm(wait_s=120)`.
        """
        self._engines.wait(wait_s)
        self._engines.current.warm()

    def organisation_changed(self, organisation: Organisation) -> None:
        """Look for another organisation's words and canaries from now on."""
        self._words = OwnWords(organisation)

    def detect(self, payload: Payload, host: str, explain: bool = False) -> list[Hit]:
        """Return the secrets that leak with this payload to `host`; with `explain`, rejected
        candidates too. Raises IncompleteError where a rule failed.
        """
        attempts = Attempts()
        return attempts.done(self._detect(payload, host, attempts, explain=explain))

    def _detect(
        self, payload: Payload, host: str, attempts: Attempts, *, explain: bool = False
    ) -> list[Hit]:
        segments, offsets = payload.segments, _UNCHANGED
        joined = Joined(segments, controls=payload.controls)
        if not joined.plain:
            segments, offsets = folded(segments)
            joined = joined if segments is payload.segments else Joined(segments)
        found: list[Found] = []
        engine = self._engines.current
        for index in attempts.each(partial(engine.candidates, joined.data)):
            judge = partial(judged, engine, index, joined, segments, explain=explain)
            found += attempts.each(judge)
        if found:
            found = self._minding_direction(with_requirements(found), segments, host)
            found = without_repeats(without_overlaps(found), segments)
        hits = [f.hit for f in found if explain or f.hit.rejected is None]
        hits += attempts.each(partial(self._in_pasted, payload, host, hits, attempts))
        for index, segment in joined.authentication:
            leaks = attempts.each(partial(self._leaks, segment, host, explain))
            hits += [hit._replace(segment=index) for hit in leaks]
        if self._words:
            hits += attempts.each(partial(self._words.find, segments))
        return [as_it_was(hit, offsets) for hit in hits] if offsets else hits

    def _leaks(self, segment: Segment, host: str, explain: bool) -> tuple[Hit, ...]:
        seen = self._in_authentication(segment, host)
        return seen.all if explain else seen.leaks

    def _in_pasted(
        self, payload: Payload, host: str, known: Sequence[Hit], attempts: Attempts
    ) -> list[Hit]:
        """Return the secrets in columns of pasted tables that are called so."""
        cells = [
            (Segment(cell.text, name), cell, table.segment)
            for table in payload.pasted or ()
            for at, name in enumerate(table.columns)
            if is_secret_column(name)
            for row in table.rows
            if (cell := row[at]) is not None
        ]
        if not cells:
            return []
        alone = Payload(segments=[cell for cell, _, _ in cells], pasted=[])
        inner = self._detect(alone, host, attempts)
        placed = [
            hit._replace(
                segment=cells[hit.segment][2],
                start=cells[hit.segment][1].start + hit.start,
                end=cells[hit.segment][1].start + hit.end,
            )
            for hit in inner
        ]
        taken = {(hit.segment, hit.start) for hit in known}
        return [hit for hit in placed if (hit.segment, hit.start) not in taken]

    def places(self, data: bytes) -> list[tuple[int, int]] | None:
        """Return where in a long UTF-8 text secrets may stand; None when the organisation's own
        words occur in it.
        """
        if self._words and self._words.occur(data):
            return None
        engine = self._engines.current
        quoted = b'"' + data + b'"\n'
        found = (
            match.span()
            for index in engine.candidates(quoted)
            for match in engine.matches(index, quoted)
        )
        return [(max(0, start - 1), end - 1) for start, end in found]

    def _in_authentication(self, segment: Segment, host: str) -> _Authentication:
        engine = self._engines.current
        if len(self._remembered) >= _REMEMBERED:
            self._remembered = {}
        key = (engine, host, segment.carrier, segment.key, segment.path, segment.text)
        known = self._remembered.get(key)
        if known is None:
            known = self._remembered[key] = self._look_at_authentication(engine, segment, host)
        return known

    def _look_at_authentication(
        self, engine: Engine, segment: Segment, host: str
    ) -> _Authentication:
        joined = Joined([segment], authentication=False)
        found: list[Found] = []
        for index in engine.candidates(joined.data):
            found += judged(engine, index, joined, [segment], explain=True)
        final = without_overlaps(self._minding_direction(found, [segment], host))
        hits = tuple(f.hit for f in final)
        return _Authentication(hits, tuple(h for h in hits if h.rejected is None))

    def _minding_direction(
        self, found: list[Found], segments: Sequence[Segment], host: str
    ) -> list[Found]:
        body = [s.key for s in segments if s.carrier is Carrier.BODY]
        token_request = len(body) <= _TOKEN_REQUEST_FIELDS and "grant_type" in body
        return [
            self._direction(item, segments[item.hit.segment], host, token_request) for item in found
        ]

    def _direction(self, item: Found, segment: Segment, host: str, token_request: bool) -> Found:
        if item.hit.rejected is not None:
            return item
        authenticates = is_authentication(segment)
        normal = is_normal_use(
            item.rule, segment.carrier, host, authentication=authenticates, key=segment.key
        )
        if item.rule.rank <= 1 and not authenticates and is_told(segment, item.hit.start):
            normal = False
        if token_request and segment.key in TOKEN_FIELDS and segment.carrier is Carrier.BODY:
            normal = is_normal_use(item.rule, Carrier.HEADER, host, authentication=True)
        if normal:
            return rejected(item, "authenticates this request at the service it is for")
        return item
