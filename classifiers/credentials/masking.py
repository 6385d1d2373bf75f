"""Masks the secrets in a text that is to be kept, such as a script's source."""

from classifiers.credentials.detector import CredentialDetector
from classifiers.payload import Payload, Segment
from core.text import mask


def mask_secrets(detector: CredentialDetector, text: str) -> str:
    """Return `text` with every secret in it masked in place; line numbers stay."""
    hits = detector.detect(Payload(segments=[Segment(text, None)]), "")
    for hit in sorted(hits, key=lambda h: h.start, reverse=True):
        text = text[: hit.start] + mask(text[hit.start : hit.end], 0, 0) + text[hit.end :]
    return text
