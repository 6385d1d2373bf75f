"""Requests through a real gate with real TLS: what passes, what is refused, and what reached the
far side."""

import http.client
import json
import threading
from typing import Any

import httpx
import pytest
from patience import PATIENT_S, eventually

from core.fate import Fate
from tests.proxy.conftest import RunningGate, StartsGate


def client(gate: RunningGate, **options: Any) -> httpx.Client:
    return httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}",
        verify=gate.client_context(),
        timeout=PATIENT_S,
        **options,
    )


def test_a_clean_request_passes_and_is_recorded(gate: RunningGate) -> None:
    """A clean request reaches its destination, and its record tells sender, destination and
    sizes.
    """
    with client(gate) as http_client:
        answer = http_client.post("https://files.example/upload?x=1", json={"hello": "world"})

    assert answer.json() == {"ok": True, "received": 17}
    [arrival] = gate.internet.arrivals
    assert (arrival.host, arrival.path) == ("files.example", "/upload?x=1")
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    assert record.destination.host == "files.example"
    assert record.request.bytes == 17
    assert record.response.status == 200
    assert record.response.bytes == len(answer.content)
    assert [r.id for r in gate.evidence.opened] in ([], [record.id])


def test_a_refused_request_never_leaves(gate: RunningGate) -> None:
    """When a rule refuses a held body, not one byte of it reaches the destination, and the client
    hears why."""
    with client(gate) as http_client:
        answer = http_client.post("https://files.example/upload", content=b"it is TOP-SECRET")

    assert answer.status_code == 403
    assert "no-secrets" in answer.text
    assert gate.internet.arrivals == []
    assert gate.internet.bytes_received == 0
    [record] = gate.evidence.closed
    assert record.id == answer.headers["x-outgate-reference"]
    assert record.response.status == 403
    assert record.sender.line is not None


def test_a_host_rule_refuses_before_the_body_is_read(gate: RunningGate) -> None:
    """A rule on the host alone refuses a large upload at once, without keeping its body."""
    with client(gate) as http_client:
        answer = http_client.put("https://blocked.example/big", content=b"x" * 3_000_000)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0


def test_a_large_body_streams(start_gate: StartsGate) -> None:
    """A body larger than what is held streams to the destination complete, with its size on
    record.
    """
    gate = start_gate(hold_bytes=100_000)
    body = bytes(range(256)) * 8000
    with client(gate) as http_client:
        answer = http_client.put("https://files.example/big", content=body)

    assert answer.json()["received"] == len(body)
    assert gate.internet.arrivals[0].body == body
    eventually(lambda: gate.evidence.closed)
    assert gate.evidence.closed[0].request.bytes == len(body)


def test_a_large_chunked_body_streams(start_gate: StartsGate) -> None:
    """A body of unstated size is held up to the limit and then streams on, complete."""
    gate = start_gate(hold_bytes=100_000)
    pieces = [bytes([n]) * 30_000 for n in range(20)]
    with client(gate) as http_client:
        answer = http_client.put("https://files.example/big", content=iter(pieces))

    assert answer.json()["received"] == 600_000
    assert gate.internet.arrivals[0].body == b"".join(pieces)


def test_a_stream_is_cut_when_a_rule_becomes_certain(start_gate: StartsGate) -> None:
    """A large upload that turns out to hold a secret is cut; the record states how much had
    left.
    """
    gate = start_gate(hold_bytes=100_000)
    body = b"a" * 2_000_000 + b"TOP-SECRET" + b"b" * 2_000_000
    with client(gate) as http_client:
        answer = http_client.put("https://files.example/big", content=body)

    assert answer.status_code == 403
    assert b"TOP-SECRET" not in b"".join(a.body for a in gate.internet.arrivals)
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    assert record.decision.rule == "no-secrets"
    assert not record.request.complete
    assert 0 < record.request.bytes <= 2_000_000 + 10
    assert any("had left" in note for note in record.notes)


@pytest.mark.parametrize("position", [0, 1, 5, 9])
def test_a_word_split_between_windows_is_found(start_gate: StartsGate, position: int) -> None:
    """A value that lies across two scanning windows is found all the same."""
    gate = start_gate(hold_bytes=50_000)
    body = b"a" * (256 * 1024 - position) + b"TOP-SECRET" + b"b" * 600_000
    with client(gate) as http_client:
        answer = http_client.put("https://files.example/big", content=body)

    assert answer.status_code == 403


def test_an_event_stream_is_not_buffered(gate: RunningGate) -> None:
    """The first event of a stream reaches the client while the rest is still to come; the tap reads
    all of it."""
    with client(gate) as http_client:
        request = {"model": "m", "stream": True, "messages": []}
        with http_client.stream(
            "POST", "https://api.openai.com/v1/chat/completions", json=request
        ) as answer:
            lines = list(answer.iter_lines())

    assert lines[-2] == "data: [DONE]" or "data: [DONE]" in lines
    eventually(lambda: gate.evidence.closed)
    assert b"[DONE]" in b"".join(gate.classifier.tapped)


def test_keep_alive_reuses_connections(gate: RunningGate) -> None:
    """Requests on one kept connection are each attributed, for it may change hands, and each get a
    record."""
    with client(gate) as http_client:
        for number in range(5):
            assert http_client.post("https://files.example/", json=number).status_code == 200

    assert len(gate.attributor.asked) == 6
    eventually(lambda: len(gate.evidence.closed) == 5)
    assert len({record.id for record in gate.evidence.closed}) == 5


def test_http2_clients_are_served(gate: RunningGate) -> None:
    """A client that speaks HTTP/2 gets the same treatment."""
    context = gate.client_context()
    offer = context.set_alpn_protocols
    context.set_alpn_protocols = lambda alpn_protocols: offer(
        ["h2"]
    )  # httpx prefers HTTP/1.1 through a proxy
    with httpx.Client(
        http2=True, proxy=f"http://127.0.0.1:{gate.port}", verify=context, timeout=PATIENT_S
    ) as http_client:
        refused = http_client.post("https://files.example/x", content=b"TOP-SECRET")
        passed = http_client.post("https://files.example/x", content=b"fine")

    assert (refused.http_version, refused.status_code) == ("HTTP/2", 403)
    assert passed.status_code == 200


def test_plain_http_in_absolute_form(gate: RunningGate) -> None:
    """A plain HTTP request through the proxy is inspected like any other."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENT_S)
    connection.request(
        "POST", "http://plain.example/x", body=b"TOP-SECRET", headers={"Content-Type": "text/plain"}
    )

    assert connection.getresponse().status == 403


def test_the_answer_waits_for_its_evidence(gate: RunningGate) -> None:
    """No client sees an answer before the evidence of its request is durable."""
    gate.evidence.hold = threading.Event()
    answers: list[int] = []

    def ask() -> None:
        with client(gate) as http_client:
            answers.append(http_client.post("https://files.example/", json={}).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(lambda: gate.internet.arrivals)
    asking.join(0.3)
    assert answers == []

    gate.evidence.hold.set()
    asking.join(PATIENT_S)
    assert answers == [200]


def test_strict_evidence_holds_the_request_itself(start_gate: StartsGate) -> None:
    """In strict mode nothing leaves before the evidence is durable."""
    gate = start_gate(strict=True)
    gate.evidence.broken = True
    with client(gate) as http_client:
        answer = http_client.post("https://files.example/", json={})

    assert answer.status_code == 403
    assert gate.internet.arrivals == []


def test_the_gate_answers_for_its_own_health(gate: RunningGate) -> None:
    """A request for the gate itself is answered by it, and by nobody else."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENT_S)
    connection.request("GET", "http://outgate.internal/health")
    value = json.loads(connection.getresponse().read())

    assert value["outgate"] == "gate"
    assert value["healthy"] is True


def test_a_request_that_names_another_host_inside_is_degraded(gate: RunningGate) -> None:
    """A request whose Host header differs from the host connected to (domain fronting) is no clean
    request."""
    with client(gate) as http_client:
        answer = http_client.get("https://files.example/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 403
    assert "destination" in gate.policy.situations[-1].degraded[0]


def test_an_unreachable_destination_leaves_a_record(gate: RunningGate) -> None:
    """When the destination cannot be verified, the client meets a broken connection, and the record
    says that nothing was sent, and why."""
    gate.internet._server._contexts.clear()
    gate.internet.context_for = _stranger
    with client(gate) as http_client, pytest.raises(httpx.RemoteProtocolError):
        http_client.get("https://other.example/")

    eventually(lambda: gate.evidence.closed)
    assert gate.evidence.closed[0].response.status is None
    assert gate.evidence.closed[0].fate is Fate.UNREACHED


def _stranger(host: str) -> Any:
    import tempfile
    from pathlib import Path

    from app.demo.internet import StandInInternet

    stranger = StandInInternet(Path(tempfile.mkdtemp()))
    context = stranger.context_for(host)
    stranger._server.server_close()
    return context
