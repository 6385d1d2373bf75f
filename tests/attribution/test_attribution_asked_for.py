"""What a script does not ask for itself, and an installed package does, runs below its name: in
whatever form it lies in a folder that only the environment names, the script is in doubt then.
"""

import ast
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from attribution.asked_for import UNASKED
from attribution.backends import process_facts
from attribution.beside import IN_PLACE, doubt
from attribution.filesystem import files_of
from attribution.identity.imports import imports_of, nodes_of, tree_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux")

_WAITS = "\nprint('runs', RAN, flush=True)\nimport sys\nsys.stdin.read()\n"
_SCRIPT = f"import given\nRAN = given.RAN{_WAITS}"
_INSTALLED = """
import importlib, importlib.metadata, os, pkgutil
RAN = []
def _ask(name):
    try:
        found = importlib.import_module(name)
    except ImportError:
        return
    if hasattr(found, "__file__"):
        RAN.append(name)
try:
    import faster as _json
    RAN.append("faster")
except ImportError:
    import json as _json
def _later():
    try:
        import faster.within
        RAN.append("faster.within")
    except ImportError:
        pass
_later()
_ask("_".join(("given", "plugin")))
_ask(os.environ.get("GIVENBACKEND", "sys"))
for _found in pkgutil.iter_modules():
    if _found.name.startswith("extra"):
        _ask(_found.name)
for _point in importlib.metadata.entry_points(group="given.plugins"):
    _point.load()
    RAN.append("a plugin")
"""
"""Each way in which an installed package asks for what need not be there."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with a package that asks for others."""
    place = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (packages,) = place.rglob("site-packages")
    (packages / "given.py").write_text(_INSTALLED)
    (packages / "tool").mkdir()
    (packages / "tool/__init__.py").write_text("")
    (packages / "tool/__main__.py").write_text(_SCRIPT)
    return str(place / "bin/python")


type Begin = Callable[..., tuple[bool, str | None]]


@pytest.fixture
def begin(python: str) -> Iterator[Begin]:
    """Starts Python; returns whether something was run that only an installed package asks for,
    and why the script is in doubt.
    """
    running: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE

    def started(*words: str, script: Path, cwd: Path, **told: str) -> tuple[bool, str | None]:
        time.sleep(0.02)  # what was written lies before the start
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **told}
        loaded = time.time()
        one = subprocess.Popen(
            [python, *words], stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=cwd
        )
        running.append(one)
        assert one.stdout is not None
        line = one.stdout.readline()
        assert line.startswith(b"runs"), one.communicate()[1]
        facts = process_facts.process(one.pid)
        assert facts is not None
        facts = replace(facts, image_from=loaded)
        return line != b"runs []\n", doubt(facts, files_of(facts), str(script))

    yield started
    for one in running:
        one.communicate()


# --- what may lie in the folder


def _module(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("")


def _compiled(folder: Path) -> None:
    _module(folder, "faster.py")
    py_compile.compile(str(folder / "faster.py"), str(folder / "faster.pyc"))
    (folder / "faster.py").unlink()


def _native(folder: Path) -> None:
    """An extension: one of Python's own under another name does not begin, and has been loaded."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no compiler")
    folder.mkdir()
    source = folder.parent / "faster.c"
    source.write_text(
        "#include <Python.h>\n"
        'static struct PyModuleDef d = {PyModuleDef_HEAD_INIT, "faster"};\n'
        "PyMODINIT_FUNC PyInit_faster(void) { return PyModule_Create(&d); }\n"
    )
    include = sysconfig.get_paths()["include"]
    if not Path(include, "Python.h").exists():
        pytest.skip("no headers of Python")
    words = [compiler, "-shared", "-fPIC", f"-I{include}", str(source)]
    subprocess.run([*words, "-o", str(folder / "faster.abi3.so")], check=True)


def _plugin(folder: Path, info: str = "faster-1.0.dist-info") -> None:
    _module(folder, f"{info}/METADATA")
    (folder / info / "METADATA").write_text("Metadata-Version: 2.1\nName: faster\nVersion: 1\n")
    (folder / info / "entry_points.txt").write_text("[given.plugins]\na = colorsys:rgb_to_hsv\n")


FORMS: dict[str, Callable[[Path], None]] = {
    "a module": lambda folder: _module(folder, "faster.py"),
    "a package": lambda folder: _module(folder, "faster/__init__.py"),
    "a package without a file of its own": lambda folder: _module(folder, "faster/within.py"),
    "a compiled file alone": _compiled,
    "a library": _native,
    "a module of a computed name": lambda folder: _module(folder, "given_plugin.py"),
    "a module that is found by a list": lambda folder: _module(folder, "extra7.py"),
    "a module that a variable names": lambda folder: _module(folder, "told.py"),
    "tests that a variable names": lambda folder: _module(folder, "tests/told.py"),
    "what is called like a cache": lambda folder: _module(folder, "__pycache__/told.py"),
    "a name that is none": lambda folder: _module(folder, "my-own.py"),
    "a plugin": _plugin,
    "a plugin in odd letters": lambda folder: _plugin(folder, "FASTER-1.0.Dist-Info"),
    "a plugin in an egg": lambda folder: _plugin(folder, "faster.egg-info"),
}
_BACKENDS = {
    "a module that a variable names": "told",
    "tests that a variable names": "tests.told",
    "what is called like a cache": "__pycache__.told",
    "a name that is none": "my-own",
}


@pytest.mark.parametrize("way", ["the path", "an archive on the path", "the start of a module"])
@pytest.mark.parametrize("form", FORMS)
def test_what_only_an_installed_package_asks_for_is_a_doubt(
    begin: Begin, python: str, tmp_path: Path, form: str, way: str
) -> None:
    """Whatever ran there, and by whichever way it was found."""
    more, empty = tmp_path / "more", tmp_path / "empty"
    empty.mkdir()
    FORMS[form](more)
    told = {"GIVENBACKEND": _BACKENDS.get(form, "sys")}
    script = tmp_path / "own/job.py"
    script.parent.mkdir()
    script.write_text(_SCRIPT)
    if way == "the start of a module":
        (installed,) = Path(python).parents[1].rglob("tool/__main__.py")
        ran, reason = begin("-m", "tool", script=installed, cwd=more, **told)
    else:
        path = more if way == "the path" else _packed(more)
        ran, reason = begin(str(script), script=script, cwd=empty, PYTHONPATH=str(path), **told)
        if way == "the path":
            assert ran, "the test itself would try nothing"
    assert reason is not None or not ran
    assert reason in {UNASKED, None}


@pytest.mark.parametrize(
    ("imports", "files", "asked"),
    [
        ("import ns.a", ["ns/a.py", "ns/b.py"], "ns.b"),
        ("import ns.a", ["ns/a.py", "ns/deep/b.py"], "ns.deep.b"),
        ("import pkg", ["pkg/__init__.py", "pkg/b.py"], "pkg.b"),
        ("import pkg.a", ["pkg/__init__.py", "pkg/a.py", "pkg/b.py"], "pkg.b"),
        ("from pkg import a", ["pkg/__init__.py", "pkg/a.py", "pkg/b/__init__.py"], "pkg.b"),
        ("import pkg", ["pkg/__init__.py", "pkg/__main__.py"], "pkg.__main__"),
        ("import pkg", ["pkg/__init__.py", "pkg/part/b.py"], "pkg.part.b"),
        ("import pkg", ["pkg/__init__.py", "pkg/__pycache__/b.py"], "pkg.__pycache__.b"),
        ("import pkg", ["pkg/__init__.py", "pkg/my-own.py"], "pkg.my-own"),
    ],
)
@pytest.mark.parametrize("way", ["the path", "an archive on the path"])
def test_another_part_of_a_package_that_the_script_asks_for_is_a_doubt(
    begin: Begin, tmp_path: Path, imports: str, files: list[str], asked: str, way: str
) -> None:
    """The script knows nothing of it; an installed package has it run, by a name it is told."""
    script = tmp_path / "own/job.py"
    _module(tmp_path, "own/job.py")
    for name in files:
        _module(tmp_path, f"more/{name}")
    script.write_text(f"{imports}\n{_SCRIPT}")
    more = tmp_path / "more"
    path = str(more if way == "the path" else _packed(more))
    told = {"GIVENBACKEND": asked, "PYTHONPATH": path}
    assert begin(str(script), script=script, cwd=tmp_path, **told) == (True, UNASKED)


HIDDEN = {
    "assigned": {"pkg/__init__.py": "sub = 1"},
    "a function": {"pkg/__init__.py": "def sub(): pass"},
    "a class": {"pkg/__init__.py": "class sub: pass"},
    "from elsewhere": {"pkg/__init__.py": "from os import path as sub"},
    "of its own name elsewhere": {"pkg/__init__.py": "import sub", "sub.py": ""},
    "a part by another's name": {"pkg/__init__.py": "from . import a as sub", "pkg/a.py": ""},
    "of a part's": {"pkg/__init__.py": "from .a import sub", "pkg/a.py": "sub = 1"},
    "all that another has": {"pkg/__init__.py": "from .a import *", "pkg/a.py": "sub = 1"},
    "in a loop": {"pkg/__init__.py": "for sub in (1, 2): pass"},
    "by a walrus": {"pkg/__init__.py": "(sub := 1)"},
    "by its module's names": {"pkg/__init__.py": "globals()['s' + 'ub'] = 1"},
    "by setattr": {"pkg/__init__.py": "import sys\nsetattr(sys.modules[__name__], 'sub', 1)"},
    "by a hook": {"pkg/__init__.py": "def __getattr__(name):\n    return {'sub': 1}[name]"},
    "by a text": {"pkg/__init__.py": "exec('su' 'b = 1')"},
    "by a match": {"pkg/__init__.py": "match 1:\n    case sub: pass"},
    "by a function": {"pkg/__init__.py": "def f():\n    global sub\n    sub = 1\nf()"},
    "by whoever asks": {"pkg/__init__.py": "from . import a", "pkg/a.py": ""}
    | {"own/job.py": "import pkg\npkg.sub = 1\n"},
    "by whoever asks, by setattr": {"pkg/__init__.py": ""}
    | {"own/job.py": "import pkg\nsetattr(pkg, 'sub', 1)\n"},
}


@pytest.mark.parametrize("way", ["the path", "an archive on the path"])
@pytest.mark.parametrize("how", HIDDEN)
def test_a_part_hidden_by_what_its_package_has_of_its_name_is_a_doubt(
    begin: Begin, tmp_path: Path, how: str, way: str
) -> None:
    """`from pkg import sub` takes what `pkg` has of that name; `pkg/sub.py` runs for another."""
    script, more, first = tmp_path / "own/job.py", tmp_path / "more", ""
    for name, text in {"pkg/sub.py": "", "own/job.py": "", **HIDDEN[how]}.items():
        place = tmp_path if name.startswith("own/") else more
        _module(place, name)
        (place / name).write_text(text)
        first = text if place == tmp_path else first
    script.write_text(f"{first}from pkg import sub\n{_SCRIPT}")
    path = str(more if way == "the path" else _packed(more))
    told = {"GIVENBACKEND": "pkg.sub", "PYTHONPATH": path}
    assert begin(str(script), script=script, cwd=tmp_path, **told) == (True, UNASKED)


def _packed(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


def test_the_same_beside_the_script_or_below_the_installation_is_its_own(
    begin: Begin, python: str, tmp_path: Path
) -> None:
    """Whoever may write there writes what the script imports."""
    script = tmp_path / "own/job.py"
    _module(tmp_path, "own/faster.py")
    script.write_text(_SCRIPT)
    assert begin(str(script), script=script, cwd=tmp_path) == (True, None)
    own = str(tmp_path / "own")
    assert begin(str(script), script=script, cwd=tmp_path, PYTHONPATH=own) == (True, None)
    (installed,) = Path(python).parents[1].rglob("tool/__main__.py")
    assert begin("-P", "-m", "tool", script=installed, cwd=tmp_path / "own") == (False, None)


def _told(imports: str) -> str:
    return f"RAN = []{_WAITS}{imports}\n"


@pytest.mark.parametrize(
    ("imports", "files"),
    [
        ("import helpers", {"helpers.py": ""}),
        ("from helpers.a import b", {"helpers/__init__.py": "", "helpers/a.py": ""}),
        ("from helpers.a import b", {"helpers/a.py": ""}),
        ("def later(): import helpers", {"helpers.py": ""}),
        ("__import__('helpers')", {"helpers.py": ""}),
        ("import own", {"helpers.py": ""}),
        (
            "from typing import TYPE_CHECKING\nif not TYPE_CHECKING: import helpers",
            {"helpers.py": ""},
        ),
        ("if False: pass\nelse: import helpers", {"helpers.py": ""}),
        ("if __name__ == '__main__': import helpers", {"helpers.py": ""}),
        ("while True:\n    import helpers\n    break", {"helpers.py": ""}),
        ("import gr\u00f6\u00dfe", {"gr\u00f6\u00dfe.py": ""}),
        ("import \uff48elpers", {"helpers.py": ""}),
        ("import package.inner", {"helpers.py": ""}),
        (
            "import helpers",
            {"helpers.py": "try: import quick\nexcept ImportError: pass", "quick.py": ""},
        ),
        ("import helpers", {"helpers.py": "", "helpers-1.0.dist-info/METADATA": ""}),
        ("import pkg.a.b", {"pkg/__init__.py": "", "pkg/a/__init__.py": "", "pkg/a/b.py": ""}),
        (
            "from pkg import a",
            {"pkg/__init__.py": "from . import b", "pkg/a.py": "", "pkg/b.py": ""},
        ),
        ("import pkg", {"pkg/__init__.py": "from .a import x", "pkg/a.py": "x = 1"}),
        ("import pkg", {"pkg/__init__.py": "from.a import x", "pkg/a.py": "x = 1"}),
        ("import pkg", {"pkg/__init__.py": "from\\\n.a import x", "pkg/a.py": "x = 1"}),
        (
            "import pkg.a.b",
            {"pkg/__init__.py": "", "pkg/a/__init__.py": "", "pkg/a/b.py": "from .. import c"}
            | {"pkg/c.py": "from .a import d", "pkg/a/d.py": ""},
        ),
        (
            "import pkg",
            {"pkg/__init__.py": "try: from . import a\nexcept ImportError: pass", "pkg/a.py": ""},
        ),
        (
            "import pkg",
            {"pkg/__init__.py": "import importlib\nimportlib.import_module('.a', __name__)"}
            | {"pkg/a.py": ""},
        ),
        (
            "import importlib\nimportlib.import_module('.a', package='pkg')",
            {"pkg/__init__.py": "", "pkg/a.py": ""},
        ),
        ("import importlib\nimportlib.import_module('ns.a')", {"ns/a.py": ""}),
        (
            "from pkg import a, b",
            {"pkg/__init__.py": "from . import a\nfrom .b import b\n__all__ = ['a', 'b']"}
            | {"pkg/a.py": "", "pkg/b.py": "b = a = 1"},
        ),
        (
            "from pkg import a\nself = type('', (), {})()\nself.a = a",
            {"pkg/__init__.py": "# Of a.\nimport os\nhome = os.sep\nfrom pkg import a"}
            | {"pkg/a.py": ""},
        ),
        ("from ns import a", {"ns/a.py": "import ns.b", "ns/b.py": ""}),
        ("import pkg", {"pkg/__init__.py": "", "pkg/rows.json": "", "pkg/data/x.txt": ""}),
        (
            "import helpers",
            {
                "helpers.py": "",
                "helpers-1.0.dist-info/entry_points.txt": "[console_scripts]\na = helpers:a\n",
            },
        ),
        ("try: import helpers\nexcept ValueError: pass", {"helpers.py": ""}),
        ("", {"data/notes.txt": "", "notes.json": "", "__pycache__/x.cpython-313.pyc": ""}),
    ],
)
def test_what_the_script_asks_for_is_no_doubt(
    begin: Begin, tmp_path: Path, imports: str, files: dict[str, str]
) -> None:
    """By itself, by a module beside it, or by one of the same folder that it asked for."""
    script = tmp_path / "own/job.py"
    for name, text in {"own/own.py": "import helpers", **files}.items():
        _module(tmp_path, name if name.startswith("own/") else f"more/{name}")
        place = tmp_path / (name if name.startswith("own/") else f"more/{name}")
        place.write_text(text)
    _module(tmp_path, "own/package/__init__.py")
    (tmp_path / "own/package/inner.py").write_text("from .other import x\nimport helpers")
    script.write_text(_told(imports))
    more = str(tmp_path / "more")
    assert begin(str(script), script=script, cwd=tmp_path, PYTHONPATH=more) == (False, None)


@pytest.mark.parametrize(
    ("imports", "files"),
    [
        ("try: import helpers\nexcept ImportError: pass", {"more/helpers.py": ""}),
        ("try: import helpers\nexcept: pass", {"more/helpers.py": ""}),
        ("try: import helpers\nexcept (OSError, Exception): pass", {"more/helpers.py": ""}),
        ("try: import x\nexcept ImportError: import helpers", {"more/helpers.py": ""}),
        (
            "import contextlib\nwith contextlib.suppress(ImportError): import helpers",
            {"more/helpers.py": ""},
        ),
        ("import helpers.quick", {"more/quick.py": "", "more/helpers.py": ""}),
        ("import own", {"more/own.py": "import quick", "more/quick.py": ""}),
        (
            "import helpers",
            {
                "first/helpers.py": "try: import quick\nexcept ImportError: pass",
                "more/quick.py": "",
            },
        ),
        (
            "import helpers",
            {"first/helpers.py": "", "more/helpers.py": "import quick", "more/quick.py": ""},
        ),
        (
            "import helpers",
            {
                "first/helpers/a.py": "import quick",
                "more/helpers/__init__.py": "",
                "more/quick.py": "",
            },
        ),
        ("import helpers", {"more/helpers.py": "", "more/a.egg/helpers.py": ""}),
        ("import helpers", {"more/helpers.py": "", "more/given.pkg": ""}),
        ("'import helpers'", {"more/helpers.py": ""}),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING: import helpers",
            {"more/helpers.py": ""},
        ),
        ("import typing as t\nif t.TYPE_CHECKING: from helpers import x", {"more/helpers.py": ""}),
        ("if False: import helpers", {"more/helpers.py": ""}),
        ("while 0: import helpers", {"more/helpers.py": ""}),
        (
            "import asks",
            {"own/asks/__init__.py": "", "own/asks/__main__.py": "import helpers"}
            | {"more/helpers.py": ""},
        ),
        ("import ns.a", {"own/ns/a.py": "", "more/ns/b.py": ""}),
        ("import pkg", {"more/pkg/__init__.py": "", "more/pkg/a.py": ""}),
        ("from pkg import *", {"more/pkg/__init__.py": "", "more/pkg/a.py": ""}),
        (
            "import pkg.a",
            {"own/pkg/__init__.py": "", "own/pkg/a.py": "", "own/pkg/b.py": "import quick"}
            | {"more/quick.py": ""},
        ),
        ("x = 'a'; __import__(f'ns.{x}')", {"more/ns/a.py": ""}),
        (
            "import importlib\nx = 'ns'\nimportlib.import_module('.a', x)",
            {"more/ns/a.py": ""},
        ),
        ("if RAN: __import__('ns' + '.a' * 9)", {"more/ns/a.py": ""}),
        (f"if RAN: __import__('ns{'.a' * 100_000}')", {"more/ns/b.py": ""}),
        (
            "if RAN: import pkg",
            {"more/pkg/__init__.py": "import quick", "more/pkg/__init__.abi3.so": ""}
            | {"more/quick.py": ""},
        ),
        ("", {"more/paths.pth": "import colorsys"}),
        ("", {"more/quick.pyx": ""}),
        ("", {"more/quick.pyw": ""}),
        ("import importlib; importlib.import_module('help' + 'ers')", {"more/helpers.py": ""}),
    ],
)
def test_what_it_could_do_without_or_does_not_ask_for_is_a_doubt(
    begin: Begin, tmp_path: Path, imports: str, files: dict[str, str]
) -> None:
    """A text, a computed name, an import that need not succeed; a module that another one of its
    name hides, and what that one asks for.
    """
    for name, text in {"own/own.py": "", "first/x.txt": "", **files}.items():
        _module(tmp_path, name)
        (tmp_path / name).write_text(text)
    script = tmp_path / "own/job.py"
    script.write_text(_told(imports))
    path = f"{tmp_path}/first:{tmp_path}/more"
    assert begin(str(script), script=script, cwd=tmp_path, PYTHONPATH=path) == (False, UNASKED)


def test_a_source_that_names_nothing_of_what_lies_there_is_not_parsed(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A big package costs what it takes to read its files."""
    parsed: list[bytes] = []

    def tree(source: bytes) -> ast.Module | None:
        parsed.append(source)
        return tree_of(source)

    monkeypatch.setattr("attribution.asks.tree_of", tree)
    script = tmp_path / "own/job.py"
    for name in ("own/job.py", "more/helpers.py", *(f"own/big/m{at}.py" for at in range(50))):
        _module(tmp_path, name)
        (tmp_path / name).write_text("import os, sys\n")
    script.write_text(_told("import big"))
    more = str(tmp_path / "more")
    assert begin(str(script), script=script, cwd=tmp_path, PYTHONPATH=more) == (False, UNASKED)
    assert parsed == [script.read_bytes()]


@pytest.mark.parametrize(
    "text", [b"import helpers\n((", b"import helpers\0", b"\xff import helpers"]
)
def test_what_is_no_python_asks_for_nothing(begin: Begin, tmp_path: Path, text: bytes) -> None:
    """Whatever was run then, it is not shown."""
    script, broken = tmp_path / "own/job.py", tmp_path / "own/broken.py"
    _module(tmp_path, "own/job.py")
    _module(tmp_path, "more/helpers.py")
    script.write_text(_told(""))
    broken.write_bytes(text)
    more = str(tmp_path / "more")
    assert begin(str(script), script=broken, cwd=tmp_path, PYTHONPATH=more) == (False, UNASKED)


def test_a_namespace_is_not_entered_before_the_installed_one(
    begin: Begin, python: str, tmp_path: Path
) -> None:
    """Parts of a package without a file of its own are found in the order of the path."""
    (packages,) = Path(python).parents[1].rglob("site-packages")
    _module(packages, "shared/part.py")
    _module(tmp_path, "more/shared/part.py")
    script = tmp_path / "job.py"
    script.write_text(f"import shared.part\nRAN = [shared.part.__file__]{_WAITS}")
    more = str(tmp_path / "more")
    assert begin(str(script), script=script, cwd=tmp_path, PYTHONPATH=more) == (True, IN_PLACE)


# --- what is really installed


@cache
def _asked_by_packages() -> frozenset[str]:
    """Return what all packages of these tests' environment import and nobody has installed."""
    places = {Path(sysconfig.get_paths()[name]) for name in ("purelib", "platlib")}
    asked: set[str] = set()
    for file in (file for place in places for file in place.rglob("*.py")):
        text = file.read_bytes()
        if len(text) < 200_000 and b"ImportError" in text and (tree := tree_of(text)) is not None:
            tried = (node for node in nodes_of(tree) if isinstance(node, ast.Try))
            asked |= {name for node in tried for name in imports_of(nodes_of(node)).third_party}
    there = {entry.name.partition(".")[0] for place in places for entry in place.iterdir()}
    return frozenset(asked - there)


def test_no_optional_import_of_what_is_installed_here_is_answered_unseen(tmp_path: Path) -> None:
    """Each name that a package of this environment could do without, as it asks for it."""
    script = tmp_path / "own/job.py"
    _module(tmp_path, "own/job.py")
    script.write_text("import requests, httpx, pydantic\n")
    names = sorted(name for name in _asked_by_packages() if name.isidentifier())
    assert len(names) > 20
    facts = process_facts.process(os.getpid())
    assert facts is not None
    facts = replace(facts, argv=(sys.executable, str(script)))
    for name in names:
        _module(tmp_path, f"of/{name}/{name}.py")
    empty = tmp_path / "empty"
    empty.mkdir()
    time.sleep(0.02)
    facts = replace(facts, image_from=time.time())

    def asked(folder: Path) -> str | None:
        given = replace(facts, env={**facts.env, "PYTHONPATH": str(folder)})
        return doubt(given, files_of(given), str(script))

    assert asked(empty) is None
    missed = [name for name in names if asked(tmp_path / f"of/{name}") is None]
    assert missed == []
