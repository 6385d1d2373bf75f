"""`outgate run`: someone's own program behind a gate, with its terminal, signals and exit code its
own.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from app.gate_registry import RunningGate, follow, followed
from app.home import Home
from app.leftovers import is_used
from app.machine_gate import bundle_of, running_gate
from app.program_found import cannot_run
from app.settings import Settings
from app.standard_output import remark
from app.user_proxy import shown, unused_proxy, user_direct, user_proxy
from certs.client_environment import client_environment
from core.errors import OutgateError, SettingsError
from core.ids import utc_now
from core.text import printable

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT")
STOPS_S = 40.0
"""So long a gate is waited for: what is under way ends first, or is cut (`proxy.draining`), and
what was cut is on record after that. One that is killed has not told all that was sent.
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    pid: int
    code: int
    """As a shell reports it: 128 + n for signal n."""


@contextmanager
def gate_for(
    home: Home,
    settings: Settings,
    extra: Sequence[str] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[RunningGate]:
    """Yield the running gate, or a private one for as long as the block lasts: one that looks
    closely at connections past it while we live. `meanwhile` is called while a private one gets
    ready.

    Raises SettingsError where only the organisation's gate will do and it does not run.
    """
    running = None if extra and not settings.require_gate else running_gate(home)
    if running is not None and extra:
        raise SettingsError(
            "Options of a gate were given, and programs may use no other than the gate of this"
            " machine (require_gate), so this one was not started.",
            remedy="Leave out --policy, --connect-to and --upstream-ca.",
        )
    if running is not None:
        if others := follow(running, os.getpid()):
            remark(
                f"outgate: the gate follows {others} runs of yours already, and this one not: what"
                " it sends through the gate is on record as ever; a connection past it that is"
                " shorter than half a second can be missed\n"
            )
        try:
            yield running
        except BaseException:
            followed(running, os.getpid(), utc_now())  # no program ran: no run was lost
            raise
        return
    if settings.require_gate:
        raise SettingsError(
            "The gate of this machine does not answer, and programs may not run without it"
            " (require_gate), so this one was not started.",
            remedy="Tell whoever looks after this machine, or start it: outgate start",
        )
    with private_gate(home, extra, meanwhile) as gate:
        yield gate


def takes_over_proxy(home: Home, settings: Settings, *, own: bool) -> bool:
    """Return whether the gate of a run goes out by the proxy that the user's environment names.
    `own`: a private gate is asked for.
    """
    if user_proxy(os.environ) is None or settings.has_upstream_proxies:
        return False
    return own or running_gate(home) is None


def proxy_remarks(home: Home, settings: Settings, *, own: bool) -> Iterator[str]:
    """Yield what to tell a user whose environment names a proxy. `own`: a private gate is asked
    for. Raises SettingsError for a proxy that cannot be used.
    """
    url = user_proxy(os.environ)
    if (other := unused_proxy(os.environ)) is not None:
        yield f"{shown(other)} in HTTP_PROXY is not used: {_clear_way(url, settings)}"
    if url is None:
        return
    if settings.has_upstream_proxies:
        yield f"{shown(url)} in HTTPS_PROXY is not used; the settings say which proxy is."
        return
    if not takes_over_proxy(home, settings, own=own):
        yield (
            f"{shown(url)} in HTTPS_PROXY is not used: the running gate goes out directly. Set"
            " upstream_proxy in its settings if that does not work here."
        )
        return
    from proxy.corporate_proxies import parse_proxy

    parse_proxy(url, own=True)
    yield f"what this program sends goes out through your proxy, {shown(url)}"
    if direct := user_direct(os.environ):
        hosts = printable(", ".join(direct), 200)
        yield f"as NO_PROXY says, the gate goes by itself to {hosts}"


def _clear_way(url: str | None, settings: Settings) -> str:
    """Return which way HTTP in clear takes instead. `url`: the user's proxy for HTTPS."""
    if settings.has_upstream_proxies:
        return "the settings say which proxy is"
    if url is not None:
        return "http:// goes out the same way as https://"
    return (
        "the gate goes out directly. Set HTTPS_PROXY too, or upstream_proxy in its settings, if"
        " that does not work here"
    )


@contextmanager
def private_gate(
    home: Home, extra: Sequence[str] = (), meanwhile: Callable[[], None] = lambda: None
) -> Iterator[RunningGate]:
    """Start a gate process of our own, call `meanwhile`, yield it, stop it; where programs behind
    it still run, it is left to stop by itself.

    Raises OutgateError with its own words if it fails.
    """
    import tempfile

    command = [sys.executable, "-m", "app.cli", "start", "--private", str(os.getpid()), *extra]
    environment = {**os.environ, "OUTGATE_HOME": str(home.root)}
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # closed when we die in whatever way: then the gate outlives us
            # only as long as there are programs behind it
            stdout=subprocess.PIPE,
            stderr=words,
            env=environment,
            text=True,
            start_new_session=True,
        )
        gate = None
        try:
            meanwhile()
            gate = _read_ready(process, words)
            yield gate
        finally:
            if gate is not None and process.poll() is None and is_used(gate):
                _let_go(process)
            else:
                _stop(process)
            remark(_said(words))


def environment_for(gate: RunningGate, home: Home, settings: Settings) -> dict[str, str]:
    """Return the environment of a program behind this gate."""
    bundle = bundle_of(gate, home)
    return client_environment(gate.url, bundle, os.environ, settings.direct_hosts)


@contextmanager
def beacon_in(environment: dict[str, str], home: Home, *, wanted: bool) -> Iterator[dict[str, str]]:
    """Yield the environment of a program whose Pythons find the beacon, where it is wanted and can
    be had.
    """
    if not wanted:
        yield environment
        return
    from attribution.beacon.folder import beacon_folder, with_beacon

    with contextlib.ExitStack() as stack:
        try:
            path = stack.enter_context(beacon_folder(home.beacons))
        except OSError as error:
            remark(f"outgate: no beacon for this run: {error.strerror}\n")
            its_own = environment
        else:
            its_own = with_beacon(environment, path)
        yield its_own


def run_program(
    command: Sequence[str],
    environment: dict[str, str],
    cwd: Path | None = None,
    started: Callable[[int], None] = lambda _: None,
) -> Ended:
    """Run a program on our terminal, forward signals, wait. `started` is told its pid.

    Raises CannotRunError when it cannot be started.
    """
    running: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def send(number: int) -> None:
        if not running:
            early.append(number)
            return
        with contextlib.suppress(ProcessLookupError):
            running[0].send_signal(number)

    # Its first line may be somebody's sign to send a signal: by then we must pass it on.
    with signals_to(send):
        running.append(process := _started(command, environment, cwd))
        for number in early:
            send(number)
        started(process.pid)
        code = process.wait()
    return Ended(process.pid, 128 - code if code < 0 else code)


def _started(
    command: Sequence[str], environment: dict[str, str], cwd: Path | None
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, env=environment, cwd=cwd)
    except OSError as error:
        raise cannot_run(command[0], error.errno) from error


@contextmanager
def signals_to(send: Callable[[int], None]) -> Iterator[None]:
    """Pass signals on as long as the block lasts. A Ctrl-C reaches the program through the
    terminal; we only have to outlive it.
    """

    def forward(number: int, _: FrameType | None) -> None:
        send(number)

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    before = {number: signal.signal(number, forward) for number in numbers}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read_ready(process: "subprocess.Popen[str]", words: TextIO) -> RunningGate:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(10)
        said = _said(words).strip().splitlines()
        fault = SettingsError if process.returncode == 2 else OutgateError
        raise fault(
            "The gate did not start. " + (said[-1].removeprefix("outgate: ") if said else "")
        )
    return RunningGate(**json.loads(line))


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOPS_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        remark("outgate: the gate did not stop by itself and was killed\n")
    _let_go(process)


def _let_go(process: "subprocess.Popen[str]") -> None:
    """Close its pipes: a gate that still runs takes that for its parent's end."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _said(words: TextIO) -> str:
    words.seek(0)
    text = words.read()
    words.truncate(0)
    return text
