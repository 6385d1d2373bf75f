"""Whether the user of a process may read a file at all: where we have more rights than that user,
what is read for the sender's sake would else tell the sender of files that are closed to it.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import functools
import os
import posixpath
import struct
from dataclasses import dataclass
from typing import Protocol

from attribution.backends import procfs

_READ, _ENTER = 4, 1
_STRONG = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: who has one reads whatever it likes."""
_ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")
_VERSION_SIZE = 4
_USER, _GROUP_OBJ, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10
_MOST = 8192


class Sender(Protocol):
    """Whose reading is asked about."""

    @property
    def pid(self) -> int:
        """Its process."""

    @property
    def uid(self) -> int | None:
        """Its user, as it was read when it was seen; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rights:
    uid: int
    groups: frozenset[int]


def may_read(sender: Sender, outside: str) -> bool:
    """Return whether this process may read the file at `outside`, a path without links as we open
    it; True where we could not read it either if the sender could not. False where that cannot be
    told.
    """
    if not _are_we_strong() or outside.startswith(f"/proc/{sender.pid}/fd/"):
        return True
    rights = _rights_of(sender)
    if rights is None:
        return False
    if rights.uid == 0 or _is_strong_here(sender.pid):
        return True
    within = outside.removeprefix(f"/proc/{sender.pid}/root")
    folders = [within]
    while folders[-1] not in {"/", ""}:
        folders.append(posixpath.dirname(folders[-1]))
    before = outside[: len(outside) - len(within)]
    try:
        return _lets(before + within, rights, _READ) and all(
            _lets(before + folder, rights, _ENTER) for folder in folders[1:]
        )
    except (OSError, ValueError):
        return False


def _lets(path: str, rights: _Rights, wanted: int) -> bool:
    """Return whether mode and access list of one entry let this user do that. Raises OSError."""
    found = os.stat(path or "/")
    if found.st_uid == rights.uid:
        return bool(found.st_mode >> 6 & wanted)
    if (listed := _by_list(path or "/", found.st_gid, rights)) is not None:
        allowed = listed
    elif found.st_gid in rights.groups:
        allowed = found.st_mode >> 3
    else:
        allowed = found.st_mode
    return bool(allowed & wanted)


def _by_list(path: str, group: int, rights: _Rights) -> int | None:
    """Return what an access list grants to who is not the owner; None where it names the user in
    no way, or there is none.
    """
    try:
        content = os.getxattr(path, _ACL)
    except OSError:
        return None
    entries = list(_ENTRY.iter_unpack(content[_VERSION_SIZE:]))
    mask = next((granted for tag, granted, _ in entries if tag == _MASK), 7)
    for tag, granted, number in entries:
        if tag == _USER and number == rights.uid:
            return int(granted & mask)
    of_groups = [
        granted & mask
        for tag, granted, number in entries
        if (tag == _GROUP_OBJ and group in rights.groups)
        or (tag == _GROUP and number in rights.groups)
    ]
    # Any one of them is enough; the file asks for one right alone.
    return functools.reduce(int.__or__, of_groups) if of_groups else None


def _rights_of(sender: Sender) -> _Rights | None:
    """Return what the process may, or where it has ended, what its user may: not where that looked
    like root, for so does everybody's process that lets nobody look at it. To root's own gate it
    is root's.
    """
    told = _status(sender.pid)
    if b"Uid" in told and b"Gid" in told:
        numbers = (*told.get(b"Groups", b"").split(), told[b"Gid"].split()[3])
        return _Rights(uid=int(told[b"Uid"].split()[3]), groups=frozenset(map(int, numbers)))
    if sender.uid:
        return _of_user(sender.uid)
    return _Rights(uid=0, groups=frozenset()) if os.geteuid() == 0 else None


def _of_user(uid: int) -> _Rights:
    import pwd

    try:
        known = pwd.getpwuid(uid)
        groups = os.getgrouplist(known.pw_name, known.pw_gid)
    except (KeyError, OSError):
        groups = []
    return _Rights(uid=uid, groups=frozenset(groups))


def _is_strong_here(pid: int) -> bool:
    """Return whether it reads everything of this machine: not where it may that in a user
    namespace of its own only.
    """
    try:
        strong = int(_status(pid).get(b"CapEff", b"0"), 16) & _STRONG
        here = os.readlink("/proc/self/ns/user")  # noqa: PTH115 - a link of the kernel's
        return bool(strong) and os.readlink(f"/proc/{pid}/ns/user") == here  # noqa: PTH115
    except (OSError, ValueError):
        return False


@functools.cache
def _are_we_strong() -> bool:
    return bool(int(_status("self").get(b"CapEff", b"0"), 16) & _STRONG)


def _status(pid: int | str) -> dict[bytes, bytes]:
    lines = procfs.read(f"/proc/{pid}/status", _MOST).splitlines()
    split = (line.partition(b":") for line in lines)
    return {name: value.strip() for name, _, value in split}
