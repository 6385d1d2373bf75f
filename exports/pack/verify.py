"""Checks an evidence pack of Outgate. Standard library alone, Python 3.9 and later.

    python verify.py PACK.zip [--key FINGERPRINT]

Without a file: the folder that this program lies in. Names each thing that is wrong; ends with 0
when nothing is, with 1 when something is, with 2 when nothing was checked. Compare the key's
fingerprint with the one that the organisation tells you by another way: who made another pack has
another key. A copy of this program from elsewhere is worth more than the one in the pack.
"""

import base64
import csv
import hashlib
import io
import json
import os
import struct
import sys
import zipfile
from bisect import bisect
from collections import Counter
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

SEAL = "statement.dsse.json"
RECORDS, CHECKPOINTS, PROOFS = "records.jsonl", "checkpoints.json", "proofs.json"
REPORTS = "report.html", "report.pdf"
TABLE, COVERAGE = "records.csv", "coverage.json"
NEEDED = (RECORDS, CHECKPOINTS, *REPORTS, TABLE, COVERAGE, "verify.py", "INDEX.md")
RECORD, OBSERVATION = "outgate.record/1", "outgate.observation/1"
WINDOWS = {
    *("evidence_gap", "gate_lost", "clock_jumped", "key_changed", "witness_missed", "erased"),
    *("expired", "sums_expired", "acts_expired", "migrated", "rebuilt", "capture_ended"),
    *("capture_passed", "capture_window"),
}
"""Events of the gate that the coverage has to tell."""
NOT_SHOWN = (
    "Not recomputed here, so only as true as the one who signed: report.html%s, report.pdf,"
    " INDEX.md, scripts/, exports in more formats, and in records.csv the columns %s."
)
TYPE = "application/vnd.in-toto+json"
STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "urn:outgate:evidence-pack:1"
PLACE = {"id", "seq", "prev", "hash"}
"""What tells an entry's place in its chain; how it is hashed by parts may stand with it."""
LATER = "what was recorded or done after it, exports too, is not in this pack."
MOST_SIGNATURES = 200
CHUNK = 1 << 16
MOST_BYTES = 1 << 28
"""Of one file that is read at once, or of one line: a false pack may unpack to far more."""
ERASED = b'{"erased":true,"id":"'
"""All that is left of an entry that was erased whole; the entry after it holds its hash."""

NOBODY = (
    b'{"ancestry":[],"candidates":[],"certainty":"unknown","exe":null,"is_python":null,'
    b'"line":null,"method":"none","name":null,"pid":null,"reason":"erased","script":null,'
    b'"script_process":null,"started_at":null,"started_by":null,"user":null}'
)
STAND_INS = (b'"excerpt":"","fingerprints":[]', b'"where":[]', b'"files":[]', NOBODY)
"""All that may stand where a part was erased: no hash covers it."""

# Ed25519 (RFC 8032), to verify only.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = _add(found, point)
        point = _add(point, point)
        factor >>= 1
    return found


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _point(text: bytes) -> Optional[Point]:
    value = int.from_bytes(text, "little")
    sign, y = value >> 255, value & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE = _point(_BASE_Y.to_bytes(32, "little"))


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether this Ed25519 key signed this message."""
    if len(public) != 32 or len(signature) != 64 or _BASE is None:
        return False
    key, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    return _same(_times(s, _BASE), _add(r, _times(h, key)))


# Merkle trees (RFC 6962), over the hashes of entries.


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows, with its root at the sizes that are asked for."""

    def __init__(self) -> None:
        self.size = 0
        self.hashes: List[bytes] = []

    def append(self, data: bytes) -> None:
        found, size = leaf(data), self.size
        while size & 1:
            found, size = node(self.hashes.pop(), found), size >> 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return hashlib.sha256().digest()
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node(left, found)
        return found


def proves(data: bytes, index: int, size: int, proof: List[bytes], root: bytes) -> bool:
    """Return whether a leaf is in a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf(data)
    for one in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node(one, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, one)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Pack:
    """The files of a pack, in a zip or unpacked."""

    def __init__(self, path: str) -> None:
        self.archive = None if os.path.isdir(path) else zipfile.ZipFile(path)
        self.path = path

    def names(self) -> List[str]:
        if self.archive is not None:
            return [info.filename for info in self.archive.infolist()]
        found = []
        for folder, inner, files in os.walk(self.path):
            files += [name for name in inner if os.path.islink(os.path.join(folder, name))]
            found += [os.path.relpath(os.path.join(folder, name), self.path) for name in files]
        return [name.replace(os.sep, "/") for name in found]

    def open(self, name: str) -> Any:
        if self.archive is not None:
            return self.archive.open(name)
        path = os.path.join(self.path, *name.split("/"))
        if os.path.islink(path) or not os.path.isfile(path):
            raise OSError("no plain file")  # what it holds may be another thing at each look
        return open(path, "rb")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            data: bytes = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("too large")
        return data

    def digest(self, name: str) -> str:
        told = hashlib.sha256()
        with self.open(name) as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                told.update(chunk)
        return told.hexdigest()


class Check:
    """Collects what is wrong."""

    def __init__(self, pack: Pack, wanted_key: Optional[str]) -> None:
        self.pack = pack
        self.wanted = wanted_key
        self.problems: List[str] = []
        self.notes: List[str] = []
        self.key = b""
        self.hashes: Dict[str, Dict[int, bytes]] = {}
        self.emptied: Dict[str, Dict[int, str]] = {"records": {}, "acts": {}}
        """Entries of which only the place is left, and where they stand."""
        self.told_gone: Dict[str, List[List[int]]] = {"records": [], "acts": []}
        """Runs of entries that acts say were taken out."""
        self.expired = 0
        """The last record whose time was over, by the acts."""
        self.predicate: Dict[str, Any] = {}
        self.head_told: Dict[str, Any] = {}

    def wrong(self, problem: str) -> None:
        shown = "".join(one if one.isprintable() else "?" for one in problem)
        if shown not in self.problems:
            self.problems.append(shown)

    def run(self) -> bool:
        names = self.pack.names()
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong("%s stands twice in the zip" % name)
        for step in (
            *(self.container, self.statement, self.records, self.checkpoints, self.drawn),
        ):
            try:
                step()
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                self.wrong("%s cannot be read: %s" % (step.__name__, type(error).__name__))
            except (
                OSError,
                zipfile.BadZipFile,
                EOFError,
                NotImplementedError,
                RuntimeError,
            ) as error:
                self.wrong("%s: a file is damaged: %s" % (step.__name__, type(error).__name__))
            except Exception as error:  # zlib.error, and whatever a damaged file makes of us
                self.wrong("%s: a file is damaged: %s" % (step.__name__, type(error).__name__))
        return not self.problems

    def container(self) -> None:
        """The zip around the files, which no hash covers, is as Outgate writes it."""
        zipped = self.pack.archive
        if zipped is None:
            return
        at, listed = 0, b""
        with open(self.pack.path, "rb") as file:
            for info in zipped.infolist():
                length, told = around(file, info, at)
                if not length:
                    self.wrong(
                        "%s stands otherwise in the zip than Outgate puts it" % info.filename
                    )
                    return
                at += length + info.compress_size
                listed += told
            file.seek(at)
            count = len(zipped.infolist())
            end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed), at, 0)
            if file.read() != listed + end:
                self.wrong("the zip holds more, or says other things, than its files need")

    def statement(self) -> None:
        if SEAL not in self.pack.names():
            self.wrong("%s is missing: nothing says what the pack should hold" % SEAL)
            return
        text = self.pack.read(SEAL)
        envelope = json.loads(text)
        if canonical(envelope) != text:
            self.wrong("%s is not written as Outgate writes it: keys doubled or moved" % SEAL)
        payload = base64.b64decode(envelope["payload"], validate=True)
        statement = json.loads(payload)
        self.predicate = statement["predicate"]
        self.key = bytes.fromhex(self.predicate["key"])
        self.envelope(envelope, payload)
        if (statement["_type"], statement["predicateType"]) != (STATEMENT, PREDICATE):
            self.wrong("the manifest is not one of an evidence pack")
        if canonical(statement) != payload:
            self.wrong("the manifest has doubled keys")
        self.subjects(statement["subject"])
        if "zip" in self.predicate and self.pack.archive is not None:
            self.packing(self.predicate["zip"])

    def envelope(self, envelope: Dict[str, Any], payload: bytes) -> None:
        """The manifest is signed, with the key that is wanted, and nothing stands beside it."""
        told = hashlib.sha256(self.key).hexdigest()[:16]
        kind = envelope["payloadType"].encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
        if envelope["payloadType"] != TYPE or not signed(self.key, message, signature):
            self.wrong("the signature of %s is not right: the manifest was changed" % SEAL)
        signatures = [{"keyid": told, "sig": base64.b64encode(signature).decode()}]
        plain = {"payload", "payloadType", "signatures"}
        if set(envelope) != plain or envelope["signatures"] != signatures:
            self.wrong("%s says more than its signature, or names another key" % SEAL)
        if self.wanted is not None and self.wanted != told:
            self.wrong("the pack is signed with key %s, not with %s" % (told, self.wanted))
        self.notes.append("Signed with key %s: compare it with the organisation's." % told)

    def subjects(self, subjects: List[Dict[str, Any]]) -> None:
        wanted = {one["name"]: one["digest"]["sha256"] for one in subjects}
        plain = [{"name": n, "digest": {"sha256": d}} for n, d in sorted(wanted.items())]
        if plain != subjects:
            self.wrong("the manifest names its files otherwise than Outgate does")
        for name in NEEDED:
            if name not in wanted:
                self.wrong("the manifest names no %s: every pack has one" % name)
        self.files(wanted)

    def packing(self, wanted: str) -> None:
        """The packed bytes, which may differ where what is unpacked does not, are as they were."""
        members = [] if self.pack.archive is None else self.pack.archive.infolist()
        seal = members[-1]
        told = hashlib.sha256()
        with open(self.pack.path, "rb") as file:
            left = seal.header_offset
            while left > 0:
                chunk = file.read(min(left, 1 << 20))
                left -= len(chunk) or left
                told.update(chunk)
        last = seal.filename == SEAL
        if seal.compress_type != zipfile.ZIP_STORED or told.hexdigest() != wanted or not last:
            self.wrong("the files are packed otherwise in the zip than when it was signed")

    def files(self, wanted: Dict[str, str]) -> None:
        names = set(self.pack.names()) - {SEAL}
        for name in sorted(set(wanted) - names):
            self.wrong("%s is missing" % name)
        for name in sorted(names - set(wanted)):
            self.wrong("%s was put in: the manifest does not name it" % name)
        for name in sorted(names & set(wanted)):
            try:
                found = self.pack.digest(name)
            except Exception as error:
                self.wrong("%s is damaged: %s" % (name, type(error).__name__))
                continue
            if found != wanted[name]:
                self.wrong("%s was changed" % name)

    def records(self) -> None:
        if RECORDS not in self.pack.names():
            return
        with self.pack.open(RECORDS) as packed, io.BufferedReader(packed, CHUNK) as file:
            lines = iter(lambda: file.readline(MOST_BYTES), b"")
            first = next(lines, b"")
            if not first.strip():
                self.wrong("%s is empty" % RECORDS)
                return
            head = json.loads(first)
            self.head(head, first.rstrip(b"\n"))
            told = hashlib.sha256()
            self.chains(head, self.hashed(lines, told))
            if told.hexdigest() != head["sha256"]:
                self.wrong("%s was changed after its head was signed" % RECORDS)
        self.head_told = head
        self.gone(head)

    def gone(self, head: Dict[str, Any]) -> None:
        """What is left of an entry is its place; where all acts are there, one has to tell why."""
        if self.expired:
            self.notes.append("Expired, and so not here: records up to %d." % self.expired)
            for seq in islice((n for n in sorted(self.hashes["records"]) if n <= self.expired), 5):
                self.wrong("record %d expired, and is there again" % seq)
        erased = sum(len(found) for found in self.emptied.values())
        if erased:
            self.notes.append("Erased whole: %d; their places and hashes are there." % erased)
        if head["acts"]["count"] != head["acts"]["of"]:
            return
        for part, found in self.emptied.items():
            runs = sorted((int(run[0]), int(run[1])) for run in self.told_gone[part])
            for seq in islice(
                (n for n in sorted(found) if not any(a <= n <= b for a, b in runs)), 5
            ):
                self.wrong("%s was emptied, and no act tells of it" % found[seq])

    def told(self, body: bytes) -> None:
        """Take what an act says was taken out."""
        if b'"event":"expired"' in body:
            value = json.loads(body.decode())
            if value.get("event") == "expired":
                self.expired = max(self.expired, int(value["facts"]["up_to_entry"]))
        if b'"event":"erased"' in body or b'"event":"acts_expired"' in body:
            value = json.loads(body.decode())
            name = {"erased": "entries", "acts_expired": "acts"}.get(value.get("event"), "")
            part = "acts" if name == "acts" else "records"
            runs = value["facts"].get(name) or []
            self.told_gone[part] += [run for run in runs if len(run) == 2]

    def hashed(self, lines: Iterator[bytes], told: Any) -> Iterator[bytes]:
        for line in lines:
            told.update(line)
            if not line.endswith(b"\n"):
                self.wrong("%s ends in the middle of a line" % RECORDS)
            yield line

    def head(self, head: Dict[str, Any], text: bytes) -> None:
        rest = dict(head)
        signature = bytes.fromhex(rest.pop("signature"))
        if canonical(head) != text:
            self.wrong("the head of %s has doubled keys" % RECORDS)
        if not signed(bytes.fromhex(head["key"]), canonical(rest), signature):
            self.wrong("the head of %s was changed: its signature is not right" % RECORDS)
        if self.key and head["key"] != self.key.hex():
            self.wrong("the head of %s is signed with another key than the pack" % RECORDS)

    def chains(self, head: Dict[str, Any], lines: Iterator[bytes]) -> None:
        chains = {head[part]["chain"]: part for part in ("records", "acts")}
        last: Dict[str, Tuple[int, str]] = {}
        for chain, part in chains.items():
            genesis = hashlib.sha256(b"outgate.chain/1\n" + chain.encode()).hexdigest()
            last[part] = 0, genesis
            self.hashes[part] = {}
        for number, line in enumerate(lines, 2):
            try:
                place, body = parted(line.rstrip(b"\n"))
                part = chains[place["id"]]
                self.entry(part, number, place, body, last)
            except (ValueError, KeyError, TypeError, IndexError):
                self.wrong("%s, line %d: this is no entry of its chain" % (RECORDS, number))
        for part in ("records", "acts"):
            self.complete(part, head[part], last[part])

    def entry(
        self, part: str, number: int, place: Dict[str, Any], body: bytes, last: Dict[str, Any]
    ) -> None:
        seq, before = last[part]
        where = "%s, line %d: %s %d" % (RECORDS, number, part[:-1], place["seq"])
        if place["seq"] <= seq:
            self.wrong("%s stands after %d: reordered or repeated" % (where, seq))
            return
        if place["seq"] == seq + 1 and place["prev"] != before:
            self.wrong("%s does not follow the one before" % where)
        if body.startswith(ERASED) and set(json.loads(body.decode())) == {"erased", "id"}:
            self.emptied[part][place["seq"]] = where
        elif linked(place, body) != place["hash"]:
            self.wrong("%s was changed after it was written" % where)
        elif part == "acts":
            self.told(body)
        self.hashes[part][place["seq"]] = bytes.fromhex(place["hash"])
        last[part] = place["seq"], place["hash"]

    def whole_numbers(self, told: Dict[str, Any]) -> None:
        """Two programs would count otherwise by what is none."""
        numbers = [told["count"], told["of"], *(n for run in told["entries"] or [] for n in run)]
        if any(type(one) is not int for one in numbers):
            self.wrong("the head of %s counts by what is no whole number" % RECORDS)

    def complete(self, part: str, told: Dict[str, Any], last: Tuple[int, str]) -> None:
        found = self.hashes[part]
        self.whole_numbers(told)
        if told["entries"] is not None:
            runs = sorted((int(first), int(end)) for first, end in told["entries"])
            wanted = (n for first, end in runs for n in range(first, end + 1))
            for seq in islice((n for n in wanted if n not in found), 5):
                self.wrong("%s %d is missing from %s" % (part[:-1], seq, RECORDS))
            begins = [first for first, _ in runs]
            strange = (n for n in sorted(found) if not within(runs, begins, n))
            for seq in islice(strange, 5):
                self.wrong("%s %d was put into %s" % (part[:-1], seq, RECORDS))
        if told["count"] != len(found):
            self.wrong(
                "%s holds %d %s and should hold %d" % (RECORDS, len(found), part, told["count"])
            )
        if last[0] == told["of"] and last[0] and last[1] != told["head"]:
            self.wrong("the newest of the %s is not the one that the head names" % part)
        word = "complete" if told["count"] == told["of"] else "filtered"
        self.notes.append("%s: %s, %d of %d" % (part, word, len(found), told["of"]))

    def checkpoints(self) -> None:
        if CHECKPOINTS not in self.pack.names():
            return
        written = self.pack.read(CHECKPOINTS)
        told = json.loads(written)
        read = [note(one["note"]) for one in told]
        plain = [{"note": one["note"], "public": hexed(one["public"])} for one in told]
        if canonical(plain) != written:
            self.wrong(
                "%s is not written as Outgate writes it: keys doubled or put in" % CHECKPOINTS
            )
        if not read:
            self.wrong("%s holds none: nothing shows that the evidence is complete" % CHECKPOINTS)
        self.order([parts for parts, _, _ in read])
        checked = 0
        for one in told[-MOST_SIGNATURES:]:
            checked += 1
            parts, text, signatures = note(one["note"])
            if not self.signature(one, text, signatures):
                self.wrong("the checkpoint of %s is not signed by its key" % parts["time"])
        if told and self.key and bytes.fromhex(told[-1]["public"]) != self.key:
            self.wrong("the newest checkpoint is signed with another key than the pack")
        self.notes.append("Checkpoints: %d, signatures checked: %d." % (len(told), checked))
        if read:
            when = read[-1][0]["time"][len("time ") :]
            self.notes.append("All of it as of the checkpoint of %s: %s" % (when, LATER))
        for part in ("records", "acts"):
            self.roots(part, [parts for parts, _, _ in read])

    def order(self, read: List[Dict[str, Any]]) -> None:
        """Checkpoints follow each other, and the newest is the one that the pack is made at."""
        sizes = [(one["records"][0], one["acts"][0], one["time"]) for one in read]
        pairs = zip(sizes, sizes[1:])  # noqa: B905, RUF007 - newer than Python 3.9
        if any(b == a or b[0] < a[0] or b[1] < a[1] for a, b in pairs):
            self.wrong("%s: reordered or repeated" % CHECKPOINTS)
        if read and self.head_told and self.predicate:
            self.newest(read[-1], self.head_told, self.predicate)

    def newest(self, told: Dict[str, Any], head: Dict[str, Any], manifest: Dict[str, Any]) -> None:
        """Manifest, head and newest checkpoint tell of the same moment of the same evidence."""
        size, root = told["records"]
        acts = told["acts"][0]
        wanted = (size, acts, base64.b64encode(root).decode())
        if wanted != (manifest["records"], manifest["acts"], manifest["root"]):
            self.wrong("the newest checkpoint is not the one that the manifest names")
        if told["time"] != "time %s" % manifest["at"]:
            self.wrong("the manifest was made at another time than its checkpoint")
        if (size, acts) != (head["records"]["of"], head["acts"]["of"]):
            self.wrong("the head of %s is of another size than the newest checkpoint" % RECORDS)
        if head["records"]["chain"] != manifest["chain"]:
            self.wrong("the head of %s is of another chain than the manifest" % RECORDS)
        if (head["format"], head["at"], head["by"]) != ("jsonl", manifest["at"], manifest["by"]):
            self.wrong("the head of %s is that of another export than the pack's" % RECORDS)

    def signature(self, one: Dict[str, Any], text: str, signatures: str) -> bool:
        public = bytes.fromhex(one["public"])
        name = text.split("\n", 1)[0]
        if signatures.count("\n") != 1 or not signatures.endswith("\n"):
            return False
        id_ = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        begin = "\u2014 %s " % name
        for line in signatures.split("\n"):
            if line.startswith(begin):
                value = base64.b64decode(line[len(begin) :], validate=True)
                return value[:4] == id_ and signed(public, text.encode(), value[4:])
        return False

    def roots(self, part: str, read: List[Dict[str, Any]]) -> None:
        found = self.hashes.get(part, {})
        if len(found) == self.head_told[part]["of"]:
            wanted: Dict[int, bytes] = {}
            for one in read:
                size, root = one[part]
                if wanted.setdefault(size, root) != root:
                    self.wrong("two checkpoints differ at %d %s: a fork" % (size, part))
            tree = Tree()
            self.root(part, tree, wanted)
            for seq in sorted(found):
                tree.append(found[seq])
                self.root(part, tree, wanted)
            for size in sorted(wanted):
                if size > tree.size:
                    gone = "a checkpoint had seen %d %s, and here are %d: the newest are cut off"
                    self.wrong(gone % (size, part, tree.size))
        elif found:
            self.inclusions(part, found, read)

    def root(self, part: str, tree: Tree, wanted: Dict[int, bytes]) -> None:
        if tree.size in wanted and wanted[tree.size] != tree.root():
            self.wrong("the %s up to %d are not those that were signed" % (part, tree.size))

    def inclusions(self, part: str, found: Dict[int, bytes], read: List[Dict[str, Any]]) -> None:
        if PROOFS not in self.pack.names():
            self.wrong("%s is missing: nothing shows that the entries are in the evidence" % PROOFS)
            return
        proofs = json.loads(self.pack.read(PROOFS))[part]
        size, root = read[-1][part]
        if proofs["size"] != size:
            self.wrong("the proofs are of another checkpoint")
        if set(proofs["entries"]) != {str(seq) for seq in found}:
            self.wrong("%s proves other %s than are here" % (PROOFS, part))
        for seq in sorted(found):
            proof = [base64.b64decode(one) for one in proofs["entries"].get(str(seq), [])]
            if not proves(found[seq], seq - 1, size, proof, root):
                self.wrong("%s %d is not in the evidence that was signed" % (part[:-1], seq))

    def drawn(self) -> None:
        """What is drawn from the records, the table and the coverage, says what they say."""
        if not {RECORDS, TABLE, COVERAGE} <= set(self.pack.names()) or not self.head_told:
            return
        seen = Seen(self.head_told)
        with self.pack.open(RECORDS) as packed, self.pack.open(TABLE) as table:
            records = io.BufferedReader(packed, CHUNK)
            next(iter(records))
            csv.field_size_limit(MOST_BYTES)
            rows = csv.reader(
                io.TextIOWrapper(io.BufferedReader(table, CHUNK), "utf-8-sig", newline=""),
                strict=True,
            )
            headings = next(rows)
            head = json.loads(headings[-1])
            if any(head[part] != self.head_told[part] for part in ("records", "acts")):
                self.wrong("the head of %s is that of another export than the pack's" % TABLE)
            self.rows(records, rows, headings, seen)
        self.covered(seen)
        rest = [name for name in headings[:-1] if name not in TOLD]
        compared = ", ".join(map(named, self.report(seen)))
        but = ' but for its figures "%s"' % compared if compared else ""
        self.notes.append(NOT_SHOWN % (but, ", ".join(rest)))

    def report(self, seen: Any) -> List[str]:
        """The figures of the report that follow plainly from the records here are theirs; return
        which were compared: none where not all records of its time are here and can be read.
        """
        filtered = self.head_told["filter"] is not None
        if seen.untold or filtered or REPORTS[0] not in self.pack.names():
            return []
        told = self.pack.read(REPORTS[0]).decode()
        counts = seen.figures(self.predicate["at"])
        row = '<tr><td>%s</td><td class="n">'
        found = [name for name in counts if row % name in told]  # earlier versions had fewer
        for name in found:
            if told.count(row % name + format(counts[name], ",") + "</td>") != 1:
                told_so = '%s: what it says of "%s" is not what the records here are: %d'
                self.wrong(told_so % (REPORTS[0], named(name), counts[name]))
        return found

    def rows(self, lines: Any, rows: Iterator[List[str]], headings: List[str], seen: Any) -> None:
        """Each row of the table is that of its record; what goes by is counted."""
        if not set(TOLD) <= set(headings):
            self.wrong("%s lacks columns that every table has" % TABLE)
            return
        taken = itemgetter(*(headings.index(name) for name in TOLD))
        acts = self.head_told["acts"]["chain"]
        for line in lines:
            value = json.loads(line.decode())
            if value["chain"]["id"] == acts:
                seen.act(value)
                continue
            wanted, row = cells(value), next(rows, None)
            seen.entry(value)
            if row is None:
                self.wrong("%s ends before the records do" % TABLE)
                return
            if len(row) < len(headings) - 1:
                self.wrong("%s: the row of record %d is cut" % (TABLE, value["chain"]["seq"]))
                continue
            found = taken(row)
            if found != wanted:
                self.differs(value, wanted, found, seen)
        if next(rows, None) is not None:
            self.wrong("%s holds more rows than there are records" % TABLE)

    def differs(self, value: Dict[str, Any], wanted: Any, found: Any, seen: Any) -> None:
        if value.get("schema") == RECORD and not found[TOLD.index("Verdict")]:
            seen.untold += 1  # a later version wrote it: the row has to say that, and no more
            wanted = nothing(value)
        for name, one, other in zip(TOLD, wanted, found):  # noqa: B905 - newer than Python 3.9
            if not alike(one, other):
                told = "%s: the row of record %d says another thing than the record: %s"
                self.wrong(told % (TABLE, value["chain"]["seq"], name))

    def covered(self, seen: Any) -> None:
        """The coverage counts what the records and acts here say."""
        text = self.pack.read(COVERAGE)
        told = json.loads(text)
        if canonical(told) != text:
            self.wrong("%s is not written as Outgate writes it: keys doubled" % COVERAGE)
        policies, scripts = set(), set()
        for name in self.pack.names():
            if name.startswith("policy/"):
                policies.add(name[len("policy/") : -len(".yaml")])
                if not hashlib.sha256(self.pack.read(name)).hexdigest().startswith(name[7:23]):
                    self.wrong("%s is not the text of that version" % name)
            elif name.startswith("scripts/"):
                scripts.add(name[len("scripts/") : -len(".py.txt")])
        for one, seal in sorted(told.get("scripts_without_seal", {}).items()):
            self.notes.append("Script %s: the seal of its text was %s." % (one[:12], seal))
        unread = told["records_that_cannot_be_read"]
        if seen.untold != unread:
            self.wrong("%s: %s that cannot be read, and here %d" % (COVERAGE, unread, seen.untold))
        if seen.untold:
            self.notes.append("Records that could not be read there: %d." % seen.untold)
        for name, found in seen.told(policies, scripts).items():
            # What could not be read there was not counted there.
            if told.get(name) != found and not (seen.untold and name in COUNTED):
                self.wrong("%s says another thing than the records: %s" % (COVERAGE, name))


COUNTED = {
    *("connections_past_the_gate", "requests_not_wholly_inspected", "attribution_by_certainty"),
    *("attribution_by_method", "failed_stages", "not_inspected", "policies_without_text"),
    "scripts_without_source",
}


class Seen:
    """Counts what goes by."""

    def __init__(self, head: Dict[str, Any]) -> None:
        self.head = head
        self.counted: List[Tuple[str, Tuple[bool, ...]]] = []
        self.records = self.past = self.parts = self.untold = 0
        self.observed: Dict[str, int] = Counter()
        self.certainty: Dict[str, int] = Counter()
        self.method: Dict[str, int] = Counter()
        self.stages: Dict[str, int] = Counter()
        self.unread: Dict[str, int] = Counter()
        self.policies: Set[str] = set()
        self.scripts: Set[str] = set()
        self.windows: List[Dict[str, Any]] = []

    def act(self, value: Dict[str, Any]) -> None:
        if value.get("event") in WINDOWS:
            self.windows.append({name: value[name] for name in ("at", "event", "facts")})

    def entry(self, value: Dict[str, Any]) -> None:
        if value.get("schema") == OBSERVATION:
            self.observed[value["kind"]] += 1
            return
        self.records += 1
        if value.get("schema") != RECORD:
            self.untold += 1
            return
        self.counted.append((moment(value["at"]), plain_figures(value)))
        sender, decision = value["sender"], value["decision"]
        self.certainty[sender["certainty"]] += 1
        self.method[sender["method"]] += 1
        self.past += fate(value) == "past"
        self.parts += not value["request"]["complete"]
        for stage in decision["degraded"]:
            self.stages[stage.partition(":")[0]] += 1
        for finding in value["findings"]:
            if finding["kind"] == "not_inspected":
                self.unread[finding.get("unread") or "content"] += 1
        if decision["policy"] is not None:
            self.policies.add(decision["policy"])
        if sender["script"] is not None and sender["script"]["sha256"] is not None:
            self.scripts.add(sender["script"]["sha256"])

    def figures(self, made_at: str) -> Dict[str, int]:
        """Return what the report of these records has to say in `FIGURES`."""
        first = self.counted[0][0] if self.counted else ""
        began, until = self.head["range"]["since"], self.head["range"]["until"]
        since, last = moment(began) if began else first, moment(made_at)
        counts = [0] * len(FIGURES)
        for at, figures in self.counted:
            if since <= at and (at < moment(until) if until else at <= last):
                counts = [a + b for a, b in zip(counts, figures)]  # noqa: B905 - as above
        return dict(zip(FIGURES, counts))  # noqa: B905 - as above

    def told(self, policies: Set[str], scripts: Set[str]) -> Dict[str, Any]:
        """Return what the coverage has to say where these texts are in the pack."""
        return {
            "records": self.records,
            "observations": self.observed,
            "connections_past_the_gate": self.past,
            "requests_not_wholly_inspected": self.parts,
            "attribution_by_certainty": shares(self.certainty),
            "attribution_by_method": shares(self.method),
            "failed_stages": self.stages,
            "not_inspected": self.unread,
            "windows": self.windows,
            "policies_without_text": sorted(self.policies - policies),
            "scripts_without_source": sorted(self.scripts - scripts),
        }


FIGURES = (
    *("Requests", "\u2026 that left the machine", "\u2026 with passwords or keys"),
    *("Calls of language models", "Requests to personal accounts", "Connections past the gate"),
    "Requests not wholly inspected",
)
"""Rows of the report that follow from the records without another list."""


def named(figure: str) -> str:
    """Return a row's name as it is told: the dots before it say that it is part of another."""
    return figure.replace("\u2026 ", "")


def plain_figures(value: Dict[str, Any]) -> Tuple[bool, ...]:
    """Return whether a request counts in each row of `FIGURES`."""
    became, findings = fate(value), value["findings"]
    unread = any(one["kind"] == "not_inspected" for one in findings)
    return (
        *(True, left(value) == "yes"),
        any(one["kind"] == "secret" and not one["test_data"] for one in findings),
        value["llm"] is not None,
        value["destination"]["account"]["kind"] == "personal",
        became == "past",
        not became and (unread or bool(value["decision"]["degraded"])),
    )


@lru_cache(maxsize=1024)
def moment(text: str) -> str:
    """Return a time so that one that is later is greater, however many digits it has."""
    seconds, _, rest = text.rstrip("Z").partition(".")
    return "%s.%s" % (seconds, rest.ljust(6, "0"))


def shares(counts: Dict[str, int]) -> Dict[str, Any]:
    total = sum(counts.values())
    return {
        word: {"requests": count, "share": "%.1f %%" % (100 * count / total)}
        for word, count in counts.items()
    }


FATES = {
    "bypass": "past",
    "tls": "untrusted",
    "protocol": "foreign",
    "direct": "unreached",
    "name": "unreached",
    "head": "unfinished",
}
BY_NOTE = {
    "the destination could not be reached: nothing was sent": "unreached",
    "it ended before it could leave: nothing was sent": "unfinished",
}
RELEASED = ("approved", "approved_before")


def fate(value: Dict[str, Any]) -> str:
    """Return what became of an exchange where its verdict does not tell."""
    if value["request"]["method"] == "CONNECT":
        for stage in value["decision"]["degraded"]:
            if stage.partition(":")[0] in FATES:
                return FATES[stage.partition(":")[0]]
    return next((BY_NOTE[note] for note in value["notes"] if note in BY_NOTE), "")


def left(value: Dict[str, Any]) -> str:
    """Return whether it left the machine."""
    became, decision = fate(value), value["decision"]
    if became:
        return "not known" if became == "past" else "no"
    hold = decision["hold"]
    if decision["verdict"] == "hold":
        return "yes" if hold is not None and hold["outcome"] in RELEASED else "no"
    return "yes" if decision["verdict"] in ("allow", "watch", "warn", "redact") else "no"


TOLD = (
    *("Chain entry", "Chain hash", "Record id", "Time (UTC)", "User", "Script", "Script path"),
    *("Script SHA-256", "Program", "Process id", "Sender is", "Verdict"),
    *("Verdict the rule asked for", "Rule", "Reason", "Checks that failed", "Line of code"),
    *("Service", "Kind of service", "Host", "Path (redacted)", "Account", "Account id", "Method"),
    *("Bytes sent", "Answer", "Bytes received", "Rows affected", "Masked excerpts", "Notes"),
    *("Left the machine", "Model", "Input tokens", "Output tokens", "Tokens are", "Cost (USD)"),
    *("Cost from", "Not in the cost", "Answer id", "Tier"),
)
"""Columns of the table that say plainly what stands in the record."""
MOST_IN_A_CELL = 2000
ANY = None


def place_of(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    place = value["chain"]
    return str(place["seq"]), place["hash"], cell(value["id"])


def nothing(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    """Return the row of what cannot be read: its place and time, and no word of what was in it."""
    return (*place_of(value), ANY, *[""] * (len(TOLD) - 4))


def cells(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    """Return what the row of an entry says in the columns of `TOLD`."""
    if value.get("schema") not in (RECORD, OBSERVATION):
        return nothing(value)
    sender, script = value["sender"], value["sender"]["script"] or {}
    who = (
        *(sender["user"], script.get("name"), script.get("path"), script.get("sha256")),
        *(sender["exe"], sender["pid"], sender["certainty"]),
    )
    begin = (*place_of(value), cell(value["at"]), *map(cell, who))
    if value["schema"] == OBSERVATION:
        return (*begin, *[""] * (len(TOLD) - len(begin)))
    decision, to, line = value["decision"], value["destination"], sender["line"]
    rows = [one["records"] for one in value["findings"] if one["records"] is not None]
    told = (
        *(decision["verdict"], decision["intended"], decision["rule"], decision["reason"]),
        *("; ".join(decision["degraded"]), line and "%s:%s" % (line["file"], line["line"])),
        *(to["service"], to["category"], to["host"], to["path"], to["account"]["kind"]),
        *(to["account"]["id"], value["request"]["method"], value["request"]["bytes"]),
        *(value["response"]["status"], value["response"]["bytes"], max(rows) if rows else None),
        "; ".join([one["excerpt"] for one in value["findings"] if one["excerpt"]]),
        *("; ".join(value["notes"]), left(value)),
    )
    return (*begin, *map(cell, told), *called(value["llm"]))


def called(call: Optional[Dict[str, Any]]) -> List[str]:
    if call is None:
        return [""] * 9
    left_out = "; ".join(call["cost_left_out"])
    told = (
        *(call["model"], call["input_tokens"], call["output_tokens"], call["tokens_basis"]),
        *(call["cost_usd"], call["cost_basis"], left_out, call["response_id"], call["tier"]),
    )
    return list(map(cell, told))


@lru_cache(maxsize=20000, typed=True)
def cell(value: Any) -> str:
    """Return how a value stands in a table that no spreadsheet program computes with."""
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    text = value if value.isprintable() else " ".join(value.splitlines())
    if len(text) > MOST_IN_A_CELL:
        text = text[:MOST_IN_A_CELL] + "\u2026"
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def alike(wanted: Optional[str], found: str) -> bool:
    """Return whether a cell says what is wanted; a dot may stand for what no table shows."""
    if wanted is ANY or wanted == found:
        return True
    pairs = zip(wanted or "", found)  # noqa: B905 - newer than Python 3.9
    return len(wanted or "") == len(found) and all(a == b or b == "\u00b7" for a, b in pairs)


def around(file: Any, info: zipfile.ZipInfo, at: int) -> Tuple[int, bytes]:
    """Return how much stands around a file's data at this place of the zip, and what the list at
    its end has to say of it; 0 where something else stands there.
    """
    name, flags = info.filename.encode(), info.flag_bits
    stored = info.compress_type == 0 and info.filename == SEAL
    file.seek(at)
    start = file.read(30)
    extra = int.from_bytes(start[28:30], "little")
    if len(start) < 30 or extra not in (0, 20):
        return 0, b""
    later = bool(flags & 8)  # to a pipe: sizes and checksum follow the data
    version = 45 if extra else 20
    sizes = (info.compress_size, info.file_size)
    crc, short = (0, (0, 0)) if later else (info.CRC, sizes)
    if extra:
        short = (0xFFFFFFFF, 0xFFFFFFFF)
    told = (flags, 0 if stored else 8, 0, 0x21)
    wanted = struct.pack("<4s5H3L2H", b"PK\3\4", version, *told, crc, *short, len(name), extra)
    wanted += name
    if extra:
        wanted += struct.pack("<2H2Q", 1, 16, *((0, 0) if later else sizes[::-1]))
    length = len(wanted)
    file.seek(at)
    if file.read(length) != wanted:
        return 0, b""
    if later:
        wanted = struct.pack("<4sL2Q" if extra else "<4s3L", b"PK\7\b", info.CRC, *sizes)
        file.seek(at + length + info.compress_size)
        if file.read(len(wanted)) != wanted:
            return 0, b""
        length += len(wanted)
    listed = struct.pack(
        *("<4s2B5H3L5H2L", b"PK\1\2", version, 3, version, *told, info.CRC, *sizes),
        *(len(name), 0, 0, 0, 0, 0o600 << 16, at),
    )
    return length, listed + name


def within(runs: List[Tuple[int, int]], begins: List[int], number: int) -> bool:
    """Return whether a number is in one of these runs of first and last, which are in order."""
    at = bisect(begins, number) - 1
    return at >= 0 and runs[at][1] >= number


def note(text: str) -> Tuple[Dict[str, Any], str, str]:
    """Return what a checkpoint says, the text that is signed, and the signatures."""
    body, _, signatures = text.partition("\n\n")
    lines = body.split("\n")
    acts = lines[3].split(" ")
    told = {
        "records": (int(lines[1]), base64.b64decode(lines[2], validate=True)),
        "acts": (int(acts[1]), base64.b64decode(acts[2], validate=True)),
        "time": lines[4],
    }
    return told, body + "\n", signatures


def parted(line: bytes) -> Tuple[Dict[str, Any], bytes]:
    """Return an entry's place in its chain, and what was hashed: the line without it."""
    begin = line.index(b'"chain":{')
    end = line.index(b"}", begin) + 1
    text = line[begin + len(b'"chain":') : end]
    place = json.loads(text)
    if canonical(place) != text or not PLACE <= set(place) <= PLACE | {"salt", "parts"}:
        raise ValueError("doubled keys, or more than a place")
    if type(place["seq"]) is not int or len(place["prev"]) != 64 or not plainly_sealed(place):
        raise ValueError("no number, no hash, or another seal than Outgate writes")
    before = json.loads((line[: begin - 1] if begin > 1 else b"{") + b"}")
    if line[end : end + 1] != b",":
        behind, rest = b"~", line[: begin - 1] + line[end:]
    else:
        behind, rest = line[end + 2 : line.index(b'"', end + 2)], line[:begin] + line[end + 1 :]
    if any(key >= "chain" for key in before) or behind <= b"chain":
        raise ValueError("not where Outgate puts it")
    return place, rest


def hexed(text: str) -> str:
    """Return the digits as Outgate writes them."""
    return bytes.fromhex(text).hex()


def plainly_sealed(place: Dict[str, Any]) -> bool:
    """Return whether what an entry is hashed with, which no hash covers, holds nothing else."""
    digits, parts = [place["prev"], place["hash"]], place.get("parts", [])
    if "salt" in place:
        digits.append(place["salt"])
        plain = "parts" in place and all(len(part) == 2 for part in parts)
    else:
        plain = all(len(part) == 4 and part[2] in ("key", "gone") for part in parts)
        digits += [part[3] for part in parts] if plain else []
    numbers = all(type(part[0]) is type(part[1]) is int for part in parts)
    return plain and numbers and all(hexed(one) == one for one in digits)


def linked(place: Dict[str, Any], body: bytes) -> str:
    """Return the hash of an entry; what was erased of it is not needed."""
    if "parts" in place:
        hashes, facts, at = [], [], 0
        for number, (start, end, *kept) in enumerate(place["parts"]):
            if not at <= start <= end <= len(body):
                return ""
            if kept:
                key = bytes.fromhex(kept[1])
            else:
                salt = bytes.fromhex(place["salt"])
                key = hashlib.sha256(salt + number.to_bytes(4, "big")).digest()
            gone = bool(kept) and kept[0] == "gone"
            if gone and body[start:end] not in STAND_INS:
                return ""
            hashes.append(key if gone else hashlib.sha256(key + body[start:end]).digest())
            facts.append(body[at:start])
            at = end
        facts.append(body[at:])
        body = len(hashes).to_bytes(4, "big") + b"".join(hashes) + b"\0".join(facts)
    before = bytes.fromhex(place["prev"]) + place["seq"].to_bytes(8, "big")
    return hashlib.sha256(before + body).hexdigest()


USAGE = "python verify.py [PACK.zip] [--key FINGERPRINT]"
KEY_DIGITS = 16


def told_to(arguments: List[str]) -> Tuple[str, Optional[str], str]:
    """Return the pack, the key that is wanted, and what is wrong with the arguments."""
    paths, key, left = [], None, list(arguments)
    while left:
        one = left.pop(0)
        if one == "--key" or one.startswith("--key="):
            if one == "--key":
                one = "--key=%s" % "".join(left[:1])
                del left[:1]
            key = one[len("--key=") :].strip().lower()
            if len(key) != KEY_DIGITS or set(key) - set("0123456789abcdef"):
                return "", None, "--key needs a fingerprint: %d hex digits" % KEY_DIGITS
        elif one.startswith("-") and one != "-":
            return "", None, "there is no option %s" % ascii(one)
        else:
            paths.append(one)
    if len(paths) > 1:
        return "", None, "one pack is checked at a time"
    path = paths[0] if paths else os.path.dirname(os.path.abspath(__file__))
    if not os.path.exists(path):
        return "", None, "there is no file %s" % ascii(path)
    return path, key, ""


def main(arguments: List[str], say: Callable[[str], None]) -> int:
    path, key, wrong = told_to(arguments)
    if wrong:
        say("Nothing was checked: %s. Use: %s" % (wrong, USAGE))
        return 2
    try:
        if os.path.isfile(path) and os.path.getsize(path) == 0:
            say("NOT whole: the file is empty")
            return 1
        check = Check(Pack(path), key)
    except OSError as error:
        say("Nothing was checked: %s cannot be read: %s" % (ascii(path), error.strerror))
        return 2
    except Exception as error:  # whatever a damaged zip makes of us
        say("NOT whole: the pack cannot be opened: %s" % type(error).__name__)
        return 1
    whole = check.run()
    for problem in check.problems:
        say("NOT whole: %s" % problem)
    for told in check.notes:
        say(told)
    say("The pack is whole." if whole else "The pack is NOT whole.")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], print))
