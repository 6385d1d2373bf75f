"""WebSockets with real processes and the whole gate: values stay here and come back, and a person
decides on a message.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from socket_echo import SocketServer
from websockets.asyncio.server import ServerConnection

from app.demo.internet import StandInInternet
from core.case_keys import case_key
from core.ids import utc_now, uuid7
from core.record import Record
from core.review import Action, ReviewEvent
from evidence import open_store
from evidence.holds import HeldRequests
from tests.scenarios.conftest import Outgate

IBAN = "DE90871318609139099603"
POLICY = """
version: 1
mode: enforce
rules:
  - id: ask-about-contacts
    description: Contact data waits for a person
    when:
      findings: {kinds: contact}
    then: {do: hold, for_seconds: 20}
  - id: redact-bank-data
    description: Bank data is replaced before it leaves
    when:
      findings: {kinds: bank}
    then: redact
"""
TALK = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def main():
    async with connect("wss://realtime.example/v1/realtime?model=m") as talk:
        for text in sys.argv[1:]:
            await talk.send(json.dumps({"type": "conversation.item.create", "text": text}))
            said = ""
            while (event := json.loads(await talk.recv()))["type"] != "response.text.done":
                said += event["delta"]
            print(said)
            print(event["text"])

asyncio.run(main())
"""
CONTACT = "Write to erika.probe@nordwind-logistik.de"


class Realtime:
    """A service that says back what it is told, a few letters in each message."""

    def __init__(self, internet: StandInInternet) -> None:
        self.heard: list[str] = []
        server = SocketServer(internet, "realtime.example", self._talk)
        self.port, self.stop = server.port, server.stop

    async def _talk(self, connection: ServerConnection) -> None:
        async for message in connection:
            text = json.loads(message)["text"]
            self.heard.append(text)
            for at in range(0, len(text), 3):
                delta = {"type": "response.text.delta", "delta": text[at : at + 3]}
                await connection.send(json.dumps(delta))
            await connection.send(json.dumps({"type": "response.text.done", "text": text}))


@pytest.fixture
def realtime(outgate: Outgate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Realtime]:
    service = Realtime(outgate.internet)
    routes = [f"realtime.example:443:127.0.0.1:{service.port}", *outgate.internet.routes]
    monkeypatch.setattr(StandInInternet, "routes", routes)
    (outgate.folder / "p.yaml").write_text(POLICY)
    outgate.start("--policy", str(outgate.folder / "p.yaml"))
    yield service
    service.stop()


def talking(outgate: Outgate, *texts: str) -> "subprocess.Popen[str]":
    script = outgate.script("talk.py", TALK)
    return subprocess.Popen(
        [sys.executable, str(script), *texts],
        env=outgate.behind(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_values_stay_here_and_come_back_delta_by_delta(
    outgate: Outgate, realtime: Realtime
) -> None:
    """A realtime service never sees the account number; the script reads it in the deltas and in
    the whole text.
    """
    script = talking(outgate, f"Pay to {IBAN} please", "and now nothing")
    out, err = script.communicate(timeout=60)

    assert script.returncode == 0, err
    assert out.splitlines() == [f"Pay to {IBAN} please"] * 2 + ["and now nothing"] * 2
    assert realtime.heard == ["Pay to <IBAN_1> please", "and now nothing"]
    [record] = outgate.wait_for(outgate.records)
    assert (record["decision"]["verdict"], record["decision"]["rule"]) == (
        "redact",
        "redact-bank-data",
    )
    assert IBAN.encode() not in b"".join(p.read_bytes() for p in outgate.home.glob("evidence.db*"))


def test_a_message_waits_for_a_person(outgate: Outgate, realtime: Realtime) -> None:
    """The officer sees the one message as a case of its own; approved, it goes on and the
    conversation with it.
    """
    store = open_store(outgate.home / "evidence.db")
    holds = HeldRequests(store)
    script = talking(outgate, "good morning", CONTACT, "goodbye")
    held = outgate.wait_for(holds.waiting)[0]
    assert realtime.heard == ["good morning"]
    assert isinstance(held, Record)
    assert (held.request.method, held.decision.rule) == ("WEBSOCKET", "ask-about-contacts")
    assert held.sender.script is not None and held.sender.script.name == "talk.py"
    key = case_key(held)
    store.append(
        [
            ReviewEvent(
                id=uuid7(),
                at=utc_now(),
                case_key=key,
                action=Action.APPROVE,
                who="officer",
                record_id=held.id,
            )
        ]
    )
    out, err = script.communicate(timeout=60)

    assert script.returncode == 0, err
    assert realtime.heard == ["good morning", CONTACT, "goodbye"]
    assert out.splitlines()[2] == CONTACT
    both = outgate.wait_for(lambda: found if len(found := outgate.records()) == 2 else None)
    assert [r["decision"]["hold"] and r["decision"]["hold"]["outcome"] for r in both] == [
        "approved",
        None,
    ]
    assert [r["decision"]["verdict"] for r in both] == ["hold", "allow"]
    assert outgate("verify").returncode == 0
