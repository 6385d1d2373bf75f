"""Reads what the beacon of one process wrote. In the helper process: the folder is the sender's to
write to.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH118, PTH208

import contextlib
import os
import stat
from hashlib import blake2b

from attribution.beacon.claims import RequestClaim, StartClaim, Told, read_claims
from attribution.beacon.folder import KEY, RECORDS
from attribution.facts import ProcessFacts
from attribution.plain_files import opened

_MOST_FILE = 1 << 20
"""A beacon begins its file again at half of this; a larger one is none of ours."""
_BEGIN = 32 << 10
_END = 128 << 10
_MOST_RUNS = 64
_MOST_CLAIMS = 50
EARLIER_NS = 5_000_000_000
"""A request's head is written so long before the gate has read it, at most."""
LATER_NS = 50_000_000

_root = ""


def listen_to(root: str) -> None:
    """Look for beacons below this folder from now on; empty: nowhere."""
    global _root
    _root = root


def start_claim(facts: ProcessFacts) -> StartClaim | None:
    """Return what the process said of its start; None when it has no beacon."""
    found = _told(facts)
    return None if found is None else found[0].start


def request_claims(
    facts: ProcessFacts, head: tuple[str, str, str], at_ns: int
) -> tuple[RequestClaim, ...]:
    """Return what the process said of requests like this one, sent shortly before `at_ns`; the
    newest first.

    `head`: method, target as sent, and content-length as sent or empty.
    """
    found = _told(facts)
    if found is None:
        return ()
    told, folder = found
    key = _plain(os.path.join(folder, KEY), 0, 64)
    if len(key) != 32:
        return ()
    said = " ".join(head).encode("utf-8", "surrogateescape")
    digest = blake2b(said, key=key, digest_size=16).hexdigest()
    near = [
        claim
        for claim in told.requests
        if claim.digest == digest and at_ns - EARLIER_NS <= claim.at_ns <= at_ns + LATER_NS
    ]
    return tuple(sorted(near, key=lambda claim: -claim.at_ns)[:_MOST_CLAIMS])


def _told(facts: ProcessFacts) -> tuple[Told, str] | None:
    """Return what it said and the folder of its run; nothing that was written before this very
    process was born.
    """
    if not _root:
        return None
    with contextlib.suppress(OSError):
        for run in sorted(os.listdir(_root))[:_MOST_RUNS]:
            folder = os.path.join(_root, run)
            data = _record(os.path.join(folder, RECORDS, str(facts.pid)), facts.uid)
            told = read_claims(data) if data else Told()
            if told.start is not None and told.start.mark in {None, facts.start}:
                return told, folder
    return None


def _record(path: str, uid: int | None) -> bytes:
    """Return the beginning and the end of a process's file, which must be its own user's and no
    link.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return b""
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_FILE:
        return b""
    if uid is not None and os.name != "nt" and found.st_uid != uid:
        return b""
    if found.st_size <= _BEGIN + _END:
        return _plain(path, 0, _BEGIN + _END)
    begin, end = _plain(path, 0, _BEGIN), _plain(path, found.st_size - _END, _END)
    return begin.rpartition(b"\n")[0] + b"\n" + end.partition(b"\n")[2]


def _plain(path: str, offset: int, most: int) -> bytes:
    handle = opened(path)
    if handle is None:
        return b""
    with os.fdopen(handle, "rb") as file:
        try:
            file.seek(offset)
            return file.read(most)
        except OSError:
            return b""
