"""Whatever lies on the search path: what is called EXACT is the file whose code a real interpreter
ran.
"""

import importlib.util
import marshal
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from attribution.backends import process_facts
from attribution.backends.linux import LinuxBackend
from attribution.examination import Examined, examine
from attribution.facts import ProcessFacts
from attribution.filesystem import files_of
from attribution.startup import importable, listed, start_of
from examples import most

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux")

_TAG = sys.implementation.cache_tag
_SAYS = "import sys\nprint({!r}, flush=True)\nsys.stdin.read()\n"
_HOOK = """
import importlib.abc, importlib.util, sys
class Other(importlib.abc.InspectLoader):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name == {name!r} else None
    def get_code(self, name):
        return compile({text!r}, {claims!r}, "exec")
    def get_source(self, name):
        return ""
sys.meta_path.insert(0, Other())
"""
_FORMS = ("{m}.py", "{m}/__init__.py", "{m}/__main__.py", "{m}.pyc", "{m}/__main__.pyc")
_COARSE = 5
"""The clock of file times (CLOCK_REALTIME_COARSE)."""
_CACHES = ("valid", "stale", "of another", "unchecked", "checked")


@dataclass(frozen=True)
class Folder:
    """What one entry of the search path holds."""

    forms: frozenset[str]
    """Files of the module, by where they stand."""
    cache: str | None
    """How the compiled file beside its source came to be."""
    package: bool
    """Whether a package that the module is in has a file of its own."""
    before: str | None
    """A file that Python runs before the program, if it finds it."""
    kind: str
    """A folder, a link to one, or an archive."""


_FOLDERS = st.builds(
    Folder,
    forms=st.frozensets(st.sampled_from(_FORMS), max_size=3),
    cache=st.sampled_from((None, None, *_CACHES)),
    package=st.booleans(),
    before=st.sampled_from((None, None, None, "sitecustomize.py", "encodings.py")),
    kind=st.sampled_from(("folder", "folder", "folder", "link", "archive")),
)
_MODULES = st.sampled_from(("job", "pkg.job"))
_OPTIONS = st.lists(st.sampled_from(("-P", "-s", "-E", "-O", "-I", "-S")), max_size=2, unique=True)
_CASES = st.tuples(
    st.sampled_from(("module", "module", "folder", "file")),
    _MODULES,
    _FOLDERS,
    st.lists(_FOLDERS, max_size=2),
    _OPTIONS,
    st.booleans(),
)


_USUAL = Folder(frozenset({"{m}.py"}), "valid", package=True, before=None, kind="folder")


def _compiled(place: Path, text: str, claims: Path, how: str, source: Path) -> None:
    """Write a compiled file of a program, which names another file as its source."""
    found = source.stat() if source.exists() else None
    flags = {"unchecked": 1, "checked": 3}.get(how, 0)
    size, mtime = (found.st_size, int(found.st_mtime)) if found else (0, 0)
    mark = (mtime + (how == "stale")).to_bytes(4, "little") + size.to_bytes(4, "little")
    if flags:
        mark = importlib.util.source_hash(source.read_bytes() if found else b"")
    place.parent.mkdir(parents=True, exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + mark
    place.write_bytes(head + marshal.dumps(compile(text, str(claims), "exec")))


def _lay_out(place: Path, module: str, folder: Folder, good: Path) -> None:
    """Write what a folder holds. Each program says the path of its own file; a compiled one, that
    it is none.
    """
    inner = module.replace(".", "/")
    place.mkdir(parents=True, exist_ok=True)
    for form in sorted(folder.forms):
        path = place / form.format(m=inner)
        path.parent.mkdir(parents=True, exist_ok=True)
        if form.endswith(".pyc"):
            _compiled(path, _SAYS.format("another"), good, "unchecked", path)
        elif form.endswith("__init__.py"):
            path.write_text("")
        else:
            path.write_text(_SAYS.format(str(path)))
    source = place / f"{inner}.py"
    if folder.cache is not None and source.exists():
        text = source.read_text() if folder.cache == "valid" else _SAYS.format("another")
        cached = source.parent / "__pycache__" / f"{source.stem}.{_TAG}.pyc"
        _compiled(cached, text, source if folder.cache == "valid" else good, folder.cache, source)
    if folder.package and "." in module and source.parent.exists():
        (source.parent / "__init__.py").write_text("")
    if folder.before == "sitecustomize.py":
        name = module.rpartition(".")[2] if "." not in module else module
        text = _HOOK.format(name=name, text=_SAYS.format("another"), claims=str(good))
        (place / folder.before).write_text(text)


def _entry(root: Path, name: str, module: str, folder: Folder, good: Path) -> Path:
    """Return the entry of the search path."""
    place = root / name
    if folder.kind == "folder":
        _lay_out(place, module, folder, good)
        return place
    behind = root / f"behind-{name}"
    _lay_out(behind, module, folder, good)
    if folder.kind == "link":
        place.symlink_to(behind, target_is_directory=True)
        return place
    place = root / f"{name}.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for file in sorted(behind.rglob("*")):
            archive.write(file, file.relative_to(behind))
    return place


def _words(how: str, module: str, options: list[str], start: Path) -> list[str]:
    inner = module.replace(".", "/")
    if how == "folder":
        main = start / "__main__.py"
        main.write_text(_SAYS.format(str(main)))
        return [*options, str(start)]
    if how == "file":
        (start / f"{inner}.py").parent.mkdir(parents=True, exist_ok=True)
        return [*options, f"{inner}.py"]
    return [*options, "-m", module]


class Interpreters:
    """Runs programs, and has them examined while they wait."""

    def __init__(self) -> None:
        self._backend = LinuxBackend()

    def close(self) -> None:
        """Stop hearing of programs."""
        self._backend.close()

    def run(
        self, words: list[str], folder: Path, env: dict[str, str]
    ) -> tuple[str, ProcessFacts, Examined] | None:
        """Return what the program says that it is, and what is said of it; None when it did not
        run.
        """
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline().decode().strip()
            facts = self._backend.process(process.pid) if said else None
            return None if facts is None else (said, facts, examine((facts,), frozenset()))
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait(20)


@pytest.fixture(scope="module")
def interpreters() -> Iterator[Interpreters]:
    """Hears of programs from before they begin."""
    made = Interpreters()
    yield made
    made.close()


def _is_exact(seen: Examined) -> bool:
    noted = None if seen.resolution is None else seen.resolution.note
    return (seen.note or noted or seen.identity.note) is None


def _settle() -> None:
    """Let the kernel's clock of files go on: it stands still for some ms."""
    before = time.clock_gettime(_COARSE)
    while time.clock_gettime(_COARSE) == before:
        os.sched_yield()


def test_what_is_called_exact_is_what_ran(interpreters: Interpreters) -> None:
    """Folders before it, archives, compiled files of every kind, packages with and without files,
    links, hooks and options, in every mixture.
    """
    counted: Counter[str] = Counter()

    @settings(max_examples=most(120), deadline=None, suppress_health_check=list(HealthCheck))
    @given(_CASES)
    @example(("module", "job", _USUAL, [], [], False))
    @example(("module", "pkg.job", _USUAL, [], ["-O"], False))
    @example(("file", "job", _USUAL, [], ["-I"], False))
    def tried(case: tuple[str, str, Folder, list[Folder], list[str], bool]) -> None:
        how, module, here, others, options, elsewhere = case
        with TemporaryDirectory() as made:
            root = Path(made).resolve()
            good = root / "start" / (module.replace(".", "/") + ".py")
            start = root / "start"
            _lay_out(start, module, here, good)
            given_ = [_entry(root, f"p{n}", module, f, good) for n, f in enumerate(others)]
            words = _words(how, module, options, start)
            env = {"PYTHONPATH": ":".join(map(str, given_))} if given_ else {}
            if elsewhere and others:
                env["PYTHONPYCACHEPREFIX"] = str(root / "compiled")
            _settle()
            seen = interpreters.run(words, start, env)
        if seen is None:
            counted["did not run"] += 1
            return
        said, facts, found = seen
        exact = _is_exact(found)
        counted["exact" if exact else "doubted"] += 1
        if exact:
            assert found.resolution is not None
            assert found.resolution.path == os.path.realpath(said), facts.argv

    tried()
    assert counted["exact"] >= 3, (
        counted
    )  # the usual ones: most mixtures do not run, or are doubted
    assert counted["doubted"] > 0, counted


@pytest.mark.parametrize("words", [["-m", "job"], ["-m", "pkg.job"], ["job.py"], ["-I", "job.py"]])
def test_the_usual_ones_are_exact(
    interpreters: Interpreters, words: list[str], tmp_path: Path
) -> None:
    """A module, one of a package, and a file, with a compiled file that Python made."""
    root = tmp_path.resolve()
    for module in ("job", "pkg.job"):
        _lay_out(root, module, _USUAL, root / "job.py")
    _settle()
    seen = interpreters.run(words, root, {})
    assert seen is not None
    said, facts, found = seen
    if facts.start_folder is not None:
        assert _is_exact(found), found.note
        assert found.resolution is not None
        assert found.resolution.path == said


def test_a_folder_changed_twice_within_one_tick_is_listed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel before 6.13 notes times in steps of some ms: who looked in between would remember
    the folder as it was.
    """
    told, at_ns = os.stat, time.time_ns()

    class Coarse:
        def __init__(self, path: str) -> None:
            found = told(path)
            self.st_dev, self.st_ino, self.st_mode = found.st_dev, found.st_ino, found.st_mode
            self.st_ctime_ns, self.st_ctime = at_ns, at_ns / 1e9

    monkeypatch.setattr("attribution.startup.os.stat", Coarse)
    assert listed(str(tmp_path)) == ()
    (tmp_path / "json.py").touch()
    assert listed(str(tmp_path)) == ("json.py",)


def test_a_file_system_that_says_what_it_likes_shows_no_change_and_none_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of FUSE tells the gate another time, and another content, than the program."""
    facts = process_facts.process(os.getpid())
    assert facts is not None
    start = start_of(replace(facts, image_from=time.time() + 60), files_of(facts))
    assert not start.is_since(str(tmp_path))
    monkeypatch.setattr("attribution.startup.margin_s", lambda path, mapped: float("inf"))
    assert start.is_since(str(tmp_path))


def test_what_pythons_own_modules_ask_for_may_be_imported_by_any_program() -> None:
    """Also what mostly nobody has, and the settings of the installation."""
    facts = process_facts.process(os.getpid())
    assert facts is not None
    names = importable(start_of(facts, files_of(facts)))
    assert {"json", "java", "tzdata", "pytest"} <= names
    assert any(name.startswith("_sysconfigdata") for name in names)
    assert "helpers" not in names
