"""Code that only an installed package asks for, found in a folder that the environment names; and
such folders that pass for a part of the installation.
"""

from benchmarks.attribution_attacks.arena import (
    SENDS_BESIDE,
    VERSION,
    WAITS,
    Arena,
    Attack,
    interpreter,
    named,
    settled,
)
from benchmarks.attribution_attacks.imitations import _installed
from benchmarks.attribution_attacks.strange import _UNWRITTEN

_POINTS = "[given.plugins]\na = plugged\n"
_BY_PLUGIN = (
    "import importlib.metadata as m\n[p.load() for p in m.entry_points(group='given.plugins')]"
)


def _asks(how: str, files: dict[str, str], path: str = "{here}/more", *words: str) -> Attack:
    """An installed package that asks for others as `how` says."""

    def make(arena: Arena) -> None:
        python = _installed(arena)
        (package,) = python.parents[1].rglob("site-packages/given")
        (package / "__init__.py").write_text(how)
        good = arena.write("own/good.py", f"import given\n{WAITS}", note="good")
        for name, text in files.items():
            arena.data(f"more/{name}", text)
        settled()
        told = {"PYTHONPATH": path.format(here=arena.folder), "GIVENBACKEND": "backend"}
        arena.run(str(python), *words, str(good), env=_UNWRITTEN | told)

    return make


def _tried(name: str) -> str:
    return f"try: import {name}\nexcept ImportError: pass\n"


ASKED = {
    "by trying": _asks(_tried("faster"), {"faster.py": SENDS_BESIDE}),
    "later": _asks(
        f"def later():\n    {_tried('faster').replace(chr(10), chr(10) + '    ')}\nlater()\n",
        {"faster/__init__.py": SENDS_BESIDE},
    ),
    "by a computed name": _asks(
        "import importlib\nimportlib.import_module('_'.join(('given', 'more')))",
        {"given_more.py": SENDS_BESIDE},
    ),
    "by a variable": _asks(
        "import importlib, os\nimportlib.import_module(os.environ['GIVENBACKEND'])",
        {"backend.py": SENDS_BESIDE},
    ),
    "as a plugin": _asks(
        _BY_PLUGIN,
        {"plugged.py": SENDS_BESIDE, "plugged-1.dist-info/entry_points.txt": _POINTS},
    ),
    "within a package without a file": _asks(
        _tried("faster.within"), {"faster/within.py": SENDS_BESIDE}
    ),
}
for _name, _make in ASKED.items():
    named(f"what an installed package asks for {_name}", _make)


def _spelled(path: str, **told: str) -> Attack:
    """A folder with another module of Python's own, which passes for one of the installation."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", f"import colorsys\n{WAITS}", note="good")
        folder = f"evil/lib/{VERSION}/site-packages"
        arena.data(f"{folder}/colorsys.py", SENDS_BESIDE)
        arena.data("evil/bin/x")
        (arena.folder / "evil/bin/python").symlink_to(interpreter())
        settled()
        given = {"PYTHONPATH": path} | told
        env = {key: value.format(here=arena.folder, folder=folder) for key, value in given.items()}
        arena.python(str(good), env=_UNWRITTEN | env)

    return make


SPELLED = {
    "spelled with a slash more": _spelled("{here}/{folder}/"),
    "spelled with two slashes": _spelled("{here}//{folder}"),
    "spelled there and back": _spelled("{here}/evil/../{folder}"),
    "by the launcher of macOS": _spelled(
        "{here}/{folder}", __PYVENV_LAUNCHER__="{here}/evil/bin/python"
    ),
}
for _name, _make in SPELLED.items():
    named(f"a folder of the path as one of the installation, {_name}", _make)
