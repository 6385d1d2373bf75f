"""Working folders, links and mounts: where a path leads now, and where it led."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    IN_A_CONTAINER,
    SEND,
    SEND_FROM_WITHIN,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)

# --- the working folder

MOVES = {
    "chdir": "os.chdir('../b')",
    "fchdir": "os.fchdir(os.open('../b', os.O_RDONLY))",
    "chdir to the root": "os.chdir('/')",
    "chdir and a false PWD": "os.chdir('../b'); os.environ['PWD'] = os.getcwd()",
}
STALE = {"no PWD": None, "PWD of b": "b", "PWD of a": "a"}


def _moved(move: str, words: tuple[str, ...], told: str | None) -> Attack:
    def make(arena: Arena) -> None:
        for folder, note in (("a", "first"), ("b", "second")):
            arena.write(f"{folder}/job.py", f"{move}\n{SEND}", note)
            arena.write(f"{folder}/sub/deep.py", f"{move}\n{SEND}", note)
            arena.write(f"{folder}/pkg/__main__.py", f"{move}\n{SEND}", note)
        environment = {k: v for k, v in os.environ.items() if k not in {"PWD", "OLDPWD"}}
        if told is not None:
            environment["PWD"] = str(arena.folder / told)
        environment |= {"GATE_PORT": str(arena.port), "GO": str(arena.folder / "go")}
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=arena.folder / "a",
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        arena.started.append(process)

    return make


for _how, _move in MOVES.items():
    for _pwd, _told in STALE.items():
        named(f"{_how}, {_pwd}, job.py", _moved(_move, ("job.py",), _told))
for _words in (
    ("-m", "job"),
    ("sub/deep.py",),
    ("./job.py",),
    ("sub/../job.py",),
    ("pkg",),
    ("-m", "pkg"),
):
    for _pwd, _told in STALE.items():
        named(f"chdir, {_pwd}, {' '.join(_words)}", _moved(MOVES["chdir"], _words, _told))


@attack
def the_working_folder_is_renamed(arena: Arena) -> None:
    arena.write("a/job.py", f"wait()\n{SEND}", "first")
    arena.write("b/job.py", SEND, "second")
    arena.python("job.py", cwd="a")
    arena.until("go.ready")
    (arena.folder / "a").rename(arena.folder / "c")
    (arena.folder / "b").rename(arena.folder / "a")
    arena.go()


MEMORY = Path("/dev/shm")

# --- links and folders on the way


def _versions(arena: Arena) -> None:
    for number in (1, 2):
        arena.write(f"v{number}/app/job.py", f"wait()\n{SEND}", f"version {number}")
    settled()


def _turn(change: Callable[[Path], None], path: str, *, relative: bool = False) -> Attack:
    def make(arena: Arena) -> None:
        _versions(arena)
        (arena.folder / "current").symlink_to("v1")
        (arena.folder / "job.py").symlink_to("v1/app/job.py")
        (arena.folder / "hop").symlink_to("current")
        (arena.folder / "in").mkdir()
        (arena.folder / "in" / "app").symlink_to(arena.folder / "current" / "app")
        arena.python(path if relative else str(arena.folder / path))
        arena.until("go.ready")
        change(arena.folder)
        arena.go()

    return make


def _relink(folder: Path) -> None:
    (folder / "new").symlink_to("v2")
    (folder / "new").rename(folder / "current")


def _unlink_and_link(folder: Path) -> None:
    (folder / "current").unlink()
    (folder / "current").symlink_to("v2")


def _replace_folder(folder: Path) -> None:
    (folder / "v1").rename(folder / "old")
    (folder / "v2").rename(folder / "v1")


def _replace_folder_and_touch(folder: Path) -> None:
    _replace_folder(folder)
    (folder / "v1" / "note").touch()


def _replace_inner(folder: Path) -> None:
    (folder / "v1" / "app").rename(folder / "v1" / "old")
    (folder / "v2" / "app").rename(folder / "v1" / "app")


def _replace_file(folder: Path) -> None:
    (folder / "v2" / "app" / "job.py").rename(folder / "v1" / "app" / "job.py")


def _hard_link(folder: Path) -> None:
    os.link(folder / "v2" / "app" / "job.py", folder / "new")
    (folder / "new").rename(folder / "v1" / "app" / "job.py")


def _swap_with_link(folder: Path) -> None:
    (folder / "v1").rename(folder / "old")
    (folder / "v1").symlink_to("v2")


def _back_and_forth(folder: Path) -> None:
    _replace_folder(folder)
    (folder / "v1").rename(folder / "v2")
    (folder / "old").rename(folder / "v1")
    _relink(folder)


def _overwrite_keeping_times(folder: Path) -> None:
    target = folder / "v1" / "app" / "job.py"
    before = target.stat()
    target.write_bytes((folder / "v2" / "app" / "job.py").read_bytes())
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def _remove(folder: Path) -> None:
    (folder / "v1" / "app" / "job.py").unlink()


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder / "v1")


CHANGES = {
    "the link is turned": (_relink, "current/app/job.py"),
    "the link is made anew": (_unlink_and_link, "current/app/job.py"),
    "a link to the link is turned": (_relink, "hop/app/job.py"),
    "a link within another folder": (_relink, "in/app/job.py"),
    "the folder is replaced": (_replace_folder, "v1/app/job.py"),
    "the folder is replaced and written to": (_replace_folder_and_touch, "v1/app/job.py"),
    "the inner folder is replaced": (_replace_inner, "v1/app/job.py"),
    "the folder under a link is replaced": (_replace_folder, "current/app/job.py"),
    "the file is replaced": (_replace_file, "v1/app/job.py"),
    "the file is replaced by a hard link": (_hard_link, "v1/app/job.py"),
    "the folder becomes a link": (_swap_with_link, "v1/app/job.py"),
    "replaced and put back, then turned": (_back_and_forth, "current/app/job.py"),
    "overwritten with its times put back": (_overwrite_keeping_times, "v1/app/job.py"),
    "the file is removed": (_remove, "v1/app/job.py"),
    "all is removed": (_remove_all, "v1/app/job.py"),
    "a linked file, its folder replaced": (_replace_folder, "job.py"),
}
for _what, (_change, _path) in CHANGES.items():
    named(f"{_what}, absolute", _turn(_change, _path))
    named(f"{_what}, relative", _turn(_change, _path, relative=True))


@attack
def another_folder_is_mounted_over_it(arena: Arena) -> None:
    _versions(arena)
    v1, v2 = arena.folder / "v1", arena.folder / "v2"
    arena.shell(
        f'"$PY" {v1}/app/job.py & while [ ! -e go.ready ]; do sleep 0.02; done; mount --bind {v2}'
        f" {v1} && touch go; wait"
    )


@attack
def mounted_over_in_a_namespace_of_its_own(arena: Arena) -> None:
    _versions(arena)
    v1, v2 = arena.folder / "v1", arena.folder / "v2"
    arena.shell(
        f'unshare -m bash -c \'"$PY" {v1}/app/job.py & while [ ! -e go.ready ]; do sleep 0.02;'
        f" done; mount --bind {v2} {v1} && touch go; wait'"
    )


def _through_a_mapping(folder: Path | None) -> Attack:
    """A script changes itself through a mapping, which on some file systems leaves no time."""

    def make(arena: Arena) -> None:
        body = """
import mmap
with open(os.path.abspath(__file__), "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
    at = bytes(mapped).index(b"# " + b"evil")
    mapped[at + 2 : at + 6] = b"good"
ask(dial())
if __file__.startswith("/dev/shm"):
    os.unlink(__file__)
"""
        script = arena.write("job.py", body, note="evil")
        if folder is not None:
            script = Path(shutil.copy(script, folder / f"job-{os.getpid()}.py"))
        settled()
        arena.python(str(script))

    return make


named("the script is changed through a mapping", _through_a_mapping(None))
if MEMORY.is_dir():
    named("the script is changed in memory through a mapping", _through_a_mapping(MEMORY))


def _mounted_within(*within: str) -> Attack:
    """What lay over the script has gone when it sends, in a namespace that nobody had looked at."""

    def make(arena: Arena) -> None:
        arena.write("good.py", note="good")
        away = "import subprocess\nsubprocess.run(['umount', '-l', sys.argv[0]])\n"
        arena.write("evil.py", f"{away}{SEND_FROM_WITHIN}")
        settled()
        over = "mount --bind evil.py good.py && exec $PY $PWD/good.py"
        arena.run(*within, "/bin/bash", "-c", over, env={"PY": interpreter()})

    return make


named("a mount that went, in a namespace of its own", _mounted_within("unshare", "--mount"))
named("a mount that went, in a container", _mounted_within(*IN_A_CONTAINER))
