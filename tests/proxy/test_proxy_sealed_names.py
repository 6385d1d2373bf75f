"""What sealed programs hear when they ask for names."""

import asyncio
import socket
from collections.abc import Sequence

import pytest
from dns_words import addresses, query
from patience import PATIENT_S

from capture import dns
from capture.address_book import AddressBook
from proxy.sealed import names
from proxy.sealed.names import Names

REAL = {
    "db.example": ["192.0.2.5", "2001:db8::5"],
    "other.example": ["192.0.2.5"],
    "mx.example": [],
}


def look_up(name: str) -> Sequence[str]:
    if name == "slow.example":
        raise TimeoutError
    if name == "broken.example":
        raise socket.gaierror(socket.EAI_AGAIN, "later")
    if name not in REAL:
        raise socket.gaierror(socket.EAI_NONAME, "no")
    return REAL[name]


def asked(
    name: str, kind: int = dns.A, *, made_up: bool = False, book: AddressBook | None = None
) -> bytes:
    names_ = Names(book or AddressBook(), lambda _: made_up, look_up)
    answer = asyncio.run(names_.answer(query(name, kind)))
    assert answer is not None
    return answer


def code(answer: bytes) -> int:
    return answer[3] & 15


def test_names_are_looked_up_outside() -> None:
    """A name has inside the addresses that it has outside, each in its family, and connections to
    them are known by it.
    """
    book = AddressBook()
    assert addresses(asked("db.example", book=book)) == ["192.0.2.5"]
    assert addresses(asked("db.example", dns.AAAA, book=book)) == ["2001:db8::5"]
    [own] = addresses(asked("other.example", book=book))
    assert own != "192.0.2.5"
    told = [book.name_of(address) for address in ("192.0.2.5", "2001:db8::5", own)]
    assert told == ["db.example", "db.example", "other.example"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no.example", dns.NO_SUCH_NAME),
        ("broken.example", dns.SERVER_FAILURE),
        ("slow.example", dns.SERVER_FAILURE),
        ("mx.example", dns.NO_ERROR),
    ],
)
def test_what_is_not_there_is_not_there_inside(name: str, expected: int) -> None:
    """A name that does not exist, or that nobody can tell now, is the same inside."""
    answer = asked(name)
    assert (code(answer), addresses(answer)) == (expected, [])


def test_a_name_that_another_looks_up_exists() -> None:
    """Behind another proxy, or diverted by --connect-to, a name is given an address of its own."""
    book = AddressBook()
    [own] = addresses(asked("far.example", made_up=True, book=book))
    assert book.name_of(own) == "far.example"


@pytest.mark.parametrize("kind", [dns.HTTPS, dns.SVCB, dns.ANY])
def test_nobody_is_told_to_hide_names(kind: int) -> None:
    """Records by which clients would hide the name they want, or use HTTP/3, are not given."""
    answer = asked("db.example", kind)
    assert (code(answer), answer[6:8]) == (dns.NO_ERROR, b"\0\0")


def test_an_address_that_was_given_has_its_name() -> None:
    """The name of an address that the gate gave is the one that was asked for."""
    book = AddressBook()
    asked("db.example", book=book)
    assert b"\2db\7example\0" in asked("5.2.0.192.in-addr.arpa", dns.PTR, book=book)


def test_other_questions_go_to_this_machines_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail and services are asked of the machine's own name server; without one that is said."""
    monkeypatch.setattr(names, "name_server", lambda: None)
    assert code(asked("_mongodb._tcp.db.example", 33)) == dns.SERVER_FAILURE


def test_what_is_no_question_gets_no_answer() -> None:
    """Noise at the name server's port is left alone."""
    assert asyncio.run(Names(AddressBook(), lambda _: False, look_up).answer(b"noise")) is None


async def test_questions_come_by_datagram_and_by_stream() -> None:
    """The same question has the same answer over UDP and TCP."""
    service = Names(AddressBook(), lambda _: False, look_up)
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    service.listen(bound)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, bound.getsockname())
        await loop.sock_sendall(client, query("db.example"))
        answer = await asyncio.wait_for(loop.sock_recv(client, 512), PATIENT_S)
    assert addresses(answer) == ["192.0.2.5"]
    service.close(bound)
    server = await asyncio.start_server(service.stream, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(len(query("db.example")).to_bytes(2, "big") + query("db.example"))
    size = int.from_bytes(await reader.readexactly(2), "big")
    assert addresses(await reader.readexactly(size)) == ["192.0.2.5"]
    writer.close()
    server.close()
