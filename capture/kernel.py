"""The few calls to the Linux kernel that Python does not offer: mounts, prctl, capabilities,
seccomp, Landlock. Each raises OSError with the kernel's own number.
"""

import ctypes
import os
import struct
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 22, 38, 36
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_ASK_VERSION = 1
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """The kernel's `sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def mount(
    source: str, target: str, kind: str | None = None, flags: int = 0, data: str = ""
) -> None:
    """Mount as mount(2) does. Raises OSError."""
    _checked(
        _libc.mount(
            source.encode(),
            os.fsencode(target),
            None if kind is None else kind.encode(),
            ctypes.c_ulong(flags),
            data.encode() or None,
        ),
        target,
    )


def ends_with_its_parent(signal_number: int) -> None:
    """Have this process killed by that signal when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def adopts_orphans() -> None:
    """Make descendants whose parent ends children of this process."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def may_be_looked_at() -> None:
    """Let this user's own processes read this one's facts again, after its rights have changed."""
    _prctl(_PR_SET_DUMPABLE, 1)


def gains_no_privileges() -> None:
    """No program run from here on gets more rights by set-uid bits or file capabilities."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, for this process and all that it will run."""
    for number in range(int(_LAST_CAPABILITY.read_text()) + 1):
        _prctl(_PR_CAPBSET_DROP, number)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.syscall(_CAPSET[os.uname().machine], header, bytes(24)))


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter (8 bytes an instruction) for this process and all below it."""
    code = _Program(len(program) // 8, program)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(code))


def landlock_version() -> int:
    """Return the version of Landlock that this kernel offers; 0 where it has none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_ASK_VERSION)))


def landlock_scopes(scopes: int) -> None:
    """Keep this process and all below it to themselves in these regards. Raises OSError."""
    attributes = struct.pack("=QQQ", 0, 0, scopes)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    _checked(ruleset)
    try:
        _checked(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _prctl(option: int, first: int, second: int = 0) -> None:
    nothing = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), nothing, nothing))


def _checked(result: int, about: str | None = None) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)
