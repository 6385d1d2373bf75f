"""Each address stands for one name of a run, for as long as the run lasts."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from capture.address_book import AddressBook


def test_real_addresses_are_given_and_known_again() -> None:
    """A program is told the true addresses of a name, and a connection to one is known by it."""
    book = AddressBook()
    assert book.given("a.example", ["192.0.2.1", "2001:db8::1"]) == ["192.0.2.1", "2001:db8::1"]
    assert book.name_of("192.0.2.1") == "a.example"
    assert book.name_of("::ffff:192.0.2.1") == "a.example"
    assert book.name_of("2001:0db8::0001") == "a.example"
    assert book.name_of("192.0.2.2") is None


def test_a_shared_address_is_given_once() -> None:
    """Two names at one address: the second gets an address of its own, so that neither is taken for
    the other.
    """
    book = AddressBook()
    book.given("a.example", ["192.0.2.1"])
    [own] = book.given("b.example", ["192.0.2.1"])
    assert own != "192.0.2.1"
    assert (book.name_of("192.0.2.1"), book.name_of(own)) == ("a.example", "b.example")
    assert book.given("b.example", ["192.0.2.1"]) == [own]
    assert book.given("a.example", ["192.0.2.1"]) == ["192.0.2.1"]


def test_a_name_that_cannot_be_looked_up_gets_its_own() -> None:
    """Behind another proxy names are that proxy's to look up: an address in each family stands for
    the name, and none that scripts take for an internal one.
    """
    book = AddressBook()
    four, six = map(ipaddress.ip_address, book.given("far.example", None))
    assert (four.version, six.version) == (4, 6)
    assert not four.is_private
    assert not six.is_private
    assert {book.name_of(str(four)), book.name_of(str(six))} == {"far.example"}


def test_a_name_without_addresses_has_none() -> None:
    """A name that exists and has no address is given none."""
    assert AddressBook().given("mail.example", []) == []


NAMES = st.sampled_from([f"n{i}.example" for i in range(6)])
REAL = st.lists(st.sampled_from([f"192.0.2.{i}" for i in range(4)]), max_size=3, unique=True)


@given(st.lists(st.tuples(NAMES, st.none() | REAL), max_size=30))
def test_an_address_never_changes_its_name(asked: list[tuple[str, list[str] | None]]) -> None:
    """Whatever is asked in whatever order, what an address stood for it goes on to stand for."""
    book, stood = AddressBook(), dict[str, str]()
    for name, real in asked:
        for address in book.given(name, real):
            assert stood.setdefault(address, name) == name
            assert book.name_of(address) == name
