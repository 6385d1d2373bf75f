"""Everything as one JSON document, in a fixed order; times in UTC, nothing but plain characters."""

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.scanned import ScannedScript, ScanResult
from core.text import printable
from inventory.reports import ReportFormat

VERSION = 1
_LONGEST = 4_096


def _write(result: ScanResult) -> str:
    document = {"format": "outgate-scan", "version": VERSION, **as_json(result)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def as_json(value: Any) -> Any:
    """Return a value as JSON: dataclasses by their fields, texts inert."""
    if isinstance(value, ScannedScript):
        return {"path": as_json(value.path), "risk": value.risk, **_fields(value)}
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return printable(value, _LONGEST)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}


FORMAT = ReportFormat(name="json", purpose="everything, for programs", write=_write)
