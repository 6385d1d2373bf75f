"""Checks an exported file against its own head: complete, filtered, or exactly what is missing."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from core.happenings import Happening
from core.ids import rfc3339
from evidence.acts import read_act
from evidence.chain import ChainBroken, ChainVerifier, link, plain_hash
from evidence.checkpoint import fingerprint
from evidence.parts import Seal, sealed_link
from evidence.removed import Removed
from evidence.sqlite_errors import evidence_error
from evidence.verification import verify_jsonl
from evidence.verify_report import VerifyReport
from exports.formats import Format, Opened, Place, formats
from exports.head import BadHead, Chained, Head, opened
from exports.own import Own
from exports.pack.verify import Check, Pack

_START = 4096
_NAMED = 5
"""So many problems of one kind are named."""
_PACKED = b"records.jsonl"
"""The first file of every pack."""
_OLD = (
    "it has no head: it was written before exports had one, or its head was removed; what "
    "it holds is whole, and that it is complete cannot be proven"
)
_UNPROVEN = "whole, and without a head"
_NO_HEAD = "its head is missing: nobody can say what else it should hold"
_EMPTIED = {
    False: "entry {} was emptied, and no erasure tells of it",
    True: "act {} was emptied, and no act tells of it",
}
"""By whether it is an act; the words of `outgate verify`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What the check of an export found."""

    ok: bool
    format: str
    entries: int
    """Records in the file."""
    acts: int
    """Review events and events of the gate that belong to it."""
    of: int | None
    """Records that the evidence held; None where the file does not say it."""
    acts_of: int | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def first_problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None

    @property
    def missing(self) -> int:
        """Records of the evidence that the file does not hold."""
        return 0 if self.of is None else self.of - self.entries

    @property
    def result(self) -> str:
        """Return `complete`, `filtered: 3 of 5`, `NOT whole`, or that it has no head."""
        if not self.ok:
            return _UNPROVEN if self.problems == (_OLD,) else "NOT whole"
        if self.of is None or (self.entries == self.of and self.acts == self.acts_of):
            return "complete"
        return f"filtered: {self.entries} of {self.of}"

    def text(self) -> str:
        """Return the report in plain words."""
        lines = [f"The export is {self.result}."]
        lines += [f"Problem: {problem}." for problem in self.problems]
        of = "" if self.of is None else f" of {self.of}"
        acts_of = "" if self.acts_of is None else f" of {self.acts_of}"
        lines.append(
            f"Records: {self.entries}{of}. "
            f"Review events and events of the gate: {self.acts}{acts_of}."
        )
        return "\n".join([*lines, *self.notes])


@dataclass(slots=True)
class _Found:
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify_export(path: Path, own: Own | None = None) -> ExportReport:
    """Check an exported file; `own` is the evidence of this installation, to be compared.

    Raises EvidenceError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_START)
        if not start.strip():
            empty = "the file is empty: no head, and none of its records"
            return ExportReport(
                ok=False, format="none", entries=0, acts=0, of=None, problems=(empty,)
            )
        if start.startswith(b"PK") and _is_pack(path, start):
            return _pack(path, own)
        format_ = _format_of(start)
        held = format_.read(path)
        if held.head is None and format_.name == "jsonl":
            return _without_head(verify_jsonl(path))
        return _checked(format_, held, own)
    except OSError as error:
        raise evidence_error(error) from None
    except ValueError as error:
        return ExportReport(
            ok=False, format="unknown", entries=0, acts=0, of=None, problems=(str(error),)
        )


def _is_pack(path: Path, start: bytes) -> bool:
    """Return whether a zip is a pack, in whatever order somebody packed it again; one that cannot
    be opened is told by its beginning.
    """
    try:
        with ZipFile(path) as archive:
            return not _OF_PACKS.isdisjoint(archive.namelist())
    except (BadZipFile, NotImplementedError, RuntimeError):
        return _PACKED in start


_OF_PACKS = frozenset({_PACKED.decode(), "statement.dsse.json"})


def _pack(path: Path, own: Own | None) -> ExportReport:
    """Check an evidence pack as its own program does."""
    try:
        check = Check(Pack(str(path)), None)
    except (OSError, BadZipFile, NotImplementedError, RuntimeError):
        raise ValueError("the pack cannot be opened: it is cut off, or no zip") from None
    check.run()
    told = check.head_told
    parts = {name: told.get(name, {}) for name in ("records", "acts")}
    if own is not None:
        check.problems += own.objections_to(
            chain=parts["records"].get("chain", ""),
            of=parts["records"].get("of", 0),
            head=parts["records"].get("head", ""),
            key=check.key,
        )
    return ExportReport(
        ok=not check.problems,
        format="pack",
        entries=len(check.hashes.get("records", ())),
        acts=len(check.hashes.get("acts", ())),
        of=parts["records"].get("of"),
        acts_of=parts["acts"].get("of"),
        problems=tuple(check.problems),
        notes=tuple(check.notes),
    )


def _format_of(start: bytes) -> Format:
    for format_ in formats().values():
        if format_.recognises(start):
            return format_
    raise ValueError("its head is missing: this is no export, or its beginning was removed")


def _checked(format_: Format, file: Opened, own: Own | None) -> ExportReport:
    found = _Found()
    head = _head(format_, file, own, found)
    records = _Chain("record", None if head is None else head.records)
    acts = _Chain("act", None if head is None else head.acts)
    removed, emptied = _fed(_places(file.places, found), records, acts)
    records.end()
    if not file.acts_apart:
        acts.end()
    elif head is not None:
        acts.count = head.acts.count
    found.problems += records.problems + acts.problems
    if head is None or head.acts.count == head.acts.of:
        found.problems += [
            f"{where}: {_EMPTIED[act].format(seq)}"
            for (act, seq), where in emptied.items()
            if seq not in (removed.acts if act else removed.whole)
        ]
    if file.around is not None:
        found.problems.append(file.around)
    if head is not None and head.digest != file.digest:
        found.problems.append(
            "the file was changed after it was written: its hash is not the one in its head"
        )
    return ExportReport(
        ok=not found.problems,
        format=format_.name,
        entries=records.count,
        acts=acts.count,
        of=None if head is None else head.records.of,
        acts_of=None if head is None else head.acts.of,
        problems=tuple(dict.fromkeys(found.problems)),
        notes=tuple(found.notes),
    )


def _fed(
    places: Iterable[Place], records: "_Chain", acts: "_Chain"
) -> tuple[Removed, dict[tuple[bool, int], str]]:
    """Feed both chains; return what acts say was removed, and which entries are empty, where."""
    removed, emptied = Removed(), dict[tuple[bool, int], str]()
    for place in places:
        (acts if place.act else records).feed(place)
        if place.body is None and place.prev is not None:
            emptied[place.act, place.seq] = place.where
        elif place.act:
            _take(place, removed)
    return removed, emptied


def _take(place: Place, removed: Removed) -> None:
    """Take what an act says of erasures; one that cannot be read says nothing."""
    with suppress(ValueError):
        act = None if place.body is None else read_act(place.body).act
        if isinstance(act, Happening):
            removed.take(act)


def _without_head(chained: VerifyReport) -> ExportReport:
    """Return what is said of records without a head: whole by themselves where they come from no
    evidence file (`inspect`), else not.
    """
    problems = [] if chained.first_problem is None else [chained.first_problem]
    if chained.chain_id is None or chained.chain_id.startswith("records:"):
        problems.append(_NO_HEAD if problems or chained.chain_id is None else _OLD)
    return ExportReport(
        ok=not problems,
        format="jsonl",
        entries=chained.entries,
        acts=0,
        of=None,
        problems=tuple(problems),
        notes=(f"Chain {chained.chain_id}, entry {chained.seq}, head {chained.head}",),
    )


def _places(places: Iterator[Place], found: _Found) -> Iterator[Place]:
    try:
        yield from places
    except ValueError as error:
        found.problems.append(str(error))


def _head(format_: Format, file: Opened, own: Own | None, found: _Found) -> Head | None:
    if file.head is None:
        found.problems.append(_NO_HEAD)
        return None
    try:
        head = opened(file.head)
    except BadHead as bad:
        found.problems.append(str(bad))
        return None
    if head.format != format_.name:
        found.problems.append(f"its head is that of another export, in the format {head.format}")
    if own is not None:
        found.problems += own.objections(head)
    found.notes += _told(head)
    return head


def _told(head: Head) -> list[str]:
    since = "the beginning" if head.since is None else rfc3339(head.since)
    until = "the time of the export" if head.until is None else rfc3339(head.until)
    chosen = "" if head.filter is None else f" Chosen by: {_chosen(head)}."
    return [
        f"Exported by {head.by} at {rfc3339(head.at)}, from {since} to {until}.{chosen}",
        f"Signed with key {fingerprint(head.key)}: compare it with that of the installation.",
        f"Chain {head.records.chain}, entry {head.records.of}, head {head.records.head}",
        f"Reviews: chain {head.acts.chain}, entry {head.acts.of}, head {head.acts.head}",
    ]


def _chosen(head: Head) -> str:
    return ", ".join(
        f"{value} {name.removesuffix('s') if value == 1 else name}"
        for name, value in (head.filter or {}).items()
    )


class _Chain:
    """The entries of one chain as the file holds them, against what the head says of it."""

    def __init__(self, noun: str, told: Chained | None) -> None:
        self._noun = noun
        self._told = told
        self.count = 0
        self.problems: list[str] = []
        self._seen = 0
        self._due = deque(sorted((None if told is None else told.runs) or ()))
        """First and last number of each run that is to come; of any length."""
        self._verifier: ChainVerifier | None = None
        self._hash = ""

    def feed(self, place: Place) -> None:
        """Take the next entry."""
        self.count += 1
        if place.problem is not None:
            self._say(f"{place.where}: {self._noun} {place.seq}: {place.problem}")
        if place.seq <= self._seen:
            self._say(
                f"{place.where}: {self._noun} {place.seq} stands after {self._seen}: "
                "reordered or repeated"
            )
            return
        self._gone_before(place.seq)
        if self._due and self._due[0][0] == place.seq:
            self._up_to(place.seq)
        elif self._told is not None and self._told.runs is not None:
            self._say(f"{place.where}: {self._noun} {place.seq} was put in: the head has none such")
        self._seen, self._hash = place.seq, place.hash
        self._prove(place)

    def end(self) -> None:
        """Look for what should have come yet."""
        self._gone_before(None)
        told = self._told
        if told is None:
            return
        if told.count != self.count:
            self._say(f"the head has {told.count} {self._noun}s, and here are {self.count}")
        if self._seen == told.of and self._seen and self._hash != told.head:
            self._say(f"the newest {self._noun} is not the one that the head names")

    def _gone_before(self, seq: int | None) -> None:
        some, gone = list[int](), 0
        while self._due and (seq is None or self._due[0][0] < seq):
            first, last = self._due[0]
            end = last if seq is None else min(last, seq - 1)
            some += range(first, min(end + 1, first + _NAMED - len(some)))
            gone += end - first + 1
            self._up_to(end)
        if gone > 0:
            more = f" and {gone - len(some)} more" if gone > len(some) else ""
            told = ", ".join(map(str, some))
            self._say(f"{self._noun} {told}{more} is missing: removed from the file")

    def _up_to(self, seq: int) -> None:
        """Go on behind a number of the first run."""
        last = self._due.popleft()[1]
        if seq < last:
            self._due.appendleft((seq + 1, last))

    def _prove(self, place: Place) -> None:
        """Hash what the file holds of an entry, and look whether it follows the one before."""
        if place.body is None or place.prev is None:
            return
        try:
            if self._verifier is None:
                chain = "" if self._told is None else self._told.chain
                self._verifier = ChainVerifier(chain, gaps=True)
            prev, hash_ = plain_hash(place.prev), plain_hash(place.hash)
            seal = None if place.seal is None else Seal.from_json(place.seal)
            linked = link if seal is None else partial(sealed_link, seal=seal)
            self._verifier.feed(place.seq, prev, hash_, place.body, linked)
        except ChainBroken as broken:
            self._say(f"{place.where}: {broken}")
        except (ValueError, TypeError):
            self._say(f"{place.where}: {self._noun} {place.seq} has no place in the chain")

    def _say(self, problem: str) -> None:
        if len(self.problems) < 2 * _NAMED:
            self.problems.append(problem)
