"""A sealed run: a process that makes the seal, hands its sockets to the gate, starts the program in
it and looks after it until it ends.

The supervisor is a process of its own, made by fork: to have namespaces of one's own takes a
process of one thread, and the run outside must still read what the gate wrote.
"""

import contextlib
import json
import os
import select
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from capture import confinement, handover, kernel, mounts, netlink, network
from capture.mirror import Mirror, Place
from capture.unix_sockets import HostSockets

LOOKS_S = 0.25
"""How often the supervisor looks for new listeners of the host."""
_SOCKETS_EVERY = 4
_FORWARDED = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGQUIT,
    signal.SIGCONT,
)
_NO_SEAL = 125


class CannotSealError(Exception):
    """No seal could be made here; `step` says at what it failed, `number` is the kernel's."""

    def __init__(self, step: str, number: int = 0, words: str = "") -> None:
        super().__init__(f"{step}: {words or os.strerror(number)}")
        self.step = step
        self.number = number
        self.words = words or os.strerror(number)


class CannotStartError(Exception):
    """The seal stands and the program cannot be started; `number` is the kernel's."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run, and in what seal."""

    command: Sequence[str]
    environment: dict[str, str]
    gate: Path
    """The socket at which the gate takes sealed runs."""
    scenery: mounts.Scenery
    outside: Callable[[], Iterable[Place]]
    """Lists what listens on the host. Called once before the seal is made, and then inside."""
    left_sockets: Sequence[str] = ()
    """Beginnings of the paths of Unix sockets that stay reachable."""
    io_uring: bool = False


@dataclass(slots=True)
class Running:
    """A program in its seal."""

    supervisor: int
    pid: int
    _words: socket.socket
    not_placed: tuple[str, ...] = ()
    """Files over which the gate's roots could not be put."""

    def signal(self, number: int) -> None:
        """Pass a signal on to the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.supervisor, number)

    def wait(self) -> int:
        """Return the program's exit code; 128 + n where signal n ended it."""
        _, status = os.waitpid(self.supervisor, 0)
        self._words.close()
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


def start(plan: Plan) -> Running:
    """Start the program in a seal. Raises CannotSealError, CannotStartError."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    run = os.getpid()
    supervisor = os.fork()
    if not supervisor:
        ours.close()
        _supervise(plan, run, theirs)
    theirs.close()
    told = _told(ours)
    if "pid" in told:
        placed = tuple(told["not_placed"])
        return Running(supervisor, told["pid"], ours, placed)
    os.waitpid(supervisor, 0)
    ours.close()
    if told.get("step") == "start":
        raise CannotStartError(told["number"])
    raise CannotSealError(
        told.get("step", "supervisor"), told.get("number", 0), told.get("words", "it ended")
    )


def _told(channel: socket.socket) -> dict[str, Any]:
    with channel.makefile("rb") as words:
        line = words.readline()
    return json.loads(line) if line else {}


def _supervise(plan: Plan, run: int, words: socket.socket) -> NoReturn:
    """Be the supervisor. Never returns."""
    code = _NO_SEAL
    try:
        kernel.ends_with_its_parent(signal.SIGKILL)
        if os.getppid() == run:
            code = _Supervisor(plan, words).run()
    except CannotSealError as error:
        _tell(words, step=error.step, number=error.number, words=error.words)
    except CannotStartError as error:
        _tell(words, step="start", number=error.number)
    except BaseException as error:  # noqa: BLE001 - boundary: of a process
        _tell(words, step="supervisor", number=0, words=type(error).__name__)
    finally:
        os._exit(code)


def _tell(channel: socket.socket, /, **values: object) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(values).encode() + b"\n")


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotSealError(name, error.errno or 0) from error


class _Supervisor:
    """Makes the seal, then looks after the program."""

    def __init__(self, plan: Plan, words: socket.socket) -> None:
        self._plan = plan
        self._words = words
        self._program = 0

    def run(self) -> int:
        """Return the program's exit code."""
        plan = self._plan
        with _step("mirror"):
            sockets = HostSockets(plan.left_sockets)
            # Where other programs stand is told outside only.
            found = sockets.new()
            home = netlink.own_addresses()
            list(plan.outside())
        with _step("gate"):
            gate = self._welcomed()
        with _step("namespaces"):
            network.enter_new_namespaces()
            kernel.may_be_looked_at()
        with _step("network"):
            network.make(home)
        with _step("files"):
            not_placed = mounts.arrange(plan.scenery, found)
        self._hand_over(gate)
        mirror = Mirror(plan.outside, lambda one, place: _mirrored(gate, one, place))
        with contextlib.suppress(handover.BrokenHandoverError):
            mirror.look()
        return self._program_in(gate, mirror, sockets, not_placed)

    def _welcomed(self) -> socket.socket:
        channel = handover.connected(self._plan.gate)
        self._ask(channel, "run", "welcome", version=handover.VERSION)
        return channel

    def _hand_over(self, gate: socket.socket) -> None:
        with _step("network"), network.sockets() as found:
            self._ask(
                gate,
                "network",
                "sealed",
                [one.fileno() for one in found],
                network=network.identity(),
                roles=list(network.ROLES),
            )
        gate.setblocking(False)

    @staticmethod
    def _ask(
        gate: socket.socket, kind: str, wanted: str, sockets: Sequence[int] = (), **values: object
    ) -> None:
        try:
            handover.send(gate, kind, sockets, **values)
            answer = handover.receive(gate)
        except (handover.BrokenHandoverError, BlockingIOError) as error:
            raise CannotSealError("gate", 0, "the gate does not answer") from error
        if answer is None or answer.kind != wanted:
            why = "" if answer is None else str(answer.values.get("why", ""))
            raise CannotSealError("gate", 0, why or "the gate does not take sealed runs")

    def _program_in(
        self,
        gate: socket.socket,
        mirror: Mirror,
        sockets: HostSockets,
        not_placed: tuple[str, ...],
    ) -> int:
        kernel.adopts_orphans()
        awake = _woken_by_signals(self._forward)
        self._program = _started(self._plan)
        _tell(self._words, pid=self._program, not_placed=not_placed)
        watched: list[int | socket.socket] = [awake, gate]
        looks = 0
        while (code := self._ended()) is None:
            ready, _, _ = select.select(watched, [], [], LOOKS_S)
            if awake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(awake, 4096)
            elif gate in ready and _gone(gate):
                watched.remove(gate)
            looks += 1
            if gate in watched:
                with contextlib.suppress(OSError, handover.BrokenHandoverError):
                    mirror.look()
            if not looks % _SOCKETS_EVERY:
                mounts.cover(sockets.new(), mounts.nothing(self._plan.scenery.hidden))
        return code

    def _ended(self) -> int | None:
        """Wait for whatever has ended; return the program's exit code once it has."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return _NO_SEAL
            if pid == self._program:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if not pid:
                return None

    def _forward(self, number: int, _: object) -> None:
        if self._program and number in _FORWARDED:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._program, number)


def _woken_by_signals(handler: Callable[[int, object], None]) -> int:
    """Return what becomes readable with each signal; a Ctrl-C is the program's own affair."""
    awake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    for number in (*_FORWARDED, signal.SIGCHLD):
        signal.signal(number, handler)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return awake


def _started(plan: Plan) -> int:
    """Start the program, confined. Returns its pid. Raises CannotSealError, CannotStartError."""
    supervisor = os.getpid()
    heard, told = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        _become(plan, supervisor, told)
    os.close(told)
    with os.fdopen(heard, "rb") as words:
        failed = words.read()
    if not failed:
        return pid
    os.waitpid(pid, 0)
    step, _, number = failed.decode().partition(" ")
    if step == "start":
        raise CannotStartError(int(number))
    raise CannotSealError(step, int(number))


def _become(plan: Plan, supervisor: int, told: int) -> NoReturn:
    step = "confinement"
    try:
        signal.set_wakeup_fd(-1)
        for number in (*_FORWARDED, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(told, 3, inheritable=False)
        told = 3
        confinement.confine(supervisor, told, io_uring=plan.io_uring)
        step = "start"
        program, words = plan.command[0], list(plan.command)
        os.execvpe(program, words, plan.environment)  # noqa: S606 - as asked for, never a shell
    except OSError as error:
        os.write(told, f"{step} {error.errno or 0}".encode())
    finally:
        os._exit(_NO_SEAL)


def _mirrored(gate: socket.socket, listener: socket.socket, place: Place) -> None:
    handover.send(gate, "mirror", [listener.fileno()], host=place[0], port=place[1])


def _gone(gate: socket.socket) -> bool:
    try:
        return handover.receive(gate) is None
    except BlockingIOError:
        return False
    except handover.BrokenHandoverError:
        return True
