"""The chains of records and acts, and the checkpoints over them."""

import base64
import hashlib
import io
import json
from itertools import islice
from typing import Any, Dict, Iterator, List, Tuple

from exports.pack.checking.container import Container
from exports.pack.checking.curve import signed
from exports.pack.checking.names import (
    CHECKPOINTS,
    CHUNK,
    EMPTIED,
    ERASED,
    LATER,
    MOST_BYTES,
    MOST_SIGNATURES,
    ORIGIN,
    PROOFS,
    RECORDS,
)
from exports.pack.checking.places import canonical, hexed, linked, note, parted, within
from exports.pack.checking.trees import Tree, proves


class Chains(Container):
    """The chains, their heads, and what was signed of them."""

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
            told = "Erased, or their time was over: %d; their places and hashes are there."
            self.notes.append(told % erased)
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
        if any(b'"event":"%s"' % event.encode() in body for event in EMPTIED):
            value = json.loads(body.decode())
            name = EMPTIED.get(value.get("event"), "")
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
        back = sum(one["time"] > two["time"] for one, two in zip(read, read[1:]))  # noqa: B905, RUF007
        if back:
            self.notes.append(
                "Checkpoints that tell an earlier time than the one before: %d." % back
            )
        if read and self.head_told and self.predicate:
            self.newest(read[-1], self.head_told, self.predicate)
            chains = tuple(self.head_told[part]["chain"] for part in ("records", "acts"))
            for one in read:
                if one["chains"] != (ORIGIN + chains[0], chains[1]):
                    self.wrong("the checkpoint of %s is of another chain" % one["time"])

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
