"""What a beacon may say, read from hostile bytes (pure): nothing that is not exactly of its form is
taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEX = rb"(-|(?:[0-9a-f]{2}){1,4096})"
_START = re.compile(
    rb"S (-|[0-9]{1,20}) "
    + _HEX
    + rb" (-|[0-9a-f]{64}) "
    + _HEX
    + rb" "
    + _HEX
    + rb" ([0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3})"
)
_REQUEST = re.compile(rb"R ([0-9]{1,20}) ([0-9a-f]{32}) ([0-9]{1,7}) " + _HEX + rb" " + _HEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartClaim:
    """What a process says of its own start."""

    mark: int | None
    """The kernel's start mark of the process, by which a file left by another with its pid is
    told.
    """
    main: str
    """Absolute path of the main program, or `<string>`, `<stdin>`; empty where it did not know it
    yet.
    """
    sha256: str | None
    """Of that file, read when the interpreter started."""
    cwd: str
    prefix: str
    """`sys.prefix`: the environment whose packages it imports."""
    version: str
    """Python's, as `3.13.0`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClaim:
    """From which line a process says that it sent one request."""

    at_ns: int
    """Unix time in nanoseconds when the head was written."""
    digest: str = field(repr=False)
    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that one process said that could be read."""

    start: StartClaim | None = None
    requests: tuple[RequestClaim, ...] = ()


def read_claims(data: bytes) -> Told:
    """Return what these bytes say. The last start counts: an exec begins anew in the same
    process. What a process with another start mark said before goes."""
    start: StartClaim | None = None
    requests: list[RequestClaim] = []
    for line in data.split(b"\n"):
        if (begun := _start(line)) is not None:
            if start is not None and begun.mark != start.mark:
                requests = []
            start = begun
        elif (request := _request(line)) is not None:
            requests.append(request)
    return Told(start=start, requests=tuple(requests))


def _start(line: bytes) -> StartClaim | None:
    found = _START.fullmatch(line)
    texts = None if found is None else list(_texts(found[2], found[4], found[5]))
    if found is None or texts is None or None in texts:
        return None
    main, cwd, prefix = (text or "" for text in texts)
    return StartClaim(
        mark=None if found[1] == b"-" else int(found[1]),
        main=main,
        sha256=None if found[3] == b"-" else found[3].decode(),
        cwd=cwd,
        prefix=prefix,
        version=found[6].decode(),
    )


def _request(line: bytes) -> RequestClaim | None:
    found = _REQUEST.fullmatch(line)
    if found is None:
        return None
    file, function = _texts(found[4], found[5])
    if not file or not function:
        return None
    return RequestClaim(
        at_ns=int(found[1]),
        digest=found[2].decode(),
        file=file,
        line=int(found[3]),
        function=function,
    )


def _texts(*words: bytes) -> Iterator[str | None]:
    """Yield each text; None where it holds what a terminal or a table would act on, or is no
    text.
    """
    for word in words:
        text = "" if word == b"-" else bytes.fromhex(word.decode()).decode("utf-8", "replace")
        yield text if text.isprintable() and "\ufffd" not in text else None
