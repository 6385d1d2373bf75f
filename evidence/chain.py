"""The hash chain, pure: canonical JSON, how an entry links to the one before, and a verifier fed in
order.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

GENESIS_CONTEXT = b"outgate.chain/1\n"
_SEQ_BYTES = 8

_BEFORE = frozenset({b":", b",", b"["})
"""What stands before a number within a value."""
_EXPONENT = re.compile(rb"e-?[0-9]+[,\]}]")
"""A number in exponent form as orjson writes it.

Text may match too: that costs time, never correctness.
"""


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of JSON values: sorted keys, no spaces, UTF-8, nothing escaped that
    need not be.

    Byte for byte what `json.dumps(value, sort_keys=True, separators=(",", ":"),
    ensure_ascii=False).encode()` gives. Raises ValueError for what JSON cannot hold: lone
    surrogates, keys that are not strings, foreign types.
    """
    try:
        fast = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS)
    except orjson.JSONEncodeError:
        return _canonical_slow(value)
    # Very small and very large floats are the only values that the two encoders write differently.
    return _canonical_slow(value) if _holds_such_a_number(fast) else fast


def canonical_with(value: Mapping[str, Any], last: str, text: bytes) -> bytes:
    """Return `canonical` of an object, of whose last member (by its name) the canonical text is
    known: what records have in common is written and looked through once.
    """
    try:
        fast = orjson.dumps({**value, last: orjson.Fragment(text)}, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return canonical(value)
    fits = fast.endswith(text, 0, len(fast) - 1)
    if not fits or _holds_such_a_number(fast[: len(fast) - len(text) - 1]):
        return canonical(value)
    return fast


def _holds_such_a_number(text: bytes) -> bool:
    if text[-1:].isdigit() or _EXPONENT.search(text):
        return True
    return _holds_tiny(text)


def _holds_tiny(text: bytes) -> bool:
    """Return whether a number begins with 0.0000: times have these digits too, behind others."""
    at = text.find(b"0.0000")
    while at >= 0:
        if text[max(0, at - 2) : at].removesuffix(b"-")[-1:] in _BEFORE:
            return True
        at = text.find(b"0.0000", at + 1)
    return False


def _canonical_slow(value: Any) -> bytes:
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (TypeError, UnicodeEncodeError) as error:
        raise ValueError(f"not a JSON value: {type(error).__name__}") from None


def plain_hash(text: str) -> bytes:
    """Return the hash that these digits say. Raises ValueError, TypeError where it is written
    otherwise than Outgate writes it, with room between or in capitals: no hash covers that.
    """
    found = bytes.fromhex(text)
    if found.hex() != text:
        raise ValueError("no hash as it is written here")
    return found


def genesis(chain_id: str) -> bytes:
    """Return the 32 bytes before the first entry of a chain: SHA-256 over a context line and the
    chain's id.
    """
    return hashlib.sha256(GENESIS_CONTEXT + chain_id.encode()).digest()


def link(prev: bytes, seq: int, body: bytes) -> bytes:
    """Return the 32-byte hash of entry `seq` (from 1): SHA-256 over prev (32 bytes), seq (8 bytes,
    big-endian), body.

    The first two parts have a fixed length, so no two different entries share one input.
    """
    if len(prev) != hashlib.sha256().digest_size:
        raise ValueError("the hash of the entry before has 32 bytes")
    return hashlib.sha256(prev + seq.to_bytes(_SEQ_BYTES, "big") + body).digest()


def told(hash_: bytes) -> Callable[[bytes, int, bytes], bytes]:
    """Return how an entry is linked of which only its hash is left: the next entry proves it."""
    return lambda prev, seq, body: hash_


class ChainBroken(ValueError):  # noqa: N818 - says what is, as evidence
    """The entries are not the chain that they claim to be; the text is for a person."""


def _fits(
    linked: Callable[[bytes, int, bytes], bytes], prev: bytes, seq: int, body: bytes, hash_: bytes
) -> bool:
    try:
        return linked(prev, seq, body) == hash_
    except ValueError:
        return False


class ChainVerifier:
    """Is fed the entries of one chain in order and raises ChainBroken at the first that does not
    belong.

    With `gaps=True` (an export that was filtered) entries may be missing; they are counted, and
    each entry that is there must still be whole and fit its neighbours. A chain cannot show
    that its newest entries were cut off: compare `seq` and `head` with a note taken earlier.
    """

    def __init__(
        self, chain_id: str, *, gaps: bool = False, after: tuple[int, bytes] | None = None
    ) -> None:
        """Begin at the beginning, or `after` an entry of this number and hash."""
        self.chain_id = chain_id
        self.seq, self.head = after or (0, genesis(chain_id))
        self.missing = 0
        """Entries left out before and between those fed."""
        self.entries = 0
        self._gaps = gaps

    def feed(
        self,
        seq: int,
        prev: bytes,
        hash_: bytes,
        body: bytes,
        linked: Callable[[bytes, int, bytes], bytes] = link,
    ) -> None:
        """Take the next entry with its stored hashes and its body exactly as hashed, and how it is
        linked.
        """
        if seq <= self.seq:
            raise ChainBroken(
                f"entry {seq} stands after entry {self.seq}: entries were reordered or repeated"
            )
        skipped = seq - self.seq - 1
        if skipped and not self._gaps:
            raise ChainBroken(
                f"after entry {self.seq} comes entry {seq}: {skipped} missing in between"
            )
        if not skipped and prev != self.head:
            raise ChainBroken(
                f"entry {seq} does not follow entry {self.seq}: one of them was replaced"
            )
        if len(prev) != len(self.head) or not _fits(linked, prev, seq, body, hash_):
            raise ChainBroken(f"entry {seq} was changed after it was written")
        self.took(seq, hash_)
        self.missing += skipped

    def took(self, seq: int, hash_: bytes) -> None:
        """Go on behind an entry that was found to be the next one by other means."""
        self.seq, self.head = seq, hash_
        self.entries += 1
