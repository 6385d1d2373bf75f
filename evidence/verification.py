"""Verification: recomputes both chains of an evidence file, or the chain of an exported JSONL, and
says what it means.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from core.errors import EvidenceError, InputError
from core.vocabulary.sizes import counted
from evidence import columns_check
from evidence.acts_check import Acts
from evidence.attested import Attested, Roots
from evidence.beginning import Beginning, since_checkpoint
from evidence.beside_check import beside_problem
from evidence.chain import ChainBroken, ChainVerifier, canonical, link, plain_hash
from evidence.chain_ids import chain_id, named_chain
from evidence.columns_check import columns_problem, damage, illegible
from evidence.cursors import cursor_notes, cursor_problems
from evidence.database import Connection, connect
from evidence.derived_check import Derived
from evidence.file_check import file_problem
from evidence.gate_words import Word, objection, words
from evidence.lot_crew import crew_of
from evidence.lot_reading import Lots, LotSums, bytes_problem, lots_problem
from evidence.lots import LotKey
from evidence.parts import Seal, sealed_link
from evidence.passage import Passed, Progress, processes, read_through
from evidence.past import Past
from evidence.schema import VERSION, version_of
from evidence.schema_check import schema_problem
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.stamps import BadStamp, Stamp, Stamps, read_stamp
from evidence.stretch import Start
from evidence.sweeping import owed_note
from evidence.table_sums import days_problem
from evidence.verify_report import VerifyReport
from evidence.witness import FileWitness, Sighting, beside

_OF_VALUES = (TypeError, ValueError, AttributeError, OverflowError)
_NOT_AS_WRITTEN = (*_OF_VALUES, sqlite3.OperationalError)
_OF_LOTS = frozenset({"entries", "marks"})
"""Tables whose columns are looked at as they are read."""


def verify(
    path: Path,
    witnesses: Sequence[Path] = (),
    *,
    stamp_roots: Path | None = None,
    since_checkpoint: bool = False,
    full: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Recompute both chains of the file, reading only, and hold them against what was signed and
    witnessed; `witnesses` are files elsewhere, beside the one that stands beside the file.

    Of what a gate told of its own entries in closed lots (`evidence.lots`) only the stored bytes
    are held against that, and all else is read; so is everything where that does not show the file
    to be whole, and with `full`. With `since_checkpoint` only records behind the newest checkpoint
    that this installation signed are read, and no lists or sums are compared; the report says so.
    A witness may be a time stamp; `stamp_roots` is a PEM file with the certificates that stamps
    have to end at. `workers`: how many processes read a large file, by default as many as there
    are processors. Raises EvidenceError when it cannot be read at all, InputError for a witness
    that is none.
    """
    stamps, files = _stamps(witnesses)
    seen = sightings(path, files)
    said = words(path)  # before the file is read: a gate that runs writes on meanwhile
    if not path.is_file():
        raise _unread(_absent(seen), said)
    many = processes() if workers is None else workers
    ways = [(crew, False) for crew in dict.fromkeys((many, 1))]
    if not full and not since_checkpoint and LotKey.beside(path) is not None:
        ways.insert(0, (many, True))
    try:
        for crew, by_lots in ways:
            reading = _Reading(
                path,
                crew,
                progress,
                since_checkpoint=since_checkpoint,
                by_lots=by_lots,
                stamps=stamps,
                stamp_roots=stamp_roots,
            )
            report = reading.report(said, seen)
            if report is not None and report.ok:
                break
    except DatabaseFault as error:
        raise _unread(evidence_error(error), said) from None
    assert report is not None
    return report


def _absent(seen: Sequence[Sighting] | None) -> EvidenceError:
    """Return what is said where there is no file: that it was taken away, if a witness knew it."""
    if not seen:
        return EvidenceError("There is no evidence file at that path.", remedy="Check the path.")
    most = max(one.checkpoint.records.size for one in seen)
    return EvidenceError(
        f"The evidence file is gone: a witness saw {counted(most, 'record')} in it.",
        remedy="Restore it from a backup, and verify that.",
    )


def _unread(problem: EvidenceError, said: Sequence[Word]) -> EvidenceError:
    """Add to why the file cannot be read what a gate said of it."""
    told = [f"A gate said at {word.at}: {word.trouble}" for word in said if word.trouble]
    return EvidenceError(" ".join([problem.message, *told]), remedy=problem.remedy)


def _stamps(witnesses: Sequence[Path]) -> tuple[list[Stamp], list[Path]]:
    """Return the time stamps among the witnesses, and the other files."""
    stamps, files = list[Stamp](), list[Path]()
    for one in witnesses:
        try:
            stamps.append(read_stamp(one))
        except (BadStamp, OSError):
            files.append(one)
    return stamps, files


def sightings(path: Path, witnesses: Sequence[Path]) -> list[Sighting] | None:
    """Return what all witnesses saw; None where there is none. Raises InputError."""
    try:
        own = beside(path).lines()
    except OSError as error:
        raise EvidenceError(
            f"The witness beside the evidence cannot be read: {error.strerror}.",
            remedy="Look what stands at its place, and put the witness back.",
        ) from None
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


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a file."""

    path: Path
    workers: int
    progress: Progress | None
    since_checkpoint: bool = field(kw_only=True)
    by_lots: bool = field(kw_only=True)
    """Whether it is enough to read what lots do not tell."""
    stamps: Sequence[Stamp] = field(kw_only=True)
    """That are kept elsewhere."""
    stamp_roots: Path | None = field(kw_only=True)

    def report(self, said: Sequence[Word], seen: list[Sighting] | None) -> VerifyReport | None:
        """Read the file, in one state, and say what was found; None where there are no lots, or
        no closed lot can tell.
        """
        with closing(connect(self.path, read_only=True)) as connection:
            if (found := version_of(connection)) != VERSION:
                raise EvidenceError(
                    f"The evidence says that it has the older schema {found}.",
                    remedy="Start the gate once to bring it up.",
                )
            connection.execute("BEGIN")
            if self.by_lots:
                return self._by_lots(connection, said, seen)
            foreign = columns_problem(connection)
            try:
                return self._verify(
                    connection, said, seen, None, lambda: [damage(connection), foreign]
                )
            except _NOT_AS_WRITTEN:
                foreign = foreign or schema_problem(connection) or illegible(connection)
                if foreign is None:
                    raise
                return _stopped_at(connection, foreign)

    def _by_lots(
        self, connection: Connection, said: Sequence[Word], seen: list[Sighting] | None
    ) -> VerifyReport | None:
        try:
            lots = Lots.of(connection, self.path)
            if lots is None:
                return None
            with (
                crew_of(self.path, self.workers, lots.count) as lots.crew,
                columns_check.beside(self.path, _OF_LOTS, days_problem) as sound,
            ):
                return self._verify(connection, said, seen, lots, sound)
        except (*_NOT_AS_WRITTEN, BrokenProcessPool):
            return None  # who reads all says what it is

    def _verify(
        self,
        connection: Connection,
        said: Sequence[Word],
        seen: list[Sighting] | None,
        lots: Lots | None,
        sound: Callable[[], list[str | None]],
    ) -> VerifyReport:
        stamps = Stamps.of(connection, self.path, self.stamps, self.stamp_roots)
        attested = Attested.of(connection, self.path, seen, stamps)
        past = Past.of(connection)
        chain = chain_id(connection, "records")
        begin = Beginning.of_all(chain, past)
        if self.since_checkpoint:
            begin = since_checkpoint(connection, self.path, chain, begin)
        roots = {
            "records": Roots(attested.sizes("records"), begin.tree.copy()),
            "acts": Roots(attested.sizes("acts")),
        }
        attested.notes += _notes(connection, self.path, past, begin)
        acts = Acts(connection, roots["acts"], past)
        derived = Derived(connection) if lots is None else LotSums(connection, lots)
        first = Start(chain=chain, seq=begin.seq, head=begin.head, first=not begin.skipped)
        passed = read_through(
            connection,
            self.path,
            replace(first, secret=derived.secret),
            roots["records"],
            derived,
            workers=self.workers,
            progress=self.progress,
            lots=lots,
        )
        attested.notes += _told_by(lots, passed)
        acts.read()  # also beside a broken record: the report states the head of the acts
        problems = [begin.problem, passed.problem]
        problems.append(None if acts.problem is None else f"in the reviews: {acts.problem}")
        if passed.problem is None:
            whole = acts.problem is None and not begin.skipped
            problems += _of_lists(derived, acts, whole=whole)
            if acts.problem is None:
                attested.compare(chain, roots)
        problems += [*attested.problems, past.problem(connection)]
        problems += _of_file(connection, self.path, said, sound)
        problems.append(lots_problem(connection, self.path, attested.signed, lots))
        skip = any([self.since_checkpoint, *problems])
        problems.append(bytes_problem(connection, self.path, lots, skip=skip))
        return _report(connection, begin, passed, acts, derived, attested, problems)


def _of_file(
    connection: Connection,
    path: Path,
    said: Sequence[Word],
    sound: Callable[[], list[str | None]],
) -> Iterator[str | None]:
    """Yield what is wrong with the file and what stands beside it."""
    yield from (objection(connection, word) for word in said)
    yield schema_problem(connection)
    yield from sound()
    yield beside_problem(connection, path)
    yield file_problem(connection, path)
    yield from cursor_problems(connection, path)


def _told_by(lots: Lots | None, passed: Passed) -> Iterator[str]:
    """Yield what an auditor should know of texts that were not read."""
    if lots is None:
        return
    yield (
        f"Of {counted(lots.told, 'record')} of {passed.entries} the stored bytes are those that "
        "the gate closed with the key of this installation when it wrote them; their texts were "
        "not read again: outgate verify --full reads all."
    )


def _notes(connection: Connection, path: Path, past: Past, begin: Beginning) -> Iterator[str]:
    """Yield what an auditor should know of entries that were not read, and of what is owed."""
    if past.told is not None:
        yield f"Entries up to {past.cut} expired ({past.told})."
    if past.apart_told is not None:
        many = counted(past.apart, "record")
        yield f"Behind a legal hold {many} expired; the places are left ({past.apart_told})."
    if begin.told is not None:
        yield begin.told
    yield from owed_note(connection)
    yield from cursor_notes(connection, path)


def _of_lists(derived: Derived, acts: Acts, *, whole: bool) -> list[str | None]:
    """Return what is wrong with what is kept beside the records; sums are compared where `whole`
    chains were read.
    """
    derived.unreadable += acts.unreadable
    derived.untold |= acts.untold
    lists = derived.problem() if whole else None
    marks = derived.marks_problem() if whole else None
    return [lists, acts.forgotten, marks]


def _report(
    connection: Connection,
    begin: Beginning,
    passed: Passed,
    acts: Acts,
    derived: Derived,
    attested: Attested,
    problems: Sequence[str | None],
) -> VerifyReport:
    found = tuple(dict.fromkeys(problem for problem in problems if problem is not None))
    return VerifyReport(
        ok=not found,
        entries=passed.entries,
        reviews=acts.reviews,
        first_problem=found[0] if found else None,
        chain_id=chain_id(connection, "records"),
        seq=passed.seq,
        head=passed.head.hex(),
        reviews_head=acts.chain.head.hex(),
        acts=acts.chain.seq,
        skipped=begin.skipped,
        still_open=int(connection.value("SELECT count(*) FROM open_exchanges")),
        unreadable=derived.unreadable,
        problems=found,
        notes=tuple(attested.notes),
        witnessed=len(attested.sightings),
    )


def _stopped_at(connection: Connection, problem: str) -> VerifyReport:
    """Return the report on a file that holds what cannot even be read."""
    return VerifyReport(
        ok=False,
        entries=0,
        reviews=0,
        first_problem=problem,
        chain_id=named_chain(connection, "records"),
        seq=0,
        head="",
        problems=(problem,),
        notes=("Nothing else was compared.",),
    )


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
                prev, hash_ = plain_hash(place["prev"]), plain_hash(place["hash"])
                seal = Seal.from_json(place)
                linked = link if seal is None else partial(sealed_link, seal=seal)
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
