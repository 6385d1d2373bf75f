"""Whether a datagram can have left that no look-up of a name accounts for."""

from pathlib import Path

import pytest

from attribution.backends.datagrams import Datagrams
from attribution.backends.ended_sockets import EndedSocket

SNMP = """Tcp: ActiveOpens
Tcp: 1
Udp: InDatagrams NoPorts InErrors OutDatagrams
Udp: {} {} 0 {}
"""
AT_STUB, AT_SERVER = "127.0.0.53", "192.0.2.1"


class Machine:
    """Counts what is sent and what comes, as the kernel does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._came = self._refused = self._sent = 0
        self.counts()

    def counts(self, came: int = 0, refused: int = 0, sent: int = 0) -> None:
        self._came += came
        self._refused += refused
        self._sent += sent
        text = SNMP.format(self._came, self._refused, self._sent)
        (self._folder / "snmp").write_text(text)
        six = "Udp6InDatagrams\t0\nUdp6NoPorts\t0\nUdp6OutDatagrams\t0\n"
        (self._folder / "snmp6").write_text(f"Ip6InReceives\t0\n{six}")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def compared(tmp_path: Path, machine: Machine) -> Datagrams:
    del machine
    made = Datagrams(tmp_path)
    made.begin()
    return made


def look_up(far: str) -> EndedSocket:
    return EndedSocket(
        transport="udp",
        host="192.0.2.9",
        port=40000,
        far_host=far,
        far_port=53,
        answered=True,
        number=1,
    )


def test_a_socket_that_asked_nothing_accounts_for_nothing(
    machine: Machine, compared: Datagrams
) -> None:
    """One is opened for each datagram that is to be hidden."""
    machine.counts(sent=20)
    assert compared.may_be_of_others([look_up(AT_STUB)] * 20)


@pytest.mark.parametrize("server", [AT_STUB, AT_SERVER])
def test_a_datagram_to_a_name_that_was_asked_for_once_is_seen(
    machine: Machine, compared: Datagrams, server: str
) -> None:
    """As `sendto` does for a name: one question, for IPv4, and then what is sent there. The answer
    of one on this machine is sent, too.
    """
    asked = 1 + (server == AT_STUB)
    machine.counts(sent=asked, came=asked)
    assert not compared.may_be_of_others([look_up(server)])
    machine.counts(sent=asked + 1, came=asked)
    assert compared.may_be_of_others([look_up(server)])


@pytest.mark.parametrize("server", [AT_STUB, AT_SERVER])
def test_questions_for_both_families_are_look_ups(
    machine: Machine, compared: Datagrams, server: str
) -> None:
    """Each is answered."""
    asked = 2 * (1 + (server == AT_STUB))
    machine.counts(sent=asked, came=asked)
    assert not compared.may_be_of_others([look_up(server)])


def test_a_question_that_is_refused_is_one(machine: Machine, compared: Datagrams) -> None:
    """Nobody listens at the stub's port."""
    machine.counts(sent=1, refused=1)
    assert not compared.may_be_of_others([look_up(AT_STUB)])


def test_what_came_for_no_question_accounts_for_nothing(
    machine: Machine, compared: Datagrams
) -> None:
    """Answers of whoever was sent to are no look-ups."""
    machine.counts(sent=3, came=9)
    assert compared.may_be_of_others([look_up(AT_SERVER)])
