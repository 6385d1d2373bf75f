"""Our marked block in a text file of somebody else's: put in, renewed, and taken out so that not a
byte of theirs differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from certs.client_environment import (
    BUNDLE_VARIABLES,
    OWN_VARIABLE,
    PROXY_VARIABLES,
    SWITCHES,
    WGET_VARIABLE,
)

BEGIN = b"# >>> outgate >>>"
END = b"# <<< outgate <<<"
_TOLD = b" only `outgate trust` writes in here"
_JOINED = b"joined"
_MADE = b"made"
VARIABLES = frozenset(
    {
        *(*BUNDLE_VARIABLES, WGET_VARIABLE, *PROXY_VARIABLES, *SWITCHES),
        *(OWN_VARIABLE, "NO_PROXY", "no_proxy"),
    }
)
"""Every name that a block may set."""
_SETTERS = (b"export ", b"set -gx ")
_GUARDS = (b"if [ -r ", b"if test -r ")
_GUARD_ENDS = (b"fi", b"end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """A file without our blocks."""

    content: bytes
    at: int | None = None
    """Offset at which the first block stood; None where there was none."""
    joined: bool = False
    """The file's last line had no end before the block came."""
    made: int | None = None
    """The file was made for the block, and so many folders above it; None: it was there before."""
    kept: int = 0
    """Lines of somebody else's that stood inside, and stay."""


def with_block(
    content: bytes | None, lines: Sequence[str], *, at_start: bool = False, folders: int = 0
) -> bytes:
    """Return the file with our block, renewed where it stood already.

    `content`: None where there is no file yet; `folders` are then made above it.
    """
    bare = without_block(content or b"")
    if bare.at is None:
        made = folders if content is None else None
        return _inserted(bare.content, lines, at_start=at_start, made=made)
    before, after = bare.content[: bare.at], bare.content[bare.at :]
    # At the end of a file whose last line was open, the line end that we added comes back.
    joint = b"\n" if bare.joined and not after and not before.endswith(b"\n") else b""
    return before + joint + _block(lines, joined=bare.joined, made=bare.made) + after


def _inserted(content: bytes, lines: Sequence[str], *, at_start: bool, made: int | None) -> bytes:
    if at_start:
        head = content.find(b"\n") + 1 if content.startswith(b"#!") else 0
        return content[:head] + _block(lines, joined=False, made=made) + content[head:]
    joined = bool(content) and not content.endswith(b"\n")
    return content + (b"\n" if joined else b"") + _block(lines, joined=joined, made=made)


def _block(lines: Sequence[str], *, joined: bool, made: int | None) -> bytes:
    flags = [_JOINED] if joined else []
    flags += [] if made is None else [b"%s=%d" % (_MADE, made)]
    first = BEGIN + _TOLD + (b" (" + b" ".join(flags) + b")" if flags else b"")
    return b"".join(one + b"\n" for one in (first, *(line.encode() for line in lines), END))


def without_block(content: bytes) -> Without:
    """Return the file without any block of ours.

    Lines inside that are not of our making stay. A block without an end ends with the first of
    those.
    """
    out = bytearray()
    at: int | None = None
    joined, made, kept, inside, closed_at = False, None, 0, False, -1
    lines = content.splitlines(keepends=True)
    ends = _closed(lines)
    for number, line in enumerate(lines):
        words = line.strip()
        if words.startswith(BEGIN):
            if at is None:
                at, joined, made = len(out), _JOINED in _flags(words), _folders(words)
            inside = True
        elif inside and words == END:
            inside, closed_at = False, len(out)
        elif inside and _is_ours(words):
            continue
        else:
            kept += inside
            inside = inside and ends[number]
            out += line
    if joined and at == len(out) and (closed_at == at or inside):
        del out[len(out) - _line_end(out) :]
        at = len(out)
    return Without(content=bytes(out), at=at, joined=joined, made=made, kept=kept)


def _closed(lines: Sequence[bytes]) -> list[bool]:
    """Return for each line whether an end of a block follows before the next beginning."""
    found, follows = [False] * len(lines), False
    for number in range(len(lines) - 1, -1, -1):
        found[number] = follows
        words = lines[number].strip()
        follows = words == END or (follows and not words.startswith(BEGIN))
    return found


def _line_end(text: bytes | bytearray) -> int:
    if text.endswith(b"\r\n"):
        return 2
    return 1 if text.endswith(b"\n") else 0


def _flags(first: bytes) -> list[bytes]:
    _, _, told = first.partition(b"(")
    return told.rstrip(b")").split()


def _folders(first: bytes) -> int | None:
    for flag in _flags(first):
        name, _, count = flag.partition(b"=")
        if name == _MADE and count.isdigit() and len(count) < 3:
            return int(count)
    return None


def _is_ours(words: bytes) -> bool:
    if not words or words.startswith((*_GUARDS, b"# ")) or words in _GUARD_ENDS:
        return True
    for setter in _SETTERS:
        words = words.removeprefix(setter)
    name = words.replace(b"=", b" ", 1).partition(b" ")[0]
    return name.decode("ascii", "replace") in VARIABLES
