"""What bases with many letters, marks without an end, and numbers of arrays and pickles hold: read,
or said to be unread.
"""

import base64
import gzip
import hashlib
import json
import pickle
import random
import struct
from collections.abc import Callable, Mapping

import pytest
from families import with_each
from made_up_traffic import exchange
from plain_carriers import CARRIERS, seen_in
from unread_packings import yencoded

from classifiers.decoding.decoded import known

IBAN = "DE02120300000000202051"
DATA = f"Customer 77 pays from {IBAN}, and asks for a copy of it.".encode()
NOISE = random.Random(5).randbytes(900)
_91 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~"'
_SCRIPTS = (0x100, 0x370, 0x400, 0x531, 0x620, 0x904, 0x985, 0xE01, 0x10A0)
"""Where letters of nine scripts begin."""
_2048 = [letter for start in _SCRIPTS for at in range(300) if (letter := chr(start + at)).isalpha()]
_RARE = [
    chr(code) for code in (*range(0x3400, 0x4DB0), *range(0x4E00, 0x9FA0), *range(0xAC00, 0xD7A0))
]


def in_base_91(data: bytes) -> str:
    bits, out = "".join(f"{byte:08b}" for byte in reversed(data)), ""
    while bits:
        width = 13 if len(bits) < 14 or int(bits[-13:], 2) > 88 else 14
        pair = int(bits[-width:], 2)
        out += _91[pair % 91] + (_91[pair // 91] if len(bits) > 7 or pair > 90 else "")
        bits = bits[:-width]
    return out


def in_letters(width: int, letters: list[str]) -> Callable[[bytes], str]:
    def spell(data: bytes) -> str:
        bits = "".join(f"{byte:08b}" for byte in data)
        return "".join(
            letters[int(bits[at : at + width].ljust(width, "1"), 2)]
            for at in range(0, len(bits), width)
        )

    return spell


def in_pictures(data: bytes) -> str:
    return "".join(chr(0x1F3F7 + byte) for byte in data)


SPELLED: Mapping[str, str] = {
    "base91": in_base_91(DATA),
    "base91, packed": in_base_91(gzip.compress(DATA)),
    "base91 in lines": "\n".join(in_base_91(DATA)[at : at + 40] for at in range(0, 100, 40)),
    "base91 of what nobody knows": in_base_91(NOISE),
    "base2048": in_letters(11, _2048)(DATA),
    "base32768": in_letters(14, _RARE)(DATA),
    "base65536": in_letters(16, [chr(0x20000 + at) for at in range(1 << 16)])(DATA),
    "base100": in_pictures(DATA),
    **{
        f"{how} of a number alone": letters(IBAN.encode())
        for how, letters in (
            ("base91", in_base_91),
            ("base2048", in_letters(11, _2048)),
            ("base32768", in_letters(14, _RARE)),
            ("base16384", in_letters(14, [chr(0x4E00 + at) for at in range(1 << 14)])),
            ("base65536", in_letters(16, [chr(0x20000 + at) for at in range(1 << 16)])),
        )
    },
    "yEnc without its end": yencoded(DATA).rpartition(b"=yend")[0].decode("latin-1"),
}


@with_each("carrier", CARRIERS)
@with_each("how", SPELLED)
def test_bases_of_many_letters_are_read_or_said_to_be_unread(how: str, carrier: str) -> None:
    """Letters that are no text are never taken for clean, in whatever field they stand."""
    assert seen_in(CARRIERS[carrier](SPELLED[how])) & {"iban", "unread"}


@pytest.mark.parametrize("how", SPELLED)
def test_names_of_fields_are_no_hiding_place(how: str) -> None:
    """A name of a field is looked at as its value is."""
    assert seen_in(exchange(json.dumps({SPELLED[how]: 1}))) & {"iban", "unread"}


@pytest.mark.parametrize(
    "how",
    ["base91", "base91, packed", "base91 in lines", "base91 of a number alone", "base100"],
)
def test_those_with_one_meaning_are_read(how: str) -> None:
    """The value itself is found."""
    assert "iban" in seen_in(exchange(json.dumps({"note": SPELLED[how]})))


def array(kind: str, data: bytes, *sides: int, turned: bool = False) -> bytes:
    count = len(data) // (int(kind[2:].partition("[")[0]))
    shape = sides or (count,)
    head = repr({"descr": kind, "fortran_order": turned, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + data


def longs(data: bytes) -> bytes:
    return struct.pack(f"<{len(data)}q", *data)


def old(data: bytes) -> bytes:
    """A pickle of protocol 0 that begins with the name of a function of NumPy."""
    letters = data.decode("latin-1").encode("unicode_escape")
    return b"cnumpy._core.multiarray\nscalar\np0\n(V" + letters + b"\np1\ntp2\nRp3\n."


def beside(data: bytes, *others: float) -> list[float]:
    """Rows that hold a letter and other numbers."""
    return [value for byte in data for value in (others[0], byte, *others[1:])]


ROWS = len(DATA)
TURNED = [0] * ROWS + list(DATA)
FILES: Mapping[str, bytes] = {
    "one number as fractions": array("<f4", IBAN.encode() + b"\0\0"),
    "a column of bytes": array("|u1", bytes(beside(DATA, 7, 9)), ROWS, 3),  # type: ignore[arg-type]
    "a column of long numbers": array(
        "<i8", struct.pack(f"<{ROWS * 3}q", *map(int, beside(DATA, -5, 70_000))), ROWS, 3
    ),
    "a column of fractions": array(
        ">f8", struct.pack(f">{ROWS * 3}d", *beside(DATA, 0.25, 1e300)), ROWS, 3
    ),
    "a plane of a cube": array("|u1", bytes(beside(DATA, 0, 1, 2)), ROWS, 2, 2),  # type: ignore[arg-type]
    "a row, turned": array("<i2", struct.pack(f"<{ROWS * 2}h", *TURNED), ROWS, 2, turned=True),
    **{f"letters, pickled by {n}": pickle.dumps(list(DATA.decode()), n) for n in range(6)},
    **{f"bytes one by one, by {n}": pickle.dumps([bytes([b]) for b in DATA], n) for n in range(6)},
    **{f"fractions, pickled by {n}": pickle.dumps([float(b) for b in DATA], n) for n in (0, 4)},
    "letters in rows, pickled": pickle.dumps([[7, letter] for letter in DATA.decode()]),
    "packed bytes as an array": array("|u1", gzip.compress(DATA)),
    "packed bytes as long numbers": array("<i8", longs(gzip.compress(DATA))),
    "text as fractions": array("<f4", DATA + b" " * (-len(DATA) % 4)),
    "text as dates": array("<M8[s]", longs(DATA)),
    "text as half of complex numbers": array("<c8", struct.pack(f"<{len(DATA)}f", *DATA)),
    "text as yes and no": array("|b1", DATA),
    "an old pickle of NumPy": old(DATA),
    **{f"numbers, pickled by {n}": pickle.dumps(list(DATA), n) for n in range(6)},
    **{
        f"packed numbers, pickled by {n}": pickle.dumps(list(gzip.compress(DATA)), n)
        for n in (0, 4)
    },
    "yEnc without its end": yencoded(DATA).rpartition(b"=yend")[0],
}


@with_each("how", FILES)
@with_each("spelled", [bytes, base64.b64encode])
def test_numbers_that_are_letters_are_read(how: str, spelled: Callable[[bytes], bytes]) -> None:
    """Bytes stay what they are, whatever kind of number a file calls them."""
    assert "iban" in seen_in(exchange(spelled(FILES[how]), "application/octet-stream"))


IN_JSON: Mapping[str, object] = {
    "rows": [[0, byte, 7] for byte in DATA],
    "rows of letters": [[0, chr(byte)] for byte in DATA],
    "rows after rows": [list(DATA[at : at + 5]) for at in range(0, ROWS, 5)],
    "records": [{"a": byte, "b": 7} for byte in DATA],
    "records of letters": [{"a": chr(byte), "b": 7} for byte in DATA],
    "columns": {"a": list(DATA), "b": [1] * ROWS},
    "filled up": base64.b64encode(IBAN.encode() + bytes(10)).decode(),
}


@pytest.mark.parametrize("how", IN_JSON)
def test_columns_that_are_letters_are_read(how: str) -> None:
    """Letters stand under each other in JSON too."""
    assert "iban" in seen_in(exchange(json.dumps({"data": IN_JSON[how]})))


ORDINARY: Mapping[str, bytes] = {
    "counted": array("<i8", struct.pack("<300q", *range(300))),
    "ages": array("|u1", bytes(18 + at * 37 % 70 for at in range(300))),
    "yes and no": array("|b1", bytes(at % 3 % 2 for at in range(300))),
    "pickled ages": pickle.dumps([18 + at * 37 % 70 for at in range(30)]),
    "a matrix of ages": array("<f4", struct.pack("<900f", *(at % 77 for at in range(900))), 300, 3),
    "a table of ages": json.dumps([[18 + at * 37 % 70, at % 9] for at in range(900)]).encode(),
    "columns of ages": json.dumps({"a": [18 + n * 37 % 70 for n in range(900)]}).encode(),
    "pickled marks": pickle.dumps(["M", "F"] * 300),
    "pinned packages": "".join(
        f"package{n}==1.{n} \\\n    --hash=sha256:{hashlib.sha256(bytes([n])).hexdigest()}\nedge{n}"
        for n in range(9)
    ).encode(),
    "rare words": "魑魅魍魉饕餮貔貅囹圄觊觎龃龉狻猊 钪钛钒铬锰铁钴镍铜锌镓锗 我哋嘅嘢喺佢哋嗰度".encode(),
    "pictures": "🍏🍎🍐🍊🍋🍌🍉🍇🍓🫐🍈🍒🍑🥭🍍🥥🥝🍅 🎉🎊🥳🎂🎁🎈💖😊🙏🔥💯🚀".encode(),
    "Russian": "Высокопревосходительствующие достопримечательности ".encode() * 3,
    "Chinese and Korean": "我们今天去北京吃饭然后回家休息明天再见 안녕하세요반갑습니다여러분모두".encode(),
    "mixed": "Ελληνικάγράμματα и русскиебуквыподряд, naïveÀÉÎÕÜßæøåłžśćđš".encode(),
    "code": b'for(var i=0;i<a.length;i++){if(a[i]["x"]==="Y"){b.push({k:a[i],V:"Q1"})}}' * 12,
}


@pytest.mark.parametrize("what", ORDINARY)
def test_what_is_ordinary_stays_clean(what: str) -> None:
    """Counts, languages and code are no encodings."""
    assert seen_in(exchange(ORDINARY[what], "application/octet-stream")) == set()


NUMBERS = (74, 6, 207, 126, 340, 108, 9, 141, 917, 595, 885, 165)
"""The decimals of a row of a matrix."""


@pytest.mark.parametrize(
    "data",
    [
        b"5sFr/{F\xcd\x9f=X38\xed\x9d\x9e8\xb5\xa7",
        b"".join(struct.pack("<2H", 0, number) for number in NUMBERS),
    ],
    ids=["noise that reads as text but for its end", "numbers of two bytes"],
)
def test_what_reads_by_chance_is_no_text(data: bytes) -> None:
    """Bytes are text when all of them are, and numbers when their letters are from everywhere."""
    assert known(data) is None
