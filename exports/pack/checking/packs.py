"""The files of a pack, in a zip or unpacked."""

import hashlib
import os
import struct
import zipfile
from typing import Any, List, Tuple

from exports.pack.checking.names import MOST_BYTES, SEAL


class Pack:
    """The files of a pack, in a zip or unpacked."""

    def __init__(self, path: str) -> None:
        self.archive = None if os.path.isdir(path) else zipfile.ZipFile(path)
        self.path = path

    def names(self) -> List[str]:
        if self.archive is not None:
            return [info.filename for info in self.archive.infolist()]
        found = []
        for folder, inner, files in os.walk(self.path):
            files += [name for name in inner if os.path.islink(os.path.join(folder, name))]
            found += [os.path.relpath(os.path.join(folder, name), self.path) for name in files]
        return [name.replace(os.sep, "/") for name in found]

    def open(self, name: str) -> Any:
        if self.archive is not None:
            return self.archive.open(name)
        path = os.path.join(self.path, *name.split("/"))
        if os.path.islink(path) or not os.path.isfile(path):
            raise OSError("no plain file")  # what it holds may be another thing at each look
        return open(path, "rb")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            data: bytes = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("too large")
        return data

    def digest(self, name: str) -> str:
        told = hashlib.sha256()
        with self.open(name) as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                told.update(chunk)
        return told.hexdigest()


def around(file: Any, info: zipfile.ZipInfo, at: int) -> Tuple[int, bytes]:
    """Return how much stands around a file's data at this place of the zip, and what the list at
    its end has to say of it; 0 where something else stands there.
    """
    name, flags = info.filename.encode(), info.flag_bits
    stored = info.compress_type == 0 and info.filename == SEAL
    file.seek(at)
    start = file.read(30)
    extra = int.from_bytes(start[28:30], "little")
    if len(start) < 30 or extra not in (0, 20):
        return 0, b""
    later = bool(flags & 8)  # to a pipe: sizes and checksum follow the data
    version = 45 if extra else 20
    sizes = (info.compress_size, info.file_size)
    crc, short = (0, (0, 0)) if later else (info.CRC, sizes)
    if extra:
        short = (0xFFFFFFFF, 0xFFFFFFFF)
    told = (flags, 0 if stored else 8, 0, 0x21)
    wanted = struct.pack("<4s5H3L2H", b"PK\3\4", version, *told, crc, *short, len(name), extra)
    wanted += name
    if extra:
        wanted += struct.pack("<2H2Q", 1, 16, *((0, 0) if later else sizes[::-1]))
    length = len(wanted)
    file.seek(at)
    if file.read(length) != wanted:
        return 0, b""
    if later:
        wanted = struct.pack("<4sL2Q" if extra else "<4s3L", b"PK\7\b", info.CRC, *sizes)
        file.seek(at + length + info.compress_size)
        if file.read(len(wanted)) != wanted:
            return 0, b""
        length += len(wanted)
    listed = struct.pack(
        *("<4s2B5H3L5H2L", b"PK\1\2", version, 3, version, *told, info.CRC, *sizes),
        *(len(name), 0, 0, 0, 0, 0o600 << 16, at),
    )
    return length, listed + name
