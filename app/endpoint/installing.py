"""What `outgate install` puts on a machine and `outgate uninstall` takes off: two users, two
services, the machine's settings and policy; as a plan that can be shown before anything is done.
"""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from certs.placing.plan import Plan, Run, Write
from certs.placing.tree import Tree
from core.errors import SettingsError

GATE, ATTRIBUTOR, CAPTURE = "outgate", "outgate-attributor", "outgate-capture"
"""Their services; the last is only laid there, for whoever wants it started."""
STATE = "/var/lib/outgate"
_SETTINGS, _POLICY = "/etc/outgate/settings.yaml", "/etc/outgate/policy.yaml"
_UNITS = "/etc/systemd/system"
_SOCKET = f"{_UNITS}/{GATE}.socket"
_HEAD = 8192
"""Bytes of a script that its two first lines are looked for in."""
_SYSTEMCTL = ("/usr/bin/systemctl", "/bin/systemctl")
_PRESET = "watch-everything"
_MARK = "@PROGRAM@"
_PUBLIC = ("/run/outgate", "/run/outgate-attributor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine, or the image of one below a folder."""

    tree: Tree
    program: str
    """The `outgate` that its services run, by its path there."""

    @property
    def is_running(self) -> bool:
        """True where systemd runs the services of this very machine."""
        return self.tree.is_this_machine and Path("/run/systemd/system").is_dir()

    @property
    def systemctl(self) -> str | None:
        """Its path; None where there is no systemd."""
        return next((path for path in _SYSTEMCTL if self.tree.is_file(path)), None)


def machine_at(root: Path | None, program: str | None) -> Machine:
    """Return the machine. Raises SettingsError where its services could not run the program."""
    if sys.platform != "linux":
        raise SettingsError(
            "Outgate installs its services on Linux only.",
            remedy="Definitions for macOS and Windows: app/endpoint/units; see docs/deploy.md.",
        )
    tree = Tree(root or Path("/"))
    if not tree.root.is_dir():
        raise SettingsError(f"There is no folder {root}.", remedy="Check the path after --root.")
    found = program or str(Path(sys.executable).parent / "outgate")
    if set(found) & set(" \t\n\"'%$\\;") or not found.startswith("/"):
        raise SettingsError(f"{found!r} cannot stand in a unit.", remedy="Use a plain path.")
    if not tree.is_file(found):
        raise SettingsError(
            f"There is no program {found} there.",
            remedy="Name it: --program /opt/outgate/bin/outgate",
        )
    for needed in (found, _interpreter(tree, found)):
        if needed is None or not tree.is_file(needed):
            continue
        if (closed := _closed_to_others(tree.real(needed))) is not None:
            raise SettingsError(
                f"Users of their own cannot run {found}: {closed} is closed to them.",
                remedy="Install the archive below /opt/outgate, and run that one's `install`.",
            )
    return Machine(tree=tree, program=found)


def _interpreter(tree: Tree, program: str) -> str | None:
    """Return the Python that a script names in its first line, or, where that is too long for the
    kernel, has a shell start in its second; None of what is no script.
    """
    with tree.real(program).open("rb") as file:
        lines = file.read(_HEAD).decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].startswith("#!"):
        return None
    named = lines[0][2:].split(maxsplit=1)
    if len(lines) > 1 and lines[1].startswith("'''exec' "):
        with contextlib.suppress(ValueError):
            named = shlex.split(lines[1].removeprefix("'''exec' "))
    return named[0] if named and named[0].startswith("/") else None


def _closed_to_others(program: Path) -> Path | None:
    for path in (program, *program.parents):
        needed = 0o005 if path == program else 0o001
        if path.stat().st_mode & needed != needed:
            return path
    return None


def install_plan(machine: Machine) -> Plan:
    """Return what is to be done. Settings, policy and evidence that are there stay as they are."""
    tree = machine.tree
    steps: list[Write | Run] = [*_users(tree)]
    for name in (ATTRIBUTOR, GATE, CAPTURE):
        unit = _shipped(f"units/{name}.service").replace(_MARK, machine.program).encode()
        path = f"{_UNITS}/{name}.service"
        if tree.read(path) != unit:
            steps.append(Write(path=path, after=unit, words="a service"))
    socket = _shipped("units/outgate.socket").encode()
    if tree.read(_SOCKET) != socket:
        steps.append(Write(path=_SOCKET, after=socket, words="a socket for upgrades"))
    for path, text in _files():
        if tree.read(path) is None:
            steps.append(Write(path=path, after=text.encode(), words="the machine's own"))
    notes = (*_without_systemd(machine), *_without_attributor(tree))
    return Plan(steps=(*steps, *_started(machine)), notes=notes)


def _users(tree: Tree) -> Iterator[Run]:
    known = _names(tree)
    common = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin")
    if GATE not in known:
        yield Run(
            command=(*common, "--user-group", "--home-dir", STATE, GATE),
            words="the user of the gate, without rights",
        )
    if ATTRIBUTOR not in known:
        yield Run(
            command=(*common, "-g", GATE, "--home-dir", "/nonexistent", ATTRIBUTOR),
            words="the user that may look at processes",
        )


def _names(tree: Tree) -> set[str]:
    listed = (tree.read("/etc/passwd") or b"").decode("utf-8", "replace")
    return {line.partition(":")[0] for line in listed.splitlines()}


def _started(machine: Machine) -> Iterator[Run]:
    systemctl = machine.systemctl
    if systemctl is None:
        return
    units = (f"{ATTRIBUTOR}.service", f"{GATE}.service")
    if machine.is_running:
        yield Run(command=(systemctl, "daemon-reload"), words="systemd reads the units")
    yield Run(command=(systemctl, "--quiet", "enable", *units), words="start them with the machine")
    if machine.is_running:
        # Requests in hand end first; clients' next connections wait for the new gate's socket.
        yield Run(command=(systemctl, "restart", *units), words="start them now")


def uninstall_plan(machine: Machine, *, purge: bool) -> Plan:
    """Return what takes the services off; with `purge`, settings, policy, evidence and users."""
    tree, systemctl = machine.tree, machine.systemctl
    units = [f"{CAPTURE}.service", f"{GATE}.socket", f"{GATE}.service", f"{ATTRIBUTOR}.service"]
    there = [unit for unit in units if tree.is_file(f"{_UNITS}/{unit}")]
    steps: list[Write | Run] = []
    if systemctl is not None and there:
        if machine.is_running:
            steps.append(Run(command=(systemctl, "stop", *there), words="end the services"))
        disable = (systemctl, "--quiet", "disable", *there)
        steps.append(Run(command=disable, words="start them no more"))
    steps += [Write(path=f"{_UNITS}/{unit}", after=None, words="a service") for unit in there]
    if systemctl is not None and there and machine.is_running:
        steps.append(Run(command=(systemctl, "daemon-reload"), words="systemd forgets the units"))
    if purge:
        steps += _purged(tree)
    return Plan(steps=tuple(steps))


def _purged(tree: Tree) -> Iterator[Write | Run]:
    for path in _purgeable(tree):
        yield Run(command=("rm", "-rf", "--one-file-system", path), words="nothing of it stays")
    known = _names(tree)
    for name in (ATTRIBUTOR, GATE):
        if name in known:
            yield Run(command=("userdel", "--force", name), words="the service's user")


def _purgeable(tree: Tree) -> Iterator[str]:
    """Never what a link leads to."""
    for path in (STATE, "/etc/outgate", *_PUBLIC):
        if tree.real(path) == tree.root.resolve() / path[1:] and tree.is_folder(path):
            yield path


def _files() -> Iterator[tuple[str, str]]:
    from policy.loading import preset_text

    yield _SETTINGS, _shipped("settings.yaml")
    yield _POLICY, preset_text(_PRESET)


def _shipped(name: str) -> str:
    return (resources.files("app.endpoint") / name).read_text("utf-8")


def _without_systemd(machine: Machine) -> tuple[str, ...]:
    if machine.systemctl is not None:
        return ()
    return ("There is no systemd here: nothing starts the services yet.",)


def _without_attributor(tree: Tree) -> Iterator[str]:
    """Settings that were there stay as they are; the gate then does not know whom to ask."""
    kept = tree.read(_SETTINGS)
    folder = "/etc/outgate/settings.d"
    drop_ins = [tree.read(f"{folder}/{name}") or b"" for name in tree.names(folder)]
    if kept is not None and not any(b"attributor:" in text for text in (kept, *drop_ins)):
        yield (
            f"{_SETTINGS} names no attributor: senders of other users stay unknown until it says"
            " attributor: /run/outgate-attributor/socket"
        )


def may_change(machine: Machine) -> bool:
    """Return whether this process may change the machine."""
    return os.geteuid() == 0 or not machine.tree.is_this_machine
