"""Personal data: a fast path for every payload, columns and records for tables, names in prose for
the workers.
"""

from classifiers.personal.detector import PersonalDetector
from classifiers.personal.tables.columns import ColumnResult, classify_table, table_findings

__all__ = ["ColumnResult", "PersonalDetector", "classify_table", "table_findings"]
