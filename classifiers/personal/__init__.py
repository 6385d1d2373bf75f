"""Personal data: a fast path for every payload, columns and records for tables, names in prose for the workers."""

from classifiers.personal.detector import PersonalDetector

__all__ = ["PersonalDetector"]
