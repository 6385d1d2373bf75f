"""What the gate and the attributor say to each other over a Unix socket: a length, then one JSON
message of a known kind. The gate names no file to be opened, and no more than sizes are believed.
"""

import json
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from attribution.identity.composition import Composition
from attribution.identity.imports import Imports
from core.activity import EndedRun
from core.attribution import Attribution, CodeLine
from core.exchange import Connection
from core.sent_file import FilesLook, Nearby

_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")
_SURROGATE = rb"\ud"
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
    data_folders: tuple[str, ...] = ()
    """Where programs are watched opening files; nothing there is read for that."""
    follows_runs: bool = False
    """The runs of scripts are followed from now on: the gate will ask for them."""

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
    """Can lines of code be sampled? Can it be seen what programs open in the folders of data? Of
    which programs was it heard how they began?
    """

    what: Literal["lines", "opened", "beginnings"] = "lines"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Which files lie near a sender, or are `named` in its request? What is answered calls each by
    a word of the attributor's own.
    """

    sender: Attribution
    named: tuple[str, ...] = ()
    kind: Literal["near"] = "near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file by the word that `Near` was answered with, and the content that it may have."""

    key: str
    sha256: str
    in_part: bool = False
    """What it was read up to is meant, not all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """Which of these have the content that is asked for?"""

    sender: Attribution
    wanted: tuple[Wanted, ...]
    kind: Literal["prove"] = "prove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Which runs of scripts have ended? Those up to `heard` have arrived."""

    heard: int = 0
    kind: Literal["runs"] = "runs"


SOCKETS = 3
"""That follow `Entered`, with one byte."""

type Ask = Annotated[
    Hello | Attribute | About | Able | Entered | Left | Near | Prove | Runs,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file that has the content that was asked for."""

    key: str
    sha256: str
    owner: str | None
    modified_at: datetime | None
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Runs that have ended, and the number of the last of them."""

    runs: tuple[EndedRun, ...]
    last: int
    waiting: int = 0
    """So many more can be asked for at once."""
    missed: int = 0
    """See ProgramRuns.missed."""


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
    near: Nearby | None = None
    shown: tuple[Shown, ...] = ()
    look: FilesLook = FilesLook.WHOLE
    """Of what is shown."""
    ended: Ended | None = None


ASKS: TypeAdapter[Ask] = TypeAdapter(Ask)
TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def asked(ask: Ask) -> bytes:
    """Return a question as it travels."""
    return _message(ASKS, ask)


def answered(told: Told) -> bytes:
    """Return an answer as it travels."""
    return _message(TOLD, told)


def _message(adapter: TypeAdapter[Any], value: object) -> bytes:
    """Names of files and programs are bytes of any kind: what is no UTF-8 stands in them as lone
    surrogates, which only the standard library's JSON can say.
    """
    try:
        return adapter.dump_json(value)
    except PydanticSerializationError:
        return json.dumps(adapter.dump_python(value, mode="json")).encode()


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
    return _read(ASKS, message, "a question cannot be read")


def read_told(message: bytes) -> Told:
    """Return the answer. Raises WireError."""
    return _read(TOLD, message, "an answer cannot be read")


def _read[T](adapter: TypeAdapter[T], message: bytes, refusal: str) -> T:
    try:
        if _SURROGATE in message.lower():
            return adapter.validate_python(json.loads(message), strict=False)
        return adapter.validate_json(message, strict=False)
    except (ValidationError, ValueError, RecursionError):
        raise WireError(refusal) from None


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
