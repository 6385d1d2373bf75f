"""Verification: recomputes both chains of an evidence file, or the chain of an exported JSONL, and says what it means."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from core.errors import EvidenceError
from core.review import CaseStatus
from evidence.chain import ChainBroken, ChainVerifier, canonical
from evidence.database import Connection, connect
from evidence.entries import Recalled, record_of
from evidence.gate_words import Word, objection, words
from evidence.rebuild import reviewed
from evidence.review_entries import StoredReview, review_of
from evidence.rollup import Rollup
from evidence.schema import VERSION, chain_id, version_of
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import micros

LIMIT = (
    "A chain shows edits, reordering and deletions inside it, but not that its newest entries were cut off. "
    "Note the number and the head below somewhere else; a later check must still contain them."
)


_REBUILD = "outgate verify --rebuild makes it anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a verification found."""

    ok: bool
    entries: int
    """Records whose chain was recomputed."""
    reviews: int
    first_problem: str | None
    chain_id: str | None
    seq: int
    """Place of the last good record in its chain."""
    head: str
    """Hash of the last good record, hex."""
    reviews_head: str | None = None
    missing: int = 0
    """Records that an export leaves out before and between those it holds."""
    still_open: int = 0
    """Exchanges that went out and are not chained yet."""
    unreadable: int = 0
    """Entries whose chain is right and whose content this version cannot read."""

    def text(self) -> str:
        """Return the report in plain words, with what an auditor should note."""
        lines = [f"{'The evidence is whole.' if self.ok else 'The evidence is NOT whole.'}"]
        if self.first_problem is not None:
            lines.append(f"First problem: {self.first_problem}.")
        lines.append(f"Records checked: {self.entries}. Review events checked: {self.reviews}.")
        if self.missing:
            lines.append(
                f"Records that this export leaves out before or between its own: {self.missing}."
            )
        if self.unreadable:
            lines.append(
                f"Entries that this version cannot read: {self.unreadable}. "
                "Their chain was checked; what cases they belong to was not."
            )
        if self.still_open:
            lines.append(f"Exchanges under way, not chained yet: {self.still_open}.")
        lines.append(LIMIT)
        lines.append(f"Chain {self.chain_id}, entry {self.seq}, head {self.head}")
        if self.reviews_head is not None:
            lines.append(f"Reviews: entry {self.reviews}, head {self.reviews_head}")
        return "\n".join(lines)


def verify(path: Path) -> VerifyReport:
    """Recompute both chains of the file, reading only. Raises EvidenceError when it cannot be read at all."""
    said = words(path)  # before the file is read: a gate that runs writes on meanwhile
    if not path.is_file():
        absent = EvidenceError("There is no evidence file at that path.", remedy="Check the path.")
        raise _unread(absent, said)
    try:
        with closing(connect(path, read_only=True)) as connection:
            if version_of(connection) != VERSION:
                raise EvidenceError(
                    "The evidence has an older schema.",
                    remedy="Start the gate once to bring it up.",
                )
            connection.execute("BEGIN")
            return _verify_file(connection, said)
    except DatabaseFault as error:
        raise _unread(evidence_error(error), said) from None


def _unread(problem: EvidenceError, said: Sequence[Word]) -> EvidenceError:
    """Add to why the file cannot be read what a gate said of it."""
    told = [f"A gate said at {word.at}: {word.trouble}" for word in said if word.trouble]
    return EvidenceError(" ".join([problem.message, *told]), remedy=problem.remedy)


def _verify_file(connection: Connection, said: Sequence[Word]) -> VerifyReport:
    records = ChainVerifier(chain_id(connection, "records"))
    reviews = ChainVerifier(chain_id(connection, "reviews"))
    told = _Told()
    problem = _records_problem(connection, records, told)
    # Also beside a broken record: the report states the reviews' head.
    found = _reviews_problem(connection, reviews, told)
    if problem is None and found is not None:
        problem = f"in the reviews: {found}"
    if problem is None:
        problem = _cases_problem(connection, told)
    if problem is None:
        problem = next(filter(None, (objection(connection, word) for word in said)), None)
    return VerifyReport(
        ok=problem is None,
        entries=records.entries,
        reviews=reviews.entries,
        first_problem=problem,
        chain_id=chain_id(connection, "records"),
        seq=records.seq,
        head=records.head.hex(),
        reviews_head=reviews.head.hex(),
        still_open=int(connection.value("SELECT count(*) FROM open_exchanges")),
        unreadable=told.unreadable,
    )


@dataclass(slots=True)
class _Told:
    """What the entries state, added up as far as this version can read them."""

    sums: Rollup = field(default_factory=Rollup)
    unreadable: int = 0
    untold: set[str | None] = field(default_factory=set)
    """Keys of cases with an entry that cannot be read: nobody can say what is right of them."""

    def cannot_read(self, case: str | None) -> None:
        self.unreadable += 1
        self.untold.add(case)


def _records_problem(connection: Connection, verifier: ChainVerifier, told: _Told) -> str | None:
    query = """SELECT e.seq, e.prev, e.hash, CAST(e.body AS BLOB), e.id, e.at_us, c.key
        FROM entries e LEFT JOIN cases c ON c.id = e.case_id ORDER BY e.seq"""
    known = Recalled()
    for seq, prev, hash_, text, id_, at_us, key in connection.execute(query):
        try:
            verifier.feed(seq, prev, hash_, text)
        except ChainBroken as broken:
            return str(broken)
        try:
            record = record_of(text, known)
        except ValueError:
            told.cannot_read(key)
            continue
        if (record.id, micros(record.at), told.sums.add(record, at_us)) != (id_, at_us, key):
            return f"entry {seq} is filed under another id, time or case than it states"
        told.sums.scripts.clear()
        told.sums.traffic.clear()
    return None


def _reviews_problem(connection: Connection, verifier: ChainVerifier, told: _Told) -> str | None:
    query = """SELECT seq, prev, hash, CAST(body AS BLOB),
        id, case_key, action, script, script_sha256, record_id, hold_key FROM review_entries ORDER BY seq"""
    for seq, prev, hash_, text, *columns in connection.execute(query):
        try:
            verifier.feed(seq, prev, hash_, text)
        except ChainBroken as broken:
            return str(broken)
        try:
            review = review_of(text)
        except ValueError:
            told.cannot_read(columns[1])
            continue
        if columns != _stated(review):
            return f"entry {seq} is filed under another id, case, act, script or request than it states"
    return None


def _stated(review: StoredReview) -> list[str | None]:
    event = review.event
    act = [event.id, event.case_key, event.action.value]
    return [*act, review.script, review.sha256, event.record_id, review.hold_key]


def _cases_problem(connection: Connection, told: _Told) -> str | None:
    reviews, sums = reviewed(connection), told.sums
    for row in connection.named("SELECT * FROM cases"):
        added_up = sums.cases.pop(row["key"], None)
        if row["key"] in told.untold:
            continue
        if added_up is None or any(row[name] != value for name, value in added_up.items()):
            return f"the list of cases does not add up to the records; {_REBUILD}"
        right = reviews.get(row["key"], (CaseStatus.OPEN.value, None))
        if (row["status"], row["disposition"]) != right:
            return f"a case is open or closed otherwise than its reviews say; {_REBUILD}"
    if sums.cases.keys() - told.untold:
        return f"the list of cases does not hold all records; {_REBUILD}"
    return None


def verify_jsonl(path: Path) -> VerifyReport:
    """Recompute the chain of an exported JSONL. Raises EvidenceError when the file cannot be read at all."""
    verifier: ChainVerifier | None = None
    chain: str | None = None
    problem = None
    try:
        for number, line in _lines(path):
            try:
                record: dict[str, Any] = orjson.loads(line)
                place = record.pop("chain")
                if verifier is None:
                    chain = place["id"]
                    verifier = ChainVerifier(chain, gaps=True)
                if place["id"] != chain:
                    raise ChainBroken("it belongs to another chain than the lines before")
                prev, hash_ = bytes.fromhex(place["prev"]), bytes.fromhex(place["hash"])
                verifier.feed(place["seq"], prev, hash_, canonical(record))
            except ChainBroken as broken:
                problem = f"line {number}: {broken}"
                break
            except (ValueError, KeyError, TypeError, AttributeError):
                problem = f"line {number}: not an exported record"
                break
    except OSError as error:
        raise evidence_error(error) from None
    return VerifyReport(
        ok=problem is None,
        entries=0 if verifier is None else verifier.entries,
        reviews=0,
        first_problem=problem,
        chain_id=chain,
        seq=0 if verifier is None else verifier.seq,
        head="" if verifier is None else verifier.head.hex(),
        missing=0 if verifier is None else verifier.missing,
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line
