"""What bases with many letters, marks without an end, and numbers of arrays and pickles hold: read,
or said to be unread.
"""

import base64
import gzip
import json
import pickle
import random
import struct
from collections.abc import Callable, Mapping

import pytest
from made_up_traffic import exchange
from plain_carriers import CARRIERS, seen_in
from unread_packings import yencoded

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
    "yEnc without its end": yencoded(DATA).rpartition(b"=yend")[0].decode("latin-1"),
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("how", SPELLED)
def test_bases_of_many_letters_are_read_or_said_to_be_unread(how: str, carrier: str) -> None:
    """Letters that are no text are never taken for clean, in whatever field they stand."""
    assert seen_in(CARRIERS[carrier](SPELLED[how])) & {"iban", "unread"}


@pytest.mark.parametrize("how", ["base91", "base91, packed", "base91 in lines", "base100"])
def test_those_with_one_meaning_are_read(how: str) -> None:
    """The value itself is found."""
    assert "iban" in seen_in(exchange(json.dumps({"note": SPELLED[how]})))


def array(kind: str, data: bytes) -> bytes:
    count = len(data) // (int(kind[2:].partition("[")[0]))
    head = repr({"descr": kind, "fortran_order": False, "shape": (count,)}).ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + data


def longs(data: bytes) -> bytes:
    return struct.pack(f"<{len(data)}q", *data)


def old(data: bytes) -> bytes:
    """A pickle of protocol 0 that begins with the name of a function of NumPy."""
    letters = data.decode("latin-1").encode("unicode_escape")
    return b"cnumpy._core.multiarray\nscalar\np0\n(V" + letters + b"\np1\ntp2\nRp3\n."


FILES: Mapping[str, bytes] = {
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


@pytest.mark.parametrize("how", FILES)
@pytest.mark.parametrize("spelled", [bytes, base64.b64encode])
def test_numbers_that_are_letters_are_read(how: str, spelled: Callable[[bytes], bytes]) -> None:
    """Bytes stay what they are, whatever kind of number a file calls them."""
    assert "iban" in seen_in(exchange(spelled(FILES[how]), "application/octet-stream"))


ORDINARY: Mapping[str, bytes] = {
    "counted": array("<i8", struct.pack("<300q", *range(300))),
    "ages": array("|u1", bytes(18 + at * 37 % 70 for at in range(300))),
    "yes and no": array("|b1", bytes(at % 3 % 2 for at in range(300))),
    "pickled ages": pickle.dumps([18 + at * 37 % 70 for at in range(30)]),
    "Russian": "Высокопревосходительствующие достопримечательности ".encode() * 3,
    "Chinese and Korean": "我们今天去北京吃饭然后回家休息明天再见 안녕하세요반갑습니다여러분모두".encode(),
    "mixed": "Ελληνικάγράμματα и русскиебуквыподряд, naïveÀÉÎÕÜßæøåłžśćđš".encode(),
    "code": b'for(var i=0;i<a.length;i++){if(a[i]["x"]==="Y"){b.push({k:a[i],V:"Q1"})}}' * 12,
}


@pytest.mark.parametrize("what", ORDINARY)
def test_what_is_ordinary_stays_clean(what: str) -> None:
    """Counts, languages and code are no encodings."""
    assert seen_in(exchange(ORDINARY[what], "application/octet-stream")) == set()
