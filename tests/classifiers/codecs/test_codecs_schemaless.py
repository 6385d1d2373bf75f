"""CBOR and BSON come out as the objects that went in; what is cut or broken ends, and says so."""

import struct
from typing import Any

import pytest
from cpu_time import cpu_limit

from classifiers.codecs.bson import begins_bson, read_bson
from classifiers.codecs.cbor import read_cbor

MOST = 10_000


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1903e8", 1000),
        ("1bffffffffffffffff", 18446744073709551615),
        ("c249010000000000000000", 18446744073709551616),
        ("c349010000000000000000", -18446744073709551617),
        ("3903e7", -1000),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("4401020304", b"\1\2\3\4"),
        ("62c3bc", "ü"),
        ("80", []),
        ("8301820203820405", [1, [2, 3], [4, 5]]),
        ("a0", {}),
        ("a201020304", {"1": 2, "3": 4}),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("826161a161626163", ["a", {"b": "c"}]),
        ("5f42010243030405ff", b"\1\2\3\4\5"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("c074323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"),
        ("d818456449455446", b"dIETF"),
        ("d9d9f7a161616162", {"a": "b"}),
    ],
)
def test_the_examples_of_the_standard_are_read(written: str, value: Any) -> None:
    """RFC 8949, appendix A: each item comes out as what it stands for."""
    parsed = read_cbor(bytes.fromhex(written), MOST)
    assert parsed.whole
    assert repr(parsed.values) == repr([value])


def test_every_value_of_a_name_given_twice_is_read() -> None:
    """Readers keep one of them or the other: both are kept here."""
    assert set(read_cbor(bytes.fromhex("a2616101616102"), MOST).values[0].values()) == {1, 2}


def test_a_name_of_several_parts_is_read_as_well() -> None:
    """A map may be named by a list, whose texts are texts of the body."""
    (found,) = read_cbor(bytes.fromhex("a18161610a"), MOST).values
    assert ["a"] in found.values()
    assert 10 in found.values()


def test_values_one_after_the_other_are_all_read() -> None:
    """A CBOR sequence is as good as a list."""
    assert read_cbor(bytes.fromhex("0161620a"), MOST).values == [1, "b", 10]


@pytest.mark.parametrize("written", ["a16161", "8301", "63c3", "ff", "1c", "9f01", "7f01ff", "c2"])
def test_what_is_cut_or_broken_is_said(written: str) -> None:
    """Nothing that ends too soon or keeps to no rule counts as whole."""
    assert not read_cbor(bytes.fromhex(written), MOST).whole


def document(*fields: tuple[int, str, bytes]) -> bytes:
    """A BSON document of these (kind, name, written value)."""
    body = b"".join(bytes((kind,)) + name.encode() + b"\0" + data for kind, name, data in fields)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def text(value: str) -> bytes:
    data = value.encode() + b"\0"
    return struct.pack("<i", len(data)) + data


def test_bson_is_read() -> None:
    """Texts, numbers, bytes, patterns and code come out under their names, ids and times pass."""
    inner = document((2, "0", text("x")), (16, "1", struct.pack("<i", 7)))
    code = document((2, "who", text("Ann")))
    sent = document(
        (2, "name", text("Jürgen")),
        (7, "_id", bytes(12)),
        (9, "at", bytes(8)),
        (4, "list", inner),
        (3, "object", document((1, "share", struct.pack("<d", 0.5)))),
        (5, "raw", struct.pack("<iB", 3, 0) + b"abc"),
        (5, "old", struct.pack("<iBi", 7, 2, 3) + b"abc"),
        (11, "pattern", b"a@b\0i\0"),
        (15, "code", struct.pack("<i", 4 + 6 + len(code)) + text("f") + code),
        (18, "big", struct.pack("<q", 2**40)),
        (8, "yes", b"\1"),
        (10, "none", b""),
    )
    assert begins_bson(sent)
    parsed = read_bson(sent, MOST)
    assert parsed.whole
    assert parsed.values == [
        {
            "name": "Jürgen",
            "list": ["x", 7],
            "object": {"share": 0.5},
            "raw": b"abc",
            "old": b"abc",
            "pattern": "a@b",
            "code": "f",
            "code (scope)": {"who": "Ann"},
            "big": 2**40,
        }
    ]


def test_several_documents_are_read_and_a_cut_one_as_far_as_it_goes() -> None:
    """A dump is one document after the other."""
    one = document((2, "a", text("first")), (2, "b", text("second")))
    assert len(read_bson(one * 3, MOST).values) == 3
    cut = read_bson(one + one[:-9], MOST)
    assert not cut.whole
    assert cut.values[1] == {"a": "first"}


@pytest.mark.parametrize(
    "data",
    [
        b"\x80" * 200_000,
        b"\x81" * 200_000,
        b"\xa1\x61a" * 80_000,
        b"\x9f" * 200_000,
        b"\xc2" * 200_000,
        b"\x7f" * 200_000,
        b"\x9b" + b"\xff" * 8 + b"\x01" * 200_000,
        b"\xbf" + b"\x61a\x01" * 60_000 + b"\xff",
        b"\x5f" + b"\x41a" * 90_000 + b"\xff",
    ],
)
def test_hostile_cbor_is_read_once(data: bytes) -> None:
    """Whatever is opened, promised or repeated, one reading is all it takes."""
    with cpu_limit(3.0):
        read_cbor(data, 1_000_000)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\x7f" + b"\x03a\0\5\0\0\0" * 30_000,
        b"\xff\xff\xff\x7f" + b"\x02a\0" * 60_000,
        (b"\x05\0\0\0\0") * 40_000,
        b"\xff\xff\xff\x7f" + b"\x0aa\0" * 60_000,
    ],
)
def test_hostile_bson_is_read_once(data: bytes) -> None:
    """Sizes that are not true and fields without end cost one reading."""
    with cpu_limit(3.0):
        read_bson(data, 1_000_000)
