"""`outgate run --sealed`: a program in a network of its own, with no way past the gate."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.client import Ended, signals_to
from app.gate_registry import RunningGate
from app.home import Home
from app.machine_gate import public_door, roots_in
from app.program_found import cannot_run
from app.settings import Settings
from app.standard_output import perhaps_unread
from certs.client_environment import OWN_VARIABLE, PROXY_VARIABLES
from core.errors import SettingsError
from core.text import printable

if TYPE_CHECKING:
    from capture.mounts import Scenery
    from capture.seal import CannotSealError

SEALED_VARIABLE = "OUTGATE_IN_SEAL"
"""Tells a program, and whoever asks it, that it runs in a seal."""
_NO_PROXY = ("NO_PROXY", "no_proxy", "NODE_USE_ENV_PROXY")
_OWN_STEPS = frozenset({"gate", "confinement", "supervisor"})
"""What fails there says nothing of the machine."""
_REMEDY = "Leave out --sealed, or set sealed: false; programs then have to honour proxy variables."


def why_not_sealed() -> str | None:
    """Return in plain words why programs cannot be sealed here; None when they can."""
    if sys.platform != "linux":
        return "Sealed runs take Linux; here programs have to honour proxy variables."
    from capture.availability import obstacle

    return obstacle()


class NoSealError(SettingsError):
    """No seal can be made here; nothing was started."""


def refuse_in_seal() -> None:
    """Raise SettingsError inside a seal: no other can be made there, and none is needed."""
    if os.environ.get(SEALED_VARIABLE):
        raise SettingsError(
            "This runs in a seal already, inside which neither another seal nor another gate can"
            " be made; whatever is started here goes through the gate.",
            remedy="Start the program itself, without outgate run.",
        )


def is_sealed(settings: Settings, asked: bool | None) -> bool:
    """Return whether a program is to be sealed. Raises SettingsError where it must be and is asked
    not to.
    """
    wanted = settings.sealed or settings.require_seal if asked is None else asked
    if settings.require_seal and not wanted:
        raise SettingsError(
            "Programs may not run unsealed here (require_seal), so this one was not started.",
            remedy="Leave out --no-sealed.",
        )
    return wanted


def may_go_unsealed(settings: Settings, asked: bool | None) -> bool:
    """Return whether a program that cannot be sealed runs behind proxy variables instead."""
    return not (settings.require_seal or asked)


def sealed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program in a seal: without any proxy, for none can be reached."""
    dropped = {*PROXY_VARIABLES, *_NO_PROXY, OWN_VARIABLE}
    kept = {name: value for name, value in environment.items() if name not in dropped}
    return {**kept, SEALED_VARIABLE: "1"}


def run_sealed(
    command: Sequence[str],
    environment: Mapping[str, str],
    gate: RunningGate,
    home: Home,
    settings: Settings,
    started: Callable[[int], None] = lambda _: None,
) -> Ended:
    """Run a program in a seal on our terminal, forward signals, wait. `started` is told the pid of
    what stands above it.

    Raises CannotRunError when it cannot be started, NoSealError when no seal can be made.
    """
    if sys.platform != "linux":
        raise NoSealError(str(why_not_sealed()), remedy=_REMEDY)
    from capture.confinement import networked_input
    from capture.seal import CannotSealError, CannotStartError, Plan, start

    _refuse_in_own_folder(home)
    if (number := networked_input()) is not None:
        raise SettingsError(
            f"Descriptor {number} of this program is a network connection, which would lead past"
            " the gate.",
            remedy="Start it with a terminal, a file or a pipe there.",
        )
    sys.stdout.flush()
    with perhaps_unread() as out:
        out.flush()
    plan = Plan(
        command=command,
        environment=sealed_environment(environment),
        gate=public_door(Path(gate.public)) if gate.public else home.seal_of(gate.pid),
        scenery=scenery_of(command, environment, home, gate.public),
        outside=host_listeners(),
        left_sockets=settings.seal_sockets,
        io_uring=settings.seal_io_uring,
    )
    try:
        running = start(plan)
    except CannotStartError as error:
        raise cannot_run(command[0], error.number) from None
    except CannotSealError as error:
        raise _cannot_seal(error) from None
    with signals_to(running.signal):
        started(running.supervisor)
        code = running.wait()
    return Ended(running.supervisor, code)


def scenery_of(
    command: Sequence[str], environment: Mapping[str, str], home: Home, public: str = ""
) -> "Scenery":
    """Return what a sealed program sees: the bundle in every place where its clients keep roots,
    and of the machine's file of names what names the machine itself.

    `public`: the folder of the machine's gate, whose roots count then.
    """
    from capture import hosts_file
    from capture.mounts import Scenery
    from certs.client_files import client_files

    known = hosts_file.read()
    names = home.root / "hosts"
    its_own = {names: own} if (own := hosts_file.inside(known)) != known else {}
    found = client_files(command, environment, Path.cwd())
    ours = home.bundle, home.java_store, home.hashed_roots
    bundle, java, roots = roots_in(Path(public)) if public else ours
    kept = {home.bundle: bundle, home.java_store: java}
    kept |= {home.hashed_roots / root.name: root for root in roots.iterdir()}
    stores = dict.fromkeys(found.java, home.java_store)
    return Scenery(
        hidden=home.root,
        shown=_beacons(environment, home),
        files={path: source.read_bytes() for path, source in kept.items()} | its_own,
        covered={
            **dict.fromkeys(found.bundles, home.bundle),
            **stores,
            **dict.fromkeys([str(hosts_file.HOSTS)] if its_own else [], names),
        },
        added=dict.fromkeys(found.folders, home.hashed_roots),
    )


def _beacons(environment: Mapping[str, str], home: Home) -> tuple[Path, ...]:
    """Return the folder by which this run's Pythons tell what they run, where there is one."""
    paths = map(Path, environment.get("PYTHONPATH", "").split(os.pathsep))
    return tuple(path.parent for path in paths if path.parent.parent == home.beacons)


def host_listeners() -> Callable[[], Iterable[tuple[str, int]]]:
    """Return what lists the places at which this machine listens, whatever network asks later."""
    import socket

    from attribution.backends.sock_diag import NETLINK_SOCK_DIAG, DiagRefused
    from attribution.backends.tcp_table import listening

    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    channel = socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG)
    channel.settimeout(0.5)

    def listed() -> list[tuple[str, int]]:
        try:
            return listening(channel)
        except (OSError, DiagRefused):
            return []

    return listed


def _refuse_in_own_folder(home: Home) -> None:
    here = Path.cwd().resolve()
    if here == home.root.resolve() or home.root.resolve() in here.parents:
        raise SettingsError(
            "A sealed program does not see Outgate's own folder, and would be started in it.",
            remedy="Start it from another folder.",
        )


def _cannot_seal(error: "CannotSealError") -> NoSealError:
    known = None if error.step in _OWN_STEPS else why_not_sealed()
    why = known or f"The seal could not be made ({error.step}: {printable(error.words, 120)})."
    return NoSealError(f"{why}", remedy=_REMEDY)
