"""Tools that run a script in their own process, imitated wherever they are looked for, and told to
load more; and the honest use of them.
"""

import py_compile
import subprocess
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    SEND,
    SENDS_BESIDE,
    VERSION,
    WAITS,
    Arena,
    Attack,
    attack,
    named,
    settled,
)
from benchmarks.attribution_attacks.between import _RUNS_BOTH
from benchmarks.attribution_attacks.strange import _LENT, _UNWRITTEN

# --- tools that are looked for where somebody has put another one


def _tool_of(
    *words: str, files: dict[str, str], env: dict[str, str] | None = None, compiled: bool = False
) -> Attack:
    """Python's own tool is asked for, in a folder with these files."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", WAITS, note="good")
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
{SENDS_BESIDE}
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
        files={"job.py": f"{PRELUDE}TRUTH = {OTHER}\n{SEND}"},
    ),
    "a profiler with an option cut short": _tool_of(
        "-m",
        "cProfile",
        "--outf",
        "{good}",
        "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {OTHER}\n{SEND}"},
    ),
    "a profiler that writes into its script": _tool_of(
        "-m",
        "cProfile",
        "-o{good}",
        "job.py",
        files={"job.py": f"{PRELUDE}TRUTH = {OTHER}\n{SEND}"},
    ),
    "a tracer of a module": _tool_of(
        "-m",
        "trace",
        "-l",
        "--module",
        "job",
        "{good}",
        files={"job.py": f"{PRELUDE}TRUTH = {OTHER}\n{SEND}"},
    ),
    "a debugger with words to begin with": _tool_of(
        "-m",
        "pdb",
        "-c",
        "!exec(open('said').read())",
        "-c",
        "c",
        "{good}",
        files={"said": SENDS_BESIDE},
    ),
    "a debugger with a file to begin with": _tool_of(
        "-m",
        "pdb",
        "-c",
        "c",
        "{good}",
        files={".pdbrc": "!exec(open('said').read())\n", "said": SENDS_BESIDE},
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
    good = arena.write("own/good.py", WAITS, note="good")
    arena.data("evil/x")
    arena.data("evil.py", f"import os\nos.unlink('cProfile.pyc')\n{_MAIN}")
    arena.write("start.py", _POSES.replace("GOOD", repr(str(good))))
    settled()
    arena.python("start.py", env=_UNWRITTEN)


@attack
def a_profiled_script_that_is_exchanged_before_it_is_read(arena: Arena) -> None:
    """By what the environment runs first."""
    arena.write("own/good.py", f"wait()\n{SEND}", note="good")
    arena.data("own/evil.py", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    swap = (
        "import os\nos.rename('own/good.py', 'own/kept')\nos.rename('own/evil.py', 'own/good.py')"
    )
    arena.data("more/sitecustomize.py", swap)
    settled()
    arena.python("-m", "cProfile", "own/good.py", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_profiler_in_a_folder_that_is_called_like_pythons_own(arena: Arena) -> None:
    """Beside the script: only what is installed is Python's."""
    place = f"lib/{VERSION}"
    good = arena.write(f"{place}/good.py", WAITS, note="good")
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
    (user / "__main__.py").write_text(f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
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
        body = f"def test_it():\n    {WAITS}"
        arena.data("own/test_good.py", f"{PRELUDE}\n{body}")
        for name, text in files.items():
            arena.data(name.replace("__", "/").replace("_py", ".py").replace("_ini", ".ini"), text)
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        run = [word.format(here=arena.folder) for word in words]
        own = ("-q", "-p", "no:cacheprovider", "own/test_good.py")
        arena.run(sys.executable, "-m", "pytest", *run, *own, env=_UNWRITTEN | more)

    return make


_SWAPS = f"{SENDS_BESIDE}\n"
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
