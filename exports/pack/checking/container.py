"""The zip, the statement over its files, and the files."""

import base64
import hashlib
import json
import struct
import zipfile
from typing import Any, Dict, List, Optional

from exports.pack.checking.curve import signed
from exports.pack.checking.names import FURTHER, NEEDED, PREDICATE, PROOFS, SEAL, STATEMENT, TYPE
from exports.pack.checking.packs import Pack, around
from exports.pack.checking.places import canonical


class Container:
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
        for name in sorted(wanted):
            if not (name in (*NEEDED, PROOFS) or FURTHER.fullmatch(name)):
                self.wrong("%s is no file that Outgate puts into a pack" % ascii(name)[1:-1])
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
            except Exception:  # zlib.error, and whatever a damaged zip makes of us
                self.wrong("%s is damaged" % name)
                continue
            if found != wanted[name]:
                self.wrong("%s was changed" % name)
