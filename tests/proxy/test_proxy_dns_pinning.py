"""Countries: the address that was decided upon is the one that is connected to, whatever the name
service says next."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from patience import eventually
from present import there

from core.decision import Decision, Verdict
from core.situation import Situation
from proxy.dns_pinning import FRESH_S, Places
from tests.proxy.conftest import RunningGate

REQUEST = b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n"


class Names:
    """A name service that says what it is told."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if not answer:
            raise OSError("no such host")
        return list(answer)


def places(names: Names, clock: Callable[[], float] = lambda: 100.0) -> Places:
    return Places(lambda host, port: (host, port), look_up=names, clock=clock)


def test_a_connection_keeps_its_place() -> None:
    """However the name service changes its mind, one client connection goes to one place for one
    host."""
    names, now = Names(["127.0.0.1"], ["203.0.113.9"]), [100.0]
    found = places(names, lambda: now[0])

    async def story() -> None:
        await found.locate("one", "files.example", 443)
        now[0] += FRESH_S
        await found.locate("one", "Files.Example.", 443)
        await found.locate("two", "files.example", 443)

    asyncio.run(story())
    assert found.of("one", "FILES.example", 443) == "127.0.0.1"
    assert found.of("two", "files.example", 443) == "203.0.113.9"
    assert (found.of("three", "files.example", 443), len(names.asked)) == (None, 2)
    found.closed("one")
    assert found.of("one", "files.example", 443) is None


def test_the_name_service_is_not_asked_for_every_connection() -> None:
    """A fresh answer serves new connections; addresses need no look-up at all."""
    names = Names(["127.0.0.1"])
    found = places(names)

    async def story() -> None:
        for number in range(5):
            await found.locate(str(number), "files.example", 443)
            await found.locate(str(number), "203.0.113.7", 443)

    asyncio.run(story())
    assert names.asked == ["files.example"]
    assert found.of("0", "203.0.113.7", 443) == "203.0.113.7"


def test_what_cannot_be_looked_up_stays_unknown() -> None:
    """A name service that fails makes no place; it is asked again."""
    names = Names([], ["127.0.0.1"])
    found = places(names)
    asyncio.run(found.locate("one", "files.example", 443))
    assert found.of("one", "files.example", 443) is None
    asyncio.run(found.locate("one", "files.example", 443))
    assert found.of("one", "files.example", 443) == "127.0.0.1"


def test_an_address_where_nobody_answers_gives_way_to_the_next() -> None:
    """A host with a dead address can still be reached, at a place that is decided upon anew."""
    found = places(Names(["203.0.113.9", "127.0.0.1"]))
    asyncio.run(found.locate("one", "files.example", 443))
    found.unreachable("one", "files.example", 443)
    asyncio.run(found.locate("one", "files.example", 443))
    assert found.of("one", "files.example", 443) == "127.0.0.1"


def test_an_open_connection_stays_where_it_is() -> None:
    """A rule that comes into force while a connection is open is asked about where that connection
    goes."""
    found = places(Names(["203.0.113.9"]))
    found.connected("one", "files.example", 443, "127.0.0.1")
    asyncio.run(found.locate("one", "files.example", 443))
    assert found.of("one", "files.example", 443) == "127.0.0.1"


@pytest.fixture
def asking(gate: RunningGate) -> Any:
    """A gate whose policy blocks what does not go to the US; every port leads to the stand-in
    internet."""
    gate.policy.asks_address = True
    gate.policy.country_of = lambda address: "US" if address == "127.0.0.1" else "CN"

    def early(situation: Situation) -> Decision | None:
        blocked = Decision(verdict=Verdict.BLOCK, rule="abroad", reason="Abroad.")
        return None if situation.destination.country == "US" else blocked

    gate.policy.decide_on_headers = early
    gate.addon.upstreams.routes.replace([_any_host_at(gate.internet.port)])
    return gate


def _any_host_at(port: int) -> Any:
    from proxy.connect_to import parse_route

    return parse_route(f":::{port}")


def _names(gate: RunningGate, *answers: list[str]) -> Names:
    names = Names(*answers)
    there(gate.addon.inspection.places).look_up = names
    return names


def send(gate: RunningGate, host: str = "files.example") -> bytes:
    with gate.connect(host) as tls:
        tls.sendall(REQUEST.replace(b"files.example", host.encode()))
        answer: bytes = tls.recv(4096)
    return answer


def test_the_decided_address_is_the_connected_one(
    asking: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is resolved once; a second, different answer has nobody to ask for it."""
    names = _names(asking, ["127.0.0.1"], ["203.0.113.9"])
    resolved: list[Any] = []
    real = socket.getaddrinfo

    def noted(host: Any, *more: Any, **named: Any) -> Any:
        resolved.append(host)
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    assert send(asking).startswith(b"HTTP/1.1 200")
    assert names.asked == ["files.example"]
    assert "files.example" not in resolved
    assert [a.host for a in asking.internet.arrivals] == ["files.example"]


def test_a_record_says_where_it_went(asking: RunningGate) -> None:
    """Address and country stand in the record, of what passed and of what was refused."""
    _names(asking, ["127.0.0.1"])
    send(asking)
    _names(asking, ["203.0.113.9"])
    assert send(asking, "far.example").startswith(b"HTTP/1.1 403")
    eventually(lambda: len(asking.evidence.closed) == 2)
    where = sorted((r.destination.address, r.destination.country) for r in asking.evidence.closed)
    assert where == [("127.0.0.1", "US"), ("203.0.113.9", "CN")]
    assert len(asking.internet.arrivals) == 1


def test_without_a_rule_nothing_is_looked_up(gate: RunningGate) -> None:
    """The name service is asked by Outgate only where some rule needs to know."""
    names = _names(gate, ["127.0.0.1"])
    send(gate)
    assert names.asked == []
    eventually(lambda: gate.evidence.closed)
    assert gate.evidence.closed[0].destination.address is None


def test_what_was_not_found_out_is_an_input(asking: RunningGate) -> None:
    """When the name service fails, policy is asked with an unknown country, and says no here."""
    _names(asking, [])
    assert send(asking).startswith(b"HTTP/1.1 403")
    assert asking.internet.arrivals == []


def test_diversions_come_first(asking: RunningGate) -> None:
    """With `--connect-to`, the country is that of the address that is really connected to."""
    from proxy.connect_to import parse_route

    names = _names(asking, ["203.0.113.9"])
    asking.addon.upstreams.routes.replace([parse_route(asking.internet.routes[0])])
    assert send(asking).startswith(b"HTTP/1.1 200")
    assert names.asked == []
