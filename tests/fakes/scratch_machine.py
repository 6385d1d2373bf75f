"""This machine again, in a mount namespace of its own: what is changed there is told as a list of
differences, and is gone afterwards. Takes root and overlays.
"""

import functools
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from whole_group import run_to_end

_NAMESPACE = r"""
set -e
scratch=$1; shift
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
mount --rbind /proc "$scratch/root/proc"
mount --rbind /dev "$scratch/root/dev"
exec "$@"
"""
_DRIVER = r"""
import json, os, stat, subprocess, sys
scratch, steps, quiet = sys.argv[1], json.loads(sys.argv[2]), tuple(json.loads(sys.argv[3]))
upper, root = scratch + "/upper", scratch + "/root"
NOISE = ("/proc", "/dev", "/tmp", *quiet)

def content(path):
    found = os.lstat(path)
    kind = stat.S_IFMT(found.st_mode)
    told = [kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid]
    if stat.S_ISLNK(kind):
        told.append(os.readlink(path))
    elif stat.S_ISREG(kind):
        with open(path, "rb") as file:
            told.append(file.read())
    return told

def differences():
    told = {}
    for folder, names, files in os.walk(upper):
        for name in names + files:
            here = os.path.join(folder, name)
            path = here[len(upper):]
            if path.startswith(NOISE) or "__pycache__" in path:
                continue
            found = os.lstat(here)
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
                told[path] = "gone"
            elif not os.path.lexists(path):
                told[path] = "new"
            elif content(here) != content(path):
                told[path] = "changed"
    return told

report = []
for step in steps:
    done = subprocess.run(
        ["chroot", root, "/bin/sh", "-c", step], capture_output=True, text=True, cwd="/"
    )
    report.append([done.returncode, done.stdout, done.stderr, differences()])
print(json.dumps(report))
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What one shell script did."""

    code: int
    out: str
    err: str
    differences: dict[str, str]
    """Path → `new`, `changed` or `gone`, beside the machine as it was."""


@functools.cache
def can_be_made() -> bool:
    """Return whether namespaces with overlays can be made here."""
    if sys.platform != "linux":
        return False
    probe = "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"
    done = subprocess.run(["unshare", "-m", "sh", "-c", probe], capture_output=True, check=False)
    return done.returncode == 0


def on_scratch_machine(
    folder: Path, steps: Sequence[str], quiet: Sequence[str] = (), *, own_network: bool = False
) -> list[Step]:
    """Run shell scripts one after the other on the copy; `quiet`: beginnings of paths that others
    change meanwhile. `own_network`: none but what the steps make.
    """
    if not can_be_made():
        pytest.skip("no mount namespace with an overlay can be made here")
    folder.mkdir(exist_ok=True)
    unshared = "-mn" if own_network else "-m"
    command = ["unshare", unshared, "sh", "-c", _NAMESPACE, "sh", str(folder), sys.executable]
    arguments = ["-c", _DRIVER, str(folder), json.dumps(list(steps)), json.dumps(list(quiet))]
    done = run_to_end([*command, *arguments], Path("/"))
    assert done.returncode == 0, done.stderr
    return [Step(*told) for told in json.loads(done.stdout)]
