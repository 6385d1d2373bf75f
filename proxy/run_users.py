"""Whose a run is, as the kernel says: by that, one user's runs leave room for all others'."""

from pathlib import Path

_REAL = b"Uid:"


def user_of(pid: int, processes: Path = Path("/proc")) -> int | None:
    """Return the real user of a process, whom it cannot change without rights; None where nobody
    tells. Linux.
    """
    try:
        lines = (processes / str(pid) / "status").read_bytes().splitlines()
        return next((int(one.split()[1]) for one in lines if one.startswith(_REAL)), None)
    except (OSError, ValueError, IndexError):
        return None
