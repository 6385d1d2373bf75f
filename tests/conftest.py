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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from own_mounts import have_own_mounts

from core.duties import OWNER
from examples import SHARES

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.loadscope import LoadScopeScheduling

# Some machines forbid compiled modules. Each of the hundred gates that tests start would compile
# 1,700 of them anew: a second and more of each test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Examples take as long as the machine lets them, and so does drawing them: none has a deadline.
for profile, count in SHARES.items():
    settings.register_profile(
        profile,
        deadline=None,
        max_examples=count,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
_FOLDER, _FAILED = pytest.StashKey[str](), pytest.StashKey[bool]()
NOTED = "outgate/seconds_of_files"
_seconds: defaultdict[str, float] = defaultdict(float)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Nobody beside these tests turns the way to a script of theirs: neither mounts of other tests
    nor the folders that other runs make where pytest keeps those of all.
    """
    have_own_mounts()
    if config.option.basetemp is None:  # else it is of the run that this is a part of
        config.option.basetemp = config.stash[_FOLDER] = f"{tempfile.mkdtemp(prefix='og-')}/t"


def pytest_unconfigure(config: pytest.Config) -> None:
    """What a run that failed has left there stays, to be looked at."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None and not config.stash.get(_FAILED, False):
        shutil.rmtree(Path(folder).parent, ignore_errors=True)


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
    if hasattr(session.config, "workerinput") or cache is None:
        return
    told = {file: round(spent, 2) for file, spent in _seconds.items()}
    cache.set(NOTED, {**cache.get(NOTED, {}), **told})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: "Producer"
) -> "LoadScopeScheduling | None":
    """Where processes take whole files, the longest are begun first."""
    cache: pytest.Cache | None = getattr(config, "cache", None)
    known = {} if cache is None else cache.get(NOTED, {})
    if config.option.dist != "loadscope":
        return None
    from longest_first import LongestFirst  # of xdist, which not every run loads

    return LongestFirst(config, log, known)


@pytest.fixture(autouse=True)
def nothing_has_ended() -> Iterator[None]:
    """Each test is a process of its own as far as the owner of threads and tasks knows."""
    OWNER.forget()
    yield
    OWNER.forget()


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
