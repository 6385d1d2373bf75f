"""The kernel's process connector: asks it for events of processes, and for none of threads.

Source: linux/cn_proc.h, linux/connector.h, linux/netlink.h, linux/filter.h.
"""

import errno
import os
import socket
import struct
from dataclasses import dataclass

from attribution.backends.beginnings_process import EVENT_AT, EXEC

FORK, TRACED, EXIT = 0x1, 0x100, 0x80000000
_NETLINK_CONNECTOR, _GROUP, _DONE, _LISTEN = 11, 1, 3, 1
_NETLINK_HEADER = struct.Struct("=IHHII")
_CONNECTOR_HEADER = struct.Struct("=IIIIHH")
_WANTED = struct.Struct("=II")
_FIRST_PIDS = 0xEFFFFFFC
"""The machine's first namespace of processes, always by this number (linux/proc_ns.h)."""
_ATTACH_FILTER, _BUFFER_BEYOND = 26, 33
"""Options of a socket (asm-generic/socket.h): what it hears, and how much the kernel keeps for it
whatever it keeps for others; that takes root.
"""
_LOAD, _COMPARE, _TO_INDEX, _RETURN, _BY_INDEX = 0x20, 0x15, 0x07, 0x06, 0x08


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Kinds of event: each exec, and of the other those of whole processes."""

    other: int
    thread_at: int
    process_at: int
    """Where in a message of the other kind the thread and its process stand."""
    buffer: int
    """Bytes that the kernel may keep for us."""
    also: int = EXEC
    """A further kind, of threads too."""


def subscribed(wish: Wish) -> socket.socket:
    """Return a socket that hears them, without waiting. Raises OSError where it may not: before
    Linux 6.6 it takes root; and it takes the machine's own numbers of processes, which are told.
    """
    if os.stat("/proc/self/ns/pid").st_ino != _FIRST_PIDS:  # noqa: PTH116
        raise PermissionError(errno.EPERM, "numbers of processes are others here")
    held = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR)
    try:
        _keep_much(held, wish.buffer)
        _only_whole_processes(held, wish)
        held.bind((0, _GROUP))
        held.setblocking(False)
        wanted = _WANTED.pack(_LISTEN, EXEC | wish.other | wish.also)
        body = _CONNECTOR_HEADER.pack(1, 1, 0, 0, len(wanted), 0) + wanted
        size = _NETLINK_HEADER.size + len(body)
        held.send(_NETLINK_HEADER.pack(size, _DONE, 0, 0, 0) + body)
    except BaseException:
        held.close()
        raise
    return held


def _keep_much(held: socket.socket, size: int) -> None:
    """Have the kernel keep so many bytes: by default it keeps some 500 events, which a build makes
    in a moment; and whoever has lost one knows of no program any more when it began.
    """
    try:
        held.setsockopt(socket.SOL_SOCKET, _BUFFER_BEYOND, size)
    except PermissionError:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def _only_whole_processes(held: socket.socket, wish: Wish) -> None:
    """Have the kernel leave out all else: threads begin and end by the thousand."""
    import ctypes

    rows = (
        (_LOAD, 0, 0, EVENT_AT),
        (_COMPARE, 6, 0, socket.htonl(EXEC)),
        (_COMPARE, 5, 0, socket.htonl(wish.also)),
        (_COMPARE, 0, 5, socket.htonl(wish.other)),
        (_LOAD, 0, 0, wish.thread_at),
        (_TO_INDEX, 0, 0, 0),
        (_LOAD, 0, 0, wish.process_at),
        (_COMPARE | _BY_INDEX, 0, 1, 0),
        (_RETURN, 0, 0, 4096),
        (_RETURN, 0, 0, 0),
    )
    program = b"".join(struct.pack("=HBBI", *row) for row in rows)
    kept = ctypes.create_string_buffer(program, len(program))
    attached = struct.pack("@HP", len(rows), ctypes.addressof(kept))
    held.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, attached)
