"""What the tests of collectors share: a machine whose sockets stand still unless the test moves
them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from activity.collectors import Means
from core.activity import EndedRun, OpenSocket
from core.attribution import (
    UNATTRIBUTED,
    Attribution,
    Certainty,
    CodeLine,
    LaunchedAs,
    ProcessRef,
    Script,
)
from core.exchange import Connection, Exchange

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def program(pid: int, *, python: bool | None = True, name: str = "load.py") -> Attribution:
    """A program that is known for certain."""
    return Attribution(
        certainty=Certainty.EXACT,
        method="sock_diag",
        user="ada",
        process=ProcessRef(pid=pid, started_at=START, name="python3", exe="/usr/bin/python3"),
        script=Script(
            path=f"/srv/{name}", sha256="ab" * 32, launched_as=LaunchedAs.FILE, name=name
        ),
        is_python=python,
    )


class Machine:
    """Sockets, their owners, and a clock."""

    def __init__(self) -> None:
        self.sockets: dict[int, OpenSocket] = {}
        self.owners: dict[int, Attribution] = {}
        self.now = START
        self.asked: list[int] = []
        self.refuses = False
        self.rests = False
        self.told: set[Attribution] = set()

    def opened(self, number: int, owner: Attribution | None, one: OpenSocket) -> None:
        """A socket is there from now on."""
        self.sockets[number] = one
        if owner is not None:
            self.owners[number] = owner

    def listens(
        self, number: int, owner: Attribution | None, port: int, host: str = "0.0.0.0"
    ) -> None:
        """A program takes connections from now on."""
        self.opened(number, owner, OpenSocket(number=number, host=host, port=port))

    def connects(
        self,
        number: int,
        owner: Attribution | None,
        port: int,
        host: str = "10.0.0.7",
        carried: tuple[int | None, int | None] = (0, 0),
    ) -> None:
        """A program has a connection, which has carried so much."""
        one = OpenSocket(
            number=number, host="10.0.0.2", port=40000 + number, far_host=host, far_port=port,
            bytes_sent=carried[0], bytes_received=carried[1],
        )  # fmt: skip
        self.opened(number, owner, one)

    def closes(self, number: int) -> None:
        """A socket is gone."""
        del self.sockets[number]

    def passes(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    # core.activity.SocketTable

    def listening(self) -> list[OpenSocket]:
        self._answer()
        return [one for one in self.sockets.values() if not one.far_port]

    def connected_to(self, ports: frozenset[int]) -> list[OpenSocket]:
        self._answer()
        return [one for one in self.sockets.values() if one.far_port in ports]

    def still(self) -> bool:
        """As of sockets; and as of runs that ended."""
        return self.rests

    def given_out(self) -> tuple[int, int]:
        return 32768, 60999

    def _answer(self) -> None:
        if self.refuses:
            raise OSError("the kernel does not answer")

    # core.activity.ProgramRuns

    missed = 0

    def ended(self) -> list[EndedRun]:
        """Each program that it was told of has run, and ended."""
        self._answer()
        new = {who for who in self.owners.values() if who.is_python} - self.told
        self.told |= new
        return [
            EndedRun(
                sender=who, about="load.py", began=START, ended=self.now, exit_code=0, cpu_s=0.25,
                peak_memory=5_000_000, children=("cat", "soffice.bin"),
            )
            for who in new
        ]  # fmt: skip

    # core.ports.Attributor

    def attribute_now(self, connection: Connection) -> Attribution | None:
        return None

    def attribute(self, connection: Connection) -> Attribution:
        number = connection.socket or 0
        self.asked.append(number)
        return self.owners.get(number, UNATTRIBUTED)

    def ahead(self, connection: Connection, *, beside: bool = False) -> None:
        return

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        return None

    def tells_of_requests(self, attribution: Attribution) -> bool:
        return False

    def forget(self, connection: Connection) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def means(machine: Machine) -> Means:
    return Means(sockets=machine, attributor=machine, runs=machine, clock=lambda: machine.now)


type Makes = Callable[[Means], object]
