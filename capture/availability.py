"""Whether this machine lets an ordinary user make a seal, found out by making one."""

import errno
import os
from pathlib import Path

from capture import network
from capture.system_call_filter import ARCHITECTURES

_MOST_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")
_DEBIAN = Path("/proc/sys/kernel/unprivileged_userns_clone")
_UBUNTU = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_CONTAINER = "Containers often forbid it; give this one the right to make user namespaces."


def obstacle() -> str | None:
    """Return in plain words what is in the way of sealed runs here; None when nothing is."""
    if os.uname().machine not in ARCHITECTURES:
        return f"Sealed runs are not made for {os.uname().machine} processors."
    failed = _tried()
    if failed is None:
        return None
    step, number = failed
    if step == "network" and number != errno.EPERM:
        return "This kernel lacks what sealed runs need: nftables with nat (nf_tables, nft_redir)."
    return f"This machine lets no ordinary user make namespaces ({os.strerror(number)}). {_why()}"


def _why() -> str:
    if _says(_MOST_NAMESPACES, "0"):
        return f"Set user.max_user_namespaces, which is 0, in {_MOST_NAMESPACES}."
    if _says(_DEBIAN, "0"):
        return "Set kernel.unprivileged_userns_clone=1."
    if _says(_UBUNTU, "1"):
        return (
            "Set kernel.apparmor_restrict_unprivileged_userns=0, or give Outgate's Python an"
            " AppArmor profile with userns."
        )
    return _CONTAINER


def _says(setting: Path, value: str) -> bool:
    try:
        return setting.read_text().strip() == value
    except OSError:
        return False


def _tried() -> tuple[str, int] | None:
    """Return the step that fails, and the kernel's number; None when a seal can be made."""
    heard, told = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        step = "namespaces"
        try:
            network.enter_new_namespaces()
            step = "network"
            network.make()
        except OSError as error:
            os.write(told, f"{step} {error.errno or 0}".encode())
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(heard, "rb") as words:
        said = words.read().decode()
    os.waitpid(pid, 0)
    step, _, number = said.partition(" ")
    return (step, int(number)) if number.isdigit() else None
