"""The columns of a record in an officer's words: of every table that people read."""

from collections.abc import Callable, Mapping

from core.attribution import Script
from core.classification import LlmCall
from core.fate import Delivery
from core.findings import NOT_INSPECTED, Finding, is_least
from core.ids import rfc3339
from core.observation import Observation
from core.record import Record
from core.review import ReviewEvent, signed
from core.stored import StoredObservation, StoredRecord
from core.vocabulary.destinations import whose
from core.vocabulary.files import files_told
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.kinds import kind_of
from core.vocabulary.observations import observed
from core.vocabulary.reviews import DISPOSITIONS, done
from core.vocabulary.sizes import at_least, exactness
from core.vocabulary.verdicts import became
from destinations.naming import place_name
from evidence.entries import Entry, Recalled
from exports.contents import Said

type Cell = str | int | None
type Column = Callable[[Record], Cell]


def _script(read: Callable[[Script], Cell]) -> Column:
    return lambda record: None if record.sender.script is None else read(record.sender.script)


def _llm(read: Callable[[LlmCall], Cell]) -> Column:
    return lambda record: None if record.llm is None else read(record.llm)


def _intended(record: Record) -> Cell:
    intended = record.decision.intended
    return None if intended is None else intended.value


def _line(record: Record) -> Cell:
    line = record.sender.line
    return None if line is None else f"{line.file}:{line.line}"


def _program(record: Record) -> Cell:
    process = record.sender.process
    return None if process is None else process.exe


def _pid(record: Record) -> Cell:
    process = record.sender.process
    return None if process is None else process.pid


def _found(record: Record) -> Cell:
    found = (finding for finding in record.findings if finding.kind != NOT_INSPECTED)
    return "; ".join(map(_finding, sorted(found, key=lambda f: kind_of(f.kind).weight)))


def _finding(found: Finding) -> str:
    """Return `12 bank account numbers (iban, personal, certain)`: words first, then ids."""
    words = kind_of(found.kind)
    ids = dict.fromkeys((found.kind, found.detector, CONFIDENCE[found.confidence]))
    if found.test_data:
        ids["published examples"] = None
    values, exact = found.distinct or found.count, not is_least(found)
    amount = at_least(values, words.one, words.many, exact=exact)
    return f"{amount} ({', '.join(ids)})"


def amount_told(found: Finding) -> str:
    """Return `12`, or `12+` where there are at least so many: for programs and narrow columns."""
    return f"{found.distinct}{'+' if is_least(found) else ''}"


def _numbers(record: Record) -> Cell:
    return exactness(not any(map(is_least, record.findings)))


def _outcome(record: Record) -> Cell:
    return became(record)


def _left(record: Record) -> Cell:
    return _LEFT[record.delivery]


def _to(record: Record) -> Cell:
    to = record.destination
    name = place_name(to.service, to.host)
    return whose(name, to.account.kind, to.category, service=bool(to.service))


def _excerpts(record: Record) -> Cell:
    return "; ".join(f.excerpt for f in record.findings if f.excerpt)


def _not_inspected(record: Record) -> Cell:
    unread = (f for f in record.findings if f.kind == NOT_INSPECTED)
    return "; ".join(f.note or ", ".join(f.where) for f in unread)


def _most_records(record: Record) -> Cell:
    return max((f.records for f in record.findings if f.records is not None), default=None)


_LEFT: Mapping[Delivery, str] = {
    Delivery.NOT_SENT: "no",
    Delivery.REFUSED: "no",
    Delivery.CUT: "in part",
    Delivery.SENT: "yes",
    Delivery.DELIVERED: "yes",
    Delivery.PAST: "not known",
}
TIME, NOT_READ = "Time (UTC)", "Not inspected"
ID, SEQ, HASH = "Record id", "Chain entry", "Chain hash"
ADDED: Mapping[str, Column] = {
    "To": _to,
    "Outcome": _outcome,
    "Left the machine": _left,
    "Cost from": _llm(lambda llm: llm.cost_basis.value),
    "Not in the cost": _llm(lambda llm: "; ".join(llm.cost_left_out)),
    "Answer id": _llm(lambda llm: llm.response_id),
    "Tier": _llm(lambda llm: llm.tier),
    "Numbers found are": _numbers,
    "Bytes sent are": lambda r: exactness(r.bytes_exact),
    "Bytes of the request": lambda r: r.request.bytes,
    "Delivery": lambda r: r.delivery.value,
    "Read to its end": lambda r: "yes" if r.read_whole else "no",
}
COLUMNS: Mapping[str, Column] = {
    TIME: lambda r: rfc3339(r.at),
    "Verdict": lambda r: r.decision.verdict.value,
    "Verdict the rule asked for": _intended,
    "Rule": lambda r: r.decision.rule,
    "Reason": lambda r: r.decision.reason,
    "Checks that failed": lambda r: "; ".join(r.decision.degraded),
    "User": lambda r: r.sender.user,
    "Script": _script(lambda script: script.name),
    "Script path": _script(lambda script: script.path),
    "Script SHA-256": _script(lambda script: script.sha256),
    "Line of code": _line,
    "Program": _program,
    "Process id": _pid,
    "Sender is": lambda r: r.sender.certainty.value,
    "Service": lambda r: r.destination.service,
    "Kind of service": lambda r: r.destination.category.value,
    "Host": lambda r: r.destination.host,
    "Path (redacted)": lambda r: r.destination.path,
    "Account": lambda r: r.destination.account.kind.value,
    "Account id": lambda r: r.destination.account.id,
    "Method": lambda r: r.request.method,
    "Bytes sent": lambda r: r.bytes_went,
    "Answer": lambda r: r.response.status,
    "Bytes received": lambda r: r.response.bytes,
    "Found": _found,
    "Rows affected": _most_records,
    "Masked excerpts": _excerpts,
    NOT_READ: _not_inspected,
    "Model": _llm(lambda llm: llm.model),
    "Input tokens": _llm(lambda llm: llm.input_tokens),
    "Output tokens": _llm(lambda llm: llm.output_tokens),
    "Tokens are": _llm(lambda llm: llm.tokens_basis.value),
    "Cost (USD)": _llm(lambda llm: llm.cost_usd),
    "Notes": lambda r: "; ".join(r.notes),
    **ADDED,
}
REVIEWS, OBSERVED, FILES = "Reviews", "Observed", "Files"
_OWN = (ID, SEQ, HASH, *ADDED, REVIEWS, OBSERVED, FILES)
HEADINGS = (*(title for title in COLUMNS if title not in ADDED), *_OWN)
"""What was added stands behind the place in the chain, so that no column of an earlier version
moves.
"""
_SINCE = (
    *("Numbers found are", "Bytes sent are", "Bytes of the request", "Delivery"),
    "Read to its end",
)
"""Added one after the other, the third and the fourth at once."""
EARLIER = tuple(
    tuple(title for title in HEADINGS if title not in _SINCE[known:]) for known in (0, 1, 2, 4)
)
"""Headings of files that earlier versions wrote."""


def told(event: ReviewEvent) -> str:
    """Return what a reviewer did, when, and why: `2026-11-26T10:00:00Z: closed it by ada: …`."""
    act = f"{rfc3339(event.at)}: {done(event.action)} by {signed(event)}"
    why = [] if event.disposition is None else [DISPOSITIONS[event.disposition].words]
    if event.note:
        why.append(event.note)
    return f"{act}: {', '.join(why)}" if why else act


def row(entry: Entry, known: Recalled, said: Said) -> Mapping[str, Cell]:
    """Return the cells by heading; what cannot be read has a row that says so."""
    place: dict[str, Cell] = {ID: entry.id, SEQ: entry.link.seq, HASH: entry.link.hash.hex()}
    opened = entry.opened(known)
    if isinstance(opened, StoredRecord):
        cells = {title: read(opened.record) for title, read in COLUMNS.items()}
        reviews = "; ".join(map(told, said.of(opened.record)))
        files = "; ".join(files_told(opened.record))
        return cells | place | {REVIEWS: reviews, FILES: files or None}
    if isinstance(opened, StoredObservation):
        return _observation(opened.observation) | place
    at = None if opened.at is None else rfc3339(opened.at)
    return {TIME: at, NOT_READ: opened.for_officer()} | place


def _observation(seen: Observation) -> dict[str, Cell]:
    sender, script, process = seen.sender, seen.sender.script, seen.sender.process
    return {
        TIME: rfc3339(seen.at),
        "User": sender.user,
        "Script": None if script is None else script.name,
        "Script path": None if script is None else script.path,
        "Script SHA-256": None if script is None else script.sha256,
        "Program": None if process is None else process.exe,
        "Process id": None if process is None else process.pid,
        "Sender is": sender.certainty.value,
        OBSERVED: observed(seen),
    }
