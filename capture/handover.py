"""What a sealed run and the gate say to each other: short messages over a Unix socket that keeps
their bounds, with sockets in their luggage.

1. the run      `run`: may I?                       the gate   `welcome`, or `refused` and why
2. the run      `network`, with its sockets         the gate   `sealed`
3. the run      `mirror`, with a listener; as often as the host has a new one

The end of the connection is the end of the run: the gate lets go of all its sockets.
"""

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION, CAPTURE_VERSION = 2, 1
"""Of what a sealed run hands over, and of what the keeper of a machine's capture does: that one is
not started again with the gate, and the gate of a new version takes what it kept.
"""
_MOST_BYTES, _MOST_SOCKETS = 4096, 16
_MOST_KNOCKING = 4096
"""So many of all users wait to be heard: one who fills sixty-four places would keep others out."""


class BrokenHandoverError(Exception):
    """The other side has gone, or says what this side does not understand."""


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. The descriptors belong to whoever holds it, until they are taken out."""

    kind: str
    values: dict[str, Any]
    descriptors: tuple[int, ...] = ()

    def text(self, name: str) -> str:
        """Return a value that must be text. Raises BrokenHandoverError."""
        value = self.values.get(name)
        if not isinstance(value, str):
            raise BrokenHandoverError(f"no {name} in {self.kind}")
        return value

    def integer(self, name: str) -> int:
        """Return a value that must be a number. Raises BrokenHandoverError."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BrokenHandoverError(f"no {name} in {self.kind}")
        return value

    def sockets(self) -> list[socket.socket]:
        """Take the descriptors out as sockets: each is closed by its own end only, for another file
        may have its number by then. Raises BrokenHandoverError where one is no socket.
        """
        found: list[socket.socket] = []
        try:
            found.extend(socket.socket(fileno=one) for one in self.descriptors)
        except OSError as error:
            for one in found:
                one.detach()
            raise BrokenHandoverError("no socket") from error
        self.descriptors = ()
        return found

    def let_go(self) -> None:
        """Close the descriptors."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def send(
    channel: socket.socket, kind: str, descriptors: Sequence[int] = (), **values: object
) -> None:
    """Send one message; the descriptors stay ours, too. Raises BrokenHandoverError."""
    content = json.dumps({"kind": kind, **values}).encode()
    try:
        socket.send_fds(channel, [content], list(descriptors))
    except OSError as error:
        raise BrokenHandoverError(error.strerror or "gone") from error


def receive(channel: socket.socket) -> Message | None:
    """Return the next message; None at the end. Raises BrokenHandoverError, BlockingIOError."""
    try:
        content, descriptors, flags, _ = socket.recv_fds(channel, _MOST_BYTES, _MOST_SOCKETS)
    except BlockingIOError:
        raise
    except OSError as error:
        raise BrokenHandoverError(error.strerror or "gone") from error
    if not content and not descriptors:
        return None
    try:
        return _read(content, tuple(descriptors), flags)
    except (ValueError, BrokenHandoverError) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        raise BrokenHandoverError("this is no message") from error


def _read(content: bytes, descriptors: tuple[int, ...], flags: int) -> Message:
    value = json.loads(content)
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or not isinstance(value, dict):
        raise BrokenHandoverError("cut")
    kind = value.pop("kind", None)
    if not isinstance(kind, str):
        raise BrokenHandoverError("without a kind")
    return Message(kind=kind, values=value, descriptors=descriptors)


def listening(path: Path) -> socket.socket:
    """Return the gate's end: a listener at this path, for this user only. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(_short(folder, path))
        path.chmod(0o600)
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener


def listening_for_all(path: Path) -> socket.socket:
    """Return the gate's end for everybody, in a folder that others cannot write. Its own path
    stands in the kernel's table, by which seals shut it. Raises OSError.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(_MOST_KNOCKING)
    except OSError:
        listener.close()
        raise
    return listener


def connected(path: Path, timeout_s: float = 5.0) -> socket.socket:
    """Return a connection to the gate. Raises OSError."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.settimeout(timeout_s)
    folder = -1
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        channel.connect(_short(folder, path))
    except OSError:
        channel.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return channel


def _short(folder: int, path: Path) -> str:
    """Addresses of Unix sockets have 107 bytes, folders of people's homes may have more."""
    return f"/proc/self/fd/{folder}/{path.name}"
