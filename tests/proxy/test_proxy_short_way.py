"""What happens in a tunnel takes the short way to its layer, with the same outcome."""

import http.client
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from patience import eventually

from proxy.short_way import ShortWay
from tests.proxy.conftest import RunningGate, StartsGate

type Taken = Counter[tuple[str, bool]]
type Asked = tuple[str, Any, dict[str, str]]
SMALL: Asked = "POST", b"x" * 900, {}
DIALOGUES: dict[str, list[Asked]] = {
    "small ones": [SMALL, SMALL, ("GET", None, {}), SMALL],
    "in chunks": [("PUT", iter([b"one", b"two" * 9000]), {"Transfer-Encoding": "chunked"}), SMALL],
    "that streams": [("PUT", b"y" * 50_000, {}), SMALL],
    "larger than a record of TLS": [("PUT", b"z" * 19_000, {}), ("HEAD", None, {}), SMALL],
    "whose client ends it": [SMALL, ("POST", b"x", {"Connection": "close"})],
}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """Which events were offered the short way, and whether they took it."""
    counted: Taken = Counter()
    theirs = ShortWay.taken

    def noted(self: ShortWay, event: Any, *does: Any) -> Any:
        found = theirs(self, event, *does)
        counted[type(event).__name__, found is not None] += 1
        return found

    monkeypatch.setattr(ShortWay, "taken", noted)
    return counted


def answers(gate: RunningGate, asked: Iterable[Asked]) -> list[tuple[int, dict[str, str], bytes]]:
    """Return what is answered on one connection, without the hour."""
    talk = http.client.HTTPConnection("files.example")
    talk.sock = gate.connect("files.example")
    told = []
    for method, body, headers in asked:
        talk.request(method, "/v1/x", body, headers, encode_chunked=True)
        answer = talk.getresponse()
        fields = {name: value for name, value in answer.getheaders() if name.lower() != "date"}
        told.append((answer.status, fields, answer.read()))
    talk.close()
    return told


def test_a_tunnel_that_stands_is_served_by_the_short_way(gate: RunningGate, taken: Taken) -> None:
    """Data go straight to the HTTP inside, for all requests of a kept connection behind the first
    one, and so does the end of what had to be waited for; hooks that were over at once have none.
    """
    answers(gate, [SMALL])
    first = taken.copy()
    answers(gate, [SMALL] * 4)
    later = taken - first - first
    assert later["DataReceived", True] >= 3 * 2
    assert later["HookCompleted", True] <= 4
    assert later["DataReceived", False] == later["HookCompleted", False] == 0


@pytest.mark.parametrize("name", DIALOGUES)
def test_the_answers_are_those_of_the_long_way(
    start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch, name: str, taken: Taken
) -> None:
    """Whatever is sent, answers, records and what the server got are the same on both ways."""
    gate = start_gate(hold_bytes=30_000)
    short = outcome(gate, DIALOGUES[name])
    assert taken["HookCompleted", True]
    monkeypatch.setattr(ShortWay, "through", classmethod(lambda *_: None))
    assert outcome(gate, DIALOGUES[name]) == short


def outcome(gate: RunningGate, dialogue: list[Asked]) -> object:
    """Return what the client, the server and the records say of a dialogue."""
    received, known = gate.internet.bytes_received, len(gate.evidence.closed)
    told = answers(gate, [_again(one) for one in dialogue])
    eventually(lambda: len(gate.evidence.closed) == known + len(dialogue))
    records = [(one.request, one.response, one.fate) for one in gate.evidence.closed[known:]]
    return told, gate.internet.bytes_received - received, records


def _again(one: Asked) -> Asked:
    """Return a request whose body can be sent once more."""
    method, body, headers = one
    return (
        method,
        iter([b"one", b"two" * 9000]) if "Transfer-Encoding" in headers else body,
        headers,
    )
