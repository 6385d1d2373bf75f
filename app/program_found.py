"""Whether a program can be started at all: asked before anything is made ready for it.

Only the kernel can say that a program starts; this says of some that they certainly do not.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator

from core.errors import CannotRunError
from core.text import printable

_FIRST_LINE = 256
"""Bytes of a program in which the kernel reads who runs it."""
_NOT_HERE = (errno.ENOENT, errno.ENOTDIR)


def refuse_what_cannot_start(program: str) -> None:
    """Raise CannotRunError where the kernel would refuse this name of a program: it, or what its
    first line names, is not there or may not be run. Where a system looks for programs in other
    ways, nothing is refused.
    """
    if sys.platform == "win32":
        return
    refusals = list[CannotRunError]()
    not_here = (errno.ENOENT,) if os.sep in program else _NOT_HERE
    for path in _places(program):
        number = _refused(path)
        refusal = _without_interpreter(program, path) if number is None else None
        if number is None and refusal is None:
            return
        if refusal is not None or number not in not_here:
            refusals.append(refusal or cannot_run(program, number))
    raise refusals[0] if refusals else cannot_run(program, errno.ENOENT)


def cannot_run(program: str, number: int | None) -> CannotRunError:
    """Return what to raise for a program that the kernel refused with this number."""
    if number == errno.ENOENT:
        return CannotRunError(
            f"There is no program {program!r}.",
            code=127,
            remedy="Check its name after `outgate run --`.",
        )
    return CannotRunError(f"Cannot run {program!r}: {os.strerror(number or 0)}.", code=126)


def _places(program: str) -> Iterator[str]:
    """Yield the paths that are tried for a name, in turn."""
    if os.sep in program or not program:
        yield program
        return
    for folder in os.get_exec_path():
        yield os.path.join(folder, program)  # noqa: PTH118 - an empty folder stays one


def _refused(path: str) -> int | None:
    """Return the kernel's number for what it would not run; None for what it may."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path as it was given
    except OSError as error:
        return error.errno
    except ValueError:
        return errno.ENOENT
    if not stat.S_ISREG(mode) or not os.access(path, os.X_OK):
        return errno.EACCES
    return None


def _without_interpreter(program: str, path: str) -> CannotRunError | None:
    """Return what to raise where the first line of this file names what does not run it."""
    named = _named_by_first_line(path)
    if named is None or (number := _refused(os.fsdecode(named))) is None:
        return None
    words = printable(named.decode("utf-8", "backslashreplace"), 120)
    why = "is not there" if number in _NOT_HERE else f"cannot be run: {os.strerror(number)}"
    remedy = "Its lines end as on Windows; save it with those of Unix." if b"\r" in named else ""
    return CannotRunError(
        f"Cannot run {program!r}: its first line names {words}, which {why}.",
        code=127 if number == errno.ENOENT else 126,
        remedy=remedy,
    )


def _named_by_first_line(path: str) -> bytes | None:
    """Return the path of what runs this file, as the kernel reads it; None for machine code, and
    for what cannot be read, or is longer than the kernel reads.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path as it was given
            head = file.read(_FIRST_LINE)
    except OSError:
        return None
    line, ended, _ = head.partition(b"\n")
    if not line.startswith(b"#!") or (not ended and len(head) == _FIRST_LINE):
        return None
    words = line[2:].partition(b"\0")[0].replace(b"\t", b" ").split(b" ")
    return next(filter(None, words), None)
