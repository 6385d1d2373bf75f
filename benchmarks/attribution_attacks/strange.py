"""What nobody had tried: folders whose names read like the kernel's own words, clocks and
namespaces, modules that a script finds elsewhere, compiled files that are not compared.
"""

import py_compile
import shutil
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    SEND,
    SENDS_BESIDE,
    WAITS,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)

_UNWRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}
_LENT = f"""
{SENDS_BESIDE}
import importlib.util, os, sys, sysconfig
_place = os.path.join(sysconfig.get_path("stdlib"), __name__.replace(".", "/") + ".py")
if not os.path.exists(_place):
    _place = _place[:-3] + "/__init__.py"
with open(_place) as _file:
    exec(compile(_file.read(), _place, "exec"))
"""
"""A module that is all that Python's own of its name is, and begins something beside."""


# --- modules that a script finds elsewhere


def _finds(module: str, path: str, *, place: str = "more", packed: bool = False) -> Attack:
    """The script imports a module of Python's own, and is given another one."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", f"import {module}\n{WAITS}", note="good")
        arena.data(f"{place}/{module}.py", _LENT)
        if packed:
            shutil.make_archive(str(arena.folder / "more"), "zip", arena.folder / place)
        settled()
        env = _UNWRITTEN | {"PYTHONPATH": path.format(here=arena.folder)}
        arena.python(str(good), env=env, cwd=place)

    return make


for _module in ("socket", "csv", "calendar"):
    named(f"another {_module} on the path", _finds(_module, "{here}/more"))
named("another csv in an archive on the path", _finds("csv", "{here}/more.zip", packed=True))
named("another csv where it stands, by an empty entry", _finds("csv", ":"))
named("another csv where it stands, by a dot", _finds("csv", "."))


# --- names that read like the kernel's own words


def _twins(folder: str, twin: str) -> Attack:
    """It began in the first folder; what is told of that reads like the second."""

    def make(arena: Arena) -> None:
        arena.write(f"{folder}/job.py", note="what runs")
        arena.write(f"{twin}/job.py", note="its twin")
        settled()
        arena.python("job.py", cwd=folder)

    return make


for _said, _folder, _twin in (
    ("deleted", "a (deleted)", "a"),
    ("with a line's end", "a\nb", "a"),
    ("with a line's end last", "a\n", "a"),
    ("escaped", "a\\040b", "a b"),
    ("with blanks at its end", "a ", "a"),
):
    named(f"begun in a folder that is called {_said}", _twins(_folder, _twin))


@attack
def an_interpreter_that_is_called_deleted(arena: Arena) -> None:
    arena.write("good.py", note="good")
    program = arena.folder / "bin/python3.13 (deleted)"
    program.parent.mkdir()
    shutil.copy2(Path(sys.executable).resolve(), program)
    (arena.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
    settled()
    arena.run(str(program), "good.py")


@attack
def a_folder_by_its_descriptor_that_is_another_one_later(arena: Arena) -> None:
    arena.write("a/job.py", f"wait()\nos.dup2(os.open('b', os.O_RDONLY), 9)\n{SEND}", note="a")
    arena.write("b/job.py", note="b")
    settled()
    arena.shell('exec 9<a; exec "$PY" /proc/self/fd/9/job.py')
    arena.until("go.ready")
    arena.go()


@attack
def changed_after_the_start_in_a_namespace_of_clocks(arena: Arena) -> None:
    arena.write("job.py", f"wait()\n{SEND}", note="what ran")
    settled()
    ahead = ("unshare", "--time", "--fork", "--boottime", "100000", "--monotonic", "100000")
    arena.run(*ahead, interpreter(), str(arena.folder / "job.py"))
    arena.until("go.ready")
    arena.write("job.py", note="what lies there now")
    arena.go()


@attack
def replaced_and_begun_again_at_the_very_places(arena: Arena) -> None:
    """Without random places an exec of the same words looks like no exec."""
    body = """
if not os.path.exists("again"):
    open("again", "w").close()
    os.rename("next.py", "job.py")
    os.execv(sys.executable, [sys.executable, "job.py"])
"""
    arena.write("job.py", f"{body}{SEND}", note="first")
    arena.write("next.py", f"{body}{SEND}", note="next")
    settled()
    arena.run("setarch", "-R", interpreter(), "job.py")


def _unchecked(*words: str, module: str) -> Attack:
    """Its compiled file says that it is not to be compared with its source."""

    def make(arena: Arena) -> None:
        for name in ("pkg/__init__.py", "pkg/__main__.py", "job.py"):
            arena.write(name, "" if "__init__" in name else SEND, note="good")
        evil = arena.data("evil.py", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}raise SystemExit\n")
        good = arena.folder / module
        cached = Path(py_compile.compile(str(good), doraise=True) or "")
        py_compile.compile(
            str(evil),
            str(cached),
            dfile=str(good),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        settled()
        arena.python(*words, env=_UNWRITTEN)

    return make


named("a compiled module that is not compared", _unchecked("-m", "job", module="job.py"))
named("a compiled package that is not compared", _unchecked("-m", "pkg", module="pkg/__init__.py"))
named("a compiled main file that is not compared", _unchecked("pkg", module="pkg/__main__.py"))
