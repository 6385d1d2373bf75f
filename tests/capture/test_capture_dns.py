"""Questions for names: read and answered, whatever is sent."""

import struct

import pytest
from dns_words import addresses, query
from hypothesis import given
from hypothesis import strategies as st

from capture import dns


@pytest.mark.parametrize("kind", [dns.A, dns.AAAA])
def test_a_question_is_answered_in_its_own_family(kind: int) -> None:
    """Who asks for IPv4 hears of no IPv6 address, and the other way round."""
    asked = dns.question(query("DB.Example", kind))
    assert asked is not None
    assert (asked.name, asked.kind, asked.id) == ("db.example", kind, 77)
    answer = dns.answer(asked, ["192.0.2.7", "2001:db8::7"])
    assert addresses(answer) == (["192.0.2.7"] if kind == dns.A else ["2001:db8::7"])
    assert answer[:2] == query("x")[:2]
    assert answer[12 : 12 + len(asked.raw)] == query("DB.Example", kind)[12:], "as it was asked"


def test_a_name_that_is_none_does_not_exist() -> None:
    """A name that does not exist outside does not exist inside."""
    asked = dns.question(query("no.such.example"))
    assert asked is not None
    answer = dns.answer(asked, code=dns.NO_SUCH_NAME)
    assert struct.unpack_from(">H", answer, 2)[0] & 0x800F == 0x8003
    assert addresses(answer) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        query("x")[:11],
        query("x", flags=0x8100),
        query("x", flags=0x0900),
        query("x", family=3),
        query("x")[:4] + b"\0\2" + query("x")[6:],
        query("x")[:12] + b"\xc0\x0c" + query("x")[-4:],
        query("x")[:12] + b"\x3f" + b"a" * 5,
        query(".".join(["a" * 60] * 5)),
    ],
)
def test_what_is_no_question_is_not_answered(data: bytes) -> None:
    """Answers, other questions than one, pointers and cut names are no questions."""
    assert dns.question(data) is None


@given(st.binary(max_size=80))
def test_nothing_that_is_sent_is_a_fault(data: bytes) -> None:
    """Whatever a program sends to a name server, it is read or left alone."""
    asked = dns.question(data)
    if asked is not None:
        assert dns.answer(asked, ["192.0.2.1"])[:2] == data[:2]


def test_a_long_answer_is_asked_for_again() -> None:
    """An answer that fits no datagram says so, and keeps its question."""
    asked = dns.question(query("many.example"))
    assert asked is not None
    whole = dns.answer(asked, [f"192.0.2.{n}" for n in range(1, 60)])
    short = dns.shortened(whole)
    assert len(short) < 512 < len(whole)
    assert struct.unpack_from(">H", short, 2)[0] & 0x0200
    assert dns.shortened(short) == short


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("7.2.0.192.in-addr.arpa", "192.0.2.7"),
        (".".join("7" + "0" * 23 + "8bd01002") + ".ip6.arpa", "2001:db8::7"),
        ("300.2.0.192.in-addr.arpa", None),
        ("2.0.192.in-addr.arpa", None),
        ("db.example", None),
    ],
)
def test_an_address_is_read_from_its_own_question(name: str, address: str | None) -> None:
    """The question for the name of an address says which address."""
    assert dns.address_of(name) == address


def test_the_name_of_an_address_is_told() -> None:
    """An address that was given for a name is called by it."""
    asked = dns.question(query("7.2.0.192.in-addr.arpa", dns.PTR))
    assert asked is not None
    assert dns.name_answer(asked, "db.example").endswith(b"\2db\7example\0")
