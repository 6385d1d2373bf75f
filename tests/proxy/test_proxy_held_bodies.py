"""What the bodies that wait for their decisions take of memory, all clients' together, is bounded:
more than that travels as larger bodies do, and is read as it passes.
"""

import ssl
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import eventually
from present import there

from core.budgets import INLINE_BYTES
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
    gate = start_gate(hold_total_bytes=2 * MOST)  # one sender has half of it
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
    gate = start_gate(hold_total_bytes=2 * MOST)
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
    of = HeldBodies(2_000_000)
    travel = Travel(hold_limit=900_000, share=of.share())

    assert not travel.outgrown(800_000)
    assert of.share().grown(100_000)
    del travel
    assert of.bytes == 0


def _ada(number: int) -> tuple[str, str]:
    return "ada", f"/{number}.py"


def test_no_sender_takes_what_others_need() -> None:
    """One that sends as much as it can has half at most; another finds room, each of many the
    same.
    """
    of = HeldBodies(1_200_000)
    greedy = [of.share(("ada", "/a.py")) for _ in range(20)]
    taken = sum(share.grown(100_000) for share in greedy)
    assert taken == 6

    others = [of.share(_ada(number)) for number in range(4)]
    assert [share.grown(100_000) for share in others] == [True] * 4
    assert not of.share(("ada", "/a.py")).grown(100_000)
    for share in greedy:
        share.give_back()
    assert of.bytes == 400_000
    assert of.share(("ada", "/a.py")).grown(300_000)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 400_000))))
def test_what_is_held_is_counted_whatever_comes_and_goes(steps: list[tuple[int, int, int]]) -> None:
    """Bodies grow, shrink and go in any order: the bound holds, and nothing stays counted."""
    of = HeldBodies(2_000_000)
    shares = [[of.share(_ada(sender)) for _ in range(10)] for sender in range(5)]
    for sender, number, size in steps:
        if size < 1_000:
            shares[sender][number].give_back()
        else:
            shares[sender][number].grown(size)
        assert of.bytes <= 2_000_000 + 50 * INLINE_BYTES
    for share in (share for own in shares for share in own):
        share.give_back()
    assert of.bytes == 0


def test_one_script_does_not_take_the_room_of_another(
    start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one program holds all that it may, the body of another is still held and read whole."""
    gate = start_gate(hold_total_bytes=2 * MOST)
    first = [begun(gate, b"a" * SIZE) for _ in range(MOST // SIZE)]
    assert eventually(lambda: held(gate) == MOST // SIZE * (SIZE - 1))
    known = gate.attributor.attribute_now
    monkeypatch.setattr(
        gate.attributor, "attribute_now", lambda c: replace(there(known(c)), user="somebody-else")
    )
    second = begun(gate, b"b" * SIZE)
    assert eventually(lambda: held(gate) == (MOST // SIZE + 1) * (SIZE - 1))
    for one in (*first, second):
        one.close()
    assert eventually(lambda: held(gate) == 0)
