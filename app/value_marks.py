"""The marks of a value that somebody typed: by the very detectors that mark what is sent, and by
every kind's mark of it in the usual spellings, so that none is missed for want of words around it.
"""

import json

from app.epochs import epochs
from app.home import Home
from classifiers.decoding import decode
from classifiers.personal import PersonalDetector
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.ids import utc_now, uuid7
from core.vocabulary.kinds import FINDABLE

_SEPARATORS = str.maketrans("", "", " -./()\u00a0")


def marks_of(home: Home, value: str) -> frozenset[str]:
    """Return the fingerprints of a value under every key that is kept. Raises SettingsError."""
    wanted = {(kind, spelt) for kind in FINDABLE for spelt in _spellings(value)}
    for body in (value, json.dumps(dict.fromkeys(sorted(FINDABLE), value))):
        payload = decode(_request(body.encode("utf-8", "replace")))
        wanted |= {(hit.kind, hit.value) for hit in PersonalDetector().detect(payload)}
    makers = [Fingerprinter(key) for key in keys(home)]
    return frozenset(one.of(kind, spelt) for one in makers for kind, spelt in wanted)


def keys(home: Home) -> list[bytes]:
    """Return the keys of all epochs that are kept: this one's, and those that were put aside."""
    return [one.key for one in reversed(epochs(home))]


def _spellings(value: str) -> set[str]:
    plain = value.strip()
    compact = plain.translate(_SEPARATORS)
    spelt = {plain, compact}
    return {made for one in spelt for made in (one, one.lower(), one.upper())}


def _request(body: bytes) -> Exchange:
    at = utc_now()
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme="https",
        host="find.invalid",
        port=443,
        method="POST",
        path="/",
        headers=(("content-type", "application/json"),),
        body=body,
        body_bytes=len(body),
    )
