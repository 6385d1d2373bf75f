"""From a process's facts to the script it runs: the tables an investigator would check by hand."""

import posixpath
from dataclasses import replace
from typing import Any

import pytest
from families import with_each

from attribution.facts import ProcessFacts
from attribution.resolution import resolve
from attribution.resolution.search_paths import AMBIGUOUS, GONE, MOVED
from core.attribution import LaunchedAs
from core.attribution import LaunchedAs as L

PY = "/usr/bin/python3.13"
STUB = b"#!/w/.venv/bin/python\nimport sys\nfrom tool.cli import main\nsys.exit(main())\n"


class FakeFiles:
    """A file system in a dictionary: path to content, None for a folder, or a link target after
    `->`.
    """

    def __init__(self, *paths: str, links: dict[str, str] | None = None, **heads: bytes) -> None:
        self.files = dict.fromkeys(paths, b"")
        self.links = links or {}
        self.heads = heads

    def with_heads(self, heads: dict[str, bytes]) -> "FakeFiles":
        self.files.update(heads)
        return self

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.links or self.is_dir(path)

    def is_dir(self, path: str) -> bool:
        return any(name.startswith(path + "/") for name in self.files)

    def is_program(self, path: str) -> bool:
        return path in self.files

    def realpath(self, path: str) -> str:
        return self.links.get(path, path)

    def head(self, path: str, size: int) -> bytes:
        return self.files.get(path, b"")[:size]


def facts(*argv: str, **more: Any) -> ProcessFacts:
    plain = ProcessFacts(pid=10, start=100, exe=PY, cwd="/w", argv=argv, parent=9, name="python3")
    return replace(plain, **more)


FILES = FakeFiles(
    "/w/x.py",
    "/w/-x.py",
    "/w/sub/y.py",
    "/w/pkg/__main__.py",
    "/w/pkg/__init__.py",
    "/w/mod.py",
    "/w/shop/app.py",
    "/w/main.py",
    "/w/tests/test_a.py",
    "/w/manage.py",
    "/w/.venv/bin/python",
    "/opt/app/__main__.py",
    "/opt/z.py",
    "/w/nb.ipynb",
    "/w/other.ipynb",
    "/w/.venv/lib/python3.13/site-packages/tool/__main__.py",
    "/usr/lib/python3.13/json/tool.py",
    "/extra/helper.py",
    "/w/data.sql",
    "/w/pytest.py",
    links={"/w/link.py": "/opt/z.py"},
).with_heads(
    {
        "/w/.venv/bin/tool": STUB,
        "/w/.venv/bin/gunicorn": STUB,
        "/w/.venv/bin/coverage": STUB,
        "/w/.venv/bin/pytest": STUB,
        "/w/.venv/bin/celery": STUB,
        "/w/.venv/bin/uvicorn": STUB,
        "/w/.venv/bin/streamlit": STUB,
        "/w/.venv/bin/ipython": STUB,
        "/w/.venv/bin/flask": STUB,
        "/home/u/.local/bin/aws": STUB,
        "/w/mine": b"#!/usr/bin/env python3\nprint(1)\n",
        "/w/app.pyz": b"#!/usr/bin/env python3\nPK\x03\x04rest",
        "/w/bundle": b"PK\x03\x04rest",
    }
)

V = "/w/.venv/bin/python"

TABLE = [
    # files
    (facts("python3", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "/w/x.py", "--token", "t"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "sub/../sub/y.py"), L.FILE, "y.py", "/w/sub/y.py"),
    (facts("python3", "./x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "link.py"), L.FILE, "link.py", "/opt/z.py"),
    (facts("python3", "-u", "-X", "dev", "-W", "error", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "--", "-x.py"), L.FILE, "-x.py", "/w/-x.py"),
    (facts("/usr/bin/python3", "/opt/app"), L.FILE, "app/__main__.py", "/opt/app/__main__.py"),
    (facts("python3", "mine"), L.FILE, "mine", "/w/mine"),
    (facts("python3", "manage.py", "runserver"), L.FILE, "manage.py", "/w/manage.py"),
    # a user's own file with the name of a tool is the user's own file
    (facts("python3", "pytest.py", "-q"), L.FILE, "pytest.py", "/w/pytest.py"),
    # interpreters of every kind
    (
        facts(
            "/home/u/.pyenv/versions/3.12.1/bin/python",
            "x.py",
            exe="/home/u/.pyenv/versions/3.12.1/bin/python3.12",
        ),
        L.FILE,
        "x.py",
        "/w/x.py",
    ),
    (
        facts(
            "/home/u/.cache/uv/environments-v2/x-1a2b/bin/python",
            "x.py",
            exe="/home/u/.local/share/uv/python/cpython-3.13.0-linux-x86_64-gnu/bin/python3.13",
        ),
        L.FILE,
        "x.py",
        "/w/x.py",
    ),
    (
        facts("/opt/conda/envs/lab/bin/python", "x.py", exe="/opt/conda/envs/lab/bin/python3.11"),
        L.FILE,
        "x.py",
        "/w/x.py",
    ),
    (facts("pypy3", "x.py", exe="/usr/bin/pypy3.10"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3.13t", "x.py", exe="/usr/bin/python3.13t"), L.FILE, "x.py", "/w/x.py"),
    (
        facts(
            "Python",
            "x.py",
            exe="/Library/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/MacOS/Python",
        ),
        L.FILE,
        "x.py",
        "/w/x.py",
    ),
    (facts("odd name", "x.py"), L.FILE, "x.py", "/w/x.py"),
    # modules
    (facts("python3", "-m", "pkg"), L.MODULE, "python -m pkg", "/w/pkg/__main__.py"),
    (facts("python3", "-m", "mod"), L.MODULE, "python -m mod", "/w/mod.py"),
    (
        facts(V, "-m", "tool"),
        L.MODULE,
        "python -m tool",
        "/w/.venv/lib/python3.13/site-packages/tool/__main__.py",
    ),
    (
        facts("/usr/bin/python3", "-m", "json.tool"),
        L.MODULE,
        "python -m json.tool",
        "/usr/lib/python3.13/json/tool.py",
    ),
    (
        facts("python3", "-m", "helper", env={"PYTHONPATH": "/extra"}),
        L.MODULE,
        "python -m helper",
        "/extra/helper.py",
    ),
    (
        facts("python3", "-E", "-m", "helper", env={"PYTHONPATH": "/extra"}),
        L.MODULE,
        "python -m helper",
        None,
    ),
    (facts("python3", "-I", "-m", "mod"), L.MODULE, "python -m mod", None),
    # code and stdin
    (facts("python3", "-c", "import os"), L.COMMAND, "python -c …", None),
    (facts("python3", "-Bc", "import os"), L.COMMAND, "python -c …", None),
    (facts("python3", "-", stdin="pipe:[1]"), L.STDIN, "python < stdin", None),
    (facts("python3", stdin="pipe:[1]"), L.STDIN, "python < stdin", None),
    (facts("python3", stdin="/w/x.py"), L.STDIN, "python < x.py", "/w/x.py"),
    (
        facts("python3", stdin="/dev/pts/3", terminal=True),
        L.INTERACTIVE,
        "python (interactive)",
        None,
    ),
    (facts("python3", "-i", stdin="pipe:[1]"), L.INTERACTIVE, "python (interactive)", None),
    (facts("python3", stdin="/dev/null"), L.STDIN, "python < stdin", None),
    # console scripts
    (facts(V, "/w/.venv/bin/tool", "push"), L.CONSOLE_SCRIPT, "tool", "/w/.venv/bin/tool"),
    (
        facts("/usr/bin/python3", "/home/u/.local/bin/aws", "s3"),
        L.CONSOLE_SCRIPT,
        "aws",
        "/home/u/.local/bin/aws",
    ),
    # zip applications
    (facts("python3", "app.pyz"), L.ZIPAPP, "app.pyz", "/w/app.pyz"),
    (facts("python3", "bundle"), L.ZIPAPP, "bundle", "/w/bundle"),
    # tools that run a script in their own process
    (facts("python3", "-m", "pdb", "-c", "continue", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "-m", "cProfile", "-o", "out.prof", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts("python3", "-m", "cProfile", "-m", "mod"), L.MODULE, "python -m mod", "/w/mod.py"),
    (
        facts(V, "/w/.venv/bin/coverage", "run", "--source", "shop", "x.py", "a"),
        L.FILE,
        "x.py",
        "/w/x.py",
    ),
    (facts(V, "-m", "debugpy", "--listen", "5678", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts(V, "/w/.venv/bin/streamlit", "run", "main.py"), L.FILE, "main.py", "/w/main.py"),
    (facts(V, "/w/.venv/bin/ipython", "x.py"), L.FILE, "x.py", "/w/x.py"),
    (facts(V, "/w/.venv/bin/ipython"), L.INTERACTIVE, "IPython", None),
    # tests
    (
        facts(V, "/w/.venv/bin/pytest", "-q", "tests/test_a.py::test_b"),
        L.CONSOLE_SCRIPT,
        "pytest test_a.py",
        "/w/tests/test_a.py",
    ),
    (facts(V, "/w/.venv/bin/pytest", "-k", "x.py"), L.CONSOLE_SCRIPT, "pytest in w", None),
    (facts(V, "-m", "pytest", "tests"), L.MODULE, "pytest in w", None),
    # servers and workers
    (
        facts(V, "/w/.venv/bin/gunicorn", "-w", "4", "shop.app:create"),
        L.WORKER,
        "gunicorn shop.app:create",
        "/w/shop/app.py",
    ),
    (
        facts("gunicorn: worker [shop.app:create]"),
        L.WORKER,
        "gunicorn shop.app:create",
        "/w/shop/app.py",
    ),
    (
        facts(V, "-m", "uvicorn", "main:app", "--port", "80"),
        L.WORKER,
        "uvicorn main:app",
        "/w/main.py",
    ),
    (
        facts(V, "/w/.venv/bin/uvicorn", "app:app", "--app-dir", "shop"),
        L.WORKER,
        "uvicorn app:app",
        "/w/shop/app.py",
    ),
    (
        facts(V, "/w/.venv/bin/celery", "-A", "shop.app", "worker"),
        L.WORKER,
        "celery shop.app",
        "/w/shop/app.py",
    ),
    (
        facts(V, "/w/.venv/bin/flask", "--app", "main.py", "run"),
        L.WORKER,
        "flask main.py",
        "/w/main.py",
    ),
    (
        facts(V, "/w/.venv/bin/flask", "run", env={"FLASK_APP": "main"}),
        L.WORKER,
        "flask main",
        "/w/main.py",
    ),
    (
        facts(V, "/w/.venv/bin/celery", "worker", env={"APP": "shop.app:app"}),
        L.WORKER,
        "celery shop.app:app",
        "/w/shop/app.py",
    ),
    (
        facts("uwsgi", "--module", "main", exe="/usr/bin/uwsgi"),
        L.WORKER,
        "uwsgi main",
        "/w/main.py",
    ),
    # notebooks
    (
        facts(
            V,
            "-m",
            "ipykernel_launcher",
            "-f",
            "/run/k.json",
            env={"JPY_SESSION_NAME": "/w/nb.ipynb"},
        ),
        L.NOTEBOOK,
        "nb.ipynb",
        "/w/nb.ipynb",
    ),
    (facts(V, "-m", "ipykernel_launcher", "-f", "/run/k.json"), L.NOTEBOOK, "notebook", None),
    # programs that carry their own Python
    (facts("/opt/tool", exe="/opt/tool", embeds_python=True), L.FROZEN, "tool", "/opt/tool"),
    (
        facts(
            "/home/u/tool.bin",
            exe="/tmp/onefile_77/tool.bin",
            embeds_python=True,
            env={"NUITKA_ONEFILE_PARENT": "9", "NUITKA_ONEFILE_BINARY": "/home/u/tool.bin"},
        ),
        L.FROZEN,
        "tool.bin",
        "/tmp/onefile_77/tool.bin",
    ),
]


@with_each(
    ("process", "kind", "name", "path"),
    TABLE,
)
def test_each_way_to_start_python_names_the_right_script(
    process: ProcessFacts, kind: LaunchedAs, name: str, path: str | None
) -> None:
    """However Python was started, the record names the file that ran, or none where no file can be
    known.
    """
    found = resolve(process, FILES)
    assert found is not None
    assert (found.launched_as, found.name, found.path) == (kind, name, path)


@pytest.mark.parametrize(
    "process",
    [
        facts("curl", "-T", "x.py", exe="/usr/bin/curl"),
        facts("bash", "x.py", exe="/usr/bin/bash"),
        facts("node", "python", exe="/usr/bin/node"),
        facts("/w/pythonista", exe="/w/pythonista"),
        facts("python", "x.py", exe="/usr/bin/perl"),
        facts("x.py", exe="/w/x.py"),
    ],
)
def test_what_is_not_python_is_not_called_python(process: ProcessFacts) -> None:
    """A program is Python by what it is, not by what stands on its command line."""
    assert resolve(process, FILES) is None


SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"


@pytest.mark.parametrize(
    "process",
    [
        facts(V, "-c", SPAWN, "--multiprocessing-fork"),
        facts(V, "-c", "from multiprocessing.forkserver import main; main(4, 5, ['__main__'])"),
        facts(V, "-c", "from multiprocessing.resource_tracker import main;main(4)"),
        facts(V, "-m", "joblib.externals.loky.backend.popen_loky_posix", "--process-name", "x"),
        facts(V, "-c", "import sys;exec(eval(sys.stdin.readline()))"),
    ],
)
def test_a_worker_runs_what_its_parent_runs(process: ProcessFacts) -> None:
    """A worker process is no script of its own: its main script is looked up in its parent."""
    found = resolve(process, FILES)
    assert found is not None
    assert found.by_parent


def test_code_that_only_mentions_multiprocessing_is_no_worker() -> None:
    """A command of the user's that uses multiprocessing is the user's command."""
    found = resolve(
        facts(V, "-c", "import os; from multiprocessing.spawn import spawn_main"), FILES
    )
    assert found is not None
    assert not found.by_parent


def test_two_files_that_fit_are_no_answer() -> None:
    """A relative path that fits two files names neither: a guess is not evidence."""
    files = FakeFiles("/a/x.py", "/b/x.py")
    found = resolve(facts("python3", "x.py", cwd="/b", env={"PWD": "/a"}), files)
    assert found is not None
    assert (found.path, found.note) == (None, AMBIGUOUS)


def test_one_file_reached_by_two_names_is_one_file() -> None:
    """The same file under two directory names is no ambiguity."""
    files = FakeFiles("/a/x.py", links={"/b/x.py": "/a/x.py"})
    found = resolve(facts("python3", "x.py", cwd="/b", env={"PWD": "/a"}), files)
    assert found is not None
    assert (found.path, found.note) == ("/a/x.py", None)


def test_a_script_found_by_the_directory_of_the_start_says_so() -> None:
    """A process that changed its directory is still traced to its script, with the reason for
    doubt.
    """
    found = resolve(facts("python3", "x.py", cwd="/b", env={"PWD": "/a"}), FakeFiles("/a/x.py"))
    assert found is not None
    assert (found.path, found.note) == ("/a/x.py", MOVED)


def test_a_deleted_script_keeps_its_path_and_says_that_it_is_gone() -> None:
    """Deleting the script after the start does not hide which one ran."""
    found = resolve(facts("python3", "/w/gone.py"), FILES)
    assert found is not None
    assert (found.path, found.note) == ("/w/gone.py", GONE)


def test_an_unreadable_command_line_is_no_script() -> None:
    """Without a command line nothing is said of the script."""
    found = resolve(facts(), FILES)
    assert found is not None
    assert (found.launched_as, found.path) == (L.UNKNOWN, None)


def test_a_notebook_name_inherited_from_another_kernel_is_not_believed() -> None:
    """A kernel started from within a notebook is not that notebook."""
    env = {"JPY_SESSION_NAME": "/w/nb.ipynb"}
    kernel = facts(V, "-m", "ipykernel_launcher", "-f", "k.json", env=env)
    outer = replace(kernel, pid=9)
    found = resolve(kernel, FILES, (outer,))
    assert found is not None
    assert found.path is None


def test_a_notebook_run_by_nbconvert_is_named() -> None:
    """A notebook executed from the command line is named by that command line."""
    kernel = facts(V, "-m", "ipykernel_launcher", "-f", "k.json")
    runner = facts(V, "/w/.venv/bin/jupyter-nbconvert", "--execute", "nb.ipynb", pid=9)
    found = resolve(kernel, FILES, (runner,))
    assert found is not None
    assert found.path == "/w/nb.ipynb"


WINDOWS = {"windows": True, "cwd": "C:\\w", "exe": "C:\\Python313\\python.exe"}


class WindowsFiles(FakeFiles):
    def is_dir(self, path: str) -> bool:
        return any(name.startswith(path + "\\") for name in self.files)


@pytest.mark.parametrize(
    ("argv", "kind", "name", "path"),
    [
        (("python.exe", "x.py"), L.FILE, "x.py", "C:\\w\\x.py"),
        (("python", "C:\\w\\x.py"), L.FILE, "x.py", "C:\\w\\x.py"),
        (("py", "-3.13", "x.py"), L.FILE, "x.py", "C:\\w\\x.py"),
        (
            ("C:\\v\\Scripts\\python.exe", "C:\\v\\Scripts\\tool.exe"),
            L.CONSOLE_SCRIPT,
            "tool",
            "C:\\v\\Scripts\\tool.exe",
        ),
        (
            ("C:\\v\\Scripts\\python.exe", "C:\\v\\Scripts\\tool-script.py"),
            L.CONSOLE_SCRIPT,
            "tool",
            "C:\\v\\Scripts\\tool-script.py",
        ),
        (
            ("C:\\v\\Scripts\\python.exe", "-m", "pkg"),
            L.MODULE,
            "python -m pkg",
            "C:\\v\\Lib\\site-packages\\pkg\\__main__.py",
        ),
        (
            (
                "python.exe",
                "-c",
                (
                    "from multiprocessing.spawn import spawn_main; spawn_main(parent_pid=4,"
                    " pipe_handle=9)"
                ),
            ),
            L.WORKER,
            "worker process",
            None,
        ),
    ],
)
def test_windows_command_lines_follow_windows_rules(
    argv: tuple[str, ...], kind: LaunchedAs, name: str, path: str | None
) -> None:
    """On Windows, paths, launchers and console scripts resolve by Windows rules."""
    files = WindowsFiles(
        "C:\\w\\x.py",
        "C:\\v\\Scripts\\tool.exe",
        "C:\\v\\Scripts\\tool-script.py",
        "C:\\v\\Lib\\site-packages\\pkg\\__main__.py",
    )
    found = resolve(facts(*argv, **WINDOWS), files)
    assert found is not None
    assert (found.launched_as, found.name, found.path) == (kind, name, path)


def test_a_resolution_never_shows_program_text() -> None:
    """The text of `python -c` may hold secrets: it appears in no name and no repr."""
    found = resolve(facts("python3", "-c", "key = 'hunter2'"), FILES)
    assert found is not None
    assert "hunter2" not in f"{found!r}{found.name}"


def test_the_fake_joins_like_the_real_one() -> None:
    """The tables above rest on POSIX paths."""
    assert posixpath.join("/w", "x.py") == "/w/x.py"


@pytest.mark.parametrize(
    ("words", "notebook"),
    [
        (("/w/.venv/bin/papermill", "nb.ipynb", "other.ipynb"), "/w/nb.ipynb"),
        (("-m", "papermill", "-p", "n", "3", "nb.ipynb", "other.ipynb"), "/w/nb.ipynb"),
        (("/w/.venv/bin/papermill", "-k", "python3", "nb.ipynb", "other.ipynb"), "/w/nb.ipynb"),
        (
            tuple(
                (
                    "/w/.venv/bin/jupyter-nbconvert --execute --to notebook --output other.ipynb nb.ipynb"
                ).split()
            ),
            "/w/nb.ipynb",
        ),
        (
            ("/w/.venv/bin/jupyter", "nbconvert", "--execute", "nb.ipynb", "--output=other.ipynb"),
            "/w/nb.ipynb",
        ),
        (("/w/.venv/bin/jupyter-execute", "nb.ipynb", "other.ipynb"), None),
    ],
)
def test_the_notebook_that_is_executed_is_named_and_not_its_output(
    words: tuple[str, ...], notebook: str | None
) -> None:
    """papermill and nbconvert name an input and an output: the script is the input."""
    kernel = facts(V, "-m", "ipykernel_launcher", "-f", "k.json")
    found = resolve(kernel, FILES, (facts(V, *words, pid=9),))

    assert found is not None
    assert (found.launched_as, found.path) == (L.NOTEBOOK, notebook)


def test_a_script_that_executes_notebooks_itself_is_the_script() -> None:
    """What a kernel runs for a program that drives it is that program's doing; a server's kernel is
    nobody's.
    """
    kernel = facts(V, "-m", "ipykernel_launcher", "-f", "k.json")
    driver = facts(V, "/w/job.py", pid=9)
    found = resolve(kernel, FILES, (driver,))
    assert found is not None
    assert found.by_parent
    for words in (("-m", "jupyterlab"), ("/w/.venv/bin/jupyter-lab",), ("-m", "jupyter_server")):
        found = resolve(kernel, FILES, (facts(V, *words, pid=9),))
        assert found is not None
        assert (found.by_parent, found.name) == (False, "notebook")


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("run", "job.py"), "/w/job.py"),
        (("edit", "--port", "2718", "job.py"), "/w/job.py"),
        (("export", "html", "job.py", "-o", "out.html"), "/w/job.py"),
        (("tutorial", "intro"), None),
    ],
)
def test_marimo_runs_the_file_that_it_is_given(words: tuple[str, ...], path: str | None) -> None:
    """A marimo notebook is a Python file: it is the script, however it is run."""
    found = resolve(facts(V, "/w/.venv/bin/marimo", *words), FILES)
    assert found is not None
    assert found.path == path
