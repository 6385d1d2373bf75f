"""The failure table, one broken part at a time: what left, what the client heard, what is on
record."""

import logging
from typing import Any

import httpx
import pytest
from patience import eventually

from tests.proxy.conftest import RunningGate, StartsGate

CANARY = "canary-4417-value"


def post(gate: RunningGate, body: bytes = b"clean") -> httpx.Response:
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=20
    ) as client:
        return client.post("https://files.example/x", content=body)


@pytest.mark.parametrize("part", ["classifier", "policy"])
def test_a_part_that_raises_refuses_the_request(
    gate: RunningGate, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in a part of the gate refuses the request with a reference; nothing leaves, no payload
    is logged."""
    getattr(gate, part).fail = RuntimeError(f"broken by {CANARY}")
    with caplog.at_level(logging.DEBUG):
        answer = post(gate, CANARY.encode())

    assert answer.status_code == 403
    assert gate.internet.arrivals == []
    assert CANARY not in "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("outgate")
    )
    assert CANARY not in answer.text
    [record] = gate.evidence.closed
    assert record.id == answer.headers["x-outgate-reference"]
    assert record.decision.degraded


def test_a_failing_header_step_never_forwards_an_empty_body(gate: RunningGate) -> None:
    """When the step on headers fails, the request is refused, not sent on without its body."""
    gate.policy.decide_on_headers = _raise
    answer = post(gate, b"something")

    assert answer.status_code == 403
    assert gate.internet.arrivals == []


def test_an_attribution_that_raises_is_an_unknown_sender(gate: RunningGate) -> None:
    """When attribution fails the sender is unknown, and rules for unknown senders decide."""
    gate.attributor.fail = OSError("no netlink here")
    answer = post(gate)

    assert answer.status_code == 200
    assert gate.policy.situations[-1].sender.certainty == "unknown"


def test_a_late_worker_is_named_and_refused_where_rules_say_so(gate: RunningGate) -> None:
    """When the worker is late, the record names the stage and the rule's on_error applies."""
    gate.classifier.cheap_bytes = 10
    gate.pool.late = True
    answer = post(gate, b"x" * 1000)

    assert answer.status_code == 403
    assert gate.internet.arrivals == []
    assert gate.policy.situations[-1].degraded == ("classifier: the worker was late",)
    assert gate.policy.situations[-1].findings[0].kind == "not_inspected"


def test_evidence_that_cannot_be_written_refuses(gate: RunningGate) -> None:
    """When evidence cannot be written, the client gets a refusal instead of the answer."""
    gate.evidence.broken = True
    answer = post(gate)

    assert answer.status_code == 403
    assert "ok" not in answer.text


def test_known_evidence_trouble_refuses_before_anything_leaves(gate: RunningGate) -> None:
    """While the writer says that it cannot write, nothing leaves at all."""
    from core.errors import EvidenceError

    gate.evidence._failure = EvidenceError("the disk is full")
    answer = post(gate)

    assert answer.status_code == 403
    assert gate.internet.arrivals == []


def _raise(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError


def test_a_tap_that_raises_cuts_the_upload(start_gate: StartsGate) -> None:
    """When the scan of a large upload fails, the upload is cut and the client gets a refusal, not
    silence."""
    gate = start_gate(hold_bytes=10_000)
    scan = gate.classifier.classify
    gate.classifier.classify = lambda exchange: (
        _raise() if len(exchange.body) > 1000 else scan(exchange)
    )
    answer = post(gate, b"x" * 2_000_000)

    assert answer.status_code == 403
    assert gate.internet.arrivals == []


def test_an_answer_that_cannot_be_read_still_arrives(gate: RunningGate) -> None:
    """When the reading of an answer fails, the client gets the answer, and the record says what is
    missing."""
    gate.classifier.tap = lambda *_: _BrokenTap()
    answer = post(gate)

    assert answer.status_code == 200
    eventually(lambda: gate.evidence.closed)
    assert any("not read" in note for note in gate.evidence.closed[-1].notes)


def test_an_exchange_that_was_never_opened_is_refused(gate: RunningGate) -> None:
    """When even the first line of the first hook fails, the request does not leave."""
    gate.addon.inspection.opened = _raise
    answer = post(gate, b"something")

    assert answer.status_code == 403
    assert gate.internet.arrivals == []


def test_a_step_out_of_order_refuses(gate: RunningGate) -> None:
    """A fault by which the evidence is forgotten refuses the request, and the record names the
    fault's stage."""
    gate.addon.inspection._outbox.sent = lambda transaction: None
    answer = post(gate, b"something")

    assert answer.status_code == 403
    assert gate.internet.arrivals == []
    [record] = gate.evidence.closed
    assert record.id == answer.headers["x-outgate-reference"]
    assert record.decision.degraded == ("hook: failed",)


class _BrokenTap:
    def feed(self, chunk: bytes) -> None:
        raise ValueError

    def message(self, message: Any) -> None:
        pass

    def ended(self) -> bool:
        return False

    def foreseen(self) -> Any:
        raise ValueError

    def uncounted(self, answer: Any) -> Any:
        raise ValueError

    def count(self, tokens: Any) -> None:
        raise ValueError

    def finish(self, answer: Any) -> Any:
        raise ValueError
