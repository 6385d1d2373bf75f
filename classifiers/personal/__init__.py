"""Personal data: by pattern and check digit, by key and label, by column."""

from classifiers.personal.detector import PersonalDetector
from classifiers.personal.tables.columns import ColumnResult, classify_table
from classifiers.personal.tables.joining import table_findings, tallied
from classifiers.personal.tables.pasted import pasted_findings

__all__ = [
    "ColumnResult",
    "PersonalDetector",
    "classify_table",
    "pasted_findings",
    "table_findings",
    "tallied",
]
