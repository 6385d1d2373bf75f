"""Redaction: found values become typed placeholders on the way out, and values again on the way back."""

from classifiers.redaction.placeholders import Placeholders
from classifiers.redaction.restoring import Restorer
from classifiers.redaction.rewriting import refuse_signed, rewrite

__all__ = ["Placeholders", "Restorer", "refuse_signed", "rewrite"]
