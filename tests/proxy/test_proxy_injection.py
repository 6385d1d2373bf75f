"""Every kind of exception in every stage: nothing leaves undecided, nobody hangs, it is told."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from patience import PATIENT_S, eventually
from present import there
from socket_echo import Echo, open_socket
from websockets.exceptions import ConnectionClosed

from core.decision import Decision, Verdict
from core.duties import OWNER
from core.errors import DegradedError, EvidenceError
from proxy import whole_messages
from proxy.held_bodies import Share
from tests.proxy.conftest import RunningGate

CANARY = "canary-4417-value"
KINDS: tuple[Callable[[], BaseException], ...] = (
    lambda: RuntimeError(CANARY),
    lambda: OSError(CANARY),
    lambda: MemoryError(CANARY),
    lambda: RecursionError(CANARY),
    lambda: StopIteration(CANARY),
    lambda: DegradedError("classifier", "late"),
    lambda: EvidenceError("the disk is full"),
    lambda: TimeoutError(CANARY),
    lambda: BaseException(CANARY),
    lambda: SystemExit(CANARY),
    lambda: KeyboardInterrupt(CANARY),
    lambda: GeneratorExit(CANARY),
    lambda: asyncio.CancelledError(CANARY),
    lambda: BaseExceptionGroup(CANARY, [SystemExit(CANARY)]),
)

DECIDES = {
    "what is in it": "classifier.classify",
    "the opening": "inspection.opened",
    "what the headers say": "classifier.on_headers",
    "where it goes": "inspection.locate",
    "whether that is cheap": "classifier.is_cheap",
    "what policy says": "policy.decide",
    "steps 3 and 4": "inspection._judged",
    "the one door out": "inspection.let_out",
    "what is applied": "inspection._apply",
    "redact and hold": "inspection.enforce",
    "the outbox": "inspection._outbox.sent",
}
"""Stages without which nothing may leave."""
COURTESIES = {
    "who sent it, at once": "attributor.attribute_now",
    "the line of code": "inspection.lines.added",
    "a look at the script": "inspection._observations.begin",
    "what was learnt of it": "inspection._observations.learnt",
    "the reading of the answer": "classifier.tap",
}
"""Stages that decide nothing."""
AFTERWARDS = {
    "the head of the answer": "inspection.on_answer",
    "its end": "inspection.on_answer_end",
    "the record": "inspection.close",
    "the hand-over of the record": "evidence.close_record",
}
"""Stages behind the door out: what is said must agree with what has left."""


ROADS = {
    "what is held": (whole_messages, "_holds", "noted"),
    "the room for it": (Share, "grown", "noted"),
    "what a stream says": (whole_messages, "_said", "not begun"),
    "a request as a whole": (whole_messages, "_is_whole_request", "noted"),
    "an answer as a whole": (whole_messages, "_is_whole_answer", "over"),
}
"""What the layers do on the straight road of whole messages, where no hook stands around it; and
what there is of the exchange when it fails: a record that says so, no exchange yet, all of it."""


@contextmanager
def broken(gate: RunningGate, path: str, make: Callable[[], BaseException]) -> Iterator[None]:
    """Have a part raise whatever is made, and mend it again."""
    names = path.split(".")
    owner = (
        there(gate.gate.addon).inspection if names[0] == "inspection" else getattr(gate, names[0])
    )
    for name in names[1:-1]:
        owner = getattr(owner, name)

    def fails(*_: Any, **__: Any) -> Any:
        raise make()

    before = owner.__dict__.get(names[-1])
    setattr(owner, names[-1], fails)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, names[-1])
        else:
            setattr(owner, names[-1], before)


def post(gate: RunningGate, body: bytes = b"clean") -> httpx.Response:
    """Send one request; a gate that hangs or ends fails the test."""
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=PATIENT_S
    ) as client:
        return client.post("https://files.example/x", content=body)


def told_of(gate: RunningGate) -> int:
    """How often the gate has said that something failed."""
    return int(there(gate.gate.addon).health.hook_failures) + len(OWNER.trouble)


def _told_or_noted(gate: RunningGate, before: int, kind: str) -> bool:
    noted = [note for record in gate.evidence.closed for note in record.notes]
    return told_of(gate) > before or f"the answer was not read: {kind}" in noted


def _are_closed(gate: RunningGate, count: int) -> bool:
    return len(gate.evidence.closed) == count


def _told_more(gate: RunningGate, before: int) -> bool:
    return told_of(gate) > before


@pytest.mark.parametrize("stage", DECIDES)
def test_nothing_leaves_undecided(
    gate: RunningGate, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A stage that decides and fails, in whatever way, refuses this request and no other."""
    for make in KINDS:
        before = told_of(gate)
        with broken(gate, DECIDES[stage], make):
            answer = post(gate, CANARY.encode())
        kind = type(make()).__name__
        assert (answer.status_code, gate.internet.arrivals) == (403, []), kind
        assert told_of(gate) > before, kind
        assert CANARY not in answer.text, kind
    assert post(gate).status_code == 200
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("outgate")]
    assert CANARY not in "\n".join(ours)


@pytest.mark.parametrize("road", ROADS)
def test_what_the_layers_fail_on_ends_one_connection(
    gate: RunningGate, road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client has no answer, and does not wait for one; the gate says that it failed, the record
    how far the request got, and others are served.
    """
    owner, name, so_far = ROADS[road]
    for number, make in enumerate(KINDS, 1):
        before, kind = told_of(gate), type(make()).__name__

        def fails(*_: Any, made: Callable[[], BaseException] = make, **__: Any) -> Any:
            raise made()

        with httpx.Client(
            proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=PATIENT_S
        ) as client:
            assert client.post("https://files.example/x", content=b"clean").status_code == 200
            with monkeypatch.context() as patched, pytest.raises(httpx.TransportError) as broke:
                patched.setattr(owner, name, fails)
                client.post("https://files.example/x", content=b"second")
        assert not isinstance(broke.value, httpx.TimeoutException), kind
        assert told_of(gate) > before, kind
        left = [one for one in gate.internet.arrivals if one.body == b"second"]
        assert len(left) == (number if so_far == "over" else 0), kind
        if so_far == "noted":
            eventually(partial(_are_closed, gate, 2 * number))
            notes = gate.evidence.closed[-1].notes
            assert any("the gate failed" in note for note in notes), (kind, notes)
    assert post(gate).status_code == 200


@pytest.mark.parametrize("stage", COURTESIES)
def test_a_courtesy_decides_nothing(gate: RunningGate, stage: str) -> None:
    """What is done as well as can be fails without a word to the client, and with one to us."""
    for make in KINDS:
        OWNER.forget()
        before = told_of(gate)
        with broken(gate, COURTESIES[stage], make):
            answer = post(gate)
        kind = type(make()).__name__
        assert answer.status_code == 200, kind
        eventually(partial(_told_or_noted, gate, before, kind), kind)
    assert len(gate.internet.arrivals) == len(KINDS)


@pytest.mark.parametrize("stage", AFTERWARDS)
def test_what_is_said_agrees_with_what_left(gate: RunningGate, stage: str) -> None:
    """A failure behind the door out is answered and told; the gate serves on."""
    for make in KINDS:
        OWNER.forget()
        before = told_of(gate)
        with broken(gate, AFTERWARDS[stage], make):
            answer = post(gate)
            kind = type(make()).__name__
            eventually(partial(_told_more, gate, before), kind)
        assert answer.status_code in {200, 403}, kind
        if answer.status_code == 403:
            assert "had already been sent, and only its answer is withheld" in answer.text, kind
    OWNER.forget()
    assert post(gate).status_code == 200


@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "kept"])
@pytest.mark.parametrize(
    "path", ["classifier.classify", "policy.decide", "inspection.deciding.decide"]
)
def test_a_large_upload_is_cut(
    start_gate: Callable[..., RunningGate], path: str, whole: bool
) -> None:
    """A stage that fails while a large body passes keeps back all that was not decided on."""
    gate = start_gate(hold_bytes=10_000)
    gate.policy.whole = whole
    for make in KINDS:
        with broken(gate, path, make):
            answer = post(gate, b"x" * 300_000)
        kind = type(make()).__name__
        assert (answer.status_code, gate.internet.arrivals) == (403, []), kind


def test_a_message_that_cannot_be_judged_does_not_go_on(
    start_gate: Callable[..., RunningGate], echo: Echo
) -> None:
    """A stage that fails on a message of a WebSocket ends the connection; nothing of it left."""
    gate = start_gate()
    for make in KINDS:
        with open_socket(gate) as talk:
            talk.send("before")
            assert talk.recv(timeout=PATIENT_S) == "before"
            with broken(gate, "classifier.classify", make):
                talk.send(CANARY)
                with pytest.raises(ConnectionClosed):
                    talk.recv(timeout=PATIENT_S)
    assert set(echo.heard) == {"before"}


@pytest.mark.parametrize("part", ["answers", "answered_before"])
def test_a_held_request_is_answered(start_gate: Callable[..., RunningGate], part: str) -> None:
    """When people cannot be asked, whatever the reason, the held request is refused at once."""
    gate = start_gate()
    gate.policy.for_findings = Decision(
        verdict=Verdict.HOLD, rule="ask", reason="Ask", hold_seconds=60
    )
    for make in KINDS:
        with broken(gate, f"holds.{part}", make):
            answer = post(gate, b"it is TOP-SECRET")
        kind = type(make()).__name__
        assert (answer.status_code, gate.internet.arrivals) == (403, []), kind


def test_an_essential_duty_that_ended_refuses_until_it_is_done(gate: RunningGate) -> None:
    """While nobody follows the policy or writes evidence nothing passes, and `status` says why."""
    from core.duties import Duty

    OWNER.lost(Duty.POLICY, SystemExit())
    answer = post(gate)
    assert (answer.status_code, gate.internet.arrivals) == (403, [])
    values = there(gate.gate.addon).health.values()
    assert values["healthy"] is False
    assert "following the policy file" in values["problem"]
    OWNER.done(Duty.POLICY)
    assert post(gate).status_code == 200


def test_the_end_of_a_part_is_on_record(gate: RunningGate) -> None:
    """Who reviews sees since when something was not done, once."""
    from core.duties import Duty

    OWNER.lost(Duty.DIRECT, MemoryError())
    post(gate)
    post(gate)
    told = [r for r in gate.evidence.closed if r.request.method == "GATE"]
    assert [r.decision.degraded for r in told] == [
        ("gate: no longer looking for connections past the gate",)
    ]


@pytest.mark.parametrize("stage", ["the head of the answer", "its end"])
def test_the_record_says_that_it_had_left(gate: RunningGate, stage: str) -> None:
    """Where the gate fails on an answer, the record says that the request left, by what, and that
    its client was refused.
    """
    with broken(gate, AFTERWARDS[stage], lambda: RuntimeError(CANARY)):
        answer = post(gate)
    assert answer.status_code == 403
    assert len(gate.internet.arrivals) == 1
    [record] = gate.evidence.closed
    assert record.decision.verdict == "allow"
    assert record.decision.left
    assert record.decision.degraded == ("hook: failed",)
    assert record.notes == ("it had left when the gate failed: only its answer was withheld",)


def test_a_database_that_locks_behind_the_door_is_told_as_it_is(gate: RunningGate) -> None:
    """When evidence fails only after the request has gone, nobody is told that it did not go."""
    gate.evidence.broken = True
    answer = post(gate)
    assert answer.status_code == 403
    assert len(gate.internet.arrivals) == 1
    assert "had already been sent" in answer.text
