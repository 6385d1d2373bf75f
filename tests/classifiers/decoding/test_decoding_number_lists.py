"""Bytes as numbers in the notations of programs, as dumps and as vectors, and encoded text in
pieces: each is read.
"""

import base64
import json
import random
import struct
from collections.abc import Callable
from typing import Literal
from uuid import UUID

import pytest
from families import with_each
from made_up_traffic import exchange
from plain_carriers import CARRIERS, seen_in

from classifiers.codecs import bases
from classifiers.codecs.number_vectors import characters
from classifiers.decoding import dump_lines, number_lists
from core.exchange import Exchange

IBAN = "DE02120300000000202051"
LINE = f"Customer 77 pays from {IBAN}, and asks for a copy of it."
DATA = LINE.encode()
ENCODED = base64.b64encode(DATA).decode()
PADDED = DATA + b" " * (-len(DATA) % 16)


def listed(form: Callable[[int], str], by: str = ", ") -> str:
    return by.join(map(form, DATA))


def pieces(text: str, width: int, by: str) -> str:
    return by.join(text[at : at + width] for at in range(0, len(text), width))


def base_45(data: bytes) -> str:
    letters, out = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", ""
    for at in range(0, len(data), 2):
        number, places = int.from_bytes(data[at : at + 2]), 1 + len(data[at : at + 2])
        for _ in range(places):
            number, digit = divmod(number, 45)
            out += letters[digit]
    return out


NUMBERS: dict[str, str] = {
    "bits of Python": listed(bin),
    "bits with zeros": listed(lambda b: f"0b{b:08b}"),
    "octal of Python": listed(oct),
    "octal of C": listed(lambda b: f"0{b:03o}"),
    "hex of Basic": listed(lambda b: f"&H{b:02X}"),
    "hex of Basic in one": listed(lambda b: f"&H{b:X}", ""),
    "hex of Pascal": listed(lambda b: f"${b:02x}"),
    "hex of an assembler": listed(lambda b: f"0{b:02x}h"),
    "hex of Ada": listed(lambda b: f"16#{b:02x}#"),
    "hex in quotes": listed(lambda b: f"'{b:02x}'"),
    "casts": listed(lambda b: f"(byte){b}"),
    "casts of hex": listed(lambda b: f"(uint8_t) 0x{b:02x}"),
    "bytes of Rust": listed(lambda b: f"{b}u8"),
    "fractions": listed(lambda b: f"{b}.0"),
    "in quotes": listed(lambda b: f'"{b}"'),
    "in brackets": listed(lambda b: f"[{b}]", " "),
    "in parentheses": listed(lambda b: f"({b})", ""),
    "with plus signs": listed(str, " + "),
    "with full stops": listed(str, "."),
    "with arrows": listed(str, " -> "),
    "assigned": listed(lambda b: f"c[{b % 7}] = {b};", " "),
    "letters in quotes": listed(lambda b: f"'{b:c}'"),
    "words": " ".join(f"0x{DATA[at : at + 4].hex()}" for at in range(0, len(DATA), 4)),
    "network addresses": " ".join(
        ".".join(map(str, PADDED[at : at + 4])) for at in range(0, len(PADDED), 4)
    ),
}


def dumped(
    form: str, size: int, order: Literal["big", "little"], offset: str = "08x", tail: bool = False
) -> str:
    """Lines of sixteen bytes, in words of so many bytes."""
    lines = []
    for at in range(0, len(PADDED), 16):
        row = PADDED[at : at + 16]
        words = (int.from_bytes(row[n : n + size], order) for n in range(0, 16, size))
        text = f"{at:{offset}}: " + " ".join(format(word, form) for word in words)
        lines.append(text + ("  " + row.decode() if tail else ""))
    return "\n".join(lines) + f"\n{len(PADDED):{offset}}"


DUMPS: dict[str, str] = {
    "xxd": dumped("04x", 2, "big", tail=True),
    "xxd by fours": dumped("08x", 4, "big", tail=True),
    "xxd of bits": dumped("08b", 1, "big", tail=True),
    "hexdump with letters": dumped("02x", 1, "big", tail=True),
    "od of hex words": dumped("04x", 2, "little", "07o"),
    "od of octal words": dumped("06o", 2, "little", "07o"),
    "od of octal bytes": dumped("03o", 1, "little", "07o"),
    "od of long words": dumped("016x", 8, "little", "07o"),
    "od of tens": dumped("5d", 2, "little", "07o"),
    "od of wide tens": dumped("11d", 4, "little", "07o"),
    "od of letters": "\n".join(
        f"{at:07o}" + "".join(f"{byte:4c}" for byte in PADDED[at : at + 16])
        for at in range(0, len(PADDED), 16)
    ),
    "a debugger": "\n".join(
        f"0x7ffe{at:04x} <main+{at}>:\t" + "\t".join(f"0x{b:02x}" for b in PADDED[at : at + 8])
        for at in range(0, len(PADDED), 8)
    ),
    "a packet": "\n".join(
        f"\t0x{at:04x}:  " + PADDED[at : at + 16].hex(" ", 2) for at in range(0, len(PADDED), 16)
    ),
}
PIECES: dict[str, str] = {
    **{
        f"base64 by {width} with {by!r}": pieces(ENCODED, width, by)
        for width in (4, 10, 16)
        for by in ("!", "*", "\\n", " | ", '",\n  "', "<br>", "\u200b")
    },
    "base64 of tens": "".join(
        base64.b64encode(DATA[at : at + 10]).decode() for at in range(0, len(DATA), 10)
    ),
    "base64 of tens on lines": "\n".join(
        base64.b64encode(DATA[at : at + 10]).decode() for at in range(0, len(DATA), 10)
    ),
    "numbered lines": "\n".join(
        f"{at}: {ENCODED[at : at + 12]}" for at in range(0, len(ENCODED), 12)
    ),
    "a sign behind each letter": "!".join(ENCODED),
    "base32 by fours": pieces(base64.b32encode(DATA).decode(), 4, "-"),
    "UUIDs": " ".join(str(UUID(bytes=PADDED[at : at + 16])) for at in range(0, len(PADDED), 16)),
    "base45": base_45(DATA),
    "a health certificate": "HC1:" + base_45(DATA),
    "base85 in lines": pieces(base64.b85encode(DATA).decode(), 30, "\n"),
    "base85 of Adobe in lines": base64.a85encode(DATA, adobe=True, wrapcol=30).decode(),
}


@with_each("how", NUMBERS | DUMPS | PIECES)
def test_written_bytes_are_read(how: str) -> None:
    """However a program writes its bytes, a bank number among them is found in each carrier."""
    for carrier, make in CARRIERS.items():
        assert "iban" in seen_in(make((NUMBERS | DUMPS | PIECES)[how])), carrier


@pytest.mark.parametrize("form", ["<f", ">f", "<d", ">d", "<e", "<q", ">q"])
def test_vectors_of_characters_are_read(form: str) -> None:
    """Characters as fractions or wide numbers of a machine, encoded or as a file."""
    data = struct.pack(f"{form[0]}{len(DATA)}{form[1]}", *DATA)
    assert characters(data) == DATA
    assert "iban" in seen_in(CARRIERS["JSON"](base64.b64encode(data).decode()))
    assert form == "<e" or "iban" in seen_in(octets(data))


def octets(data: bytes) -> Exchange:
    return exchange(data, "application/octet-stream")


@pytest.mark.parametrize("opening", [b"\x9f", b"\x82", b"\xd9\xd9\xf7\x9f", b"\xc1\x9f"])
def test_lists_of_cbor_are_read(opening: bytes) -> None:
    """A list without a name and without a length, in a field."""
    data = opening + b"\x78" + bytes([len(DATA)]) + DATA + b"\x01"
    data += b"\xff" if opening[-1:] == b"\x9f" else b""
    assert "iban" in seen_in(CARRIERS["JSON"](base64.b64encode(data).decode()))


@pytest.mark.parametrize("seed", range(6))
def test_random_data_are_none_of_these(seed: int) -> None:
    """Keys, embeddings, tables of numbers and dumps of noise say nothing."""
    rng = random.Random(seed)
    noise = rng.randbytes(64)
    assert characters(struct.pack("<64f", *(rng.uniform(-1, 1) for _ in range(64)))) is None
    assert characters(noise) is None
    spelled = ", ".join(f"0x{byte:02x}" for byte in noise)
    assert list(number_lists.read(spelled.encode())) == []
    rows = "\n".join(f"{at:08x}: {noise[at : at + 16].hex(' ', 2)}" for at in range(0, 64, 16))
    assert list(dump_lines.read(rows.encode())) == []


def test_letters_of_another_alphabet_are_no_base45() -> None:
    with pytest.raises(KeyError):
        bases.from_base_45(b"abc")
    assert bases.from_base_45(b"ZZZ") == b""
    assert bases.from_base_45(b"A") == b""


MEASURED: dict[str, list[object]] = {
    "heart rates": [72, 75, 71, 80, 91, 88, 76, 74, 73, 70, 69, 77, 82, 85, 79, 78, 75, 74],
    "scores": [round(0.01 * n, 2) for n in range(60)],
    "versions": ["1.2.3", "1.2.4", "1.3.0", "2.0.0", "2.1.0", "2.1.1", "3.0.0"],
    "times": [f"{h:02d}:{m:02d}:15" for h in range(8, 12) for m in (0, 15, 30, 45)],
}


@pytest.mark.parametrize("how", MEASURED)
def test_measurements_are_no_text(how: str) -> None:
    """Lists of small numbers are neither found nor unread, in whatever notation."""
    for by in (", ", " | ", "\n", " + "):
        text = by.join(map(str, MEASURED[how]))
        assert seen_in(CARRIERS["prompt"](text)) == set()
    assert seen_in(CARRIERS["JSON"](json.dumps(MEASURED[how]))) == set()


def test_bytes_as_letters_of_many_scripts_are_said() -> None:
    """As base65536 and base32768 write them; what is told is that nobody reads it."""
    starts = (0x3400, 0xA000, 0x12000, 0x13000, 0x1400, 0x16800, 0xA500, 0x14400)
    text = "".join(
        chr(starts[byte % 8] + rest) for byte, rest in zip(DATA[::2], DATA[1::2], strict=True)
    )
    for make in CARRIERS.values():
        assert "unread" in seen_in(make(text))
    for ordinary in (
        "東京タワーはとうきょうのＡ棟にあるビルです한국어",
        "Καλημέρα" * 4,
        "𝐀𝛼βγδεζηθικλμνξοπρ",
    ):
        assert seen_in(CARRIERS["JSON"](ordinary)) == set()
