"""Which files of a machine are scripts, and which are somebody's library."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from scan_samples import distribution, notebook, one, paths, put, scanned, virtual_environment

from core.scanned import ScriptKind
from inventory.places import far_mounts
from inventory.walking import walk


def zipped(**members: str) -> bytes:
    """Return a zip file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name.replace('__dot__', '/')}.py", text)
    return target.getvalue()


def frozen(script: bytes = b"") -> bytes:
    """Return a program as PyInstaller makes it: machine code, archive, table of
    contents, cookie.
    """
    packed = zlib.compress(script)
    name = b"job\0".ljust(16, b"\0")
    entry = struct.pack("!IIIIBc", 18 + len(name), 0, len(packed), len(script), 1, b"s") + name
    length = len(packed) + len(entry) + 88
    cookie = struct.pack(
        "!8sIIiI64s",
        b"MEI\014\013\012\013\016",
        length,
        len(packed),
        len(entry),
        312,
        b"libpython3.12.so",
    )
    return b"\x7fELF" + bytes(120_000) + packed + entry + cookie


KINDS: dict[str, tuple[str | bytes, ScriptKind]] = {
    "home/anna/report.py": ("print(1)\n", ScriptKind.SCRIPT),
    "home/anna/window.pyw": ("print(1)\n", ScriptKind.SCRIPT),
    "home/anna/analysis.ipynb": (notebook(("code", "print(1)")), ScriptKind.NOTEBOOK),
    "opt/tools/nightly": ("#!/usr/bin/env python3\nprint(1)\n", ScriptKind.SCRIPT),
    "opt/tools/spaced": ("#! /opt/venv/bin/python -u\nprint(1)\n", ScriptKind.SCRIPT),
    "opt/tools/isolated": ("#!/usr/bin/env -S python3 -I\nprint(1)\n", ScriptKind.SCRIPT),
    "opt/tools/uv-script": ("#!/usr/bin/env -S uv run --script\nprint(1)\n", ScriptKind.SCRIPT),
    "opt/tools/long": (
        "#!/bin/sh\n'''exec' \"/a b/python3\" \"$0\" \"$@\"\n' '''\n",
        ScriptKind.SCRIPT,
    ),
    "opt/tools/exec": ('#!/bin/sh\n"exec" "python3" "$0" "$@"\nprint(1)\n', ScriptKind.SCRIPT),
    "opt/tools/options": (
        "#!/bin/sh\n''''exec python3 -u -- \"$0\" ${1+\"$@\"} # '''\nprint(1)\n",
        ScriptKind.SCRIPT,
    ),
    "opt/tools/later": (
        "#!/usr/bin/env bash\n''':'\nexec env python3 \"$0\" \"$@\"\n'''\nprint(1)\n",
        ScriptKind.SCRIPT,
    ),
    "srv/app/handler.cgi": ("#!/usr/bin/python3\nprint(1)\n", ScriptKind.SCRIPT),
    "srv/app/tool.pyz": (zipped(__main__="print(1)\n"), ScriptKind.ZIPAPP),
    "srv/app/runme": (
        b"#!/usr/bin/env python3\n" + zipped(__main__="print(1)\n"),
        ScriptKind.ZIPAPP,
    ),
    "srv/app/packed": (frozen(b"x"), ScriptKind.FROZEN),
    "srv/app/orphan.pyc": (b"\xcb\x0d\x0d\x0a" + bytes(40), ScriptKind.COMPILED),
    "srv/repo/.git/hooks/pre-commit": ("#!/usr/bin/env python3\nprint(1)\n", ScriptKind.SCRIPT),
    "home/anna/.local/bin/sync": ("#!/usr/bin/python3.12\nprint(1)\n", ScriptKind.SCRIPT),
    "home/anna/.config/x/job.py": ("print(1)\n", ScriptKind.SCRIPT),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_program_is_found_where_it_lies(tmp_path: Path, name: str) -> None:
    """A program in Python is found by its name, by its first line, or by what it carries."""
    content, kind = KINDS[name]
    path = put(tmp_path, name, content)

    assert one(scanned(tmp_path), path).kind is kind


NO_SCRIPTS = {
    "usr/lib/python3.12/os.py": None,
    "opt/x/lib/python3.12/site-packages/lib/mod.py": "print(1)\n",
    "opt/x/lib/python3/dist-packages/lib/mod.py": "print(1)\n",
    "opt/win/Lib/site-packages/mod.py": "print(1)\n",
    "srv/web/node_modules/gyp/gyp.py": "print(1)\n",
    "srv/app/__pycache__/job.cpython-312.pyc": b"\xcb\x0d\x0d\x0a",
    "srv/app/empty.py": "",
    "srv/app/notes.txt": "#!/usr/bin/env python3\n",
    "srv/app/run.sh": "#!/bin/sh\nexec ls\n",
    "srv/app/starter": '#!/bin/sh\nexec python3 "$(dirname "$0")/x.py" "$@"\n',
    "srv/app/other": '#!/bin/sh\nexec perl "$0"\n',
    "srv/app/README": "python is nice\n",
    "srv/app/perl-tool": "#!/usr/bin/perl\n",
    "srv/app/pythonic": "#!/usr/bin/pythonista\n",
    "srv/app/uv-sync": "#!/usr/bin/env -S uv sync\n",
    "srv/app/native": b"\x7fELF" + bytes(120_000),
    "srv/app/data.zip": zipped(a="x"),
    "srv/cache/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
    "srv/cache/archive/mod.py": "print(1)\n",
}


def test_no_library_file_is_a_script(tmp_path: Path) -> None:
    """What lies in a library, a cache or a version store is nobody's script here; nor is what only
    looks like one.
    """
    for name, content in NO_SCRIPTS.items():
        put(tmp_path, name, content or "")
    for name in ("os.py", "abc.py", "codecs.py", "json/decoder.py", "email/mime.py"):
        put(tmp_path, f"usr/lib/python3.12/{name}", "print(1)\n")

    assert paths(scanned(tmp_path), tmp_path) == set()


def test_commands_that_a_package_brings_are_its_own(tmp_path: Path) -> None:
    """In an environment, what its packages put there is theirs; what a person put beside it is a
    script.
    """
    folder = virtual_environment(tmp_path / "venv")
    distribution(folder, "tool", "1.0", files=("../../../bin/tool",))
    put(tmp_path, "venv/bin/tool", "#!/usr/bin/python3\nprint(1)\n")
    put(tmp_path, "venv/bin/activate_this.py", "print(1)\n")
    put(tmp_path, "venv/bin/mine", "#!/usr/bin/python3\nprint(1)\n")

    assert paths(scanned(tmp_path), tmp_path) == {"venv/bin/mine"}


def test_tools_of_an_interpreter_are_its_own(tmp_path: Path) -> None:
    """What comes with an interpreter, or with a package of conda, is no script of anybody's."""
    for name in ("os.py", "abc.py", "codecs.py"):
        put(tmp_path, f"py/lib/python3.12/{name}")
    listed = '{"files": ["bin/conda-tool", "lib/python3.12/site-packages/x.py"]}'
    put(tmp_path, "conda/conda-meta/tool-1.0.json", listed)
    put(tmp_path, "conda/conda-meta/bad.json", "[1")
    for name in ("py/bin/idle3", "py/bin/python3.12-gdb.py", "conda/bin/conda-tool"):
        put(tmp_path, name, "#!/usr/bin/python3\nprint(1)\n")
    for name in ("py/bin/mine", "conda/bin/mine", "srv/bin/idle3"):
        put(tmp_path, name, f"#!/usr/bin/python3\nprint('{name}')\n")

    found = paths(scanned(tmp_path), tmp_path)
    assert found == {"py/bin/mine", "conda/bin/mine", "srv/bin/idle3"}


def test_packages_carried_along_are_no_scripts(tmp_path: Path) -> None:
    """Packages that were installed into a folder beside a script stay packages."""
    distribution(tmp_path / "lambda", "requests", "2.0", files=("requests/api.py",))
    put(tmp_path, "lambda/requests/api.py")
    put(tmp_path, "lambda/handler.py")

    assert paths(scanned(tmp_path), tmp_path) == {"lambda/handler.py"}


def test_what_the_operating_system_brought_is_no_script(tmp_path: Path) -> None:
    """Programs of the system's packager are its own; those that a person added below `/usr` are
    found.
    """
    put(
        tmp_path,
        "var/lib/dpkg/info/gdb.list",
        "/.\n/usr/bin/gdb-add-index\n/usr/share/gdb/auto.py\n",
    )
    for name in (
        "usr/bin/gdb-add-index",
        "usr/share/gdb/auto.py",
        "usr/local/bin/mine",
        "usr/bin/ours",
    ):
        put(tmp_path, name, "#!/usr/bin/python3\nprint(1)\n")

    assert paths(scanned(tmp_path), tmp_path) == {"usr/local/bin/mine", "usr/bin/ours"}


def test_a_link_counts_once_and_by_where_it_leads(tmp_path: Path) -> None:
    """A script that links lead to is one script; circles of links end."""
    job = put(tmp_path, "srv/job.py")
    (tmp_path / "srv/again.py").symlink_to(job)
    (tmp_path / "srv/hard.py").hardlink_to(job)
    (tmp_path / "srv/circle").symlink_to(tmp_path / "srv")
    library = put(tmp_path, "lib/python3/dist-packages/tool.py")
    (tmp_path / "srv/tool.py").symlink_to(library)

    assert len(scanned(tmp_path / "srv").scripts) == 1


def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    """What is no plain file is passed over, and holds nothing up."""
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.py")
    put(tmp_path, "job.py")

    assert paths(scanned(tmp_path), tmp_path) == {"job.py"}


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """What this account may not read is said to be unknown, never passed over in silence."""
    seen = walk([str(tmp_path / "gone")], lambda folder, name: False)
    assert (seen.unread_count, seen.files) == (0, 0)

    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    assert scanned(tmp_path).unread == (str(folder),)


def test_drives_of_other_machines_are_not_entered() -> None:
    """A scan sends nothing: what is mounted from elsewhere is left out, as is what the kernel makes
    up.
    """
    table = "server:/x /mnt/share nfs4 rw 0 0\n//s/x /mnt/a\\040b cifs rw 0 0\nproc /proc proc rw 0 0\n/dev/sda /data ext4 rw 0 0\n"

    assert far_mounts(table) == {"/mnt/share", "/mnt/a b", "/proc"}
