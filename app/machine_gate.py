"""The gate of this machine: a service of its own user, found and trusted by everybody through one
public folder, and nobody else's to change.
"""

import contextlib
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.current_user import UNKNOWN_HERE
from app.gate_registry import RunningGate, announce, announced, find, health, withdraw
from app.home import Home
from app.listeners import listening_user
from app.settings import Settings
from core.errors import SettingsError

if TYPE_CHECKING:
    from cryptography import x509

PUBLIC = Path("/run/outgate")
"""Made by systemd or root: below /run nobody else makes anything."""
_RUNNING, _BUNDLE, _JAVA, _ROOTS = "gate.json", "bundle.pem", "roots.jks", "roots"
_DOOR = "seals.sock"
_EVERYBODY = 0o755
_READABLE = 0o644
_BY_OTHERS = 0o022


def running_gate(home: Home) -> RunningGate | None:
    """Return the gate that programs are to use: the machine's, else this user's own."""
    return machine_gate() or find(home.running)


def machine_gate() -> RunningGate | None:
    """Return the machine's gate where it runs and answers. Whoever listens in the place of one that
    was killed is another.
    """
    if not _is_trusted(PUBLIC):
        return None
    gate = announced(PUBLIC / _RUNNING)
    if gate is None or not _listens_itself(gate) or health(gate) is None:
        return None
    return replace(gate, public=str(PUBLIC))


def _listens_itself(gate: RunningGate) -> bool:
    """Return False where another user than who announced it, or root, listens there; True where
    nobody can tell, as in a seal.
    """
    user = listening_user(gate.host, gate.port)
    try:
        owner = (PUBLIC / _RUNNING).stat().st_uid
    except OSError:
        return False
    return user in {None, 0, owner} or owner == UNKNOWN_HERE


def bundle_of(gate: RunningGate, home: Home) -> Path:
    """Return the roots that clients of this gate trust."""
    return Path(gate.public) / _BUNDLE if gate.public else home.bundle


def public_door(folder: Path) -> Path:
    """Return where the gate takes everybody's sealed runs."""
    return folder / _DOOR


def roots_in(folder: Path) -> tuple[Path, Path, Path]:
    """Return what clients trust there: the bundle, Java's store, the folder of single roots."""
    return folder / _BUNDLE, folder / _JAVA, folder / _ROOTS


def published(settings: Settings) -> Path | None:
    """Return the folder with what everybody on this machine trusts; None where it has no gate of
    its own. Raises SettingsError where it has one that has published nothing yet.
    """
    if _is_trusted(PUBLIC) and (PUBLIC / _BUNDLE).is_file():
        return PUBLIC
    if settings.attributor is None:
        return None
    raise SettingsError(
        f"The gate of this machine has not said yet what to trust: there is no {PUBLIC / _BUNDLE}.",
        remedy="Start it: systemctl start outgate",
    )


def published_roots(folder: Path) -> list["x509.Certificate"]:
    """Return the roots that were published there. Raises OSError, ValueError."""
    from cryptography import x509

    files = sorted((folder / _ROOTS).iterdir())
    return [x509.load_pem_x509_certificate(file.read_bytes()) for file in files]


def publish(folder: Path, home: Home, gate: RunningGate) -> None:
    """Lay what clients need into the public folder: where the gate is, and what to trust. Raises
    SettingsError.
    """
    from certs.trust import write_wgetrc

    try:
        folder.mkdir(mode=_EVERYBODY, parents=True, exist_ok=True)
        for source, name in ((home.bundle, _BUNDLE), (home.java_store, _JAVA)):
            _copied(source, folder / name)
        write_wgetrc(folder / _BUNDLE)
        (folder / _ROOTS).mkdir(exist_ok=True)
        (folder / _ROOTS).chmod(_EVERYBODY)
        for root in home.hashed_roots.iterdir():
            _copied(root, folder / _ROOTS / root.name)
        announce(folder / _RUNNING, replace(gate, policy=""))
        (folder / _RUNNING).chmod(_READABLE)
    except OSError as error:
        raise SettingsError(
            f"Cannot publish in {error.filename or folder}: {error.strerror}.",
            remedy="The folder after --public belongs to the gate's user.",
        ) from error


def unpublish(folder: Path) -> None:
    """The gate ends: it is announced no more. The roots stay until another one begins."""
    with contextlib.suppress(OSError):
        withdraw(folder / _RUNNING, os.getpid())
        public_door(folder).unlink(missing_ok=True)


def _copied(source: Path, target: Path) -> None:
    beside = target.with_name(f".{target.name}")
    shutil.copyfile(source, beside)
    beside.chmod(_READABLE)
    beside.replace(target)


def _is_trusted(folder: Path) -> bool:
    """What any user could have laid there announces no gate of the machine."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & _BY_OTHERS
