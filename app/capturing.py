"""`outgate capture`: what all programs of this machine send is brought to its gate, whatever they
heed. Here it is found out whose, by which gate, and whether this machine can.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.endpoint.installing import GATE, STATE
from app.gate_registry import announced, find
from app.home import Home
from app.machine_gate import machine_gate
from app.settings import Settings
from core.errors import OutgateError, SettingsError
from core.text import printable

if TYPE_CHECKING:
    from capture.keeper import Plan
    from capture.keeping import State

type Fail = Literal["open", "closed"]

_PATIENCE_S = 10.0
_WINDOW_WORDS = {True: "connections are refused", False: "connections go past the gate, counted"}


class CaptureError(OutgateError):
    """Nothing is captured, or not all was taken away."""


def refuse_without_rights() -> None:
    """Raise SettingsError where no rules can be made."""
    if sys.platform != "linux":
        raise SettingsError(
            "Capture takes Linux.", remedy="Elsewhere programs have to honour proxy variables."
        )
    if os.geteuid() != 0:
        raise SettingsError("Only root captures what a machine sends.", remedy="Run it with sudo.")


def plan_of(
    home: Home, settings: Settings, users: Sequence[str], cgroups: Sequence[str], fail: Fail | None
) -> "Plan":
    """Return what is to be captured, by command line or else by settings. Raises SettingsError."""
    from capture.keeper import Plan
    from capture.machine_rules import Scope

    gate = _gates_user(home)
    named = (users, cgroups) if users or cgroups else _by_settings(settings)
    uids = [_uid(name) for name in named[0]]
    if gate in uids:
        raise SettingsError(
            "The gate's own user cannot be captured: its connections would come back to it.",
            remedy="Let the gate run as a user of its own (outgate install), or name other users.",
        )
    folders = [_cgroup(path) for path in named[1]]
    scope = Scope(gate=gate, users=uids, cgroups=folders)
    closed = (fail or settings.capture_fail) == "closed"
    return Plan(scope=scope, words=_words(*named), closed=closed, door=_door(home))


def _by_settings(settings: Settings) -> tuple[Sequence[str], Sequence[str]]:
    return settings.capture_users, settings.capture_cgroups


def _words(users: Sequence[str], cgroups: Sequence[str]) -> str:
    listed = [f"user {name}" for name in users] + [f"cgroup {path}" for path in cgroups]
    return ", ".join(printable(one, 100) for one in listed) or "all users but the gate's own"


def _gates_user(home: Home) -> int:
    """Return whose the gate is; that of the service where none runs. Raises SettingsError."""
    running = machine_gate() or find(home.running)
    if running is None:
        try:
            return _uid(GATE)
        except SettingsError:
            raise SettingsError(
                "No gate runs here, and no service was installed whose gate could be meant.",
                remedy="Start one as a user of its own first: outgate install, or outgate start",
            ) from None
    uid = Path(f"/proc/{running.pid}").stat().st_uid
    if uid == 0:
        raise SettingsError(
            "The gate runs as root, whose own connections could not be told from it.",
            remedy="Run it as a user of its own: outgate install",
        )
    return uid


def _door(home: Home) -> Callable[[], Path | None]:
    """Return what tells where a gate takes listeners now; asking it costs no request."""

    def door() -> Path | None:
        machines = machine_gate() if _is_published() else None
        if machines is not None:
            return Home(Path(STATE)).seal_of(machines.pid)
        own = announced(home.running)
        path = None if own is None else home.seal_of(own.pid)
        return path if path is not None and path.exists() else None

    return door


def _is_published() -> bool:
    from app.machine_gate import PUBLIC

    return (PUBLIC / "gate.json").is_file()


def _uid(name: str) -> int:
    import pwd

    try:
        return int(name) if name.isascii() and name.isdigit() else pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        raise SettingsError(
            f"There is no user {printable(name, 100)!r}.", remedy="Write a name or a number."
        ) from None


def _cgroup(path: str) -> Path:
    from capture.machine_rules import cgroup_of

    try:
        return cgroup_of(path)
    except (ValueError, OSError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"{printable(path, 200)}: {words}.",
            remedy="Write it as below /sys/fs/cgroup, such as system.slice/cron.service",
        ) from None


def keep(plan: "Plan", ready: Callable[[bool], None]) -> None:
    """Capture until told to end. Raises CaptureError, SettingsError."""
    from capture.keeper import CannotCaptureError, Keeper
    from capture.keeping import Journal

    refuse_second()
    try:
        Keeper(plan, Journal()).run(ready)
    except CannotCaptureError as error:
        raise CaptureError(
            f"Nothing is captured: {error}.", remedy="See docs/capture.md for what it takes."
        ) from error


def refuse_second() -> None:
    """Raise SettingsError where a keeper is at work."""
    if (state := known()) is not None and state.is_alive:
        raise SettingsError(
            f"This machine is captured already (process {state.pid}: {state.scope}).",
            remedy="End that first: outgate capture off",
        )


def known() -> "State | None":
    """Return what the last keeper noted; None where there is nothing."""
    from capture.keeping import State

    return State.read()


def begin(arguments: Sequence[str]) -> str:
    """Start a keeper that stays, and return what it says once it captures. Raises CaptureError
    with its words.
    """
    refuse_second()
    command = [sys.executable, "-m", "app.cli", "capture", "on", "--foreground", *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    said = process.stdout.readline().strip()
    if said:
        return said
    words = process.stderr.read().strip().removeprefix("outgate: ")
    process.wait()
    raise CaptureError(words or "Nothing is captured: the keeper ended.")


def end() -> bool:
    """End the keeper, and take away whatever one that was killed left behind; True when there was
    anything. Raises CaptureError.
    """
    from capture.keeper import clean

    state = known()
    lived = state is not None and state.is_alive
    if state is not None and lived:
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_S
        while state.is_alive and time.monotonic() < deadline:
            time.sleep(0.02)
        if state.is_alive:
            raise CaptureError(f"The keeper (process {state.pid}) does not end.")
    try:
        return clean() or lived
    except OSError as error:
        raise CaptureError(
            f"The rules could not be taken away: {error.strerror}.",
            remedy="By hand: nft delete table inet outgate_capture",
        ) from error


def lines(state: "State | None") -> list[str]:
    """Return how it stands, for a person."""
    if state is None:
        return ["Nothing is captured here."]
    scope = printable(state.scope, 400)
    if state.over:
        told = ["Nothing is captured here."]
    elif not state.is_alive:
        left = "connections are refused until then" if state.closed else "its rules went with it"
        told = [
            f"The keeper of {scope} was killed after {state.beat}; {left}.",
            "outgate capture on goes on and tells of the time between; capture off takes it away.",
        ]
    elif state.open:
        count = "" if state.connections is None else f" ({state.connections} so far)"
        told = [f"NO GATE: {_WINDOW_WORDS[state.closed]}{count}; of {scope}."]
        if state.refused:
            told.append(f"A gate is there and does not take it: {printable(state.refused, 200)}")
    else:
        told = [f"Captured since {state.since}: {scope}, by way of port {state.port}."]
    untold = [one for one in state.windows if one.until is not None]
    if untold:
        told.append(f"Times without a gate that no evidence tells of yet: {len(untold)}.")
    return told
