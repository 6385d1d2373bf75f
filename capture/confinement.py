"""What a program gives up before it begins, so that it cannot take its seal off."""

import os
import signal
import socket
import stat

from capture import kernel
from capture.system_call_filter import ARCHITECTURES, filter_for

_SCOPE_SIGNALS = 2
"""Landlock: signals reach only what is below the program itself."""
_SIGNALS_SINCE = 6
"""The version of Landlock that knows it (Linux 6.12)."""
_NETWORKED = frozenset({socket.AF_INET, socket.AF_INET6, 40, 17})
"""Families of sockets that lead out of whatever namespace: TCP, UDP, AF_VSOCK, AF_PACKET."""


def confine(parent: int, kept: int, *, io_uring: bool) -> None:
    """Give up everything, in the process that is to become the program. Raises OSError.

    `parent`: the supervisor; without it the program ends. `kept`: the one descriptor above 2 that
    stays open.
    """
    kernel.ends_with_its_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    kernel.gains_no_privileges()
    if bounds_signals():
        kernel.landlock_scopes(_SCOPE_SIGNALS)
    kernel.drop_capabilities()
    machine = ARCHITECTURES[os.uname().machine]
    kernel.filter_system_calls(filter_for(machine, io_uring=io_uring))
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def bounds_signals() -> bool:
    """Return whether this kernel keeps a sealed program's signals inside."""
    return kernel.landlock_version() >= _SIGNALS_SINCE


def networked_input() -> int | None:
    """Return which of standard input, output and error is a network socket: through it a program
    would send past the gate. None where none is.
    """
    for descriptor in range(3):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode) and _family(descriptor) in _NETWORKED:
                return descriptor
        except OSError:  # closed
            continue
    return None


def _family(descriptor: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as found:
        return found.family
