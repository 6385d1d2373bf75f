"""The filter as byte code: run here as the kernel runs it."""

import errno
import struct

import pytest

from capture.system_call_filter import ARCHITECTURES, Architecture, filter_for

ALLOWED = 0x7FFF0000


def result(program: bytes, audit: int, call: int, *arguments: int) -> int:
    """Run the byte code on one system call."""
    given = [*arguments, *([0] * (6 - len(arguments)))]
    data = struct.pack("=IIQ6Q", call, audit, 0, *given)
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at = value = 0
    while True:
        kind, then, otherwise, k = code[at]
        at += 1
        match kind:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, k)
            case 0x15:
                at += then if value == k else otherwise
            case 0x35:
                at += then if value >= k else otherwise
            case 0x06:
                return int(k)
            case _:
                raise AssertionError(kind)


def refused(number: int) -> int:
    return 0x50000 | number


@pytest.fixture(params=sorted(ARCHITECTURES))
def machine(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


@pytest.mark.parametrize("family", [1, 2, 10, 16])
def test_ordinary_sockets_are_made(machine: Architecture, family: int) -> None:
    """What a network namespace bounds is left to the program."""
    for call in (machine.socket, machine.socketpair):
        assert result(filter_for(machine), machine.audit, call, family) == ALLOWED


@pytest.mark.parametrize("family", [0, 3, 17, 29, 31, 38, 40, 44, 1 << 31])
def test_other_families_are_not(machine: Architecture, family: int) -> None:
    """The hypervisor, packets, radio and the kernel's own services are out of reach."""
    for call in (machine.socket, machine.socketpair):
        done = result(filter_for(machine), machine.audit, call, family)
        assert done == refused(errno.EAFNOSUPPORT)


def test_a_family_is_told_by_its_lower_half(machine: Architecture) -> None:
    """The kernel looks at 32 bits of the family: bits above them hide nothing."""
    done = result(filter_for(machine), machine.audit, machine.socket, 40 | 1 << 32)
    assert done == refused(errno.EAFNOSUPPORT)


def test_nobody_types_for_the_shell_outside(machine: Architecture) -> None:
    """No characters are put into the terminal; its other uses stay."""
    program = filter_for(machine)
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
        assert result(program, machine.audit, machine.ioctl, 0, request) == refused(errno.EPERM)
    for request in (0x5401, 0x5413, 0x541B):
        assert result(program, machine.audit, machine.ioctl, 0, request) == ALLOWED


def test_io_uring_is_a_setting(machine: Architecture) -> None:
    """What no filter sees is off unless the organisation asks for it."""
    for call in (425, 426, 427):
        assert result(filter_for(machine), machine.audit, call) == refused(errno.ENOSYS)
        assert result(filter_for(machine, io_uring=True), machine.audit, call) == ALLOWED


def test_the_kernel_asks_no_program_outside(machine: Architecture) -> None:
    """A key that is not there is looked for by a program of the machine, which may ask a name."""
    for io_uring in (False, True):
        program = filter_for(machine, io_uring=io_uring)
        assert result(program, machine.audit, machine.request_key) == refused(errno.ENOSYS)


def test_other_numberings_are_refused(machine: Architecture) -> None:
    """The same call by the numbers of another architecture is none."""
    program = filter_for(machine)
    assert result(program, 0x40000003, 102) == refused(errno.ENOSYS)
    if machine.has_x32:
        x32 = 0x40000000 | machine.socket
        assert result(program, machine.audit, x32, 40) == refused(errno.ENOSYS)


@pytest.mark.parametrize("call", [0, 1, 3, 9, 59, 220, 257, 435])
def test_everything_else_is_the_programs_own(machine: Architecture, call: int) -> None:
    """No other system call is looked at."""
    assert result(filter_for(machine), machine.audit, call, 0, 0) == ALLOWED
