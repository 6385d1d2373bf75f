"""What nobody had tried: tools imitated from where they are looked for, folders whose names read
like the kernel's own words, clocks and namespaces, modules that a script finds elsewhere.
"""

import os
import py_compile
import shutil
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    PRELUDE,
    SEND,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)
from benchmarks.attribution_attacks.between import _RUNS_BOTH
from benchmarks.attribution_attacks.disguises import _OTHER
from benchmarks.attribution_attacks.loans import _BESIDE, _WAITS

_UNWRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}
_LENT = f"""
{_BESIDE}
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
        good = arena.write("own/good.py", f"import {module}\n{_WAITS}", note="good")
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


# --- tools that are looked for where somebody has put another one


def _tool_of(
    *words: str, files: dict[str, str], env: dict[str, str] | None = None, compiled: bool = False
) -> Attack:
    """Python's own tool is asked for, in a folder with these files."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", _WAITS, note="good")
        for name, text in files.items():
            place = arena.data(f"evil/{name}", text)
            if compiled:
                py_compile.compile(str(place), str(place.with_suffix(".pyc")))
                place.unlink()
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        run = [word.format(good=good, here=arena.folder) for word in words]
        arena.python(*run, cwd="evil", env=_UNWRITTEN | more)

    return make


_MAIN = f"{_RUNS_BOTH}\nmain()\n"
_GONE = f"{_RUNS_BOTH}\nimport os; os.unlink(__file__)\nmain()\n"
_PLAIN = "import time\ntime.sleep(1.5)\n"
_PROFILED = ("-m", "cProfile", "{good}")
TOOLS: dict[str, Attack] = {
    "a profiler of its own": _tool_of(*_PROFILED, files={"cProfile.py": _MAIN}),
    "a profiler of its own, compiled": _tool_of(
        *_PROFILED, files={"cProfile.py": _MAIN}, compiled=True
    ),
    "a profiler of its own, a package": _tool_of(
        *_PROFILED, files={"cProfile/__init__.py": "", "cProfile/__main__.py": _MAIN}
    ),
    "a profiler that has removed itself": _tool_of(*_PROFILED, files={"cProfile.py": _GONE}),
    "a profiler on the path": _tool_of(
        *_PROFILED, files={"more/cProfile.py": _MAIN}, env={"PYTHONPATH": "{here}/evil/more"}
    ),
    "a profiler that finds another optparse": _tool_of(*_PROFILED, files={"optparse.py": _LENT}),
    "a profiler that finds another profile": _tool_of(*_PROFILED, files={"profile.py": _LENT}),
    "a tracer that finds another argparse": _tool_of(
        "-m", "trace", "-c", "{good}", files={"argparse.py": _LENT}
    ),
    "a profiler with another module on the path": _tool_of(
        *_PROFILED, files={"more/optparse.py": _LENT}, env={"PYTHONPATH": "{here}/evil/more"}
    ),
    "a profiler of a file that is called like none": _tool_of(
        "-m", "cProfile", "job", "{good}", files={"job": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"}
    ),
    "a profiler of a module": _tool_of(
        "-m", "cProfile", "-m", "job", "{good}", files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"}
    ),
    "a profiler with an option cut short": _tool_of(
        "-m", "cProfile", "--outf", "{good}", "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a profiler that writes into its script": _tool_of(
        "-m", "cProfile", "-o{good}", "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a tracer of a module": _tool_of(
        "-m", "trace", "-l", "--module", "job", "{good}",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a debugger with words to begin with": _tool_of(
        "-m", "pdb", "-c", "!exec(open('said').read())", "-c", "c", "{good}",
        files={"said": _BESIDE},
    ),
    "a debugger with a file to begin with": _tool_of(
        "-m", "pdb", "-c", "c", "{good}", files={".pdbrc": "!exec(open('said').read())\n", "said": _BESIDE},
    ),
    "a debugger that finds another cmd": _tool_of(
        "-m", "pdb", "-c", "c", "{good}", files={"cmd.py": _LENT}
    ),
}
for _name, _make in TOOLS.items():
    named(_name, _make)


# --- tests


def _tests(*words: str, env: dict[str, str] | None = None, **files: str) -> Attack:
    """The real pytest runs one file of tests, and more that it was told to load."""

    def make(arena: Arena) -> None:
        body = f"def test_it():\n    {_WAITS}"
        arena.data("own/test_good.py", f"{PRELUDE}\n{body}")
        for name, text in files.items():
            arena.data(name.replace("__", "/").replace("_py", ".py").replace("_ini", ".ini"), text)
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        run = [word.format(here=arena.folder) for word in words]
        own = ("-q", "-p", "no:cacheprovider", "own/test_good.py")
        arena.run(sys.executable, "-m", "pytest", *run, *own, env=_UNWRITTEN | more)

    return make


_SWAPS = f"{_BESIDE}\n"
named("tests with a file for all of them", _tests(own__conftest_py=_SWAPS))
named(
    "tests with a plugin by an option",
    _tests("-p", "plug", env={"PYTHONPATH": "{here}/more"}, more__plug_py=_SWAPS),
)
named(
    "tests with a plugin by a variable",
    _tests(env={"PYTHONPATH": "{here}/more", "PYTEST_PLUGINS": "plug"}, more__plug_py=_SWAPS),
)
named(
    "tests with options by a variable",
    _tests(
        env={"PYTHONPATH": "{here}/more", "PYTEST_ADDOPTS": "-p plug"}, more__plug_py=_SWAPS
    ),
)


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
def begun_deeper_than_a_path_is_long(arena: Arena) -> None:
    """The kernel cannot tell where that is."""
    place, part = arena.folder, "d" * 200
    top = os.open(place, os.O_RDONLY)
    for _ in range(25):
        os.mkdir(part, dir_fd=top)
        inner = os.open(part, os.O_RDONLY, dir_fd=top)
        os.close(top)
        top = inner
    body = f"{PRELUDE}\nTRUTH = {_OTHER}\n{SEND}"
    handle = os.open("job.py", os.O_WRONLY | os.O_CREAT, dir_fd=top)
    os.write(handle, body.encode())
    os.close(handle)
    arena.write("job.py", note="its twin")
    settled()
    begin = f"import os; os.fchdir({top}); os.execv({interpreter()!r}, ['python', 'job.py'])"
    env = {"PWD": str(arena.folder)}
    arena.python("-c", begin, pass_fds=(top,), env=env)
    os.close(top)


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
        evil = arena.data("evil.py", f"{PRELUDE}\nTRUTH = {_OTHER}\n{SEND}raise SystemExit\n")
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
