"""What an environment runs before the main program, and what may put another one in its place."""

import subprocess
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    SEND,
    VERSION,
    Arena,
    Attack,
    attack,
    named,
    settled,
)
from benchmarks.attribution_attacks.disguises import _compiled

_TAG = sys.implementation.cache_tag


def _hook(source: Path, other: Path, *, clean: str = "") -> str:
    """Return code that gives another program for the module `job`, called as its source."""
    return f"""
import importlib.abc, importlib.util, os, sys
class Other(importlib.abc.InspectLoader):
    def find_spec(self, name, path=None, target=None):
        if name != "job":
            return None
        sys.meta_path.remove(self)
        return importlib.util.spec_from_loader(name, self, origin={str(source)!r})
    def get_code(self, name):
        with open({str(other)!r}) as file:
            return compile(file.read(), {str(source)!r}, "exec")
    def get_source(self, name):
        return ""
sys.meta_path.insert(0, Other())
{clean}
"""


def _environment(arena: Arena) -> tuple[Path, Path]:
    """Make an environment; return its Python and its folder of packages."""
    place = arena.folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    return place / "bin/python", place / f"lib/{VERSION}/site-packages"


def _hooked(name: str, line: str = "", *, clean: str = "") -> Attack:
    def make(arena: Arena) -> None:
        source = arena.write("job.py", note="good")
        other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        python, packages = _environment(arena)
        made = packages / name
        text = _hook(source, other, clean=clean.format(made=made))
        made.write_text(line if line else text)
        if line:
            (packages / "swap.py").write_text(text)
        settled()
        arena.run(str(python), "-m", "job")

    return make


named("a module given by a line of a .pth file", _hooked("a.pth", "import swap\n"))
named("a module given by a line of a .pth file with a mark", _hooked("a.pth", "\ufeffimport swap"))
named("a module given by sitecustomize of an environment", _hooked("sitecustomize.py"))
named("a module given by usercustomize of an environment", _hooked("usercustomize.py"))
named(
    "a module given by a sitecustomize that removes itself",
    _hooked("sitecustomize.py", clean="os.remove({made!r})".replace("{made!r}", "'{made}'")),
)


def _placed(where: str, *words: str, env: dict[str, str] | None = None, name: str = "") -> Attack:
    """The code stands in a file that Python runs at each start for a reason of its own."""

    def make(arena: Arena) -> None:
        source = arena.write("job.py", note="good")
        other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        arena.data(where, _hook(source, other))
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        arena.python(*words, env=more)

    return make


_USER = f".local/lib/{VERSION}/site-packages"
named(
    "a module given by usercustomize in another home",
    _placed(f"home/{_USER}/usercustomize.py", "-m", "job", env={"HOME": "{here}/home"}),
)
named(
    "a module given by usercustomize in another user's base",
    _placed(
        f"base/lib/{VERSION}/site-packages/usercustomize.py",
        "-m",
        "job",
        env={"PYTHONUSERBASE": "{here}/base"},
    ),
)
named(
    "a module given by the category of a warning",
    _placed("more/swap.py", "-W", "error::swap.X", "-m", "job", env={"PYTHONPATH": "{here}/more"}),
)
named(
    "a module given by the category of a warning, joined",
    _placed("more/swap.py", "-Werror::swap.X", "-m", "job", env={"PYTHONPATH": "{here}/more"}),
)
named(
    "a module given by a variable for warnings",
    _placed(
        "more/swap.py",
        "-m",
        "job",
        env={"PYTHONPATH": "{here}/more", "PYTHONWARNINGS": "error::swap.X"},
    ),
)


@attack
def a_module_given_by_a_folder_that_a_pth_file_adds(arena: Arena) -> None:
    source = arena.write("job.py", note="good")
    other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    python, packages = _environment(arena)
    arena.data("more/sitecustomize.py", _hook(source, other))
    (packages / "a.pth").write_text(f"{arena.folder}/more\n")
    settled()
    arena.run(str(python), "-m", "job")


@attack
def an_environment_named_by_the_first_word_alone(arena: Arena) -> None:
    source = arena.write("job.py", note="good")
    other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    _, packages = _environment(arena)
    (packages / "sitecustomize.py").write_text(_hook(source, other))
    settled()
    called = str(arena.folder / "venv/bin/nothing")
    arena.run(called, "-m", "job", executable=str(Path(sys.executable).resolve()))


@attack
def a_package_whose_compiled_file_is_the_program(arena: Arena) -> None:
    """What a package runs before its module says that it is the module."""
    source = arena.write("pkg/job.py", note="good")
    arena.data("pkg/__init__.py", "")
    claims = f"TRUTH = {OTHER}\n{SEND}"
    _compiled(arena, f"pkg/__pycache__/__init__.{_TAG}.pyc", claims, str(source), flags=1)
    settled()
    arena.python("-m", "pkg.job")


@attack
def a_package_before_a_module_that_removes_itself(arena: Arena) -> None:
    source = arena.write("job.py", note="good")
    arena.data("job/__init__.py", "")
    move = f"TRUTH = {OTHER}\nimport shutil; shutil.rmtree('job')\n{SEND}"
    _compiled(arena, "job/__main__.pyc", move, str(source))
    settled()
    arena.python("-m", "job")


@attack
def a_package_without_a_file_of_its_own_before_another(arena: Arena) -> None:
    """The one that is found later has a file of its own, and is taken."""
    arena.write("first/pkg/job.py", note="good")
    claims = str(arena.folder / "first/pkg/job.py")
    arena.data("second/pkg/__init__.py", "")
    _compiled(arena, "second/pkg/job.pyc", f"TRUTH = {OTHER}\n{SEND}", claims)
    settled()
    arena.python("-m", "pkg.job", cwd="first", env={"PYTHONPATH": str(arena.folder / "second")})


def _goes_on(*words: str) -> Attack:
    """More is run when the script has ended."""

    def make(arena: Arena) -> None:
        arena.data("job.py", "import time\n")
        arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        typed = arena.data("typed.txt", "exec(open('other.txt').read())\n")
        settled()
        with typed.open("rb") as file:
            arena.python(*words, stdin=file)

    return make


named("more is typed in after a script", _goes_on("-i", "job.py"))
named("more is typed in after a module", _goes_on("-im", "job"))


_KNOWN = "import _virtualenv"


def _by_known_line(name: str, env: dict[str, str] | None = None) -> Attack:
    """A line that many environments have imports another module of that name."""

    def make(arena: Arena) -> None:
        source = arena.write("job.py", note="good")
        other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        python, packages = _environment(arena)
        (packages / "_virtualenv.pth").write_text(_KNOWN)
        place = arena.folder / name.format(packages=packages.relative_to(arena.folder))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_hook(source, other))
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        arena.run(str(python), "-m", "job", env=more)

    return make


named("a module given by a known line", _by_known_line("{packages}/_virtualenv.py"))
named(
    "a module given by a known line's package", _by_known_line("{packages}/_virtualenv/__init__.py")
)
named(
    "a module given by a known line from elsewhere",
    _by_known_line("more/_virtualenv.py", {"PYTHONPATH": "{here}/more"}),
)
