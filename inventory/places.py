"""Which folders hold other people's code or nothing to read: libraries, caches, version stores,
network drives (pure, but for the table of mounts).
"""

from collections.abc import Collection
from pathlib import Path

PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})
_NEVER = frozenset(
    (
        "__pycache__ node_modules .hg .svn .bzr .mypy_cache .ruff_cache .pytest_cache .hypothesis"
        " .eggs .pants.d bower_components $Recycle.Bin"
    ).split()
)
_IN_GIT = frozenset({"hooks"})
_STANDARD_LIBRARY = frozenset({"os.py", "abc.py", "codecs.py"})
_CACHE_MARK = "CACHEDIR.TAG"
_SYSTEM = frozenset(
    {
        "/proc",
        "/sys",
        "/dev",
        "/run",
        "/snap",
        "/lost+found",
        "/var/lib/dpkg",
        "/var/cache",
        "/boot",
    }
)
_FAR_OR_UNREAL = frozenset(
    (
        "proc sysfs devtmpfs devpts cgroup cgroup2 pstore bpf debugfs tracefs securityfs "
        "configfs mqueue hugetlbfs binfmt_misc rpc_pipefs fusectl efivarfs squashfs autofs "
        "nfs nfs4 cifs smb3 smbfs sshfs fuse.sshfs ceph glusterfs fuse.glusterfs afs 9p "
        "davfs fuse.rclone fuse.s3fs fuse.gcsfuse lustre beegfs ncpfs"
    ).split()
)


def is_left_out(folder: str, name: str, above: Collection[str]) -> bool:
    """True for a folder in which nobody keeps scripts. `above`: the names beside it."""
    if name in _NEVER or name.endswith((".dist-info", ".egg-info", ".egg")):
        return True
    if name == "pkgs" and "conda-meta" in above:
        return True
    return folder in _SYSTEM


def is_version_store(name: str) -> bool:
    """True for git's own folder, of which only the hooks are programs."""
    return name == ".git"


def of_version_store() -> frozenset[str]:
    """Return the folders of git's own that hold programs."""
    return _IN_GIT


def is_cache(names: Collection[str]) -> bool:
    """True for a folder that says of itself that it can be made again."""
    return _CACHE_MARK in names


def is_standard_library(names: Collection[str]) -> bool:
    """True for the modules of an interpreter."""
    return all(name in names for name in _STANDARD_LIBRARY)


def far_mounts(table: str | None = None) -> frozenset[str]:
    """Return where file systems of other machines, and of the kernel, are mounted: reading them is
    traffic, or reads no file. `table`: as in `/proc/self/mounts`.
    """
    rows = (line.split(" ") for line in (_mounts() if table is None else table).splitlines())
    return frozenset(
        row[1].replace("\\040", " ")
        for row in rows
        if len(row) > 2 and row[2] in _FAR_OR_UNREAL and row[1] != "/"
    )


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
