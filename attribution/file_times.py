"""How far the times of a file are believed: who keeps them, and whether they show every change.

A local file system notes the time of each change itself. One in memory notes none for what is
written through a mapping (tried on Linux 6.18: tmpfs keeps the time, ext4 renews it). A server
notes its own clock's. What a user's program serves (FUSE) says whatever that program likes.
Numbers: https://man7.org/linux/man-pages/man2/statfs.2.html.
"""

import ctypes
import os
import sys
from functools import cache

NEVER = float("inf")
OTHER_CLOCK_S = 3600.0
"""What the clock of a server, or the rounding of an old format, is allowed to be wrong by."""
_LOCAL = {
    0xEF53: "ext2 to ext4",
    0x58465342: "XFS",
    0x9123683E: "Btrfs",
    0xF2F52010: "F2FS",
    0x2FC12FC1: "ZFS",
    0xCA451A4E: "bcachefs",
    0x3153464A: "JFS",
    0x52654973: "ReiserFS",
    0x3434: "NILFS",
    0x794C7630: "overlay, which keeps the times of what lies below",
    0x73717368: "SquashFS, which nobody writes to",
    0xE0F5E1E2: "EROFS, the same",
    0x9660: "ISO 9660, the same",
}
_MEMORY = {0x01021994: "tmpfs", 0x858458F6: "ramfs"}
_ELSEWHERE = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB 2",
    0x5346414F: "AFS",
    0x00C36400: "Ceph",
    0x47504653: "GPFS",
    0x0BD00BD0: "Lustre",
    0x01161970: "GFS2",
    0x7461636F: "OCFS2",
    0x4D44: "FAT",
    0x2011BAB0: "exFAT",
    0x7366746E: "NTFS",
}
_ROOM = 256
"""Bytes for the kernel's answer, which begins with the number (`struct statfs`)."""


def kept_by(number: int, *, mapped: bool) -> float:
    """Return by how many seconds a change may be later than its time says, on a file system of this
    number; NEVER where the time says nothing. `mapped`: writing through a mapping counts, too,
    which changes the content of a file and no folder.
    """
    if number in _LOCAL or (number in _MEMORY and not mapped):
        return 0.0
    return OTHER_CLOCK_S if number in _ELSEWHERE else NEVER


def margin_s(path: str, *, mapped: bool) -> float:
    """Return the same for what lies at a path; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0.0
    answer = ctypes.create_string_buffer(_ROOM)
    if _statfs()(os.fsencode(path), answer) != 0:
        return NEVER
    number = int.from_bytes(answer.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
    return kept_by(number & 0xFFFF_FFFF, mapped=mapped)


@cache
def _statfs() -> "ctypes._NamedFuncPointer":
    return ctypes.CDLL(None).statfs
