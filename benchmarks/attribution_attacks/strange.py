"""What nobody had tried: tools imitated from where they are looked for, folders whose names read
like the kernel's own words, clocks and namespaces, modules that a script finds elsewhere.
"""

import os
import py_compile
import shutil
import subprocess
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
from benchmarks.attribution_attacks.loans import _BESIDE, _V, _WAITS

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
_FLAT = f"""
{_BESIDE}
import sys
with open(sys.argv[1]) as _file:
    exec(compile(_file.read(), sys.argv[1], "exec"), {{"__name__": "__main__"}})
"""
_GONE = f"{_RUNS_BOTH}\nimport os; os.unlink(__file__)\nmain()\n"
_PLAIN = "import time\ntime.sleep(1.5)\n"
_PROFILED = ("-m", "cProfile", "{good}")
TOOLS: dict[str, Attack] = {
    "a profiler of its own": _tool_of(*_PROFILED, files={"cProfile.py": _MAIN}),
    "a profiler of its own, as flat as the real one": _tool_of(
        *_PROFILED, files={"cProfile.py": _FLAT}
    ),
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
        "-m", "cProfile", "job", "{good}", files={"job": f"{PRELUDE}{SEND}"}
    ),
    "a profiler of a module": _tool_of(
        "-m",
        "cProfile",
        "-m",
        "job",
        "{good}",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a profiler with an option cut short": _tool_of(
        "-m",
        "cProfile",
        "--outf",
        "{good}",
        "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a profiler that writes into its script": _tool_of(
        "-m",
        "cProfile",
        "-o{good}",
        "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a tracer of a module": _tool_of(
        "-m",
        "trace",
        "-l",
        "--module",
        "job",
        "{good}",
        files={"job.py": f"{PRELUDE}TRUTH = {_OTHER}\n{SEND}"},
    ),
    "a debugger with words to begin with": _tool_of(
        "-m",
        "pdb",
        "-c",
        "!exec(open('said').read())",
        "-c",
        "c",
        "{good}",
        files={"said": _BESIDE},
    ),
    "a debugger with a file to begin with": _tool_of(
        "-m",
        "pdb",
        "-c",
        "c",
        "{good}",
        files={".pdbrc": "!exec(open('said').read())\n", "said": _BESIDE},
    ),
    "a debugger that finds another cmd": _tool_of(
        "-m", "pdb", "-c", "c", "{good}", files={"cmd.py": _LENT}
    ),
}
for _name, _make in TOOLS.items():
    named(_name, _make)


# what passes for Python's own in its frames as well

_POSES = """
import py_compile, shutil, sysconfig
TOOL = sysconfig.get_path("stdlib") + "/cProfile.py"
py_compile.compile("evil.py", "evil/cProfile.pyc", dfile=TOOL, doraise=True)
os.chdir("evil")
os.execv(sys.executable, [sys.executable, "-m", "cProfile", GOOD])
"""


@attack
def a_profiler_under_the_name_of_pythons_own_that_has_removed_itself(arena: Arena) -> None:
    good = arena.write("own/good.py", _WAITS, note="good")
    arena.data("evil/x")
    arena.data("evil.py", f"import os\nos.unlink('cProfile.pyc')\n{_MAIN}")
    arena.write("start.py", _POSES.replace("GOOD", repr(str(good))))
    settled()
    arena.python("start.py", env=_UNWRITTEN)


@attack
def a_profiled_script_that_is_exchanged_before_it_is_read(arena: Arena) -> None:
    """By what the environment runs first."""
    arena.write("own/good.py", f"wait()\n{SEND}", note="good")
    arena.data("own/evil.py", f"{PRELUDE}\nTRUTH = {_OTHER}\n{SEND}")
    swap = (
        "import os\nos.rename('own/good.py', 'own/kept')\nos.rename('own/evil.py', 'own/good.py')"
    )
    arena.data("more/sitecustomize.py", swap)
    settled()
    arena.python("-m", "cProfile", "own/good.py", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_profiler_in_a_folder_that_is_called_like_pythons_own(arena: Arena) -> None:
    """Beside the script: only what is installed is Python's."""
    place = f"lib/{_V}"
    good = arena.write(f"{place}/good.py", _WAITS, note="good")
    arena.data(f"{place}/cProfile.py", _FLAT)
    settled()
    arena.python("-m", "cProfile", str(good), cwd=place, env=_UNWRITTEN)


# --- honest ones, which must be EXACT


def _honest(*words: str, cwd: str = ".", **files: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("own/good.py", note="good")
        arena.data("data/calendar.csv")
        arena.data("data/secrets.yaml")
        arena.data("data/code/notes.txt")
        settled()
        run = [word.format(here=arena.folder) for word in words]
        arena.python(*run, cwd=cwd, env=_UNWRITTEN)

    return make


_OWN = "{here}/own/good.py"
PLAIN: dict[str, Attack] = {
    "honest: below a profiler": _honest("-m", "cProfile", _OWN),
    "honest: below a profiler, relative": _honest("-m", "cProfile", "own/good.py"),
    "honest: below a profiler, in its folder": _honest("-m", "cProfile", "good.py", cwd="own"),
    "honest: below a profiler that writes": _honest(
        "-m", "cProfile", "-s", "cumtime", "--outfile=out", "../own/good.py", "-m", "x", cwd="data"
    ),
    "honest: below a profiler, safely": _honest("-P", "-m", "cProfile", _OWN),
    "honest: below the other profiler": _honest("-m", "profile", "-o", "out", _OWN, cwd="data"),
    "honest: below a tracer": _honest("-m", "trace", "-c", "-C", "out", "own/good.py"),
}
for _name, _make in PLAIN.items():
    named(_name, _make)


def _installed(arena: Arena) -> Path:
    place = arena.folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (packages,) = place.rglob("site-packages")
    arena.write(f"{packages.relative_to(arena.folder)}/given/__init__.py", "")
    arena.write(f"{packages.relative_to(arena.folder)}/given/__main__.py")
    settled()
    return place / "bin/python"


@attack
def honest_and_installed(arena: Arena) -> None:
    arena.run(str(_installed(arena)), "-m", "given", env=_UNWRITTEN)


@attack
def an_installed_module_behind_another_one(arena: Arena) -> None:
    python = _installed(arena)
    arena.write("more/given/__init__.py", "")
    arena.write("more/given/__main__.py", note="another")
    settled()
    arena.run(str(python), "-m", "given", cwd="more", env=_UNWRITTEN)


@attack
def an_installed_module_beside_another_one(arena: Arena) -> None:
    """Of a package and a module of one name in two folders of an installation."""
    python = _installed(arena)
    place = next((arena.folder / "venv").rglob("site-packages")).parent
    user = arena.folder / f"home/.local/lib/{place.name}/site-packages/given"
    user.mkdir(parents=True)
    (user / "__init__.py").write_text("")
    (user / "__main__.py").write_text(f"{PRELUDE}\nTRUTH = {_OTHER}\n{SEND}")
    settings = arena.folder / "venv/pyvenv.cfg"
    kept = settings.read_text().replace("packages = false", "packages = true")
    settings.write_text(kept)
    settled()
    arena.run(str(python), "-m", "given", env=_UNWRITTEN | {"HOME": str(arena.folder / "home")})


def _in_a_project(method: str) -> Attack:
    """A worker in a folder with data that are called like modules of Python's own."""

    def make(arena: Arena) -> None:
        body = f"""
import multiprocessing
def work():
    ask(dial())
if __name__ == "__main__":
    worker = multiprocessing.get_context("{method}").Process(target=work)
    worker.start(); worker.join()
"""
        arena.write("src/job.py", body)
        for name in ("calendar.csv", "secrets.yaml", "token.json", "statistics.parquet"):
            arena.data(name)
        settled()
        arena.python("src/job.py", env=_UNWRITTEN)

    return make


for _method in ("spawn", "forkserver"):
    named(f"honest: a worker by {_method} in a project", _in_a_project(_method))
NAMES = frozenset(
    {
        *PLAIN,
        "honest_and_installed",
        "honest: a worker by spawn in a project",
        "honest: a worker by forkserver in a project",
    }
)
"""These must be EXACT."""


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
    _tests(env={"PYTHONPATH": "{here}/more", "PYTEST_ADDOPTS": "-p plug"}, more__plug_py=_SWAPS),
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
