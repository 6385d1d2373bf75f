"""Runs a sender below each launcher that is installed, and prints whom the records name.

Usage: `python benchmarks/attribution_launchers.py BIN`: the folder with the launchers' programs (of
an environment with papermill, nbconvert, nbclient, marimo, celery, setproctitle, gunicorn, uvicorn,
flask, coverage, pytest, pipx, poetry), and one with `uv` where that is not on the path.
Exits 1 when a name was wrong as EXACT.
"""

# ruff: noqa: E402

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from queue import Empty

sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.attribution_attacks.arena import PRELUDE, Arena
from benchmarks.attribution_table import SmallGate
from benchmarks.attribution_truth import told_wrongly

_PATIENCE_S = 60.0
_SEND = "ask(dial())\n"
_LATER = "import threading; threading.Timer(1.0, lambda: ask(dial())).start()\n"

type Launch = Callable[[Arena, str], str]
"""Starts a launcher of this folder; returns the name of what it runs."""


def _source(arena: Arena, name: str, body: str) -> Path:
    path = arena.folder / name
    truth = {"script": str(path), "sha256": None}
    return arena.data(name, f"{PRELUDE}\nTRUTH = {truth!r}\n{body}")


def _notebook(arena: Arena, name: str = "etl.ipynb") -> Path:
    path = arena.folder / name
    text = f"{PRELUDE}\nTRUTH = {{'script': {str(path)!r}, 'sha256': None}}\n{_SEND}"
    cell: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "x", "language": "python"}
    book = {
        "cells": [cell | {"source": text, "id": "a1"}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return arena.data(name, json.dumps(book))


def _words(*words: str, name: str = "job.py", body: str = _SEND) -> Launch:
    def launch(arena: Arena, folder: str) -> str:
        _source(arena, name, body)
        arena.run(*(word.replace("BIN", folder) for word in words))
        return name

    return launch


def _book(*words: str) -> Launch:
    def launch(arena: Arena, folder: str) -> str:
        _notebook(arena)
        arena.run(*(word.replace("BIN", folder) for word in words))
        return "etl.ipynb"

    return launch


def _shell(text: str, *, name: str = "job.py") -> Launch:
    def launch(arena: Arena, folder: str) -> str:
        _source(arena, "kept/job.py", _SEND.replace("ask", "TRUTH['script'] = None; ask"))
        arena.shell(text, env={"PY": f"{folder}/python"})
        return name

    return launch


def _driver(arena: Arena, folder: str) -> str:
    _notebook(arena)
    body = """
import nbformat
from nbclient import NotebookClient
NotebookClient(nbformat.read("etl.ipynb", 4), kernel_name="python3").execute()
"""
    arena.data("driver.py", body)
    arena.run(f"{folder}/python", "driver.py")
    return "etl.ipynb"


_MARIMO = """
import marimo
app = marimo.App()
@app.cell
def _():
    code = compile(TEXT, __file__, "exec")
    exec(code, {"__name__": "cell"})
    return ()
"""


def _marimo(arena: Arena, folder: str) -> str:
    path = arena.folder / "book.py"
    text = f"{PRELUDE}\nTRUTH = {{'script': {str(path)!r}, 'sha256': None}}\n{_SEND}"
    arena.data("book.py", _MARIMO.replace("TEXT", repr(text)))
    arena.run(f"{folder}/marimo", "export", "html", "book.py", "-o", "out.html")
    return "book.py"


_CELERY = """
from celery import Celery
from celery.signals import worker_process_init
app = Celery("tasks", broker="memory://")
@worker_process_init.connect
def begun(**more):
    import threading
    threading.Timer(1.0, lambda: ask(dial())).start()
"""
_POOL = ("BIN/celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "1")
_APP = f"""
{_LATER}
async def app(scope, receive, send):
    pass
def wsgi(environ, start):
    start("200 OK", [])
    return [b""]
from types import SimpleNamespace
"""
_FLASK = f"import flask\napp = flask.Flask('x')\n{_LATER}"


def _pool(text: str, cwd: str = ".") -> Launch:
    """A worker sends, of a pool that the script begins."""

    def launch(arena: Arena, folder: str) -> str:
        body = (
            f"def work(n):\n    return bool(ask(dial()))\nif __name__ == '__main__':\n    {text}\n"
        )
        _source(arena, "src/job.py", body)
        arena.data("calendar.csv")
        arena.run(f"{folder}/python", f"{arena.folder}/src/job.py", cwd=cwd)
        return "job.py"

    return launch


def _packed(*words: str, made: tuple[str, ...]) -> Launch:
    """A program in one file."""

    def launch(arena: Arena, folder: str) -> str:
        path = arena.folder / "app.pyz"
        text = f"{PRELUDE}\nTRUTH = {{'script': {str(path)!r}, 'sha256': None}}\n"
        arena.data("app/app.py", f"{text}def main():\n    {_SEND}")
        setup = "from setuptools import setup\nsetup(name='app', version='1', py_modules=['app'])\n"
        arena.data("app/setup.py", setup)
        arena.run(*(word.replace("BIN", folder) for word in made)).wait()
        arena.run(*(word.replace("BIN", folder) for word in words))
        return "app.pyz"

    return launch


_PORT = "127.0.0.1:0"
LAUNCHERS: dict[str, Launch] = {
    "papermill": _book("BIN/papermill", "etl.ipynb", "out.ipynb"),
    "jupyter nbconvert --execute": _book(
        "BIN/jupyter-nbconvert", "--to", "notebook", "--execute", "etl.ipynb", "--output", "out"
    ),
    "jupyter execute": _book("BIN/jupyter-execute", "etl.ipynb"),
    "a script that drives nbclient": _driver,
    "marimo export": _marimo,
    "celery with setproctitle": _words(*_POOL, name="tasks.py", body=_CELERY),
    "gunicorn by name": _words("BIN/gunicorn", "-b", _PORT, "web:wsgi", name="web.py", body=_APP),
    "gunicorn by file": _words(
        "BIN/python", "BIN/gunicorn", "-b", _PORT, "web:wsgi", name="web.py", body=_APP
    ),
    "python -m gunicorn": _words(
        "BIN/python", "-m", "gunicorn", "-b", _PORT, "web:wsgi", name="web.py", body=_APP
    ),
    "uvicorn": _words("BIN/uvicorn", "--port", "0", "web:app", name="web.py", body=_APP),
    "flask run": _words(
        "BIN/flask", "--app", "web", "run", "--port", "0", name="web.py", body=_FLASK
    ),
    "python -m pdb": _words("BIN/python", "-m", "pdb", "-c", "continue", "job.py"),
    "python -m cProfile": _words("BIN/python", "-m", "cProfile", "job.py"),
    "python -m trace": _words("BIN/python", "-m", "trace", "--count", "job.py"),
    "coverage run": _words("BIN/coverage", "run", "job.py"),
    "pytest": _words(
        "BIN/pytest", "-q", "test_job.py", name="test_job.py", body=f"def test():\n    {_SEND}"
    ),
    "uv run": _words("uv", "run", "--offline", "--no-project", "-p", "BIN/python", "job.py"),
    "a pool of joblib (loky)": _pool(
        "from joblib import Parallel, delayed; Parallel(n_jobs=2)([delayed(work)(1)])"
    ),
    "a pool of loky": _pool(
        "from loky import get_reusable_executor as g; g(max_workers=1).submit(work, 1).result()"
    ),
    "a pool by spawn, in a project": _pool(
        "import multiprocessing as m; m.get_context('spawn').Pool(1).map(work, [1])"
    ),
    "a pool by forkserver, in a project": _pool(
        "import multiprocessing as m; m.get_context('forkserver').Pool(1).map(work, [1])"
    ),
    "a pool of concurrent.futures": _pool(
        "from concurrent.futures import ProcessPoolExecutor as P; P(1).submit(work, 1).result()"
    ),
    "zipapp": _packed(
        "BIN/python",
        "app.pyz",
        made=("BIN/python", "-m", "zipapp", "app", "-m", "app:main", "-o", "app.pyz"),
    ),
    "shiv": _packed(
        "BIN/python",
        "app.pyz",
        made=(
            "BIN/shiv",
            "-e",
            "app:main",
            "-o",
            "app.pyz",
            "--no-index",
            "--no-build-isolation",
            "./app",
        ),
    ),
    "pex": _packed(
        "BIN/python",
        "app.pyz",
        made=("BIN/pex", "-D", "app", "-m", "app:main", "-o", "app.pyz"),
    ),
    "debugpy": _words("BIN/python", "-m", "debugpy", "--listen", "0", "job.py"),
    "pipx run": _words("BIN/pipx", "run", "--path", "job.py"),
    "poetry run": _words("BIN/poetry", "run", "BIN/python", "job.py"),
    "conda run, as it starts a shell": _shell(
        'cp kept/job.py .; printf "%s" "exec $PY job.py" > run.sh; bash run.sh; true'
    ),
    "written, then run": _shell('cp kept/job.py job.py; "$PY" job.py; true'),
    "written, then exec": _shell('cp kept/job.py job.py; exec "$PY" job.py'),
    "a here-document": _shell('"$PY" - <<END\n$(cat kept/job.py)\nEND', name="python < stdin"),
    "a program from a pipe": _shell('cat kept/job.py | "$PY"', name="python < stdin"),
    "-c": _shell('exec "$PY" -c "$(cat kept/job.py)"', name="python -c …"),
}


def tried(name: str, launch: Launch, folder: str) -> bool:
    """Print what one launcher's sender is recorded as; return whether that is wrong as EXACT."""
    gate = SmallGate()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        arena = Arena(folder=Path(place).resolve(), port=gate.port)
        arena.data("pyproject.toml", '[project]\nname = "x"\nversion = "0"\n')
        try:
            meant = launch(arena, folder)
            truth, found = gate.seen.get(timeout=_PATIENCE_S)
        except (Empty, OSError):
            print(f"| {name} | not here, or it sent nothing | | |", flush=True)
            return False
        finally:
            arena.end()
            gate.close()
    fault = told_wrongly(truth, found)
    script = found.script
    said = "nothing" if script is None else Path(script.path or script.name).name
    verdict = f"**WRONG: {fault}**" if fault else found.certainty.value
    right = "right" if said == meant else f"{said}, meant {meant}"
    print(f"| {name} | {verdict} | {right} | {found.reason or ''} |", flush=True)
    return fault is not None


def main() -> int:
    """Try all, or those whose names hold one of the further words."""
    folder = sys.argv[1] if len(sys.argv) > 1 else str(Path(sys.executable).parent)
    if shutil.which("uv") is None and len(sys.argv) > 2:
        os.environ["PATH"] += f":{sys.argv[2]}"
    print("| launcher | the record says | script | why it is not exact |\n|---|---|---|---|")
    wanted = sys.argv[3:]
    chosen = [one for one in LAUNCHERS.items() if not wanted or any(w in one[0] for w in wanted)]
    return min(sum(tried(*one, str(Path(folder).absolute())) for one in chosen), 1)


if __name__ == "__main__":
    raise SystemExit(main())
