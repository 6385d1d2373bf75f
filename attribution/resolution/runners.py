"""Tools that run somebody else's code in their own process: debuggers, test runners, servers,
workers, kernels.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from attribution.interpreters import base_name


class Runs(Enum):
    """How a tool names the code it runs."""

    SCRIPT = "script"
    """First positional argument is a file; `-m` names a module."""
    APP = "app"
    """An application as `package.module:attribute`, by position or option."""
    TESTS = "tests"
    KERNEL = "kernel"
    SHELL = "shell"
    PARENT = "parent"
    """A worker of its parent: what the parent runs is what it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One tool."""

    runs: Runs
    name: str
    values: frozenset[str] = frozenset()
    """Options that take a value in the next word."""
    app_options: tuple[str, ...] = ()
    folder_options: tuple[str, ...] = ()
    command: str | None = None
    """Sub-command that must come first, such as `run`; several with `|` between them."""
    variable: str | None = None
    """Names its application where no option does."""


def _script(name: str, values: str = "", command: str | None = None) -> Runner:
    return Runner(runs=Runs.SCRIPT, name=name, values=frozenset(values.split()), command=command)


def _app(
    name: str, values: str, apps: str = "", folders: str = "", variable: str | None = None
) -> Runner:
    return Runner(
        runs=Runs.APP,
        name=name,
        values=frozenset(f"{values} {apps} {folders}".split()),
        app_options=tuple(apps.split()),
        folder_options=tuple(folders.split()),
        variable=variable,
    )


_GUNICORN = (
    "-b --bind -w --workers -k --worker-class -t --timeout --threads -c --config -n --name"
    " --log-level -p --pid --access-logfile --error-logfile --log-file -u --user -g --group"
    " --max-requests --keep-alive --backlog -e --env --worker-connections --graceful-timeout"
    " --certfile --keyfile -m --umask --log-config --worker-tmp-dir --max-requests-jitter"
    " --forwarded-allow-ips --capture-output"
)
_UVICORN = (
    "--host --port --uds --fd --reload-dir --workers --loop --http --ws --lifespan --interface"
    " --log-config --log-level --env-file --ssl-keyfile --ssl-certfile --limit-concurrency"
    " --backlog --timeout-keep-alive --root-path --forwarded-allow-ips --header"
    " --limit-max-requests"
)
_KERNEL = Runner(runs=Runs.KERNEL, name="Jupyter kernel")
_PYTEST = Runner(
    runs=Runs.TESTS,
    name="pytest",
    values=frozenset(
        "-k -m -n -p -c -o -W -r --rootdir --maxfail --durations --tb --cov --cov-report --junitxml"
        " --timeout --confcutdir --basetemp --deselect --ignore --import-mode --log-level"
        " --numprocesses --dist".split()
    ),
)

RUNNERS: dict[str, Runner] = {
    "pdb": _script("pdb", "-c --command"),
    "ipdb": _script("ipdb", "-c --command"),
    "cProfile": _script("cProfile", "-o --outfile -s --sort"),
    "profile": _script("profile", "-o --outfile -s --sort"),
    "trace": _script("trace", "-f --file -C --coverdir --ignore-module --ignore-dir"),
    "coverage": _script(
        "coverage",
        "--source --omit --include --rcfile --data-file --context --concurrency",
        command="run",
    ),
    "debugpy": _script(
        "debugpy",
        "--listen --connect --log-to --configure --adapter-access-token --parent-session-pid",
    ),
    "kernprof": _script("kernprof", "-o --outfile -s --setup -p --prof-mod"),
    "memory_profiler": _script("memory_profiler", "--precision -o"),
    "mprof": _script("mprof", "-o --output --interval -T", command="run"),
    "scalene": _script("scalene", "--outfile --profile-interval --cpu-percent-threshold"),
    "viztracer": _script("viztracer", "-o --output_file --tracer_entries --max_stack_depth"),
    "pyinstrument": _script("pyinstrument", "-o --outfile -r --renderer -i --interval"),
    "streamlit": _script("streamlit", "--server.port --server.address", command="run"),
    "marimo": _script(
        "marimo",
        "--port -p --host --theme --token-password --base-url -o --output --log-level --timeout",
        command="run|edit|export",
    ),
    "ipython": Runner(runs=Runs.SHELL, name="IPython"),
    "IPython": Runner(runs=Runs.SHELL, name="IPython"),
    "ptpython": Runner(runs=Runs.SHELL, name="ptpython"),
    "code": Runner(runs=Runs.SHELL, name="Python console"),
    "idlelib": Runner(runs=Runs.SHELL, name="IDLE"),
    "idlelib.run": Runner(runs=Runs.SHELL, name="IDLE"),
    "pytest": _PYTEST,
    "py.test": _PYTEST,
    "unittest": Runner(
        runs=Runs.TESTS, name="unittest", values=frozenset({"-k", "-s", "-p", "-t"})
    ),
    "gunicorn": _app("gunicorn", _GUNICORN, folders="--chdir --pythonpath"),
    "uvicorn": _app("uvicorn", _UVICORN, folders="--app-dir"),
    "hypercorn": _app(
        "hypercorn", "-b --bind -w --workers -k --worker-class -c --config --log-level"
    ),
    "daphne": _app("daphne", "-b --bind -p --port -u --unix-socket"),
    "waitress-serve": _app("waitress-serve", ""),
    "celery": _app(
        "celery",
        "-b --broker -l --loglevel -c --concurrency -Q --queues -n --hostname -P --pool -f"
        " --logfile",
        apps="-A --app",
        folders="--workdir",
        variable="APP",
    ),
    "dramatiq": _app("dramatiq", "-p --processes -t --threads -Q --queues"),
    "arq": _app("arq", ""),
    "flask": _app(
        "flask", "-h --host -p --port -e --env-file", apps="-A --app", variable="FLASK_APP"
    ),
    "fastapi": _script("fastapi", "--host --port --app --root-path"),
    "uwsgi": _app(
        "uwsgi",
        "",
        apps="-w --module --wsgi --wsgi-file --file",
        folders="--chdir --pythonpath --pp",
    ),
    "ipykernel_launcher": _KERNEL,
    "ipykernel": _KERNEL,
    "colab_kernel_launcher": _KERNEL,
    "joblib.externals.loky.backend.popen_loky_posix": Runner(runs=Runs.PARENT, name="loky worker"),
    "joblib.externals.loky.backend.popen_loky_win32": Runner(runs=Runs.PARENT, name="loky worker"),
    "loky.backend.popen_loky_posix": Runner(runs=Runs.PARENT, name="loky worker"),
    "torch._inductor.compile_worker": Runner(runs=Runs.PARENT, name="compile worker"),
    "torch.utils.data": Runner(runs=Runs.PARENT, name="data worker"),
}
"""By module name (`-m`) or name of the console script."""

BELOW_TOOL = (
    "another program runs it in its own process (a debugger, a profiler, a test runner), which may "
    "run more, and goes by its name alone: what is approved has to be started without it"
)
BELOW_PROMPT = (
    "a debugger or a shell runs it, at whose prompt, or by whose settings, anything may be run in "
    "its process: what is approved has to be started without it"
)
BELOW_TESTS = (
    "a test runner runs it, with all that its settings, its plugins and files for all tests "
    "(conftest) bring: what is approved has to be started without it"
)
_PROMPTING = frozenset("pdb ipdb debugpy pydevd.py ipython IPython ptpython".split())
_TESTING = frozenset({"pytest", "py.test", "unittest"})
_MOST_WORDS = 6


def below(line: Sequence[str]) -> str:
    """Return why what such a tool runs is not certain, by the command line with the tool's name."""
    names = {base_name(word) for word in line[:_MOST_WORDS]}
    if names & _PROMPTING:
        return BELOW_PROMPT
    return BELOW_TESTS if names & _TESTING else BELOW_TOOL


_WORKER_CODE = re.compile(
    r"from (?:multiprocessing|billiard|multiprocess|loky|joblib\.externals\.loky)(?:\.\w+)*\.?"
    r"(?:spawn|forkserver|resource_tracker|semaphore_tracker|forking)? import"
    r" (?:spawn_main|main|_main)\b"
    r"|from (?:multiprocessing|billiard)\.\w+ import (?:\w++(?:;\s*+|\s++)\w++|\w{2,}+)\("
    r"|import sys;exec\(eval\(sys\.stdin\.readline\(\)\)\)"
)


def is_worker_code(code: str) -> bool:
    """True for the code that multiprocessing, billiard, loky and execnet start their children
    with.
    """
    return _WORKER_CODE.match(code.lstrip()) is not None


_SERVER_TITLE = re.compile(r"(?P<tool>gunicorn|celeryd?|uwsgi)\b[^\[]*\[(?P<app>[\w.:\-()]+)\]")


def server_title(title: str) -> tuple[str, str] | None:
    """Return (tool, application) of a process title that a server wrote over its command line."""
    found = _SERVER_TITLE.match(title)
    return (found["tool"], found["app"]) if found else None
