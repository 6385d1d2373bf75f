"""Personal data: a fast path for every payload, columns and records for tables, names in prose for the workers."""

from classifiers.personal.columns import ColumnResult, classify_table, table_findings
from classifiers.personal.detector import PersonalDetector

__all__ = ["ColumnResult", "PersonalDetector", "classify_table", "table_findings"]
