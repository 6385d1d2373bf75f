"""The private folder of one `outgate run`: what its children import the beacon from, and where
their beacons write.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attribution.carriers import mention

_CHILD = Path(__file__).parent / "child"
RECORDS = "records"
KEY = "key"


@contextmanager
def beacon_folder(root: Path) -> Iterator[Path]:
    """Yield the folder to put on a child's import path; all of it is gone afterwards, unless a
    process that was started with it still runs. Raises OSError.

    `root` holds one folder for each `outgate run`, called `<pid>-<random>`. Those of dead ones that
    nobody uses any more are removed first.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(root)
    folder = root / f"{os.getpid()}-{secrets.token_hex(8)}"
    try:
        yield _furnished(folder)
    finally:
        if not mention(str(folder)):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another run has its folder there
            root.rmdir()


def with_beacon(environment: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return the environment of a child that finds this folder first on its import path."""
    before = environment.get("PYTHONPATH")
    # An empty entry would mean the working folder: so there is none where there was none.
    entries = [str(path), before] if before else [str(path)]
    return {**environment, "PYTHONPATH": os.pathsep.join(entries)}


def _furnished(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    for name in ("path", "compiled", RECORDS):
        (folder / name).mkdir(mode=0o700)
    handle = os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
    shutil.copyfile(_CHILD / "beacon.py", folder / "beacon.py")
    shutil.copyfile(_CHILD / "path" / "sitecustomize.py", folder / "path" / "sitecustomize.py")
    return folder / "path"


def _is_there(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)


def _sweep(root: Path) -> None:
    for folder in root.iterdir():
        pid = folder.name.partition("-")[0]
        named = pid.isascii() and pid.isdigit() and len(pid) < 10
        if named and not _is_there(int(pid)) and not mention(str(folder)):
            shutil.rmtree(folder, ignore_errors=True)
