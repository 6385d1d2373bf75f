"""Files of this machine, or of an image of one below a folder: links are followed inside it, and a
file is changed whole or not at all.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from certs.files import PUBLIC_FILE, replace_file

_LINKS = 40
"""As the kernel: more links than this are a circle."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What a machine's paths mean: `root` stands for its `/`."""

    root: Path = Path("/")

    @property
    def is_this_machine(self) -> bool:
        """False for an image."""
        return self.root.resolve() == Path("/")

    def real(self, path: str) -> Path:
        """Return where the file lies on this machine; a link in an image leads into the image.

        Raises OSError for links in a circle.
        """
        done, left, links = self.root.resolve(), list(PurePosixPath(path).parts[1:]), 0
        base = done
        while left:
            part = left.pop(0)
            if part == "..":
                done = done.parent if done != base else done
                continue
            step = done / part
            if not step.is_symlink():
                done = step
                continue
            links += 1
            if links > _LINKS:
                raise OSError(40, "Too many levels of symbolic links", path)
            target = PurePosixPath(step.readlink())
            if target.is_absolute():
                done, left = base, [*target.parts[1:], *left]
            else:
                left = [*target.parts, *left]
        return done

    def is_folder(self, path: str) -> bool:
        """True where a folder lies."""
        return self.real(path).is_dir()

    def is_file(self, path: str) -> bool:
        """True where a file lies."""
        return self.real(path).is_file()

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no folder that can be read."""
        try:
            return sorted(os.listdir(self.real(folder)))  # noqa: PTH208 - names, not paths
        except OSError:
            return []

    def read(self, path: str) -> bytes | None:
        """Return what the file holds; None where there is none. Raises OSError."""
        try:
            return self.real(path).read_bytes()
        except FileNotFoundError:
            return None

    def missing_folders(self, path: str) -> int:
        """Return how many folders above the file are not there yet."""
        count, folder = 0, self.real(path).parent
        while not folder.exists():
            count, folder = count + 1, folder.parent
        return count

    def write(self, path: str, content: bytes) -> None:
        """Put the file there; its mode, owner and attributes stay. Raises OSError."""
        real = self.real(path)
        real.parent.mkdir(parents=True, exist_ok=True)
        if not real.exists():
            replace_file(real, content, PUBLIC_FILE)
            return
        kept = real.stat()
        beside = real.with_name(f".{real.name}.outgate")
        try:
            beside.write_bytes(content)
            shutil.copystat(real, beside)
            os.utime(beside)
            if os.name == "posix" and os.geteuid() == 0:
                os.chown(beside, kept.st_uid, kept.st_gid)
                beside.chmod(kept.st_mode & 0o7777)
            beside.replace(real)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def remove(self, path: str, folders: int = 0) -> None:
        """Remove the file, and so many folders above it as are empty. Raises OSError."""
        real = self.real(path)
        real.unlink(missing_ok=True)
        folder = real.parent
        for _ in range(folders):
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent
