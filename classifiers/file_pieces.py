"""Parts of a body that may be whole files, found by their size alone: nothing is decoded that has
not the size of a file near the sender.

Sizes come first because they are cheap to tell: base64 and hex say theirs by their length, members
of archives in their directory. So a body without such a file costs one walk.
"""

import binascii
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.limits import DEFAULT
from classifiers.codecs.magic import media_type_of, packed_as

MOST_UNPACKED = 64 << 20
"""Bytes of all that is unpacked of one body: as much as the largest file that is read."""
SMALLEST = 24
"""Bytes of the smallest file that is looked for: smaller contents are the same by chance."""
_MOST_STRINGS, _MOST_PARTS, _MOST_MEMBERS, _DEEPEST = 50_000, 1000, 1000, 4
_SCAN_RUNS, _SNIFFED = 16 << 20, 4096
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_PADDED = _LETTERS + b"="
_FLAGS = bytes(int(byte in _LETTERS) for byte in range(256))
_RUN = b"\1" * 32
_HEX = re.compile(r"[0-9A-Fa-f]+")
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_PAD = ord("=")
_SPACES = b"\r\n\t "
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})')
_ZIP = "application/zip"
_ENCODED_PACKED = ("H4sI", "KLUv", "UEsD")
"""How base64 of gzip, zstd and zip begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a body that has the size of a file. Holds no payload, its hash only."""

    sha256: str
    size: int
    decoded: bool
    """False where it stands in the body as it is."""
    lines: int


@dataclass(slots=True)
class _Search:
    """What is looked for in one body, and what was found."""

    sizes: Collection[int]
    found: dict[tuple[str, int], Part] = field(default_factory=dict)
    strings: int = 0
    left: int = MOST_UNPACKED
    """Bytes that may still be unpacked."""

    def unpacked(self, data: bytes, coding: str) -> bytes:
        """Undo a coding; nothing once so much was unpacked as may be."""
        if self.left <= 0:
            return b""
        content = undo_content_encoding(data, coding, DEFAULT).data
        self.left -= len(content)
        return content

    def offer(self, data: bytes, *, decoded: bool) -> None:
        """Take what may be a file."""
        if len(data) < SMALLEST or len(data) not in self.sizes:
            return
        sha256 = hashlib.sha256(data).hexdigest()
        known = self.found.get((sha256, len(data)))
        if known is None or (known.decoded and not decoded):
            lines = data.count(b"\n") + (not data.endswith(b"\n"))
            self.found[sha256, len(data)] = Part(
                sha256=sha256, size=len(data), decoded=decoded, lines=lines
            )


def parts_of_size(
    body: bytes, content_type: str, encoding: str, sizes: Collection[int]
) -> list[Part]:
    """Return the parts of a body with one of these sizes. Never raises on payload.

    `content_type`, `encoding`: as the request's headers state them.
    """
    search = _Search(sizes)
    search.offer(body, decoded=False)
    decoded = bool(encoding.strip()) and encoding.strip().lower() != "identity"
    if decoded:
        body = search.unpacked(body, encoding)
    _look(search, body, content_type, decoded=decoded, depth=0)
    return list(search.found.values())


def _look(search: _Search, data: bytes, media: str, *, decoded: bool, depth: int) -> None:
    """Look at one content and at what is in it."""
    if depth:
        search.offer(data, decoded=decoded)
    elif decoded:
        search.offer(data, decoded=True)
    if depth > _DEEPEST or len(data) < SMALLEST:
        return
    boundary = _BOUNDARY.search(media)
    if boundary is not None and media.lower().startswith("multipart/"):
        _multipart(search, data, boundary[1].encode(), decoded, depth)
    elif (coding := packed_as(data)) is not None:
        _look(search, search.unpacked(data, coding), "", decoded=True, depth=depth + 1)
    elif media_type_of(data[:_SNIFFED], part=True) == _ZIP:
        _members(search, data, depth)
    elif data.lstrip()[:1] in {b"{", b"["}:
        _json(search, data, depth)
    elif media.lower().startswith("application/x-www-form-urlencoded"):
        _form(search, data, depth)
    elif len(data) <= _SCAN_RUNS:
        _runs(search, data, depth)


def _multipart(search: _Search, data: bytes, boundary: bytes, decoded: bool, depth: int) -> None:
    mark = b"--" + boundary
    at = data.find(mark)
    for _ in range(_MOST_PARTS):
        if at < 0:
            return
        start = at + len(mark)
        if data[start : start + 2] == b"--":
            return
        end = data.find(b"\r\n" + mark, start)
        stop = len(data) if end < 0 else end
        head_end = data.find(b"\r\n\r\n", start, stop)
        if head_end >= 0:
            head = data[start:head_end].decode("latin-1").lower()
            _part(search, data[head_end + 4 : stop], head, decoded, depth)
        at = -1 if end < 0 else end + 2


def _part(search: _Search, content: bytes, head: str, decoded: bool, depth: int) -> None:
    fields = dict(row.partition(":")[::2] for row in head.split("\r\n"))
    transfer = fields.get("content-transfer-encoding", "").strip()
    packed = fields.get("content-encoding", "").strip()
    plain = content
    if transfer == "base64":
        plain = _base64(content.translate(None, b"\r\n\t "))
    elif transfer == "quoted-printable":
        plain = binascii.a2b_qp(content)
    if packed and packed != "identity":
        plain = search.unpacked(plain, packed)
    same = plain is content
    media = fields.get("content-type", "").strip()
    _look(search, plain, media, decoded=decoded or not same, depth=depth + 1)


def _members(search: _Search, data: bytes, depth: int) -> None:
    """Look at the members of an archive that have the right size; others are not unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                fits = member.file_size in search.sizes and member.file_size <= search.left
                if fits and not member.flag_bits & 1:
                    search.left -= member.file_size
                    with archive.open(member) as file:
                        content = file.read(member.file_size + 1)
                    search.offer(content, decoded=True)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error):
        return


def _json(search: _Search, data: bytes, depth: int) -> None:
    try:
        todo: list[object] = [orjson.loads(data)]
    except orjson.JSONDecodeError:
        for line in data.splitlines()[:_MOST_PARTS]:
            with_strings = line.lstrip()[:1] in {b"{", b"["}
            if with_strings and len(line) < len(data):
                _json(search, line, depth + 1)
        return
    while todo and search.strings < _MOST_STRINGS:
        value = todo.pop()
        if isinstance(value, str):
            search.strings += 1
            _text(search, value, depth)
        elif isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += [one for one in value if isinstance(one, str | dict | list)]


def _form(search: _Search, data: bytes, depth: int) -> None:
    try:
        fields = parse_qsl(data.decode("latin-1"), max_num_fields=_MOST_PARTS, encoding="latin-1")
    except ValueError:
        return
    for _, value in fields:
        raw = value.encode("latin-1")
        search.offer(raw, decoded=True)
        _text(search, value, depth)


def _text(search: _Search, text: str, depth: int) -> None:
    """Look at a string: as it is, as a data URL, as base64 or hex, and what of such is in it."""
    if len(text) < SMALLEST:
        return
    if text.isascii():
        if len(text) in search.sizes:
            search.offer(text.encode(), decoded=True)
    else:
        search.offer(text.encode("utf-8", "surrogatepass"), decoded=True)
    if text.startswith("data:"):
        head, _, rest = text.partition(",")
        if head.endswith(";base64"):
            text = rest
        else:
            search.offer(unquote_to_bytes(rest), decoded=True)
            return
    if text[:1] in {"{", "["} and depth < _DEEPEST:
        _json(search, text.encode("utf-8", "surrogatepass"), depth + 1)
        return
    if not text.isascii() or depth > _DEEPEST:
        return
    raw = text.encode()
    bare = raw.translate(None, _SPACES) if b"\n" in raw[:200] else raw
    if not bare.translate(None, _PADDED):
        _encoded(search, bare, depth)
    else:
        _runs(search, raw, depth)


def _runs(search: _Search, data: bytes, depth: int) -> None:
    """Look at the long runs of letters of base64; what is no text has none that mean anything."""
    if b"\0" in data[:_SNIFFED]:
        return
    flags, end = data.translate(_FLAGS), 0
    for _ in range(_MOST_PARTS):
        start = flags.find(_RUN, end)
        if start < 0:
            return
        end = flags.find(b"\0", start)
        end = len(flags) if end < 0 else end
        _encoded(search, data[start:end], depth)


def _encoded(search: _Search, run: bytes, depth: int) -> None:
    """Decode a run whose content has the right size, or is packed."""
    letters = _letters(run)
    packed = run[:4].decode() in _ENCODED_PACKED
    if (letters * 3 // 4 in search.sizes or packed) and letters % 4 != 1:
        content = _base64(run)
        if packed:
            _look(search, content, "", decoded=True, depth=depth + 1)
        else:
            search.offer(content, decoded=True)
    if len(run) // 2 in search.sizes and not len(run) % 2 and _HEX.fullmatch(run.decode()):
        search.offer(binascii.unhexlify(run), decoded=True)


def _letters(run: bytes) -> int:
    """Return how many letters a run has before its padding."""
    size = len(run)
    for _ in range(2):
        size -= size > 0 and run[size - 1] == _PAD
    return size


def _base64(run: bytes) -> bytes:
    """Return the content; nothing where it is none. Large runs are copied no more than needed."""
    if b"-" in run or b"_" in run:
        run = run.translate(_URLSAFE)
    letters = _letters(run)
    if letters % 4 == 1:
        run, letters = run[: letters - 1], letters - 1
    if (letters + 3) // 4 * 4 != len(run):
        run = run[:letters] + b"=" * (-letters % 4)
    try:
        return binascii.a2b_base64(run)
    except binascii.Error:
        return b""
