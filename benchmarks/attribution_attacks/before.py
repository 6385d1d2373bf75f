"""Code of another that Python runs before its program, or the loader before Python: by variables,
options and folders. The script is what it says, and not what sends.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
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
    interpreter,
    named,
    settled,
)

_TAG = sys.implementation.cache_tag
_GOES = "import os\nos.remove(__file__)\n"
_ALL_GOES = "import os, shutil\nshutil.rmtree(os.path.dirname(__file__))\n"


def _base() -> str:
    """Return the Python of no environment: folders of its user count there."""
    return str(Path(sys.base_prefix, "bin", VERSION))


def _with(
    files: dict[str, str],
    *words: str,
    python: Callable[[], str] = interpreter,
    **env: str,
) -> Attack:
    """Start a good script beside these files, with these options and variables."""

    def make(arena: Arena) -> None:
        arena.write("good.py", WAITS, note="good")
        for name, text in files.items():
            arena.data(name, text)
        settled()
        more = {key: value.format(here=arena.folder) for key, value in env.items()}
        arena.run(python(), *(w.format(here=arena.folder) for w in words), "good.py", env=more)

    return make


_MORE = "{here}/more"
_SITE = f"lib/{VERSION}/site-packages/usercustomize.py"
CASES = {
    "sitecustomize, which removes itself": _with(
        {"more/sitecustomize.py": _GOES + SENDS_BESIDE}, PYTHONPATH=_MORE
    ),
    "usercustomize, which removes itself": _with(
        {"more/usercustomize.py": _GOES + SENDS_BESIDE}, python=_base, PYTHONPATH=_MORE
    ),
    "sitecustomize, which removes its folder": _with(
        {"more/sitecustomize.py": _ALL_GOES + SENDS_BESIDE}, PYTHONPATH=_MORE
    ),
    "a package sitecustomize": _with(
        {"more/sitecustomize/__init__.py": SENDS_BESIDE}, PYTHONPATH=_MORE
    ),
    "warnings for -W": _with({"more/warnings.py": SENDS_BESIDE}, "-Wignore", PYTHONPATH=_MORE),
    "warnings for -b": _with({"more/warnings.py": SENDS_BESIDE}, "-b", PYTHONPATH=_MORE),
    "warnings for -X dev": _with({"more/warnings.py": SENDS_BESIDE}, "-Xdev", PYTHONPATH=_MORE),
    "warnings for a variable": _with(
        {"more/warnings.py": SENDS_BESIDE}, PYTHONPATH=_MORE, PYTHONWARNINGS="ignore"
    ),
    "warnings for a variable of developers": _with(
        {"more/warnings.py": SENDS_BESIDE}, PYTHONPATH=_MORE, PYTHONDEVMODE="1"
    ),
    "a module of Python's own that is not frozen": _with(
        {"more/stat.py": "from _stat import *\n" + SENDS_BESIDE},
        "-X",
        "frozen_modules=off",
        PYTHONPATH=_MORE,
    ),
    "a module of Python's own that a variable thaws": _with(
        {"more/stat.py": "from _stat import *\n" + SENDS_BESIDE},
        PYTHONPATH=_MORE,
        PYTHON_FROZEN_MODULES="off",
    ),
    "usercustomize of another user's base": _with(
        {f"base/{_SITE}": SENDS_BESIDE}, python=_base, PYTHONUSERBASE="{here}/base"
    ),
    "usercustomize of another home": _with(
        {f"home/.local/{_SITE}": SENDS_BESIDE}, python=_base, HOME="{here}/home"
    ),
    "a line of another home": _with(
        {
            f"home/.local/lib/{VERSION}/site-packages/a.pth": "import swap\n",
            f"home/.local/lib/{VERSION}/site-packages/swap.py": SENDS_BESIDE,
        },
        python=_base,
        HOME="{here}/home",
    ),
}
for _name, _make in CASES.items():
    named(f"sent before the script, by {_name}", _make)


def _packed(arena: Arena) -> Path:
    path = arena.folder / "more.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sitecustomize.py", SENDS_BESIDE)
    return path


@attack
def sitecustomize_in_an_archive_on_the_path(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    more = _packed(arena)
    settled()
    arena.python("good.py", env={"PYTHONPATH": str(more)})


@attack
def sitecustomize_in_an_archive_within_the_path(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    with zipfile.ZipFile(arena.folder / "more.zip", "w") as archive:
        archive.writestr("in/sitecustomize.py", SENDS_BESIDE)
    settled()
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "more.zip/in")})


@attack
def sitecustomize_behind_a_link_that_it_turns(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    turn = "import os\nos.symlink('clean', 'new'); os.rename('new', 'more')\n"
    arena.data("evil/sitecustomize.py", turn + SENDS_BESIDE)
    arena.data("clean/other.py", "")
    (arena.folder / "more").symlink_to("evil")
    settled()
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def sitecustomize_in_a_folder_that_is_exchanged(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    turn = "import os\nos.rename('a/more', 'gone'); os.rename('b', 'a/more')\n"
    arena.data("a/more/sitecustomize.py", turn + SENDS_BESIDE)
    arena.data("b/other.py", "")
    settled()
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "a/more")})


@attack
def sitecustomize_in_the_folder_of_the_start(arena: Arena) -> None:
    """An empty entry of PYTHONPATH is the working folder; the program leaves it."""
    good = arena.write("good/good.py", f"os.chdir('/')\n{WAITS}", note="good")
    arena.data("evil/sitecustomize.py", "import os\nos.chdir('/')\n" + SENDS_BESIDE)
    settled()
    arena.python(str(good), cwd="evil", env={"PYTHONPATH": ":"})


def _environ(arena: Arena, words: list[str], entries: list[str]) -> None:
    """Start a program with these very entries, of which one name may stand twice."""
    more = [f"{key}={value}" for key, value in os.environ.items()]
    more += [f"GATE_PORT={arena.port}", f"GO={arena.folder}/go", *entries]
    text = f"""
import ctypes
def many(words):
    made = (ctypes.c_char_p * (len(words) + 1))()
    made[:-1] = [word.encode() for word in words]
    return made
ctypes.CDLL(None).execve({words[0]!r}.encode(), many({words!r}), many({more!r}))
"""
    arena.data("start.py", text)
    settled()
    arena.python("start.py")


@attack
def a_variable_that_is_told_twice(arena: Arena) -> None:
    """The C library takes the first one."""
    good = arena.write("good.py", WAITS, note="good")
    arena.data("more/sitecustomize.py", SENDS_BESIDE)
    arena.data("clean/other.py", "")
    told = [f"PYTHONPATH={arena.folder}/more", f"PYTHONPATH={arena.folder}/clean"]
    _environ(arena, [interpreter(), str(good)], told)


@attack
def a_variable_behind_very_many_others(arena: Arena) -> None:
    good = arena.write("good.py", WAITS, note="good")
    arena.data("more/sitecustomize.py", SENDS_BESIDE)
    told = [f"FILL{n}={'x' * 120_000}" for n in range(10)]
    _environ(arena, [interpreter(), str(good)], [*told, f"PYTHONPATH={arena.folder}/more"])


def _compiled_elsewhere(arena: Arena, place: Path) -> None:
    """Write what Python would read in the place of its own encodings."""
    import importlib.util
    import marshal

    source = Path(sys.base_prefix) / "lib" / VERSION / "encodings/__init__.py"
    found = source.stat()
    text = source.read_text() + "\n" + SENDS_BESIDE
    marks = b"".join(
        (n & 0xFFFFFFFF).to_bytes(4, "little") for n in (0, int(found.st_mtime), found.st_size)
    )
    code = marshal.dumps(compile(text, str(source), "exec"))
    made = Path(f"{place}{source.parent}/__init__.{_TAG}.pyc")
    made.parent.mkdir(parents=True)
    made.write_bytes(importlib.util.MAGIC_NUMBER + marks + code)


@attack
def compiled_files_kept_elsewhere_by_a_variable(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    _compiled_elsewhere(arena, arena.folder / "kept")
    settled()
    arena.python("good.py", env={"PYTHONPYCACHEPREFIX": str(arena.folder / "kept")})


@attack
def compiled_files_kept_elsewhere_by_an_option(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    _compiled_elsewhere(arena, arena.folder / "kept")
    settled()
    arena.python("-X", f"pycache_prefix={arena.folder / 'kept'}", "good.py")


def _by_line_of_others(line: str, **env: str) -> Attack:
    """A line that half of all environments have imports a module; another stands before it."""

    def make(arena: Arena) -> None:
        arena.write("good.py", WAITS, note="good")
        place = arena.folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        packages = place / f"lib/{VERSION}/site-packages"
        (packages / "a.pth").write_text(line)
        (packages / "_harmless.py").write_text("")
        arena.data("more/_harmless.py", SENDS_BESIDE)
        settled()
        more = {"PYTHONPATH": str(arena.folder / "more")} | env
        arena.run(str(place / "bin/python"), "good.py", env=more)

    return make


named("a line of an environment finds another module", _by_line_of_others("import _harmless\n"))
named(
    "a line of an environment finds another module by its name as text",
    _by_line_of_others("import os; os.environ.get('X') or __import__('_harmless')\n"),
)


@attack
def what_runs_a_module_is_another(arena: Arena) -> None:
    """`-m` takes modules of Python's own from the working folder first."""
    good = arena.write("good/job.py", note="good")
    other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    library = Path(sys.base_prefix) / "lib" / VERSION / "types.py"
    from benchmarks.attribution_attacks.hooks import _hook

    arena.data("evil/types.py", library.read_text() + _hook(good, other))
    settled()
    arena.python("-m", "job", cwd="evil", env={"PYTHONPATH": str(good.parent)})


@attack
def what_warns_before_a_module_is_another(arena: Arena) -> None:
    good = arena.write("good/job.py", note="good")
    other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    from benchmarks.attribution_attacks.hooks import _hook

    arena.data("more/warnings.py", "from _warnings import *\n" + _hook(good, other))
    settled()
    path = f"{arena.folder}/more:{good.parent}"
    arena.python("-W", "ignore", "-m", "job", env={"PYTHONPATH": path})


def _library(arena: Arena, name: str, needs: str = "") -> Path | None:
    """Make a library that runs text in Python as soon as it has begun; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = arena.data(
        "more.c",
        r"""
#include <stdlib.h>
#include <unistd.h>
#include <fcntl.h>
__attribute__((constructor)) static void begin(void) {
    if (getenv("MARK")) { int f = open(getenv("MARK"), O_CREAT | O_WRONLY, 0600); close(f); }
}
""",
    )
    made = arena.folder / "lib" / name
    made.parent.mkdir(exist_ok=True)
    words = [
        compiler,
        "-shared",
        "-fPIC",
        f"-Wl,-soname,{name},--no-as-needed",
        "-o",
        str(made),
        str(source),
    ]
    subprocess.run([*words, *([needs] if needs else [])], check=True)
    return made


def _loaded(name: str, words: dict[str, str]) -> Attack:
    """The library shows that it ran by a file that it makes; the script then says that it was
    another's.
    """

    def make(arena: Arena) -> None:
        body = f"if os.path.exists('mark'): TRUTH = {OTHER}\n{SEND}"
        arena.write("good.py", body, note="good")
        found = _library(arena, name)
        if found is None:
            arena.python("good.py")
            return
        settled()
        env = {key: value.format(here=arena.folder) for key, value in words.items()}
        arena.python("good.py", env={"MARK": str(arena.folder / "mark")} | env)

    return make


named(
    "a library before all others, by its name alone",
    _loaded("libmore.so", {"LD_PRELOAD": "libmore.so", "LD_LIBRARY_PATH": "{here}/lib"}),
)


@attack
def a_library_in_the_place_of_pythons_own(arena: Arena) -> None:
    """LD_LIBRARY_PATH: the interpreter itself, which is not what was installed."""
    body = f"if os.path.exists('mark'): TRUTH = {OTHER}\n{SEND}"
    arena.write("good.py", body, note="good")
    real = next(Path(sys.base_prefix, "lib").glob("libpython3.*.so.1.0"), None)
    if real is not None:
        name, other = real.name, real.name.replace("3", "Q", 1)
        (arena.folder / "lib").mkdir()
        renamed = real.read_bytes().replace(name.encode(), other.encode())
        (arena.folder / "lib" / other).write_bytes(renamed)
        _library(arena, name, str(arena.folder / "lib" / other))
    settled()
    env = {"MARK": str(arena.folder / "mark"), "LD_LIBRARY_PATH": str(arena.folder / "lib")}
    arena.python("good.py", env=env)


# --- honest ones with such variables


def _harmless(*words: str, imports: str = "", **env: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("job.py", f"{imports}\n{SEND}")
        arena.data("more/helper.py", "import json\n")
        arena.data("more/types/notes.txt", "a folder, and no package\n")
        arena.data("lib/libcuda.so.1", "")
        arena.data("home/.bashrc", "")
        settled()
        told = {key: value.format(here=arena.folder) for key, value in env.items()}
        arena.python(*words, "job.py", env={"PYTHONDONTWRITEBYTECODE": "1"} | told)

    return make


HARMLESS = {
    "honest: a folder of modules": _harmless(imports="import helper", PYTHONPATH=_MORE),
    "honest: two folders, of which one is not there": _harmless(
        imports="import helper", PYTHONPATH="{here}/none:{here}/more"
    ),
    "honest: folders of other libraries": _harmless(LD_LIBRARY_PATH="{here}/lib"),
    "honest: a library of the system's by its name": _harmless(LD_PRELOAD="libm.so.6"),
    "honest: another home": _harmless(HOME="{here}/home"),
    "honest: warnings turned off": _harmless(
        "-W", "ignore", imports="import helper", PYTHONPATH=_MORE
    ),
}
NAMES = frozenset(HARMLESS)
for _name, _make in HARMLESS.items():
    named(_name, _make)
