"""CSV for a spreadsheet: one row a record, in an officer's words, no cell a formula."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from core.findings import NOT_INSPECTED
from core.record import hold_outcome, left_in
from core.text import spreadsheet_cell
from core.vocabulary.destinations import whose
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import counted
from core.vocabulary.verdicts import outcome
from destinations.naming import place_name
from evidence.exports import Format, Records

Record = Mapping[str, Any]
_BOM = b"\xef\xbb\xbf"
"""Without it, spreadsheet programs on Windows read UTF-8 as something else."""


def _script(record: Record) -> Mapping[str, Any]:
    return record["sender"]["script"] or {}


def _line(record: Record) -> str | None:
    line = record["sender"]["line"]
    return None if line is None else f"{line['file']}:{line['line']}"


def _found(record: Record) -> str:
    found = sorted(
        (f for f in record["findings"] if f["kind"] != NOT_INSPECTED),
        key=lambda f: kind_of(f["kind"]).weight,
    )
    return "; ".join(map(_finding, found))


def _finding(found: Mapping[str, Any]) -> str:
    """Return `12 bank account numbers (iban, personal, certain)`: words first, then ids."""
    words = kind_of(found["kind"])
    ids = dict.fromkeys(
        (found["kind"], found["detector"], CONFIDENCE.get(found["certainty"], found["certainty"]))
    )
    if found["test_data"]:
        ids["published examples"] = None
    amount = counted(found["distinct"] or found["count"], words.one, words.many)
    return f"{amount} ({', '.join(ids)})"


def _outcome(record: Record) -> str:
    decision = record["decision"]
    return outcome(decision["verdict"], hold_outcome(decision), decision["intended"])


def _to(record: Record) -> str:
    to = record["destination"]
    name = place_name(to["service"], to["host"])
    return whose(name, to["account"]["kind"], to["category"], service=bool(to["service"]))


def _excerpts(record: Record) -> str:
    return "; ".join(f["excerpt"] for f in record["findings"] if f["excerpt"])


def _not_inspected(record: Record) -> str:
    return "; ".join(
        f["note"] or ", ".join(f["where"]) for f in record["findings"] if f["kind"] == NOT_INSPECTED
    )


def _most_records(record: Record) -> int | None:
    return max((f["records"] for f in record["findings"] if f["records"] is not None), default=None)


def _llm(name: str) -> Callable[[Record], Any]:
    return lambda record: None if record["llm"] is None else record["llm"][name]


COLUMNS: Mapping[str, Callable[[Record], Any]] = {
    "Time (UTC)": lambda r: r["at"],
    "Verdict": lambda r: r["decision"]["verdict"],
    "Verdict the rule asked for": lambda r: r["decision"]["intended"],
    "Rule": lambda r: r["decision"]["rule"],
    "Reason": lambda r: r["decision"]["reason"],
    "Checks that failed": lambda r: "; ".join(r["decision"]["degraded"]),
    "User": lambda r: r["sender"]["user"],
    "Script": lambda r: _script(r).get("name"),
    "Script path": lambda r: _script(r).get("path"),
    "Script SHA-256": lambda r: _script(r).get("sha256"),
    "Line of code": _line,
    "Program": lambda r: r["sender"]["exe"],
    "Process id": lambda r: r["sender"]["pid"],
    "Sender is": lambda r: r["sender"]["certainty"],
    "Service": lambda r: r["destination"]["service"],
    "Kind of service": lambda r: r["destination"]["category"],
    "Host": lambda r: r["destination"]["host"],
    "Path (redacted)": lambda r: r["destination"]["path"],
    "Account": lambda r: r["destination"]["account"]["kind"],
    "Account id": lambda r: r["destination"]["account"]["id"],
    "Method": lambda r: r["request"]["method"],
    "Bytes sent": lambda r: r["request"]["bytes"],
    "Answer": lambda r: r["response"]["status"],
    "Bytes received": lambda r: r["response"]["bytes"],
    "Found": _found,
    "Rows affected": _most_records,
    "Masked excerpts": _excerpts,
    "Not inspected": _not_inspected,
    "Model": _llm("model"),
    "Input tokens": _llm("input_tokens"),
    "Output tokens": _llm("output_tokens"),
    "Tokens are": _llm("tokens_basis"),
    "Cost (USD)": _llm("cost_usd"),
    "Notes": lambda r: "; ".join(r["notes"]),
    "Record id": lambda r: r["id"],
    "Chain entry": lambda r: r["chain"]["seq"],
    "Chain hash": lambda r: r["chain"]["hash"],
    "To": _to,
    "Outcome": _outcome,
    "Left the machine": lambda r: "yes" if left_in(r) else "no",
}


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool)
        else spreadsheet_cell(str(value))
    )


def _write(records: Records, out: BinaryIO) -> int:
    out.write(_BOM)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    count = 0
    for record in records:
        sheet.writerow([_cell(read(record)) for read in COLUMNS.values()])
        count += 1
    text.detach()
    return count


FORMAT = Format(
    name="csv", suffix=".csv", purpose="for people with a spreadsheet program", write=_write
)
