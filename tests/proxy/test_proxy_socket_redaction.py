"""Values in WebSocket messages: placeholders on the way out, values again in the answer, through a
real gate."""

import json
from typing import Any

import pytest
from socket_echo import SECRET, Echo, closed_record, open_socket
from websockets.exceptions import ConnectionClosedError

from core.decision import Decision, Verdict
from tests.proxy.conftest import RunningGate, StartsGate

REDACT = Decision(
    verdict=Verdict.REDACT,
    rule="no-values",
    reason="Values stay here",
    redact_kinds=frozenset({"secret"}),
)


@pytest.fixture
def redacting(echo: Echo, start_gate: StartsGate) -> Any:
    gate = start_gate()
    gate.policy.for_findings = REDACT
    return gate


def test_the_far_side_sees_placeholders_and_the_client_sees_values(
    echo: Echo, redacting: RunningGate
) -> None:
    """The server never sees the value, and the client reads it in the answer as if nothing had
    happened."""
    with open_socket(redacting) as talk:
        talk.send(json.dumps({"text": SECRET}))
        assert json.loads(talk.recv(timeout=20)) == {"text": SECRET}
        talk.send("nothing to hide")
        assert talk.recv(timeout=20) == "nothing to hide"

    assert [json.loads(echo.heard[0]), echo.heard[1]] == [
        {"text": "it is <SECRET_1>"},
        "nothing to hide",
    ]
    record = closed_record(redacting)
    assert (record.decision.verdict, record.decision.rule) == ("redact", "no-values")
    assert "1 values replaced by placeholders" in record.notes


def test_a_placeholder_split_over_two_messages_comes_back_whole(
    echo: Echo, redacting: RunningGate
) -> None:
    """A model that says a placeholder in pieces, each in a message of its own, is read as the
    value."""
    with open_socket(redacting) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == SECRET
        for piece in ("so: <SEC", "RET", "_1>!"):
            echo.connections[0].send(json.dumps({"type": "response.text.delta", "delta": piece}))
        echo.connections[0].send(
            json.dumps({"type": "response.text.done", "text": "so: <SECRET_1>!"})
        )
        pieces = [json.loads(talk.recv(timeout=20)) for _ in range(4)]

    assert "".join(p.get("delta", "") for p in pieces) == "so: TOP-SECRET!"
    assert pieces[-1] == {"type": "response.text.done", "text": "so: TOP-SECRET!"}


def test_what_is_held_back_comes_when_the_server_says_no_more(
    echo: Echo, redacting: RunningGate
) -> None:
    """The end of a text that might have become a placeholder arrives in a moment, even if nothing
    follows."""
    with open_socket(redacting) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == SECRET
        echo.connections[0].send("a <")
        assert "".join(str(talk.recv(timeout=20)) for _ in range(2)) == "a <"
        echo.connections[0].send("b <S")
        echo.connections[0].close()
        assert "".join(str(talk.recv(timeout=20)) for _ in range(2)) == "b <S"


def test_values_stay_placeholders_where_restoring_is_off(
    echo: Echo, redacting: RunningGate
) -> None:
    """A rule that does not restore leaves the placeholders in the answer."""
    redacting.policy.for_findings = Decision(**{**_fields(REDACT), "restore": False})
    with open_socket(redacting) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == "it is <SECRET_1>"


def test_a_message_that_cannot_be_redacted_takes_the_rules_other_answer(
    echo: Echo, redacting: RunningGate
) -> None:
    """Never half a redaction: what cannot be rewritten faithfully is refused, and the record says
    why."""
    redacting.classifier.cannot_redact = True
    with pytest.raises(ConnectionClosedError), open_socket(redacting) as talk:
        talk.send(SECRET)
        talk.recv(timeout=20)

    assert echo.heard == []
    record = closed_record(redacting)
    assert (record.decision.verdict, record.decision.intended) == ("block", "redact")
    assert record.decision.degraded == ("redaction: it is signed",)


@pytest.mark.parametrize("size", [3_990, 3_999, 8_000])
def test_a_changed_message_keeps_every_letter(
    echo: Echo, redacting: RunningGate, size: int
) -> None:
    """A long redacted message arrives letter for letter, also those of several bytes."""
    text = "ü" * size
    with open_socket(redacting) as talk:
        talk.send(f"{SECRET} {text}")
        assert talk.recv(timeout=20) == f"{SECRET} {text}"

    assert echo.heard == [f"it is <SECRET_1> {text}"]


def _fields(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in Decision.__dataclass_fields__}


def test_a_message_that_is_dear_to_redact_is_redacted_by_a_worker(
    echo: Echo, redacting: RunningGate
) -> None:
    """Others do not wait while a long message is rewritten: a worker does it, with the same
    result.
    """
    redacting.classifier.redacts_at_once = False
    with open_socket(redacting) as talk:
        talk.send(SECRET)
        assert talk.recv(timeout=20) == SECRET

    assert echo.heard == ["it is <SECRET_1>"]
    assert redacting.pool.asked == 2


@pytest.mark.parametrize(
    ("late", "refuses", "why"),
    [
        (True, None, "redaction: the worker was late"),
        (False, "it is signed", "redaction: it is signed"),
    ],
)
def test_what_a_worker_does_not_redact_takes_the_rules_other_answer(
    echo: Echo, redacting: RunningGate, late: bool, refuses: str | None, why: str
) -> None:
    """A worker that is late or refuses is no reason to send the value."""
    redacting.classifier.redacts_at_once = False
    redacting.pool.late, redacting.pool.refuses = late, refuses
    with pytest.raises(ConnectionClosedError), open_socket(redacting) as talk:
        talk.send(SECRET)
        talk.recv(timeout=20)

    assert echo.heard == []
    decision = closed_record(redacting).decision
    assert (decision.verdict, decision.intended, decision.degraded) == ("block", "redact", (why,))
