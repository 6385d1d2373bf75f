"""What holds for every test: how many examples are tried, and that each run notes how long the
tests of a file took, for `.ci/tests_of.py`.
"""

from collections import defaultdict

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)
"""Examples take as long as the machine lets them, so none has a deadline."""
settings.load_profile("house")

NOTED = "outgate/seconds_of_files"
_seconds: defaultdict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each file takes."""
    _seconds[report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Note the times of the files of this run; those of others stay. Only the process that tells
    the whole run writes.
    """
    cache: pytest.Cache | None = getattr(session.config, "cache", None)
    if hasattr(session.config, "workerinput") or cache is None:
        return
    told = {file: round(spent, 2) for file, spent in _seconds.items()}
    cache.set(NOTED, {**cache.get(NOTED, {}), **told})
