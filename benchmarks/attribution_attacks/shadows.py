"""Code that a script did not ask for, found where Python looks before its own folders: beside a
link to the script, under names that only Python's own modules ask for, in archives that are read in
two ways.
"""

import struct
import subprocess
import zipfile
import zlib

from benchmarks.attribution_attacks.arena import (
    SENDS_BESIDE,
    WAITS,
    Arena,
    Attack,
    named,
    settled,
)
from benchmarks.attribution_attacks.imitations import _installed
from benchmarks.attribution_attacks.strange import _UNWRITTEN


def _by_link(tool: str) -> Attack:
    """The tool searches the folder of the link, where Python itself searches that of the script."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", f"import colorsys\n{WAITS}", note="good")
        arena.data("evil/colorsys.py", SENDS_BESIDE)
        arena.data("empty/x")
        (arena.folder / "evil/good.py").symlink_to(good)
        settled()
        arena.python("-m", tool, "../evil/good.py", cwd="empty", env=_UNWRITTEN)

    return make


named("a profiler of a link beside another module", _by_link("cProfile"))
named("the other profiler of a link beside another module", _by_link("profile"))


def a_tracer_of_a_link(arena: Arena) -> None:
    good = arena.write("own/good.py", f"import colorsys\n{WAITS}", note="good")
    arena.data("evil/colorsys.py", SENDS_BESIDE)
    arena.data("empty/x")
    (arena.folder / "evil/good.py").symlink_to(good)
    settled()
    arena.python("-m", "trace", "-c", "-C", "out", "../evil/good.py", cwd="empty", env=_UNWRITTEN)


named("a tracer of a link beside another module", a_tracer_of_a_link)


def _in_place_of_installed(arena: Arena) -> None:
    """The folder of the start holds another package of an installed one's name."""
    python = _installed(arena)
    good = arena.write("own/good.py", f"import given\n{WAITS}", note="good")
    arena.data("evil/given.py", SENDS_BESIDE)
    settled()
    arena.run(str(python), "-m", "cProfile", str(good), cwd="evil", env=_UNWRITTEN)


named("a profiler beside another installed package", _in_place_of_installed)


def _on_path(imports: str, name: str, text: str) -> Attack:
    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", f"{imports}\n{WAITS}", note="good")
        arena.data(f"more/{name}", text)
        settled()
        path = str(arena.folder / "more")
        arena.python(str(good), env=_UNWRITTEN | {"PYTHONPATH": path})

    return make


named(
    "what only platform asks for, on the path",
    _on_path("import platform; platform.java_ver()", "java/__init__.py", SENDS_BESIDE),
)
named(
    "the settings of the installation, on the path",
    _on_path(
        "import sysconfig; sysconfig.get_config_vars()",
        "_sysconfigdata__linux_x86_64-linux-gnu.py",
        f"build_time_vars = {{}}\n{SENDS_BESIDE}",
    ),
)
named(
    "what only zoneinfo asks for, on the path",
    _on_path(
        "import zoneinfo\ntry: zoneinfo.ZoneInfo('No/Where')\nexcept Exception: pass",
        "tzdata/__init__.py",
        SENDS_BESIDE,
    ),
)


def _extra(name: bytes, told: bytes) -> bytes:
    body = struct.pack("<BL", 1, zlib.crc32(name)) + told
    return struct.pack("<HH", 0x7075, len(body)) + body


def _two_names(arena: Arena) -> None:
    """An archive that tells another name of its module by an extra field."""
    good = arena.write("own/good.py", f"import colorsys\n{WAITS}", note="good")
    (arena.folder / "more").mkdir()
    with zipfile.ZipFile(arena.folder / "more/lib.zip", "w") as packed:
        info = zipfile.ZipInfo("colorsys.py")
        info.extra = _extra(b"colorsys.py", b"helpers.py")
        packed.writestr(info, SENDS_BESIDE)
    settled()
    path = str(arena.folder / "more/lib.zip")
    arena.python(str(good), env=_UNWRITTEN | {"PYTHONPATH": path})


named("an archive on the path whose module has two names", _two_names)


def _written_over(arena: Arena) -> None:
    """An archive in memory, whose time tells nothing of what is written through a mapping."""
    (arena.folder / "more").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", arena.folder / "more"], check=True)
    place = arena.folder / "more/lib.zip"
    with zipfile.ZipFile(place, "w") as packed:
        packed.writestr("colorsys.py", SENDS_BESIDE)
    body = f"""
import colorsys, mmap
with open({str(place)!r}, "r+b") as file, mmap.mmap(file.fileno(), 0) as whole:
    while (at := whole.find(b"colorsys")) >= 0:
        whole[at : at + 8] = b"helpers_"
{WAITS}"""
    good = arena.write("own/good.py", body, note="good")
    settled()
    arena.python(str(good), env=_UNWRITTEN | {"PYTHONPATH": str(place)})


named("an archive on the path in a mounted memory, written over", _written_over)
