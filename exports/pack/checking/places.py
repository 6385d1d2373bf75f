"""Where an entry stands in its chain, and its hash."""

import base64
import hashlib
import json
import re
from bisect import bisect
from typing import Any, Dict, List, Tuple

from exports.pack.checking.names import PLACE, STAND_INS


def canonical(value: Any) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def within(runs: List[Tuple[int, int]], begins: List[int], number: int) -> bool:
    """Return whether a number is in one of these runs of first and last, which are in order."""
    at = bisect(begins, number) - 1
    return at >= 0 and runs[at][1] >= number


def note(text: str) -> Tuple[Dict[str, Any], str, str]:
    """Return what a checkpoint says, the text that is signed, and the signatures."""
    body, _, signatures = text.partition("\n\n")
    name, size, root, acts, time, *more = body.split("\n")
    chain, acts_size, acts_root = acts.split(" ")
    told = {
        "chains": (name, chain),
        "records": (int(size), base64.b64decode(root, validate=True)),
        "acts": (int(acts_size), base64.b64decode(acts_root, validate=True)),
        "time": time,
    }
    plain = [name, *_written(told["records"]), " ".join((chain, *_written(told["acts"]))), time]
    if plain + more != body.split("\n") or not WHEN.fullmatch(time):
        raise ValueError("not as Outgate writes it")
    if not all(MORE.fullmatch(line) for line in more):
        raise ValueError("more than a checkpoint says")
    return told, body + "\n", signatures


def _written(part: Any) -> Tuple[str, str]:
    return str(part[0]), base64.b64encode(part[1]).decode()


WHEN = re.compile(r"time \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
MORE = re.compile(r"number [0-9]{1,20}|lots [0-9]{1,20} [A-Za-z0-9+/]{43}=")
"""What a checkpoint says behind its time."""


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
