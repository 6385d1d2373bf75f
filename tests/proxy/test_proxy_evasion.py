"""Ways past the gate: direct connections and HTTP/3 of scripts each leave a record for each run."""

import asyncio
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from patience import PATIENT_S, eventually

from core.attribution import Attribution, Certainty, ProcessRef, unknown_sender
from core.exchange import Connection
from core.fate import Fate
from proxy.evasion import APART_S, SURELY_S, EvasionWatch
from proxy.uninspected import DAY_S, Uninspected
from tests.proxy.conftest import RunningGate


class Table:
    """A connection table that says what it is told."""

    def __init__(
        self,
        *ends: tuple[str, int],
        transport: Literal["tcp", "udp"] = "tcp",
        quic: bool = False,
        port: int = 443,
    ) -> None:
        self.port = port
        self.ends = list(ends)
        self.transport = transport
        self.quic = quic
        self.answered = True
        self.runs: set[int] = set()
        self.has_changed = True
        self.looks = 0

    def changed(self) -> bool:
        return self.has_changed

    def run_of(self, pid: int) -> int | None:
        return 1 if pid in self.runs else None

    def established(self) -> list[Connection]:
        now = datetime.now(UTC)
        self.looks += 1
        return [
            Connection(
                id=f"d{port}",
                client_host="192.0.2.1",
                client_port=port,
                gate_host=host,
                gate_port=self.port if host else 0,
                at=now,
                transport=self.transport,
                answered=self.answered,
            )
            for host, port in self.ends
        ]

    def speaks_quic(self, pid: int) -> bool:
        return self.quic and pid == 99

    def hear(self, *, wanted: bool) -> bool:
        return wanted

    def ended(self) -> list[Connection]:
        return []


class Sampled:
    """A watch over a running gate's fakes, looked at from here."""

    def __init__(self, gate: RunningGate) -> None:
        self.now = 1000.0
        self.gate = gate
        self.asked: list[str] = []
        self.is_python = True
        self.pid = 99
        gate.attributor.attribute = self.attribute
        uninspected = Uninspected(gate.addon.inspection, lambda: self.now)
        self.evasion = EvasionWatch(lambda: gate.attributor, uninspected)

    def attribute(self, connection: Connection) -> Attribution:
        self.asked.append(connection.id)
        process = ProcessRef(pid=self.pid, started_at=None, name="python", exe="/usr/bin/python3")
        return Attribution(
            certainty=Certainty.EXACT, method="fake", process=process, is_python=self.is_python
        )

    def look(self, table: Table) -> list[str]:
        async def once() -> None:
            await self.evasion.look(table)

        asyncio.run(once())
        return [r.destination.host for r in self.gate.evidence.closed]


def test_a_direct_connection_of_a_script_is_on_record_once_a_day(gate: RunningGate) -> None:
    """A script that goes past the gate is one record per address and day, however often it
    connects."""
    sampled = Sampled(gate)
    sampled.look(Table(("203.0.113.5", 1), ("203.0.113.5", 2), ("198.51.100.7", 3)))
    sampled.look(Table(("203.0.113.5", 4)))
    eventually(lambda: len(gate.evidence.closed) == 2)
    assert sorted(r.destination.host for r in gate.evidence.closed) == [
        "198.51.100.7",
        "203.0.113.5",
    ]
    assert gate.evidence.closed[0].decision.degraded == (
        "bypass: a direct connection past the gate",
    )

    sampled.now += DAY_S + 1
    sampled.look(Table(("203.0.113.5", 5)))
    eventually(lambda: len(gate.evidence.closed) == 3)


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (443, "(port 443, usually the web)"),
        (5432, "(port 5432, usually a PostgreSQL database)"),
        (25, "(port 25, usually mail (SMTP))"),
        (12345, "(port 12345)"),
    ],
)
def test_the_record_says_what_usually_listens_there(
    gate: RunningGate, port: int, words: str
) -> None:
    """A database and a mail server are told from the web by their ports, as usual, not as known."""
    sampled = Sampled(gate)
    sampled.look(Table(("203.0.113.5", 1), port=port))
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert record.destination.port == port
    assert words in record.decision.reason


def test_each_run_of_a_program_is_on_record(gate: RunningGate) -> None:
    """What went past the gate yesterday is no reason to keep silent about today's run."""
    sampled = Sampled(gate)
    for run in range(3):
        sampled.pid = 100 + run
        sampled.look(Table(("203.0.113.5", run)))
    eventually(lambda: len(gate.evidence.closed) == 3)


def test_a_machine_that_tells_its_own_secrets_is_far_enough(gate: RunningGate) -> None:
    """Link-local addresses are another machine's: clouds hand out credentials at one."""
    assert sampled_hosts(gate, "169.254.169.254") == ["169.254.169.254"]


def sampled_hosts(gate: RunningGate, host: str) -> list[str]:
    """Look once at a connection to this host; return who is on record."""
    Sampled(gate).look(Table((host, 1)))
    eventually(lambda: gate.evidence.closed)
    return [record.destination.host for record in gate.evidence.closed]


def test_http3_of_a_script_is_on_record_in_words_an_officer_understands(gate: RunningGate) -> None:
    """HTTP/3 cannot come through the gate: it is a case that says so, beside that of an ordinary
    direct connection."""
    sampled = Sampled(gate)
    sampled.look(Table(("203.0.113.5", 1), transport="udp"))
    sampled.look(Table(("203.0.113.5", 1)))
    eventually(lambda: len(gate.evidence.closed) == 2)

    [quic] = [
        r for r in gate.evidence.closed if r.decision.degraded == ("bypass: HTTP/3 past the gate",)
    ]
    assert (quic.destination.host, quic.destination.port, quic.decision.verdict) == (
        "203.0.113.5",
        443,
        "watch",
    )
    assert (
        quic.decision.reason
        == "A Python program is sending datagrams to a server's HTTPS port (HTTP/3, also called"
        " QUIC), past Outgate; nothing of what it sends there is inspected."
    )


@pytest.mark.parametrize(
    ("quic", "is_python", "told"), [(True, True, 1), (False, True, 0), (True, False, 0)]
)
def test_a_socket_without_a_destination_is_a_case_only_with_a_library_for_http3(
    gate: RunningGate, quic: bool, is_python: bool, told: int
) -> None:
    """A script that merely looks names up is no case; one that can speak HTTP/3 is, with an unknown
    destination."""
    sampled = Sampled(gate)
    sampled.is_python = is_python
    sampled.look(Table(("", 1), ("", 2), transport="udp", quic=quic))
    sampled.look(Table(("203.0.113.9", 3)))
    eventually(lambda: len(gate.evidence.closed) == told + is_python)

    unknown = [r for r in gate.evidence.closed if r.destination.host == "unknown destination"]
    assert len(unknown) == told
    assert all("where to cannot be seen" in r.decision.reason for r in unknown)


def test_a_connection_is_asked_about_once(gate: RunningGate) -> None:
    """A connection that stays open costs one look-up, not one with every look."""
    sampled = Sampled(gate)
    for _ in range(5):
        sampled.look(Table(("203.0.113.5", 1)))

    assert sampled.asked == ["d1"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_what_stays_on_this_machine_is_nobodys_business(gate: RunningGate, address: str) -> None:
    """Connections that do not leave the machine are not looked up."""
    sampled = Sampled(gate)

    assert sampled.look(Table((address, 1))) == []
    assert sampled.asked == []


def test_a_burst_of_connections_is_on_record_in_one_look(gate: RunningGate) -> None:
    """Hundreds of connections that a program opens at once, and for a second only, are none too
    many: each place is on record.
    """
    sampled = Sampled(gate)
    places = [(f"203.0.113.{at % 250}", at) for at in range(1, 301)]
    sampled.look(Table(*places))

    assert len(sampled.asked) == 300
    eventually(lambda: len({r.destination.host for r in gate.evidence.closed}) == 250)


def test_what_a_long_look_does_not_come_to_is_left_to_the_next(gate: RunningGate) -> None:
    """A look that takes too long ends; nothing is forgotten, and nothing asked twice."""
    sampled = Sampled(gate)
    seconds = iter(range(1000))
    uninspected = Uninspected(gate.addon.inspection, lambda: sampled.now)
    clock = lambda: float(next(seconds))  # noqa: E731
    sampled.evasion = EvasionWatch(lambda: gate.attributor, uninspected, clock)
    table = Table(*((f"203.0.113.{at}", at) for at in range(1, 6)))
    rounds = []
    while len(sampled.asked) < 5:
        sampled.look(table)
        rounds.append(len(sampled.asked))

    assert rounds[0] < 5
    assert sorted(sampled.asked) == [f"d{at}" for at in range(1, 6)]


def test_other_programs_may_go_their_own_way(gate: RunningGate) -> None:
    """Direct connections of programs that are not Python are not recorded."""
    sampled = Sampled(gate)
    sampled.is_python = False

    assert sampled.look(Table(("203.0.113.5", 1))) == []
    assert sampled.asked == ["d1"]


def test_a_look_that_fails_is_followed_by_the_next(gate: RunningGate) -> None:
    """A connection table that cannot be read once takes no gate down; the next look finds what
    there is."""

    class Failing(Table):
        looked = 0

        def established(self) -> list[Connection]:
            self.looked += 1
            if self.looked == 1:
                raise RuntimeError("no such table")
            return super().established()

    sampled, table = Sampled(gate), Failing(("203.0.113.5", 1))

    async def watched() -> None:
        watching = asyncio.ensure_future(sampled.evasion.watch(table, every_s=0.001))
        while not sampled.asked and not watching.done():  # noqa: ASYNC110 - the look happens in a thread
            await asyncio.sleep(0.005)
        assert not watching.done()
        watching.cancel()

    asyncio.run(watched())
    assert sampled.asked == ["d1"]


def test_no_table_is_looked_at_while_nothing_begins(gate: RunningGate) -> None:
    """An idle machine costs next to nothing: the table is looked at when a connection can have
    begun, not again at once, and every few seconds in any case.
    """
    sampled, table = Sampled(gate), Table(("203.0.113.5", 1))
    sampled.evasion = EvasionWatch(
        lambda: gate.attributor, Uninspected(gate.addon.inspection), lambda: sampled.now
    )

    def looks_after(seconds: float, *, changed: bool) -> int:
        sampled.now += seconds
        table.has_changed = changed
        asyncio.run(sampled.evasion.look_if_due(table))
        return table.looks

    assert looks_after(0, changed=False) == 1  # the first look, whatever the counters say
    assert looks_after(0.1, changed=True) == 1
    assert looks_after(0.2, changed=False) == 2  # what changed before is not forgotten
    assert [looks_after(0.3, changed=False) for _ in range(10)] == [2] * 10
    assert looks_after(SURELY_S, changed=False) == 3
    assert looks_after(APART_S, changed=True) == 4


def test_what_asks_in_vain_is_told_after_a_second(gate: RunningGate) -> None:
    """A program that a firewall keeps from going past the gate is on record as one that was not
    answered; where it is answered at last, as one that went past. Who is answered at once is
    never said to wait.
    """
    sampled, table = Sampled(gate), Table(("203.0.113.5", 1), port=5432)
    sampled.evasion = EvasionWatch(
        lambda: gate.attributor, Uninspected(gate.addon.inspection), lambda: sampled.now
    )
    table.answered = table.has_changed = False

    def looked(seconds: float) -> None:
        sampled.now += seconds
        asyncio.run(sampled.evasion.look_if_due(table))

    for seconds in (0.0, 0.3, 0.3, 0.3):
        looked(seconds)
    assert sampled.asked == []
    looked(0.3)
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    assert (record.fate, record.left) == (Fate.UNREACHED, False)
    assert "tries to connect directly (port 5432, usually a PostgreSQL database)" in (
        record.decision.reason
    )

    table.answered = table.has_changed = True
    looked(0.3)
    eventually(lambda: len(gate.evidence.closed) == 2)
    assert gate.evidence.closed[1].fate is Fate.PAST


def test_of_a_run_every_program_is_told_of(gate: RunningGate) -> None:
    """What somebody started behind the gate is watched, Python or not; and is not called Python."""
    sampled, table = Sampled(gate), Table(("203.0.113.5", 1), port=25)
    sampled.is_python, table.runs = False, {99}
    sampled.look(table)
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert record.decision.reason.startswith("A program that was started behind Outgate is")


@pytest.mark.parametrize(
    ("port", "words"),
    [(514, "(UDP, port 514"), (8125, "(UDP, port 8125)"), (443, "HTTP/3")],
)
def test_datagrams_to_any_port_are_on_record(gate: RunningGate, port: int, words: str) -> None:
    """Logs and measurements by UDP leave as well; only what goes to the web's port is HTTP/3."""
    Sampled(gate).look(Table(("203.0.113.5", 1), transport="udp", port=port))
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert (record.fate, record.destination.port) == (Fate.PAST, port)
    assert words in record.decision.reason
    assert ("HTTP/3" in record.decision.reason) is (port == 443)


def test_a_run_is_looked_at_closely_until_it_ends(gate: RunningGate) -> None:
    """While a program runs behind the gate, what is open for a moment is asked about, and nobody
    waits for the answer about another: the first may take long.
    """
    sampled, table = Sampled(gate), Table(("203.0.113.5", 1))
    at_last, plain = threading.Event(), sampled.attribute

    def attribute(connection: Connection) -> Attribution:
        if connection.client_port == 1:
            at_last.wait(PATIENT_S)
        return plain(connection)

    gate.attributor.attribute = attribute

    async def played() -> None:
        watching = asyncio.ensure_future(sampled.evasion.watch(table, every_s=60.0))
        await asyncio.sleep(0)
        sampled.evasion.runs.follow(os.getpid())
        for ends in (("203.0.113.5", 1), ("198.51.100.7", 2), ("192.0.2.9", 3)):
            table.ends = [ends]
            begun = table.looks
            while table.looks < begun + 2:  # noqa: ASYNC110 - the look happens in a thread
                await asyncio.sleep(0.001)
        assert sampled.asked == ["d2", "d3"]
        at_last.set()
        await sampled.evasion.settled()
        watching.cancel()

    asyncio.run(asyncio.wait_for(played(), PATIENT_S))
    eventually(lambda: len(gate.evidence.closed) == 3)


def test_what_the_last_look_did_not_see_began_after_it(gate: RunningGate) -> None:
    """A connection that is new is not said to be a minute old, and to have been inherited."""
    asked: list[Connection] = []
    sampled = Sampled(gate)
    plain = sampled.attribute

    def attribute(connection: Connection) -> Attribution:
        asked.append(connection)
        return plain(connection)

    gate.attributor.attribute = attribute
    old = datetime.now(UTC) - timedelta(minutes=1)

    class Aged(Table):
        def established(self) -> list[Connection]:
            return [replace(one, at=old) for one in super().established()]

    sampled.look(Aged(("203.0.113.5", 1)))
    sampled.look(Aged(("203.0.113.5", 1), ("203.0.113.6", 2)))

    assert asked[0].at == old
    assert asked[1].at > old + timedelta(seconds=50)


@pytest.mark.parametrize("known", [True, False])
def test_whose_a_connection_was_may_be_nobodys_to_tell(gate: RunningGate, known: bool) -> None:
    """What is over before its program is found is told as nobody's, and makes no record."""
    sampled = Sampled(gate)

    def nobody(connection: Connection) -> Attribution:
        return unknown_sender("none", "over")

    if not known:
        gate.attributor.attribute = nobody

    sampled.look(Table(("203.0.113.5", 1), port=5432))

    told = sampled.evasion.runs.short.since(datetime(2020, 1, 1, tzinfo=UTC))
    assert told == ([] if known else [("203.0.113.5 port 5432", 1)])
    assert len(gate.evidence.closed) <= known


def test_datagrams_to_nobody_knows_where_are_told(gate: RunningGate) -> None:
    """A socket for datagrams that is bound to no far side is not passed over in silence."""
    sampled = Sampled(gate)

    sampled.look(Table(("", 1), transport="udp"))

    told = sampled.evasion.runs.short.since(datetime(2020, 1, 1, tzinfo=UTC))
    assert told == [("datagrams (UDP) to nobody knows where", 1)]
    assert gate.evidence.closed == []


def test_a_watch_that_ends_between_two_questions_raises_nothing(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer may be due in the very round of the loop in which the gate ends: nobody waits for
    its answer any more, and no error is to be written at whoever ran a program.
    """
    evasion = Sampled(gate).evasion

    async def ended_meanwhile() -> None:
        loop, due = asyncio.get_running_loop(), list[Any]()
        later = loop.call_later

        def call_later(_: float, body: Any) -> asyncio.TimerHandle:
            due.append(body)
            return later(3600, body)

        monkeypatch.setattr(loop, "call_later", call_later)
        watching = loop.create_task(evasion._until_changed(Table()))
        await asyncio.sleep(0)
        watching.cancel()
        due[0]()
        with pytest.raises(asyncio.CancelledError):
            await watching

    asyncio.run(ended_meanwhile())
