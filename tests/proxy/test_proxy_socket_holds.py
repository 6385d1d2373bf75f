"""A message inside a WebSocket that waits for a person, through a real gate and proven on the far
side."""

import threading
from typing import Any

import pytest
from patience import eventually
from socket_echo import SECRET, Echo, open_socket
from websockets.exceptions import ConnectionClosedError

from core.decision import Decision, HoldOutcome, Verdict
from core.ids import utc_now
from core.review import HoldAnswer
from tests.proxy.conftest import RunningGate, StartsGate

ASK = Decision(verdict=Verdict.HOLD, rule="ask-first", reason="A person decides", hold_seconds=20.0)


@pytest.fixture
def asking(echo: Echo, start_gate: StartsGate) -> Any:
    """A gate whose rule holds what has findings."""
    gate = start_gate()
    gate.policy.for_findings = ASK
    return gate


def held(gate: RunningGate, number: int = 1) -> Any:
    """Wait until so many messages are held, and return the last one's record."""

    def waiting() -> list[Any]:
        found = {
            r.id: r
            for r in gate.evidence.opened
            if r.decision.hold_key and r.decision.hold_outcome is None
        }
        return list(found.values())

    eventually(lambda: len(waiting()) >= number)
    return waiting()[-1]


def records(gate: RunningGate, number: int) -> list[Any]:
    eventually(lambda: len(gate.evidence.closed) >= number)
    return list(gate.evidence.closed)


def test_an_approved_message_goes_on_and_what_follows_keeps_its_place(
    echo: Echo, asking: RunningGate
) -> None:
    """The very message goes on once a person approves; those behind it waited, in order."""
    with open_socket(asking) as talk:
        for message in ("one", SECRET, "two", "three"):
            talk.send(message)
        record = held(asking)
        assert talk.recv(timeout=20) == "one"
        assert echo.heard == ["one"]
        asking.holds.say(record.id, approved=True, own=True)
        assert [talk.recv(timeout=20) for _ in range(3)] == [SECRET, "two", "three"]

    assert echo.heard == ["one", SECRET, "two", "three"]
    message, whole = records(asking, 2)
    assert (message.id, message.request.method) == (record.id, "WEBSOCKET")
    assert message.decision.hold_outcome is HoldOutcome.APPROVED
    assert "approved by officer (the sender)" in message.notes
    assert [f.count for f in message.findings] == [1]
    assert message.request.bytes == len(SECRET)
    assert (whole.request.method, whole.decision.verdict, whole.findings) == ("GET", "allow", ())
    assert whole.request.bytes == len("onetwothree")
    assert "messages that were held and have records of their own: 1" in whole.notes


def test_a_refused_message_ends_the_connection_and_never_leaves(
    echo: Echo, asking: RunningGate
) -> None:
    """What a person refuses does not leave, nor what came behind it; the close reason says which
    record to quote."""
    with pytest.raises(ConnectionClosedError) as ended, open_socket(asking) as talk:
        talk.send(SECRET)
        talk.send("after")
        record = held(asking)
        asking.holds.say(record.id, approved=False)
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
    assert record.id in ended.value.rcvd.reason
    assert "ask-first" in ended.value.rcvd.reason
    assert echo.heard == []
    message, whole = records(asking, 2)
    assert message.decision.hold_outcome is HoldOutcome.REFUSED
    assert not message.request.complete
    assert any("0 bytes had left" in note for note in whole.notes)


def test_a_message_that_nobody_answers_is_timed_out(echo: Echo, asking: RunningGate) -> None:
    """When nobody answers in time the connection ends, and the record says that it was nobody's
    refusal."""
    asking.policy.for_findings = Decision(
        verdict=Verdict.HOLD, rule="ask-first", reason="Asked", hold_seconds=0.3
    )
    with pytest.raises(ConnectionClosedError) as ended, open_socket(asking) as talk:
        talk.send(SECRET)
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
    assert echo.heard == []
    assert records(asking, 2)[0].decision.hold_outcome is HoldOutcome.TIMED_OUT


def test_a_message_approved_before_does_not_wait_again(echo: Echo, asking: RunningGate) -> None:
    """Approve, then run again: the identical message passes at once, another one waits."""
    asking.policy.for_findings = Decision(
        verdict=Verdict.HOLD, rule="ask-first", reason="Asked", hold_seconds=0.3
    )
    with pytest.raises(ConnectionClosedError), open_socket(asking) as talk:
        talk.send(SECRET)
        talk.recv(timeout=20)
    key = records(asking, 2)[0].decision.hold_key
    asking.holds.before[key] = HoldAnswer(approved=True, who="officer", at=utc_now())
    with pytest.raises(ConnectionClosedError), open_socket(asking) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == SECRET
        talk.send(SECRET + "!")
        talk.recv(timeout=20)

    assert echo.heard == [SECRET]
    outcomes = [r.decision.hold_outcome for r in records(asking, 5) if r.decision.hold_key]
    assert outcomes == [HoldOutcome.TIMED_OUT, HoldOutcome.APPROVED_BEFORE, HoldOutcome.TIMED_OUT]


def test_answers_and_other_connections_do_not_wait(echo: Echo, asking: RunningGate) -> None:
    """While one message waits, the server's messages and pings go on, and so does every other
    connection."""
    with open_socket(asking) as talk:
        talk.send("first")
        assert talk.recv(timeout=20) == "first"
        [server] = echo.connections
        with open_socket(asking) as other:
            talk.send(SECRET)
            record = held(asking)
            server.send("news from the server")
            assert talk.recv(timeout=20) == "news from the server"
            server.ping("alive?")
            talk.ping("and you?")
            other.send("elsewhere")
            assert other.recv(timeout=20) == "elsewhere"
            assert SECRET not in echo.heard
            asking.holds.say(record.id, approved=True)
            assert talk.recv(timeout=20) == SECRET


def test_a_client_that_leaves_while_it_waits_takes_its_message_back(
    echo: Echo, asking: RunningGate
) -> None:
    """The case stays and may be answered; the message is not sent behind the back of a client that
    has gone."""
    with open_socket(asking) as talk:
        talk.send(SECRET)
        record = held(asking)
        talk.vanish()
    whole = records(asking, 1)[0]
    assert whole.request.method == "GET"
    asking.holds.say(record.id, approved=True)

    message = records(asking, 2)[1]
    assert message.decision.hold_outcome is HoldOutcome.APPROVED
    assert "the connection ended while the message waited: it was not sent" in message.notes
    assert echo.heard == []


def test_a_polite_close_waits_behind_the_message(echo: Echo, asking: RunningGate) -> None:
    """A client that says goodbye right after a held message is waited for: approved in time, the
    message still goes."""
    with open_socket(asking) as talk:
        talk.send(SECRET)
        asking.holds.say(held(asking).id, approved=True)

    eventually(lambda: echo.heard)
    assert echo.heard == [SECRET]


def test_too_much_behind_a_held_message_ends_the_connection(
    echo: Echo, start_gate: StartsGate
) -> None:
    """What waits behind a held message takes no more memory than one large message may."""
    gate = start_gate(hold_bytes=100_000)
    gate.policy.for_findings = ASK
    with pytest.raises(ConnectionClosedError) as ended, open_socket(gate, compression=None) as talk:
        talk.send(SECRET)
        held(gate)
        for _ in range(30):
            talk.send("a" * 10_000)
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009
    assert "Too much came behind" in ended.value.rcvd.reason
    assert echo.heard == []
    assert records(gate, 1)[0].decision.reason.startswith("Too much came behind")


def test_an_approved_opening_covers_messages_in_which_nothing_is_found(
    echo: Echo, asking: RunningGate
) -> None:
    """A rule that asks about the destination asks once, when the connection opens; findings in a
    message ask again."""
    asking.policy.decide = lambda situation: ASK
    asking.policy.decide_on_headers = lambda situation: None
    opened: list[Any] = []
    opening = threading.Thread(target=lambda: opened.append(open_socket(asking)), daemon=True)
    opening.start()
    asking.holds.say(held(asking).id, approved=True)
    opening.join(20)
    with opened[0] as talk:
        talk.send("nothing special")
        assert talk.recv(timeout=20) == "nothing special"
        talk.send(SECRET)
        asking.holds.say(held(asking, 2).id, approved=True)
        assert talk.recv(timeout=20) == SECRET


def test_a_gate_that_can_ask_nobody_falls_back(echo: Echo, start_gate: StartsGate) -> None:
    """Where nobody can be asked, the rule's `on_error` answers, and the record says why."""
    asking = start_gate(people=False)
    asking.policy.for_findings = ASK
    with pytest.raises(ConnectionClosedError), open_socket(asking) as talk:
        talk.send(SECRET)
        talk.recv(timeout=20)

    assert echo.heard == []
    [record] = records(asking, 1)
    assert record.decision.verdict == "block"
    assert record.decision.degraded == ("hold: nobody can be asked here",)


@pytest.mark.parametrize("payload", [b"TOP-SECRET", b"x" * 125, b""])
def test_nothing_leaves_in_pings_and_pongs(echo: Echo, asking: RunningGate, payload: bytes) -> None:
    """A client's pings are answered by the far end, and nothing that was written into them or into
    a pong arrives there."""
    with open_socket(asking) as talk:
        talk.send("before")  # the far side notes control frames from its first message on
        assert talk.recv(timeout=20) == "before"
        talk.ping(payload)
        talk.pong(payload)
        talk.send("after")
        assert talk.recv(timeout=20) == "after"

    assert echo.controls[:2] == [("PING", b"1"), ("PONG", b"")]


def test_a_clients_closing_words_stay_here(echo: Echo, asking: RunningGate) -> None:
    """The reason that a client gives when it closes does not leave; its code does, and the record
    says how much was said."""
    with open_socket(asking) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        talk.close(4001, "TOP-SECRET in closing")

    eventually(lambda: echo.closed)
    assert echo.closed == [(4001, "")]
    [record] = records(asking, 1)
    assert "the client's 21 bytes of closing words were not passed on" in record.notes


_MASK = bytes(4)
_SPOKEN = {
    "an opcode that is none": (b"\x83\x8a" + _MASK + b"TOP-SECRET", 1002),
    "without a mask": (b"\x81\x0aTOP-SECRET", 1002),
    "not compressed as it says": (b"\xc1\x8a" + _MASK + b"TOP-SECRET", 1007),
    "with a bit that nobody agreed on": (b"\xa1\x8a" + _MASK + b"TOP-SECRET", 1002),
    "the rest of nothing": (b"\x80\x8a" + _MASK + b"TOP-SECRET", 1002),
    "no UTF-8": (b"\x81\x8b" + _MASK + b"\xffTOP-SECRET", 1007),
}


@pytest.mark.parametrize("kind", _SPOKEN, ids=[kind.replace(" ", "-") for kind in _SPOKEN])
def test_what_is_no_message_is_told_as_what_it_is(
    echo: Echo, asking: RunningGate, kind: str
) -> None:
    """A client that breaks the protocol has said nothing in closing: the record says that what it
    sent last stayed here, and by which code the connection ended."""
    data, code = _SPOKEN[kind]
    with pytest.raises(ConnectionClosedError) as ended, open_socket(asking) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        talk.write(data)
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None and ended.value.rcvd.code == code
    assert echo.heard == ["hello"]
    [record] = records(asking, 1)
    assert record.notes == (
        f"what the client sent last was no WebSocket message ({code}): it was not passed on",
    )


def test_a_message_that_never_ends_is_told(echo: Echo, asking: RunningGate) -> None:
    """What a client sent of a message, and then left, stayed here, and the record says so."""
    with open_socket(asking) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        talk.write(b"\x01\x8a" + _MASK + b"TOP-SECRET")
        talk.ping(b"it is there")
        talk.vanish()

    [record] = records(asking, 1)
    assert echo.heard == ["hello"]
    assert "10 bytes of a message that never ended were not passed on" in record.notes


def test_a_servers_closing_words_arrive(echo: Echo, asking: RunningGate) -> None:
    """Why a server closes is told to the client as it was said."""
    with pytest.raises(ConnectionClosedError) as ended, open_socket(asking) as talk:
        talk.send("hello")
        assert talk.recv(timeout=20) == "hello"
        echo.connections[0].close(4002, "too many requests")
        talk.recv(timeout=20)

    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4002, "too many requests")


def test_a_client_that_sends_and_leaves_at_once_is_not_taken_for_one_that_waits(
    echo: Echo, asking: RunningGate
) -> None:
    """A large redacted message of a client that closes right behind it still arrives: nobody was
    asked about it."""
    asking.policy.for_findings = Decision(
        verdict=Verdict.REDACT, rule="r", redact_kinds=frozenset({"secret"})
    )
    with open_socket(asking) as talk:
        talk.send(f"{SECRET} {'a' * 200_000}")

    eventually(lambda: echo.heard)
    assert echo.heard == [f"it is <SECRET_1> {'a' * 200_000}"]
