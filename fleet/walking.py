"""An upload checked in one walk over its bytes, without a value for each entry: what a hub does
thirty thousand times a second. `wire.opened` reads the same upload entry by entry. Pure.
"""

from dataclasses import dataclass, field

from evidence.chain import genesis
from evidence.parts import SALT_BYTES, gaps_of, salted_link
from fleet.wire import ENTRY, MOST_ENTRIES, SALTED, BadUpload, BrokenUpload, Claims, entry_of


@dataclass(slots=True)
class Walked:
    """The entries of an upload, which are the run that it claims."""

    texts: list[bytes] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    emptied: list[int] = field(default_factory=list)
    """Numbers of the entries of which something was taken out."""


def walk(claims: Claims, data: bytes, at: int) -> Walked:
    """Check the entries that begin at `at`. Raises BadUpload for what are none, BrokenUpload where
    they do not lead from `prev` to `head`.
    """
    found, prev, end = Walked(), claims.prev, len(data)
    if claims.first == 1 and prev != genesis(claims.chain):
        raise BrokenUpload("the first entry does not begin the chain that it names")
    seq, last = claims.first, min(claims.last, claims.first + MOST_ENTRIES - 1)
    while at < end:
        if seq > last:
            raise BadUpload("the upload holds more entries than it claims, or too many")
        if at + ENTRY.size > end:
            raise BadUpload("the upload ends within an entry")
        form, text_bytes, cuts_bytes, kept_bytes = ENTRY.unpack_from(data, at)
        start = at + ENTRY.size
        cuts = start + text_bytes
        kept = cuts + cuts_bytes
        at = kept + kept_bytes
        if at > end:
            raise BadUpload("the upload ends within an entry")
        text = data[start:cuts]
        if form == SALTED and text and kept_bytes == SALT_BYTES:
            prev = _salted(prev, seq, text, data[cuts:kept], data[kept:at])
        else:
            prev = _other(found, form, prev, seq, (text, data[cuts:kept], data[kept:at]))
        found.texts.append(text)
        found.hashes.append(prev)
        seq += 1
    if seq != claims.last + 1:
        raise BadUpload("the upload holds fewer entries than it claims, or too many")
    if prev != claims.head:
        raise BrokenUpload("the entries do not lead to the head that is claimed")
    return found


def _salted(prev: bytes, seq: int, text: bytes, cuts: bytes, salt: bytes) -> bytes:
    try:
        found = salted_link(prev, seq, text, salt, gaps_of(cuts))
    except ValueError:
        raise BadUpload("the seal of an entry is damaged") from None
    if not found:
        raise BrokenUpload(f"entry {seq} does not fit its seal")
    return found


def _other(
    found: Walked, form: int, prev: bytes, seq: int, pieces: tuple[bytes, bytes, bytes]
) -> bytes:
    entry = entry_of(form, *pieces)
    if entry.emptied:
        found.emptied.append(seq)
    try:
        return entry.link(prev, seq)
    except ValueError:
        raise BrokenUpload(f"entry {seq} does not fit its seal") from None
