"""Files that are written whole or not at all, and private ones that only their owner reads."""

import contextlib
import os
import tempfile
from pathlib import Path

from core.errors import CertificateError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PUBLIC_FILE = 0o644


def private_folder(folder: Path) -> None:
    """Make `folder` exist, open to its owner only."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077 and os.name == "posix":
        folder.chmod(PRIVATE_FOLDER)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put `content` at `path` in one step; a reader sees the old file or the new one."""
    staged = _stage(path, content, mode)
    try:
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise


def create_file(path: Path, content: bytes, mode: int) -> bool:
    """Put `content` at `path` unless something is there already; True when it was us.

    Of several processes that do this at once, exactly one wins. Where the file system knows no
    hard links the last one wins instead, so read the file again afterwards.
    """
    staged = _stage(path, content, mode)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    except OSError:
        if path.exists():
            return False
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    return True


def refuse_if_others_read(path: Path) -> None:
    """Raise CertificateError when a private file is open to other users of this machine."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise CertificateError(
            f"The private key file {path} can be read by other users of this machine.",
            remedy=f"Run: chmod 600 {path} - and replace the authority if others may have read it.",
        )


def _stage(path: Path, content: bytes, mode: int) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.chmod(mode)
    except OSError as error:
        with contextlib.suppress(OSError):
            staged.unlink()
        error.filename = error.filename or str(path)  # a full disk does not say where
        raise
    return staged
