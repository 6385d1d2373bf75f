"""Verification: recomputes both chains of an evidence file, or the chain of an exported JSONL, and
says what it means.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from core.errors import EvidenceError, InputError
from core.review import ReviewEvent
from evidence.acts import ReadAct, read_act
from evidence.attested import Attested, Roots
from evidence.chain import ChainBroken, ChainVerifier, canonical, link
from evidence.chain_ids import chain_id
from evidence.database import Connection, connect
from evidence.derived_check import Derived
from evidence.entries import Recalled, read_record, seal_of
from evidence.gate_words import Word, objection, words
from evidence.parts import Seal, sealed_link
from evidence.past import Past
from evidence.removed import Removed
from evidence.schema import VERSION, version_of
from evidence.schema_check import schema_problem
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import micros
from evidence.verify_report import VerifyReport
from evidence.witness import FileWitness, Sighting, beside


def verify(path: Path, witnesses: Sequence[Path] = ()) -> VerifyReport:
    """Recompute both chains of the file, reading only, and hold them against what was signed and
    witnessed; `witnesses` are files elsewhere, beside the one that stands beside the file.

    Raises EvidenceError when it cannot be read at all, InputError for a witness that is none.
    """
    seen = sightings(path, witnesses)
    said = words(path)  # before the file is read: a gate that runs writes on meanwhile
    if not path.is_file():
        absent = EvidenceError("There is no evidence file at that path.", remedy="Check the path.")
        raise _unread(absent, said)
    try:
        with closing(connect(path, read_only=True)) as connection:
            if (found := version_of(connection)) != VERSION:
                raise EvidenceError(
                    f"The evidence says that it has the older schema {found}.",
                    remedy="Start the gate once to bring it up.",
                )
            connection.execute("BEGIN")
            return _verify_file(connection, said, Attested.of(connection, path, seen))
    except DatabaseFault as error:
        raise _unread(evidence_error(error), said) from None


def _unread(problem: EvidenceError, said: Sequence[Word]) -> EvidenceError:
    """Add to why the file cannot be read what a gate said of it."""
    told = [f"A gate said at {word.at}: {word.trouble}" for word in said if word.trouble]
    return EvidenceError(" ".join([problem.message, *told]), remedy=problem.remedy)


def sightings(path: Path, witnesses: Sequence[Path]) -> list[Sighting] | None:
    """Return what all witnesses saw; None where there is none. Raises InputError."""
    own = beside(path).lines()
    found = own or []
    for one in witnesses:
        try:
            lines = FileWitness(one).lines()
        except OSError as error:
            raise InputError(f"Cannot read {one}: {error.strerror}.") from None
        if not lines:
            raise InputError(f"{one} is no witness of Outgate.", remedy="Check its name.")
        found += lines
    return found if own is not None or witnesses else None


def _verify_file(connection: Connection, said: Sequence[Word], attested: Attested) -> VerifyReport:
    past = Past.of(connection)
    after = (past.cut, past.head) if past.cut else None
    records = ChainVerifier(chain_id(connection, "records"), after=after)
    roots = {
        "records": Roots(attested.sizes("records"), past.frontier),
        "acts": Roots(attested.sizes("acts")),
    }
    if past.told is not None:
        attested.notes.append(f"Entries up to {past.cut} expired ({past.told}).")
    acts = _Acts(connection, roots["acts"], past)
    derived = Derived(connection)
    removed = Removed.of(connection)
    broken = _records_problem(connection, records, derived, roots["records"], removed)
    acts.read()  # also beside a broken record: the report states the head of the acts
    problems = [broken, None if acts.problem is None else f"in the reviews: {acts.problem}"]
    if broken is None:
        derived.unreadable += acts.unreadable
        derived.untold |= acts.untold
        problems += [None if acts.problem else derived.problem(), acts.forgotten]
        if acts.problem is None:
            attested.compare(records.chain_id, roots)
    problems += attested.problems
    problems.append(past.problem(connection))
    problems += [objection(connection, word) for word in said]
    problems.append(schema_problem(connection))
    found = tuple(dict.fromkeys(problem for problem in problems if problem is not None))
    return VerifyReport(
        ok=not found,
        entries=records.entries,
        reviews=acts.reviews,
        first_problem=found[0] if found else None,
        chain_id=records.chain_id,
        seq=records.seq,
        head=records.head.hex(),
        reviews_head=acts.chain.head.hex(),
        acts=acts.chain.seq,
        still_open=int(connection.value("SELECT count(*) FROM open_exchanges")),
        unreadable=derived.unreadable,
        problems=found,
        notes=tuple(attested.notes),
        witnessed=len(attested.sightings),
    )


_RECORDS = """SELECT e.seq, e.prev, e.hash, unpacked(e.body), e.id, e.at_us, c.key,
        e.salt, e.cuts, x.cuts, x.sealed
    FROM entries e LEFT JOIN cases c ON c.id = e.case_id LEFT JOIN erased x ON x.seq = e.seq
    ORDER BY e.seq"""


_DAMAGED = Seal(cuts=((1, 0),))
"""What fits no text."""


def _seal(columns: Sequence[bytes | None]) -> Seal | None:
    """Return how an entry with these columns is sealed; what fits nothing where that is damaged."""
    try:
        return seal_of(*columns)
    except ValueError:
        return _DAMAGED


def _linked(seal: Seal | None) -> Callable[[bytes, int, bytes], bytes]:
    return link if seal is None else partial(_by_parts, seal)


def _told(hash_: bytes) -> Callable[[bytes, int, bytes], bytes]:
    """Of an entry that was erased whole its hash is left, and the next entry proves it."""
    return lambda prev, seq, text: hash_


def _by_parts(seal: Seal, prev: bytes, seq: int, text: bytes) -> bytes:
    return sealed_link(prev, seq, text, seal)


def _records_problem(
    connection: Connection,
    verifier: ChainVerifier,
    derived: Derived,
    roots: Roots,
    removed: Removed,
) -> str | None:
    known = Recalled()
    for seq, prev, hash_, text, id_, at_us, key, *columns in connection.execute(_RECORDS):
        known_seal = _seal(columns)
        erased = frozenset[int]() if known_seal is None else known_seal.erased
        gone = removed.problem(seq, is_empty=not text, erased=erased)
        try:
            linked = _linked(known_seal) if text or gone is not None else _told(hash_)
            verifier.feed(seq, prev, hash_, text, linked)
        except ChainBroken as broken:
            return gone or str(broken)
        if gone is not None:
            return gone
        roots.feed(hash_)
        if not text:
            continue
        try:
            record = read_record(text, known)
        except ValueError:
            derived.cannot_read(key)
            continue
        if (record.id, micros(record.at), derived.add(record, seq, at_us)) != (id_, at_us, key):
            return f"entry {seq} is filed under another id, time or case than it states"
        derived.settle()
    return None


class _Acts:
    """Reads the chain of acts, and whether the records that they saw are there."""

    def __init__(self, connection: Connection, roots: Roots, past: Past) -> None:
        self._cut, self._head = past.cut, past.head
        self._connection = connection
        self._roots = roots
        self.chain = ChainVerifier(chain_id(connection, "reviews"))
        self.problem: str | None = None
        self.forgotten: str | None = None
        """The first act that saw a record which is not there, or is another."""
        self.reviews = self.unreadable = 0
        self.untold: set[str | None] = set()
        """Cases of acts that cannot be read."""

    def read(self) -> None:
        query = """SELECT seq, prev, hash, CAST(body AS BLOB),
            id, case_key, action, script, script_sha256, record_id, hold_key
            FROM review_entries ORDER BY seq"""
        for seq, prev, hash_, text, *columns in self._connection.execute(query):
            try:
                self.chain.feed(seq, prev, hash_, text)
            except ChainBroken as broken:
                self.problem = str(broken)
                return
            self._roots.feed(hash_)
            if self.problem is None:
                self.problem = self._filed(seq, text, tuple(columns))

    def _filed(self, seq: int, text: bytes, columns: tuple[Any, ...]) -> str | None:
        try:
            act = read_act(text)
        except ValueError:
            self.reviews += 1
            self.unreadable += 1
            self.untold.add(columns[1])
            return None
        self.reviews += isinstance(act.act, ReviewEvent)
        if self.forgotten is None:
            self.forgotten = self._saw(seq, act)
        if act.columns == columns:
            return None
        other = "another id, case, act, script or request than it states"
        return f"entry {seq} is filed under {other}"

    def _saw(self, seq: int, act: ReadAct) -> str | None:
        if not act.head:
            return None
        if act.up_to < self._cut:
            return None
        query = "SELECT hash FROM entries WHERE seq = ?"
        found = (
            self._head if act.up_to == self._cut else self._connection.value(query, (act.up_to,))
        )
        if found is not None and bytes(found) == act.head:
            return None
        wrong = "which is not there" if found is None else "which is another one here"
        return f"act {seq} in the reviews saw records up to entry {act.up_to}, {wrong}"


def verify_jsonl(path: Path) -> VerifyReport:
    """Recompute the chain of an exported JSONL.

    Raises EvidenceError when the file cannot be read at all.
    """
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
                seal = Seal.from_json(place)
                linked = link if seal is None else partial(_by_parts, seal)
                verifier.feed(place["seq"], prev, hash_, canonical(record), linked)
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
