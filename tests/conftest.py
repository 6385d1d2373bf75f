"""What holds for every test: how many examples are tried, and that each run notes how long the
tests of a file took, for `.ci/tests_of.py` and for who runs the longest first.
"""

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import families
import pytest
from families import summary
from hypothesis import HealthCheck, settings
from in_memory import scratch_place
from own_mounts import have_own_mounts

from core.duties import OWNER
from examples import SHARES

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# Some machines forbid compiled modules. Each of the hundred gates that tests start would compile
# 1,700 of them anew: a second and more of each test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Examples take as long as the machine lets them, and so does drawing them: none has a deadline.
for profile, examples in SHARES.items():
    settings.register_profile(
        profile,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
_FOLDER, _FAILED = pytest.StashKey[str](), pytest.StashKey[bool]()
_MEMBERS = pytest.StashKey[tuple[int, int]]()
_IN_MEMORY = pytest.StashKey[str]()
IN_MEMORY = frozenset(("certs", "core", "evidence", "exports", "fleet", "habits", "hub", "policy"))
"""Folders whose tests write much, and to which it is all one where. Not those that say who sent:
of a script on a file system in memory less is certain.
"""
_MADE = count()
NOTED = "outgate/seconds_of_files"
_seconds: defaultdict[str, float] = defaultdict(float)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Who runs tests."""
    told = "run the tests in so many processes, forked when all is collected"
    parser.addoption("--forks", type=int, default=0, metavar="N", help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Nobody beside these tests turns the way to a script of theirs: neither mounts of other tests
    nor the folders that other runs make where pytest keeps those of all.
    """
    have_own_mounts()
    if config.option.basetemp is None:  # else it is of the run that this is a part of
        config.option.basetemp = config.stash[_FOLDER] = f"{tempfile.mkdtemp(prefix='og-')}/t"
    given: dict[str, str] | None = getattr(config, "workerinput", None)
    made = given["in_memory"] if given else tempfile.mkdtemp(prefix="og-", dir=scratch_place())
    config.stash[_IN_MEMORY] = made


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "WorkerController") -> None:
    """All processes of a run have one folder in memory, which goes with the run."""
    node.workerinput["in_memory"] = node.config.stash[_IN_MEMORY]


def pytest_unconfigure(config: pytest.Config) -> None:
    """What a run that failed has left there stays, to be looked at; not what takes memory."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None and not config.stash.get(_FAILED, False):
        shutil.rmtree(Path(folder).parent, ignore_errors=True)
    if _IN_MEMORY in config.stash and not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[_IN_MEMORY], ignore_errors=True)


def pytest_collection_finish() -> None:
    """What was collected stays: the collector of cycles need not go through it again and again.
    Nor need it go through a whole screen after each 2,000 things that one test makes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each file takes."""
    _seconds[report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Note the times of the files of this run; those of others stay. Only the process that tells
    the whole run writes.
    """
    cache: pytest.Cache | None = getattr(session.config, "cache", None)
    session.config.stash[_FAILED] = bool(session.testsfailed)
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["members"] = families.tried, families.members
    if hasattr(session.config, "workerinput") or cache is None:
        return
    told = {file: round(spent, 2) for file, spent in _seconds.items()}
    cache.set(NOTED, {**cache.get(NOTED, {}), **told})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController") -> None:
    """Each process has collected the same families: any of them may tell."""
    if told := getattr(node, "workeroutput", {}).get("members"):
        node.config.stash[_MEMBERS] = told


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out of families of tests."""
    tried, members = config.stash.get(_MEMBERS, (families.tried, families.members))
    if members:
        terminalreporter.write_line(summary(tried, members))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in several processes, where that is asked for."""
    option = session.config.option
    if not option.forks or option.collectonly or session.testsfailed:
        return None
    import forked_run

    cache: pytest.Cache | None = getattr(session.config, "cache", None)
    forked_run.run(session, option.forks, {} if cache is None else cache.get(NOTED, {}))
    return True


@pytest.fixture(autouse=True)
def nothing_has_ended() -> Iterator[None]:
    """Each test is a process of its own as far as the owner of threads and tasks knows."""
    OWNER.forget()
    yield
    OWNER.forget()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test's own folder. pytest's fixture of this name reads all that it made before to find the
    next number, and knows one place only.
    """
    base = tmp_path_factory.getbasetemp()
    if request.path.relative_to(ROOT / "tests").parts[0] in IN_MEMORY:
        base = Path(request.config.stash[_IN_MEMORY], base.name)
    name = "".join(one if one.isalnum() else "_" for one in request.node.name[:30])
    made = base / f"{name}-{next(_MADE)}"
    made.mkdir(mode=0o700, parents=True)
    return made


@pytest.fixture(scope="session")
def rule_pack() -> Path:
    """A cache folder with the compiled rule pack: ten seconds of work, done by one process for all
    that run tests, and kept from one test run to the next; without pytest's own cache, too.
    """
    from classifiers.credentials.engines.pack import load

    folder = ROOT / ".pytest_cache/d/outgate-rule-pack"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        if load(folder) is None:
            subprocess.run(
                [sys.executable, "-m", "classifiers.credentials.engines.build", str(folder)],
                cwd=ROOT,
                check=True,
            )
    return folder
