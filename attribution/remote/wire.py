"""What the gate and the attributor say to each other over a Unix socket: a length, then one JSON
message of a known kind. Neither names a file to the other, and no more than sizes are believed.
"""

import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from attribution.identity.composition import Composition
from attribution.identity.imports import Imports
from core.attribution import Attribution, CodeLine
from core.exchange import Connection

_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")
MOST_ASKED = 256 * 1024
MOST_ANSWERED = 8 << 20


class WireError(Exception):
    """The other end said nothing that could be read, or is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """How people are named in what is answered; said first."""

    kind: Literal["hello"] = "hello"
    user_names: Literal["clear", "pseudonym", "none"] = "clear"
    pseudonym_key: str = ""
    """Hexadecimal; empty unless asked for."""

    def __repr__(self) -> str:
        return f"<Hello {self.user_names}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Who opened this connection?"""

    connection: Connection
    kind: Literal["attribute"] = "attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """More of a sender that was named before."""

    what: Literal["line", "imports", "composition", "source"]
    sender: Attribution
    kind: Literal["about"] = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """Can lines of code be sampled?"""

    kind: Literal["able"] = "able"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A sealed run's network has come; three sockets that ask about it follow the message."""

    network: int
    supervisor: int
    kind: Literal["entered"] = "entered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """It has gone."""

    network: int
    kind: Literal["left"] = "left"


SOCKETS = 3
"""That follow `Entered`, with one byte."""

type Ask = Annotated[Hello | Attribute | About | Able | Entered | Left, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer; what was not asked for is empty."""

    sender: Attribution | None = None
    line: CodeLine | None = None
    imports: Imports | None = None
    composition: Composition | None = None
    source: str | None = None
    """Latin-1: each letter is a byte of the script."""
    obstacle: str | None = None


ASKS: TypeAdapter[Ask] = TypeAdapter(Ask)
TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def send(end: socket.socket, message: bytes) -> None:
    """Send one message. Raises OSError."""
    end.sendall(_LENGTH.pack(len(message)) + message)


def receive(end: socket.socket, most: int) -> bytes | None:
    """Return the next message; None when the other end has gone. Raises OSError, WireError."""
    head = _exactly(end, _LENGTH.size)
    if head is None:
        return None
    [length] = _LENGTH.unpack(head)
    if length > most:
        raise WireError("a message is too long")
    body = _exactly(end, length)
    if body is None:
        raise WireError("a message was cut")
    return body


def send_sockets(end: socket.socket, sockets: Sequence[int]) -> None:
    """Send what follows `Entered`; they stay ours, too. Raises OSError."""
    socket.send_fds(end, [b"\0"], list(sockets))


def receive_sockets(end: socket.socket) -> list[int]:
    """Return them; they are ours from now on. Raises OSError, WireError."""
    content, found, flags, _ = socket.recv_fds(end, 1, SOCKETS)
    if content != b"\0" or len(found) != SOCKETS or flags & socket.MSG_CTRUNC:
        for one in found:
            os.close(one)
        raise WireError("not the sockets of a network")
    return list(found)


def read_ask(message: bytes) -> Ask:
    """Return what is asked. Raises WireError for what is none of the known questions."""
    try:
        return ASKS.validate_json(message, strict=False)
    except (ValidationError, ValueError, RecursionError):
        raise WireError("a question cannot be read") from None


def read_told(message: bytes) -> Told:
    """Return the answer. Raises WireError."""
    try:
        return TOLD.validate_json(message)
    except (ValidationError, ValueError, RecursionError):
        raise WireError("an answer cannot be read") from None


def _exactly(end: socket.socket, size: int) -> bytes | None:
    parts, left = [], size
    while left:
        part = end.recv(min(left, 65536))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def peer_of(end: socket.socket) -> tuple[int, int]:
    """Return process and user at the other end, as the kernel tells them."""
    raw = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return pid, uid
