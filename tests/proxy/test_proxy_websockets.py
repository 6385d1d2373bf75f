"""WebSockets through a real gate: what a client sends is inspected before it goes on, and one
record sums it up."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from patience import eventually
from present import there
from socket_echo import SECRET, Echo, closed_record, open_socket
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidStatus,
)

from core.decision import Decision, Verdict
from core.fate import STOPPED_NOTE
from proxy.websockets import stricter
from tests.proxy.conftest import StartsGate


def test_clean_messages_pass_and_are_summed_up(echo: Echo, start_gate: StartsGate) -> None:
    """A clean conversation goes through unchanged; its one record tells how much went either
    way.
    """
    gate = start_gate()
    with open_socket(gate) as talk:
        for message in ("hello", b"\x00\x01binary", "x" * 200_000):
            talk.send(message)
            assert talk.recv(timeout=20) == message

    assert echo.heard == ["hello", b"\x00\x01binary", "x" * 200_000]
    record = closed_record(gate)
    assert record.response.status == 101
    assert record.request.bytes == record.response.bytes == 200_000 + 5 + 8
    assert record.decision.verdict == "allow"
    assert record.request.complete


@pytest.mark.parametrize("message", [SECRET, SECRET.encode(), ["it is TOP", "-SEC", "RET"]])
def test_a_refused_message_never_leaves(echo: Echo, start_gate: StartsGate, message: Any) -> None:
    """A message that a rule refuses is dropped, in whatever pieces it comes; the client reads why
    it was closed."""
    gate = start_gate()
    with open_socket(gate) as talk:
        talk.send("before")
        assert talk.recv(timeout=20) == "before"
        talk.send(message)
        with pytest.raises(ConnectionClosedError) as ended:
            talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
    record = closed_record(gate)
    assert ended.value.rcvd.reason == f"Blocked by Outgate: rule no-secrets, ref {record.id}"
    assert echo.heard == ["before"]
    assert record.decision.rule == "no-secrets"
    assert [f.kind for f in record.findings] == ["secret"]
    assert record.request.bytes == len("before")
    assert not record.request.complete
    assert any("6 bytes had left" in note for note in record.notes)


def test_nothing_follows_a_refused_message(echo: Echo, start_gate: StartsGate) -> None:
    """Messages that were on their way behind a refused one do not leave either."""
    gate = start_gate()
    with pytest.raises(ConnectionClosedError), open_socket(gate) as talk:
        for message in ("one", SECRET, "two", "three"):
            talk.send(message)
        while True:
            talk.recv(timeout=20)

    eventually(lambda: echo.heard)
    assert echo.heard == ["one"]
    assert len(gate.evidence.opened) == 1


def test_findings_add_up_over_messages(echo: Echo, start_gate: StartsGate) -> None:
    """What is found in several messages is one sum in one record, whatever the rule lets pass."""
    gate = start_gate()
    decide = gate.policy.decide
    gate.policy.decide = lambda situation: (
        decide(situation)
        if sum(f.count for f in situation.findings) >= 3
        else _watched(decide, situation)
    )
    with pytest.raises(ConnectionClosedError), open_socket(gate) as talk:
        for number in range(3):
            talk.send(f"{number} {SECRET}")
            talk.recv(timeout=20)

    assert len(echo.heard) == 2
    assert [f.count for f in closed_record(gate).findings] == [3]


def _watched(decide: Any, situation: Any) -> Any:
    decision = decide(situation)
    return replace(decision, verdict=Verdict.WATCH) if situation.findings else decision


def test_the_upgrade_itself_can_be_refused(echo: Echo, start_gate: StartsGate) -> None:
    """A WebSocket to a host that is not allowed does not open, and the client is told so at
    once.
    """
    gate = start_gate()
    with pytest.raises(InvalidStatus) as refused:
        open_socket(gate, "blocked.example")

    assert refused.value.response.status_code == 403
    assert b"Outgate" in refused.value.response.body
    assert echo.paths == []


def test_a_failing_inspection_drops_the_message(echo: Echo, start_gate: StartsGate) -> None:
    """When the gate itself fails on a message, the message does not leave and the record names the
    failure."""
    gate = start_gate()
    with pytest.raises(ConnectionClosedError) as ended, open_socket(gate) as talk:
        gate.classifier.fail = RuntimeError("broken")
        talk.send("hello")
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
    assert echo.heard == []
    assert closed_record(gate).decision.degraded == ("hook: failed",)


def test_a_message_too_large_to_inspect_is_refused(echo: Echo, start_gate: StartsGate) -> None:
    """A message larger than what is held for inspection does not leave; the client is told that it
    is too big."""
    gate = start_gate(hold_bytes=100_000)
    with pytest.raises(ConnectionClosedError) as ended, open_socket(gate, compression=None) as talk:
        talk.send("a" * 2_000_000)
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009
    assert echo.heard == []
    record = closed_record(gate)
    assert record.decision.verdict == "block"
    assert not record.request.complete


def test_programs_that_are_nobodys_business_are_only_measured(
    echo: Echo, start_gate: StartsGate
) -> None:
    """Messages of programs outside Outgate's scope are counted, not read."""
    gate = start_gate(inspect_others=False)
    attribute = gate.attributor.attribute_now
    gate.attributor.attribute_now = lambda connection: replace(
        there(attribute(connection)), is_python=False
    )
    with open_socket(gate) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == SECRET

    record = closed_record(gate)
    assert [f.kind for f in record.findings] == ["not_inspected"]
    assert record.request.bytes == len(SECRET)


def test_a_gate_that_ends_says_so_on_both_sides(echo: Echo, start_gate: StartsGate) -> None:
    """A conversation has no end of its own: when the gate ends, its client reads that it has to
    connect again, and the record says why it is over.
    """
    gate = start_gate()
    loop = gate.addon.inspection._outbox._loop
    with open_socket(gate) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        asyncio.run_coroutine_threadsafe(gate.gate.end(), loop)
        with pytest.raises(ConnectionClosedOK) as ended:
            talk.recv(timeout=30)

    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (
        1001,
        "Outgate is stopping: connect again",
    )
    record = closed_record(gate)
    assert STOPPED_NOTE in record.notes
    assert (record.request.bytes, record.request.complete) == (len("hello"), True)
    eventually(lambda: echo.closed)
    assert echo.closed == [(1001, "")]


def test_a_gate_that_stops_at_once_says_so_in_the_record(
    echo: Echo, start_gate: StartsGate
) -> None:
    """Without time to say anything to anybody, the record still tells why it is over."""
    gate = start_gate()
    with open_socket(gate) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        gate.gate.stop()
        with pytest.raises(ConnectionClosed):
            talk.recv(timeout=30)
    assert STOPPED_NOTE in closed_record(gate).notes


def test_a_client_that_vanishes_leaves_its_record(echo: Echo, start_gate: StartsGate) -> None:
    """A client that breaks off in the middle leaves a record of what it had sent."""
    gate = start_gate()
    with open_socket(gate) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        talk.vanish()

    assert closed_record(gate).request.bytes == 5


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_strictest_message_stands_for_the_connection(order: str) -> None:
    """The record of a connection shows the strictest decision on any of its messages."""
    both = {
        "a": Decision(verdict=Verdict.WATCH, rule="r"),
        "b": Decision(verdict=Verdict.BLOCK, rule="s"),
    }
    first, second = (both[letter] for letter in order)

    assert stricter(first, second).rule == "s"
