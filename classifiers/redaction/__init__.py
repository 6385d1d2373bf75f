"""Redaction: found values become typed placeholders on the way out, and values again on the way back."""

from classifiers.redaction.messages import MessageRestorer
from classifiers.redaction.placeholders import Placeholders
from classifiers.redaction.restoring import Restorer
from classifiers.redaction.rewriting import refuse_signed, rewrite

__all__ = ["MessageRestorer", "Placeholders", "Restorer", "refuse_signed", "rewrite"]
