"""Redaction: found values become typed placeholders on the way out, and values again on the way
back.
"""

from classifiers.redaction.messages import MessageRestorer
from classifiers.redaction.placeholders import Placeholders
from classifiers.redaction.redactor import Redactor
from classifiers.redaction.restoring import Restorer

__all__ = ["MessageRestorer", "Placeholders", "Redactor", "Restorer"]
