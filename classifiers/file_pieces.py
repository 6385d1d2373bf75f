"""Parts of a body that may be whole files, found by their size alone: nothing is decoded that has
not the size of a file near the sender.

Sizes come first because they are cheap to tell: base64 and hex say theirs by their length, members
of archives in their directory. So a body without such a file costs one walk.
"""

import binascii
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson

from classifiers.codecs.base64_letters import (
    ALPHABETS,
    IN_ESCAPES,
    IN_LINES,
    IN_ONE_RUN,
    SPACES,
    Written,
    content_of,
    letters_of,
    pieces_of,
    size_of,
)
from classifiers.codecs.json_strings import strings_of, unescaped
from classifiers.codecs.magic import TAR, coding_of, media_type_of
from classifiers.file_search import LARGE, SMALLEST, Part, Search

_MOST_STRINGS, _MOST_PARTS, _MOST_MEMBERS, _DEEPEST = 50_000, 1000, 1000, 4
_SCAN_RUNS, _SNIFFED, _LONGEST_HEAD = 16 << 20, 4096, 500
_LARGE_JSON, _FEW_QUOTES = 100_000, 2000
"""Bytes of JSON from where on quotes are looked at before it is parsed, and how many."""
_FLAGS = bytes(int(byte in ALPHABETS) for byte in range(256))
_RUN = b"\1" * 32
_MAIL_LETTERS, _SMALLEST_MAIL = 64, 300
_HEX_LETTERS = b"0123456789abcdefABCDEF"
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})')
_ZIP = "application/zip"
_ENCODED_PACKED = (b"H4sI", b"KLUv", b"UEsD", b"Qlpo", b"/Td6")
"""How base64 of gzip, zstd, zip, bzip2 and xz begins."""
_MAIL_HEADS = (
    b"content-type:",
    b"mime-version:",
    b"from:",
    b"to:",
    b"subject:",
    b"date:",
    b"cc:",
    b"message-id:",
    b"received:",
    b"return-path:",
    b"reply-to:",
    b"content-transfer-encoding:",
)
"""How a message of mail begins."""


def parts_of_size(
    body: bytes, content_type: str, encoding: str, sizes: Collection[int], *, deep: bool = False
) -> list[Part]:
    """Return the parts of a body with one of these sizes. Never raises on payload.

    `content_type`, `encoding`: as the request's headers state them. `deep`: look also into large
    parts that have such a size themselves.
    """
    search = Search(sizes, deep)
    decoded = bool(encoding.strip()) and encoding.strip().lower() != "identity"
    if decoded and not search.ends_with(body, decoded=False):
        body = search.unpacked(body, encoding)
    _look(search, body, content_type, decoded=decoded, depth=0)
    return list(search.found.values())


def _look(search: Search, data: bytes, media: str, *, decoded: bool, depth: int) -> None:
    """Look at one content and at what is in it."""
    if search.ends_with(data, decoded=decoded) or depth > _DEEPEST or len(data) < SMALLEST:
        return
    boundary = _BOUNDARY.search(media)
    if boundary is not None and media.lower().startswith("multipart/"):
        _multipart(search, data, boundary[1].encode(), decoded, depth)
    elif (coding := coding_of(data[:_SNIFFED])) is not None:
        _look(search, search.unpacked(data, coding), "", decoded=True, depth=depth + 1)
    elif (kind := media_type_of(data[:_SNIFFED], part=True)) == _ZIP:
        _members(search, data, depth)
    elif kind == TAR:
        _tar_members(search, data)
    elif _is_mail(data) and (inner := _BOUNDARY.search(_head_of_mail(data))) is not None:
        _multipart(search, data, inner[1].encode("latin-1"), decoded, depth)
    elif _begins_json(data) and _json(search, data, depth):
        return
    elif media.lower().startswith("application/x-www-form-urlencoded"):
        _form(search, data, depth)
    elif len(data) <= _SCAN_RUNS:
        _runs(search, data, depth)


def _begins_json(data: bytes) -> bool:
    begin = data[:_SNIFFED].lstrip()[:1]
    return begin in {b"{", b"["} or (begin == b'"' and data[-_SNIFFED:].rstrip()[-1:] == b'"')


def _multipart(search: Search, data: bytes, boundary: bytes, decoded: bool, depth: int) -> None:
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
            content = memoryview(data)[head_end + 4 : stop]
            _part(search, content, head, decoded, depth)
        at = -1 if end < 0 else end + 2


def _part(search: Search, part: memoryview, head: str, decoded: bool, depth: int) -> None:
    fields = dict(row.partition(":")[::2] for row in head.split("\r\n"))
    transfer = fields.get("content-transfer-encoding", "").strip()
    packed = fields.get("content-encoding", "").strip()
    if transfer == "base64" and not packed and _large(search, part, IN_LINES):
        return
    content = plain = bytes(part)
    if transfer == "base64":
        plain = content_of(content.translate(None, SPACES)) or b""
    elif transfer == "quoted-printable":
        plain = binascii.a2b_qp(content)
    if packed and packed != "identity":
        plain = search.unpacked(plain, packed)
    same = plain is content
    media = fields.get("content-type", "").strip()
    _look(search, plain, media, decoded=decoded or not same, depth=depth + 1)


def _members(search: Search, data: bytes, depth: int) -> None:
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


def _tar_members(search: Search, data: bytes) -> None:
    """Look at the members of a tape archive that have the right size."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in islice(archive, _MOST_MEMBERS):
                if member.isreg() and member.size in search.sizes and not member.issparse():
                    start = member.offset_data
                    search.offer(data[start : start + member.size], decoded=True)
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, zlib.error):
        return


def _is_mail(data: bytes) -> bool:
    return data[:_LONGEST_HEAD].lstrip().lower().startswith(_MAIL_HEADS)


def _holds_mail(run: bytes) -> bool:
    return len(run) > _SMALLEST_MAIL and _is_mail(content_of(run[:_MAIL_LETTERS]) or b"")


def _head_of_mail(data: bytes) -> str:
    head = data[: 16 * _SNIFFED].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head.decode("latin-1")


def _json(search: Search, data: bytes, depth: int) -> bool:
    """Look at the strings of JSON; False where it is none throughout."""
    known = len(search.found)
    if len(data) >= _LARGE_JSON:
        _texts(search, strings_of(data, SMALLEST, _FEW_QUOTES), depth)
        if len(search.found) > known:
            return True
    try:
        todo: list[object] = [orjson.loads(data)]
    except orjson.JSONDecodeError:
        _texts(search, strings_of(data, SMALLEST, _MOST_STRINGS), depth)
        return False
    while todo and search.strings < _MOST_STRINGS:
        value = todo.pop()
        if isinstance(value, str):
            search.strings += 1
            if len(value) >= SMALLEST:
                _text(search, value.encode("utf-8", "surrogatepass"), depth)
        elif isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += [one for one in value if isinstance(one, str | dict | list)]
    return True


def _texts(search: Search, texts: Iterable[memoryview], depth: int) -> None:
    for text in texts:
        if search.strings >= _MOST_STRINGS:
            return
        search.strings += 1
        if not _large(search, text, IN_ONE_RUN):
            _text(search, unescaped(bytes(text)), depth)


def _large(search: Search, text: memoryview, written: Written) -> bool:
    """Look at a large text without a copy of it; False where it is no base64 with a size that
    fits.
    """
    if len(text) < LARGE:
        return False
    head = written.bare(bytes(text[:_LONGEST_HEAD]))
    if head.startswith(b"data:"):
        comma = bytes(text[:_LONGEST_HEAD]).find(b",")
        text = text[comma + 1 :]
        head = written.bare(bytes(text[:_LONGEST_HEAD]))
    packed = head.startswith(_ENCODED_PACKED)
    if size_of(text, written) not in search.sizes or (packed and search.deep):
        return False
    try:
        search.offer_pieces(pieces_of(text, written), decoded=True, opened=not packed)
    except ValueError:
        return False
    return True


def _form(search: Search, data: bytes, depth: int) -> None:
    if len(data) >= LARGE:
        data = b"&".join(bytes(field) for field in _fields(data) if not _is_large(search, field))
    try:
        fields = parse_qsl(data.decode("latin-1"), max_num_fields=_MOST_PARTS, encoding="latin-1")
    except ValueError:
        return
    for _, value in fields:
        _text(search, value.encode("latin-1"), depth)


def _fields(data: bytes) -> Iterator[memoryview]:
    view, at = memoryview(data), 0
    for _ in range(_MOST_PARTS):
        end = data.find(b"&", at)
        if end < 0:
            break
        yield view[at:end]
        at = end + 1
    yield view[at:]


def _is_large(search: Search, field: memoryview) -> bool:
    value = bytes(field[:_LONGEST_HEAD]).find(b"=") + 1
    return _large(search, field[value:], IN_ESCAPES)


def _text(search: Search, text: bytes, depth: int) -> None:
    """Look at a string: as it is, as a data URL, as base64 or hex, and what of such is in it."""
    if search.ends_with(text, decoded=True) or len(text) < SMALLEST or depth > _DEEPEST:
        return
    if text.startswith(b"data:"):
        comma = text.find(b",", 0, _LONGEST_HEAD)
        if comma >= 0 and not text[:comma].endswith(b";base64"):
            search.offer(unquote_to_bytes(text[comma + 1 :]), decoded=True)
            return
        text = text[comma + 1 :]
    if text[:1] in {b"{", b"["} and depth < _DEEPEST and _json(search, text, depth + 1):
        return
    in_lines = b"\n" in text[:200]
    if _large(search, memoryview(text), IN_LINES if in_lines else IN_ONE_RUN):
        return
    bare = text.translate(None, SPACES) if in_lines else text
    if not _encoded(search, bare, depth):
        _runs(search, text, depth)


def _runs(search: Search, data: bytes, depth: int) -> None:
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
        if not _large(search, memoryview(data)[start:end], IN_ONE_RUN):
            _encoded(search, data[start:end], depth)


def _encoded(search: Search, run: bytes, depth: int) -> bool:
    """Decode a run whose content has the right size, or is packed; False where it is none."""
    found = False
    letters = letters_of(run)
    packed = run[:4] in _ENCODED_PACKED or _holds_mail(run)
    if letters * 3 // 4 in search.sizes or packed:
        content = content_of(run)
        if content is not None:
            found = True
            if packed:
                _look(search, content, "", decoded=True, depth=depth + 1)
            else:
                search.offer(content, decoded=True)
    if len(run) // 2 in search.sizes and not len(run) % 2 and not run.translate(None, _HEX_LETTERS):
        found = True
        search.offer(binascii.unhexlify(run), decoded=True)
    return found
