"""What a second red team packed values into: each is read, or the record says that it was not."""

import base64
import binascii
import gzip
import json
import lzma
import math
import random
import struct
import zlib
from collections.abc import Callable
from urllib.parse import quote

import msgpack
import pytest
from families import with_each
from made_up_traffic import exchange, multipart
from plain_carriers import CARRIERS, seen_in

from classifiers.decoding import dumps, number_bases, pieces
from core.exchange import Exchange

IBAN = "DE02120300000000202051"
LINE = f"Customer 77 pays from {IBAN}, and asks for a copy of it."
DATA = LINE.encode()
B32 = base64.b32encode(IBAN.encode()).decode().rstrip("=").lower()
_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_XX = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def in_base(alphabet: str) -> str:
    number, out = int.from_bytes(DATA), ""
    while number:
        number, digit = divmod(number, len(alphabet))
        out = alphabet[digit] + out
    return out


def grouped(text: str, width: int, by: str) -> str:
    return by.join(text[at : at + width] for at in range(0, len(text), width))


def uu_lines(data: bytes = DATA) -> bytes:
    return b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))


def rows(form: Callable[[int, bytes], str]) -> str:
    return "\n".join(form(at, DATA[at : at + 16]) for at in range(0, len(DATA), 16))


def motorola(at: int, row: bytes) -> str:
    return f"S1{len(row) + 3:02X}{at:04X}{row.hex().upper()}00"


def od_words(row: bytes) -> str:
    return " ".join(row[at : at + 2][::-1].hex() for at in range(0, len(row), 2))


def selector(byte: int) -> str:
    return chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16)


def between(unseen: str, width: int = 1) -> str:
    """What nobody sees, a few characters behind each letter of an innocent text."""
    cover = "All is well with us, and the weather is fine. " * (len(unseen) // 40 + 1)
    parts = [unseen[at : at + width] for at in range(0, len(unseen), width)]
    return "".join(map("".join, zip(cover, parts, strict=False)))


ENCODED = base64.b64encode(DATA).decode()
SPELLED: dict[str, str] = {
    "one decimal number": in_base("0123456789"),
    "base36": in_base(_62[:10] + _62[36:]),
    "base58": in_base(_58),
    "base62": in_base(_62),
    "octal bytes": " ".join(f"{byte:03o}" for byte in DATA),
    "seven bits": " ".join(f"{byte:07b}" for byte in DATA),
    "calls": "+".join(f"chr({byte})" for byte in DATA),
    "calls in hex": " & ".join(f"ChrW(0x{byte:x})" for byte in DATA),
    "Intel's records": rows(lambda at, r: f":{len(r):02X}{at:04X}00{r.hex().upper()}00"),
    "Motorola's records": rows(motorola),
    "swapped words": od_words(DATA + b" " * (len(DATA) % 2)),
    "hex by fours": DATA.hex("_", 4),
    "base64 with full stops": grouped(ENCODED, 8, "."),
    "base64 with dashes": grouped(ENCODED, 20, "-"),
    "base64 with commas": grouped(ENCODED, 12, ", "),
    "base64 folded": "note: >-\n  " + grouped(ENCODED, 30, "\n  "),
    "base64 behind words": "Please decode " + grouped(ENCODED, 10, " "),
    "uuencode without its head": uu_lines().decode(),
    "xxencode": "begin 644 a\n"
    + uu_lines().translate(bytes.maketrans(bytes(range(32, 96)), _XX)).decode()
    + "+\nend\n",
    "escaped twice in HTML": "".join(f"&amp;#{byte};" for byte in DATA),
    "escaped twice in JSON": "".join(f"\\\\u{byte:04x}" for byte in DATA),
    "a mailbox of IMAP": "&"
    + base64.b64encode(LINE.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    + "-",
    "UTF-7": "+" + base64.b64encode(LINE.encode("utf-16-be")).decode().rstrip("=") + "-",
    "EBCDIC in base64": base64.b64encode(LINE.encode("cp500")).decode(),
    "colours": "\x1b[1m\x1b[38;5;9m" + grouped(LINE, 30, "\x1b[0m"),
    "drawn from right to left": "\u202e" + LINE[::-1] + "\u202c",
    "accents on every letter": "".join(f"{char}\u0301" for char in LINE),
    "braille": "".join(chr(0x2800 + byte) for byte in DATA),
    "private characters": "".join(chr(0xE000 + byte) for byte in DATA),
    "invisible bits": "".join(
        "\u200b\u200c"[byte >> at & 1] for byte in DATA for at in range(7, -1, -1)
    ),
    "invisible bits, one behind each letter": between(
        "".join("\u2060\ufeff"[byte >> at & 1] for byte in DATA for at in range(7, -1, -1))
    ),
    "a selector behind each letter": between("".join(map(selector, DATA))),
    "selectors behind each letter, by twos": between("".join(map(selector, DATA)), 2),
    "a tag behind each letter": between("".join(chr(0xE0000 + byte) for byte in DATA)),
    "middle dots": "·".join(IBAN),
    "pictures between": "😀".join(IBAN),
    "one letter a line": "\n".join(IBAN),
    "one letter a cell": ",".join(IBAN),
    "groups with underscores": grouped(IBAN, 4, "_"),
    "groups with slashes": grouped(IBAN, 4, "/"),
    "groups on lines": grouped(IBAN, 4, "\n"),
    "msgpack in base64": base64.b64encode(msgpack.packb({"a": gzip.compress(DATA)})).decode(),
}


@with_each("carrier", CARRIERS)
@with_each("how", SPELLED)
def test_rare_spellings_are_read(how: str, carrier: str) -> None:
    """A bank number is found however its bytes or letters are written, wherever they stand."""
    assert "iban" in seen_in(CARRIERS[carrier](SPELLED[how]))


@pytest.mark.parametrize(
    "text",
    [
        "\u2764\ufe0f and \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f "
        * 40,
        "\u845b\U000e0100\u57ce\u5e02 \u8fbb\U000e0101 \u9089\U000e0102 \u9089\U000e0103 " * 40,
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u06a9\u062a\u0627\u0628\u200c " * 60,
        "\u05e9\u05dc\u05d5\u05dd\u200e \u05e2\u05d5\u05dc\u05dd\u200f " * 60,
    ],
    ids=["flags and hearts", "forms of ideographs", "Persian", "marks of direction"],
)
def test_what_languages_need_unseen_says_nothing(text: str) -> None:
    """Selectors, joiners and marks of ordinary writing are neither found nor unread."""
    for carrier in CARRIERS.values():
        assert seen_in(carrier(text)) == set()


LISTS: dict[str, object] = {
    "characters": list(LINE),
    "few bytes": list(IBAN.encode()),
    "bytes with a sign": [byte - 256 if byte > 127 else byte for byte in gzip.compress(DATA)],
    "bytes as fractions": [float(byte) for byte in DATA],
    "words": list(struct.unpack(f"<{len(DATA) // 4}I", DATA[: len(DATA) // 4 * 4])),
    "a numbered object": {str(at): byte for at, byte in enumerate(DATA)},
    "an object numbered from one": {str(at): byte for at, byte in enumerate(DATA, 1)},
    "a numbered object, packed": {str(at): b for at, b in enumerate(gzip.compress(DATA))},
    "pieces of base64": [ENCODED[at : at + 8] for at in range(0, len(ENCODED), 8)],
    "bytes in hex": [f"{byte:02x}" for byte in DATA],
    "one large number": int.from_bytes(DATA),
    "a name": {ENCODED: 1},
    "a packed name": {base64.b64encode(gzip.compress(DATA)).decode(): 1},
}


@pytest.mark.parametrize("how", LISTS)
@pytest.mark.parametrize("inside", [False, True])
def test_texts_in_pieces_are_read(how: str, inside: bool) -> None:
    """An array, an object or a name of JSON that spells a text is read as one, in a string too."""
    body = json.dumps({"f": LISTS[how], "n": 1})
    if inside:
        body = json.dumps({"payload": base64.b64encode(body.encode()).decode()})
    assert "iban" in seen_in(exchange(body))


def grpc(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


FIELD = b"\x0a" + bytes([len(DATA)]) + DATA
ELSEWHERE: dict[str, Exchange] = {
    "host, base32hex": exchange(
        host=base64.b32hexencode(IBAN.encode()).decode().rstrip("=").lower() + ".u.example"
    ),
    "host, numbered labels": exchange(host=f"1-{B32[:16]}.2-{B32[16:]}.u.example"),
    "host, numbered labels of a longer name": exchange(
        host=f"1-{B32[:16]}.2-{B32[16:]}.in.u.example"
    ),
    "host, one number": exchange(host=f"{int.from_bytes(IBAN.encode())}.u.example"),
    "host, packed": exchange(
        host=grouped(base64.b32encode(zlib.compress(DATA)).decode().rstrip("=").lower(), 60, ".")
        + ".u.example"
    ),
    "name in the query": exchange(
        path="/x?" + quote(base64.b64encode(gzip.compress(DATA)), safe="") + "=1"
    ),
    "fields of one name": exchange(path="/x?" + "&".join(f"c={char}" for char in IBAN)),
    "parts of the path": exchange(path="/" + grouped(IBAN, 4, "/")),
    "encoded parts of the path": exchange(
        path="/" + grouped(base64.urlsafe_b64encode(DATA).decode(), 20, "/")
    ),
    "name of a part": exchange(*multipart((ENCODED, None, None, b"x"))),
    "name in a part's head": exchange(
        b"--f\r\ncontent-disposition: form-data; name=a\r\nx-%b: 1\r\n\r\nx\r\n--f--"
        % IBAN.encode().hex().encode(),
        "multipart/form-data; boundary=f",
    ),
    "name of an element": exchange(f"<{IBAN}/>", "text/xml"),
    "gRPC, cut": exchange(grpc(FIELD)[:-5], "application/grpc"),
    "gRPC, cut, length above": exchange(b"\0\x7f\xff\xff\xff" + FIELD, "application/grpc"),
    "gRPC-web in pieces": exchange(
        base64.b64encode(grpc(b"\x0a\x02ab")) + base64.b64encode(grpc(FIELD)),
        "application/grpc-web-text",
    ),
    "msgpack, a type of its own": exchange(
        msgpack.packb({"a": msgpack.ExtType(5, gzip.compress(DATA))}), "application/msgpack"
    ),
    "UTF-16 without its last byte": exchange("\0".join(IBAN).encode(), "text/plain"),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_names_and_frames_are_carriers_too(where: str) -> None:
    """Names, labels, paths and frames that are cut hold values like any field."""
    assert "iban" in seen_in(ELSEWHERE[where])


MARKED = {
    "CAB": b"MSCF\0\0\0\0",
    "LZ4": b"\x04\x22\x4d\x18",
    "Snappy": b"\xff\x06\0\0sNaPpY",
    "LZO": b"\x89LZO\0\r\n\x1a\n",
    "lzip": b"LZIP\1",
    "compress": b"\x1f\x9d\x90",
    "TNEF": b"\x78\x9f\x3e\x22",
    "LZMA": lzma.compress(DATA, lzma.FORMAT_ALONE)[:13],
}


@pytest.mark.parametrize("named", MARKED)
@pytest.mark.parametrize("size", [60, 300])
def test_small_files_in_text_that_nobody_reads_are_said(named: str, size: int) -> None:
    """An archive of a known kind is said to be unread in a field too, and however small it is."""
    data = MARKED[named] + random.Random(size).randbytes(size)
    assert seen_in(exchange(json.dumps({"f": base64.b64encode(data).decode()}))) == {"unread"}
    assert seen_in(exchange(data, "application/octet-stream")) == {"unread"}


def test_packed_data_inside_small_binary_is_said() -> None:
    """A packed stream behind a head that nobody knows is no signature."""
    data = b"\x7fELF" + random.Random(2).randbytes(60) + gzip.compress(DATA)
    assert "unread" in seen_in(exchange(json.dumps({"f": base64.b64encode(data).decode()})))


@pytest.mark.parametrize("encode", [base64.b64encode, binascii.hexlify, base64.b32encode])
def test_what_begins_with_zeros_is_read(encode: Callable[[bytes], bytes]) -> None:
    """Encoded data whose beginning is all alike, as archives have it, is no ruler of dashes."""
    data = encode(b"x" + bytes(300) + DATA * 20 + random.Random(1).randbytes(300)).decode()
    assert seen_in(exchange(json.dumps({"f": data})))


def test_hosts_of_noise_are_said() -> None:
    """Many letters without words in the labels of a host may be anything."""
    noise = random.Random(1).randbytes(90).hex()
    assert seen_in(exchange(host=grouped(noise, 60, ".") + ".u.example")) == {"unread"}


def hashes(size: int, number: int) -> list[str]:
    rng = random.Random(size * number)
    return [rng.randbytes(size).hex() for _ in range(number)]


ORDINARY: dict[str, object] = {
    "hashes": hashes(32, 200),
    "short hashes": hashes(4, 300),
    "trace ids": hashes(8, 100),
    "commits": ", ".join(hashes(20, 60)),
    "pairs of letters": ["de", "fr", "es", "pt", "it", "nl", "pl", "en"] * 8,
    "grades": list("ABCBDABAACBD"),
    "ages": [34, 45, 67, 52, 41, 38, 29, 71, 64, 55, 33, 47, 58, 62, 39],
    "counts by hour": {str(hour): hour * 3 for hour in range(24)},
    "sizes": [16777216 + 4096 * at for at in range(40)],
    "scores": [0.5, 1.0, 2.0, 3.0] * 20,
    "ids": [grouped(one, 8, "-") for one in hashes(16, 80)],
    "instants": [f"2026-11-{day:02d}T09:30:00Z" for day in range(1, 29)],
    "options": "a, b, c, d, e, f, g, h, i, j, k, l, m, n",
    "a rule": "- - - - - - - - - - - - - - - - | | | | | | | | | | |",
    "digits in cells": "1,0,2,3,1,1,0,4,2,2,1,0,3,5,1,1",
    "modules": "numpy.linalg.norm, os.path.join, MyApp.CoreData.FetchRequest.Builder",
    "hosts": "d111111abcdef8.cloudfront.net ec2-203-0-113-25.compute-1.amazonaws.com",
    "Arabic": "السلام عليكم ورحمة الله " * 4,
    "Japanese": "これはひらがなだけでかかれたとても" * 4,
    "Thai": "นี่คือตัวอย่างของประโยคภาษา" * 4,
    "Hindi": "यह हिन्दी में लिखा हुआ वाक्य है " * 4,
    "emoji": "👍🏽👩‍👩‍👧‍👦🎉🎉🚀🚀🔥🔥💯💯🙏🙏🙏🙏" * 4,
    "box": "┌────────────────────────┬────────────────────┐" * 2,
    "bar": "▁▂▃▄▅▆▇█▇▆▅▄▃▂▁▁▂▃▄▅▆▇█" * 3,
    "large number": 2**200 + 1,
    "factorial": math.factorial(60),
}


@pytest.mark.parametrize("named", ORDINARY)
def test_ordinary_lists_and_texts_stay_clean(named: str) -> None:
    """What only looks as if it were put together, encoded or hidden is neither found nor unread."""
    assert seen_in(exchange(json.dumps({"v": ORDINARY[named]}, ensure_ascii=False))) == set()


@pytest.mark.parametrize("seed", range(4))
def test_random_identifiers_are_no_numbers(seed: int) -> None:
    """Keys and hashes in any alphabet of numbers say nothing."""
    rng = random.Random(seed)
    for alphabet in ("0123456789", _62[:10] + _62[36:], _58, _62):
        for size in (24, 40, 64, 200):
            run = "".join(rng.choices(alphabet, k=size)).encode()
            for data in number_bases.read(run):
                assert not data.isascii() or not data.decode().isprintable()


@pytest.mark.parametrize("number", [0, 7, 2**70, 2**9000])
def test_numbers_without_text_are_nothing(number: int) -> None:
    """A number of any size is taken apart or left alone, without a fault."""
    assert isinstance(number_bases.of_number(number), bytes)


@pytest.mark.parametrize(
    "values", [["a", None], ["a", 1, 2], [1, None, 3] * 9, [1.5] * 20, [[]] * 9, [True] * 30]
)
def test_lists_of_several_kinds_are_left_alone(values: list[object]) -> None:
    """What is no list of one kind says nothing together."""
    assert not pieces.of_list(values)


def test_records_of_wrong_length_are_none() -> None:
    """A line that begins like a record and is none gives nothing."""
    assert dumps.from_record(b":10010000214601360121470136007EFE09D21901") == b""
