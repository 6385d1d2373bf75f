"""Makes an evidence pack: the same evidence, exported by the same person, gives the same bytes."""

import base64
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import BinaryIO, cast

from core.errors import EvidenceError
from core.happenings import Event, Happening
from evidence.bygone import expired_tree
from evidence.chain import canonical
from evidence.checkpoint import BadCheckpoint, Checkpoint, fingerprint, opened
from evidence.entries import Entry
from evidence.merkle import Frontier, Tree
from evidence.notary import Notary
from evidence.store import KeptCheckpoint, Store
from exports.contents import Contents
from exports.contents import opened as opened_act
from exports.formats import Format, format_named
from exports.head import Sealer
from exports.pack.coverage import Coverage
from exports.pack.index import index
from exports.pack.verify import program
from exports.report.forms import drawn
from exports.report.monthly import report
from exports.report.period import Period
from exports.selection import Selection, sealer_of
from exports.writing import Written

SEAL = "statement.dsse.json"
_TYPE = "application/vnd.in-toto+json"
_PREDICATE = "urn:outgate:evidence-pack:1"
_DATE = (1980, 1, 1, 0, 0, 0)
_PROVEN = "jsonl"
"""The format that carries the chain: its file stands first, and in every pack."""
TABLE = "csv"
"""Beside it in every pack: for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a pack holds beside the evidence."""

    policies: Mapping[str, bytes] = field(default_factory=dict)
    """Version → text of the policy."""
    script: Callable[[str], str | None] = lambda _: None
    """SHA-256 of a script's version → its masked source, where it is kept."""
    seal: Callable[[str], str] = lambda _: ""
    """SHA-256 of a script's version → a word for what is wrong with the seal of its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed(Written):
    """What a pack holds."""

    files: int


def build(
    store: Store,
    selection: Selection,
    out: BinaryIO,
    *,
    by: str,
    sources: Sources,
    also: Collection[str] = (),
) -> Packed:
    """Write the pack, with the same evidence in more formats where `also` names them. Raises
    EvidenceError, InputError.
    """
    files = _Files(out)
    try:
        return _built(files, store, selection, by=by, sources=sources, also=also)
    except BaseException:
        files.give_up()
        raise


def _built(
    files: "_Files",
    store: Store,
    selection: Selection,
    *,
    by: str,
    sources: Sources,
    also: Collection[str],
) -> Packed:
    """Write all of it, in order."""
    formats = [format_named(name) for name in dict.fromkeys((_PROVEN, TABLE, *sorted(also)))]
    kept = _up_to(store)
    at = datetime.fromisoformat(kept[-1][1].at)
    told = kept[-1][1]
    selection = replace(selection, records_up_to=told.records.size, acts_up_to=told.acts.size)
    coverage = Coverage()
    sealers = [(one, sealer_of(store, selection, one.name, by, at)) for one in formats]
    contents = _written(files, store, selection, sealers, coverage)
    texts = _sources_added(files, coverage, sources)
    files.add(
        "checkpoints.json", canonical([{"note": k.note, "public": k.public.hex()} for k, _ in kept])
    )
    if (contents.counted.count, contents.acts_counted.count) != (
        told.records.size,
        told.acts.size,
    ):
        files.add("proofs.json", canonical(_proofs(store, contents, told)))
    acts = [opened_act(act) for act in contents.acts]
    files.add("coverage.json", canonical(coverage.to_json(acts, *texts, sources.seal)))
    period = _period(store, selection, at)
    page = report(store, period, by=by, now=at, held=selection)
    files.add("report.html", drawn(page, "html"))
    files.add("report.pdf", drawn(page, "pdf"))
    files.add("verify.py", program())
    files.add(
        "INDEX.md",
        index([*files.digests, "INDEX.md", SEAL], period.called, told.at).encode(),
    )
    notary = Notary(store.path)
    files.add_plain(SEAL, _sealed(files, notary, told, by))
    files.close()
    return Packed(
        records=contents.counted.count,
        acts=contents.acts_counted.count,
        changed=contents.changed,
        files=len(files.digests) + 1,
    )


def _written(
    files: "_Files",
    store: Store,
    selection: Selection,
    sealers: Iterable[tuple[Format, Sealer]],
    coverage: Coverage,
) -> Contents:
    """Write the evidence in each format; return what the last one holds. The first one counts what
    it covers.
    """
    contents = None
    for format_, sealer in sealers:
        contents = _counted(selection.contents(store), coverage if contents is None else None)
        with files.writing(f"records{format_.suffix}") as file:
            format_.write(contents, sealer, file)
    assert contents is not None
    return contents


def _sources_added(
    files: "_Files", coverage: Coverage, sources: Sources
) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
    """Add the policies and scripts that are covered and were kept; return them by their version."""
    policies = {one: text for one, text in sources.policies.items() if one in coverage.policies}
    found = ((one, sources.script(one)) for one in sorted(coverage.scripts))
    scripts = {one: masked for one, masked in found if masked is not None}
    for one, text in sorted(policies.items()):
        files.add(f"policy/{one}.yaml", text)
    for one, source in scripts.items():
        files.add(f"scripts/{one}.py.txt", source.encode())
    return policies, scripts


def _counted(contents: Contents, coverage: Coverage | None) -> Contents:
    if coverage is None:
        return contents
    return Contents(coverage.count(contents.uncounted()), contents.acts)


class _Files:
    """The files of the zip, in order, with the hash of each."""

    def __init__(self, out: BinaryIO) -> None:
        self._written = _Written(out)
        stream = cast("BinaryIO", self._written)
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.digests: dict[str, str] = {}

    @property
    def packed(self) -> str:
        """SHA-256 of the zip as far as it is written."""
        return self._written.told.hexdigest()

    def add_plain(self, name: str, data: bytes) -> None:
        """Add a file as it is: each of its bytes stands in the zip."""
        info = _info(name)
        info.compress_type = zipfile.ZIP_STORED
        self._zip.writestr(info, data)

    def add(self, name: str, data: bytes) -> None:
        """Add a file."""
        self.digests[name] = hashlib.sha256(data).hexdigest()
        self._zip.writestr(_info(name), data)

    def writing(self, name: str) -> "_Writing":
        """Return a file to be written, added when it is closed."""
        return _Writing(self, name)

    def copied(self, name: str, file: BinaryIO) -> None:
        """Add what stands in an open file."""
        told = hashlib.sha256()
        file.seek(0)
        with self._zip.open(_info(name), "w", force_zip64=True) as part:
            while chunk := file.read(1 << 20):
                told.update(chunk)
                part.write(chunk)
        self.digests[name] = told.hexdigest()

    def close(self) -> None:
        """End the zip."""
        self._zip.close()

    def give_up(self) -> None:
        """Write no more: a zip that is dropped half made writes its end, wherever that goes."""
        self._written.stop()


class _Written:
    """Writes on to the end and never back, so that what is written can be hashed."""

    def __init__(self, out: BinaryIO) -> None:
        self._out: BinaryIO | None = out
        self.told = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write, and hash."""
        self.told.update(data)
        return len(data) if self._out is None else self._out.write(data)

    def flush(self) -> None:
        """As of any file."""
        if self._out is not None:
            self._out.flush()

    def stop(self) -> None:
        """Let nothing through any more."""
        self._out = None


class _Writing:
    def __init__(self, files: _Files, name: str) -> None:
        self._files, self._name = files, name

    def __enter__(self) -> BinaryIO:
        self._file = tempfile.TemporaryFile()
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        with self._file:
            if kind is None:
                self._files.copied(self._name, self._file)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 3  # the same bytes on every system
    return info


def _up_to(store: Store) -> list[tuple[KeptCheckpoint, Checkpoint]]:
    """Return the checkpoints up to the one that the pack is made at: the earliest after which
    nothing happened but exports, so that exporting twice gives the same.
    """
    newest = store.newest().seq
    acts = [opened_act(act) for act in store.iter_act_entries()]
    quiet = len(acts)
    while quiet and _is_export(getattr(acts[quiet - 1], "act", None)):
        quiet -= 1
    kept = _read(store)
    for number, (_, told) in enumerate(kept):
        if told.records.size == newest and told.acts.size >= quiet:
            return kept[: number + 1]
    store.checkpoint("export")
    return _read(store)


def _is_export(act: object) -> bool:
    return isinstance(act, Happening) and act.event is Event.EXPORTED


def _read(store: Store) -> list[tuple[KeptCheckpoint, Checkpoint]]:
    try:
        return [(one, opened(one.note, one.public)) for one in store.checkpoints()]
    except BadCheckpoint as bad:
        raise EvidenceError(
            f"A checkpoint of the evidence cannot be packed: {bad}.", remedy="Run outgate verify."
        ) from None


def _proofs(store: Store, contents: Contents, told: Checkpoint) -> dict[str, object]:
    def of(
        entries: Iterator[Entry], size: int, runs: list[list[int]], gone: Frontier
    ) -> dict[str, object]:
        tree = Tree(
            (one.link.hash for one in entries if gone.size < one.link.seq <= size), before=gone
        )
        numbers = (n for first, last in runs for n in range(first, last + 1))
        found = {
            str(n): [base64.b64encode(one).decode() for one in tree.inclusion(n - 1)]
            for n in numbers
        }
        return {"size": size, "entries": found}

    return {
        "records": of(
            store.iter_entries(), told.records.size, contents.counted.runs, expired_tree(store)
        ),
        "acts": of(
            store.iter_act_entries(), told.acts.size, contents.acts_counted.runs, Frontier()
        ),
    }


def _period(store: Store, selection: Selection, at: datetime) -> Period:
    until = selection.until or at + timedelta(microseconds=1)
    first = next(store.iter_records(), None)
    began = getattr(getattr(first, "record", first), "at", None) or until - timedelta(days=30)
    since = min(selection.since or began, until - timedelta(seconds=1))
    begin, end = since.astimezone(UTC), until.astimezone(UTC)
    return Period(since=begin, until=end, called=f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")


def _sealed(files: _Files, notary: Notary, told: Checkpoint, by: str) -> bytes:
    """Return the in-toto statement over all files, and how they are packed, in its DSSE
    envelope.
    """
    digests = files.digests
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": n, "digest": {"sha256": d}} for n, d in sorted(digests.items())],
        "predicateType": _PREDICATE,
        "predicate": {
            "outgate": version("outgate"),
            "at": told.at,
            "by": by,
            "chain": told.records.chain,
            "records": told.records.size,
            "acts": told.acts.size,
            "root": base64.b64encode(told.records.root).decode(),
            "key": notary.public.hex(),
            "zip": files.packed,
        },
    }
    payload = canonical(statement)
    message = b"DSSEv1 %d %s %d %s" % (len(_TYPE), _TYPE.encode(), len(payload), payload)
    return canonical(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": _TYPE,
            "signatures": [
                {
                    "keyid": fingerprint(notary.public),
                    "sig": base64.b64encode(notary.key.sign(message)).decode(),
                }
            ],
        }
    )
