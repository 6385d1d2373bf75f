"""The seccomp filter of a sealed program, as the kernel's own byte code. Pure.

It closes what the namespaces leave open: sockets of families that no network namespace bounds
(AF_VSOCK reaches the hypervisor), characters typed into the terminal for a shell outside, keys that
the kernel has a program outside look for (by a name, which it looks up), and io_uring, whose work
no filter sees.
"""

import errno
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
"""Places in the kernel's `seccomp_data`; of an argument its lower half, which is all that is read
of a family or of an ioctl.
"""
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: what a network namespace bounds."""
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: both put characters where a shell outside reads them."""
_X32 = 0x40000000
_IO_URING = (425, 426, 427)

_INSTRUCTION = struct.Struct("=HBBI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The numbers that one kind of machine has for the system calls in question."""

    audit: int
    socket: int
    socketpair: int
    ioctl: int
    request_key: int
    has_x32: bool = False


ARCHITECTURES = {
    "x86_64": Architecture(
        audit=0xC000003E, socket=41, socketpair=53, ioctl=16, request_key=249, has_x32=True
    ),
    "aarch64": Architecture(
        audit=0xC00000B7, socket=198, socketpair=199, ioctl=29, request_key=218
    ),
}
"""By the name that uname gives."""


def filter_for(machine: Architecture, *, io_uring: bool = False) -> bytes:
    """Return the filter. `io_uring`: leave it to the program."""
    code = [
        _load(_ARCHITECTURE),
        _if_equal(machine.audit, 1, 0),
        _refuse(errno.ENOSYS),
        _load(_NUMBER),
    ]
    if machine.has_x32:
        code += [_if_at_least(_X32, 0, 1), _refuse(errno.ENOSYS)]
    for number in (machine.request_key, *(() if io_uring else _IO_URING)):
        code += [_if_equal(number, 0, 1), _refuse(errno.ENOSYS)]
    for number in (machine.socket, machine.socketpair):
        code += _only(number, _FIRST, _FAMILIES, errno.EAFNOSUPPORT)
    code += _never(machine.ioctl, _SECOND, _TERMINAL_INPUT, errno.EPERM)
    return b"".join([*code, _allow()])


def _only(call: int, argument: int, values: Iterable[int], error: int) -> list[bytes]:
    """Return what refuses this call unless its argument is one of the values."""
    wanted = tuple(values)
    tests = [_if_equal(v, len(wanted) - i, 0) for i, v in enumerate(wanted)]
    inner = [_load(argument), *tests, _refuse(error), _allow()]
    return [_if_equal(call, 0, len(inner)), *inner]


def _never(call: int, argument: int, values: Iterable[int], error: int) -> list[bytes]:
    """Return what refuses this call where its argument is one of the values."""
    wanted = tuple(values)
    tests = [_if_equal(v, len(wanted) - i, 0) for i, v in enumerate(wanted)]
    inner = [_load(argument), *tests, _allow(), _refuse(error)]
    return [_if_equal(call, 0, len(inner)), *inner]


def _load(place: int) -> bytes:
    return _INSTRUCTION.pack(_LOAD, 0, 0, place)


def _if_equal(value: int, then: int, otherwise: int) -> bytes:
    return _INSTRUCTION.pack(_JUMP_EQUAL, then, otherwise, value)


def _if_at_least(value: int, then: int, otherwise: int) -> bytes:
    return _INSTRUCTION.pack(_JUMP_AT_LEAST, then, otherwise, value)


def _refuse(error: int) -> bytes:
    return _INSTRUCTION.pack(_RETURN, 0, 0, _ERRNO | error)


def _allow() -> bytes:
    return _INSTRUCTION.pack(_RETURN, 0, 0, _ALLOW)
