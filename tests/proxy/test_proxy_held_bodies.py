"""What the bodies that wait for their decisions take of memory, all clients' together, is bounded:
more than that travels as larger bodies do, and is read as it passes.
"""

import ssl

from patience import eventually

from proxy.held_bodies import HeldBodies
from proxy.travel import Travel
from tests.proxy.conftest import RunningGate, StartsGate

SIZE, CLIENTS, MOST = 400_000, 12, 1_000_000


def begun(gate: RunningGate, body: bytes) -> ssl.SSLSocket:
    """Send all of a request but its last byte."""
    connection = gate.connect("files.example")
    head = f"PUT /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[:-1])
    return connection


def ended(connection: ssl.SSLSocket, body: bytes) -> bytes:
    """Send the last byte; return what is answered."""
    connection.sendall(body[-1:])
    return connection.recv(65_536)


def held(gate: RunningGate) -> int:
    return gate.addon.inspection.deciding.held.bytes


def test_many_clients_bodies_have_a_bound_together(start_gate: StartsGate) -> None:
    """However many clients there are, no more than the bound is held; all bodies arrive whole."""
    gate = start_gate(hold_total_bytes=MOST)
    bodies = [bytes([65 + number]) * SIZE for number in range(CLIENTS)]
    connections = [begun(gate, body) for body in bodies]

    assert eventually(lambda: held(gate) == MOST // SIZE * (SIZE - 1))
    for connection, body in zip(connections, bodies, strict=True):
        assert ended(connection, body).startswith(b"HTTP/1.1 200")
    eventually(lambda: len(gate.evidence.closed) == CLIENTS)
    assert sorted(arrived.body for arrived in gate.internet.arrivals) == bodies
    assert {record.request.bytes for record in gate.evidence.closed} == {SIZE}
    for connection in connections:
        connection.close()
    assert eventually(lambda: held(gate) == 0)


def test_what_is_beyond_the_bound_is_read_all_the_same(start_gate: StartsGate) -> None:
    """A secret in a body for which there is no room does not leave."""
    gate = start_gate(hold_total_bytes=MOST)
    others = [begun(gate, b"a" * SIZE) for _ in range(2)]
    eventually(lambda: held(gate) >= 2 * (SIZE - 1))
    body = b"a" * (SIZE // 2) + b"TOP-SECRET" + b"a" * (SIZE // 2)
    connection = begun(gate, body)

    assert b" 403 " in ended(connection, body).split(b"\r\n")[0]
    assert b"TOP-SECRET" not in b"".join(arrived.body for arrived in gate.internet.arrivals)
    for one in (*others, connection):
        one.close()


def test_small_bodies_are_always_held() -> None:
    """What is read on the event loop needs no room."""
    of = HeldBodies(1_000)
    shares = [of.share() for _ in range(10)]

    assert all(share.grown(60_000) for share in shares)
    assert not of.share().grown(70_000)


def test_a_share_is_given_back_whatever_becomes_of_its_body() -> None:
    """A body that nobody knows any more takes nothing."""
    of = HeldBodies(1_000_000)
    travel = Travel(hold_limit=900_000, share=of.share())

    assert not travel.outgrown(800_000)
    assert of.share().grown(100_000)
    del travel
    assert of.bytes == 0
