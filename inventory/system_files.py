"""Which files the operating system's packager put there: by dpkg's lists; where it is another's,
what lies below `/usr` but not below `/usr/local`.
"""

# lists with hundreds of thousands of lines
# ruff: noqa: PTH112, PTH118, PTH208

import os
from collections.abc import Iterator

from attribution.plain_files import text_of

_LISTS = "var/lib/dpkg/info"
_OTHERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "var/lib/pacman", "lib/apk")
_MOST = 64 << 20
_PLACES = ("/usr/", "/etc/", "/bin/", "/sbin/", "/lib/", "/var/lib/", "/opt/")
_USR = "/usr/"
_LOCAL = "/usr/local/"


def of_system(paths: frozenset[str], root: str = "/") -> frozenset[str]:
    """Return which of these files the packager owns. `root`: where the system's own root is."""
    prefix = root.rstrip("/")
    inside = {path.removeprefix(prefix): path for path in paths if path.startswith(f"{prefix}/")}
    wanted = {path for path in inside if path.startswith(_PLACES)}
    if not wanted:
        return frozenset()
    if os.path.isdir(os.path.join(root, _LISTS)):
        found = set(_listed(os.path.join(root, _LISTS), wanted))
    elif any(os.path.isdir(os.path.join(root, place)) for place in _OTHERS):
        found = {p for p in wanted if p.startswith(_USR) and not p.startswith(_LOCAL)}
    else:
        found = set()
    return frozenset(inside[path] for path in found)


def _listed(folder: str, wanted: set[str]) -> Iterator[str]:
    merged = {_unmerged(path): path for path in wanted} | {path: path for path in wanted}
    for name in os.listdir(folder):
        if name.endswith(".list"):
            text = text_of(os.path.join(folder, name), _MOST).decode("utf-8", "surrogateescape")
            for line in text.split("\n"):
                if line in merged:
                    yield merged[line]


def _unmerged(path: str) -> str:
    """Return the path as older packages list it: `/bin/x` for `/usr/bin/x`."""
    return (
        path.removeprefix("/usr")
        if path.startswith(("/usr/bin/", "/usr/sbin/", "/usr/lib/"))
        else path
    )
