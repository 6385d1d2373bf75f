"""Runs collected tests in several processes that are forked when all is collected: `pytest --forks
5`. What is imported and collected once need not be so again in each of them.

A process runs the tests of a file, in their order, and then asks for the next file; which one that
is, `turns` tells.
"""

import atexit
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import Pipe, util
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

import pytest
from _pytest.config import create_terminal_writer
from own_mounts import have_own_mounts
from turns import Turns, Unit

type Told = tuple[str, Any]
"""What a process says: `reports` of a test that ended, a `warning`, or that it wants `more`."""


@dataclass(slots=True, kw_only=True)
class Process:
    """One that runs tests, as the process that forked it knows it."""

    pid: int
    says: "Connection[Unit | None, Told]"
    unit: Unit | None = None
    """The file it runs, with the tests that have not ended."""
    next: Unit | None = None
    """The file it runs when it has ended this one."""


def run(session: pytest.Session, count: int, known: Mapping[str, float]) -> None:
    """Run all tests of a session in `count` processes, and tell their reports as if they had run
    here. `known`: the seconds that a file took when it last ran.
    """
    files: dict[str, list[int]] = {}
    for at, item in enumerate(session.items):
        files.setdefault(item.nodeid.partition("::")[0], []).append(at)
    runs = _Runs(session=session, turns=Turns(files, known))
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    runs.base = Path(base)
    try:
        while len(runs.processes) < min(count, len(files)):
            runs.fork()
        while runs.processes:
            for one in wait([one.says for one in runs.processes]):
                runs.hear(next(process for process in runs.processes if process.says is one))
    finally:  # all have ended, or nobody waits for them
        for process in runs.processes:
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    if not session.shouldfail and (left := runs.turns.left):
        session.shouldfail = f"not run, as each process for it ended: {', '.join(left)}"
    if session.shouldfail:
        raise session.Failed(session.shouldfail)


@dataclass(slots=True, kw_only=True)
class _Runs:
    session: pytest.Session
    turns: Turns
    base: Path = Path()
    processes: list[Process] = field(default_factory=list)
    forked: int = 0

    def fork(self) -> None:
        """Start one more process. Returns in this one only."""
        here, there = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.forked += 1
        pid = os.fork()
        if not pid:
            for other in self.processes:
                other.says.close()
            here.close()
            _be_one(self.session, there, self.base / f"part{self.forked}")
        there.close()
        self.processes.append(Process(pid=pid, says=here))

    def hear(self, process: Process) -> None:
        """Take what one process says, or that it has ended."""
        try:
            kind, told = process.says.recv()
        except (EOFError, ConnectionResetError):
            self._has_ended(process)
            return
        if kind == "more":
            stops = self.session.shouldfail or self.session.shouldstop
            given = None if stops else self.turns.take()
            if process.unit is None:
                process.unit = given
            else:
                process.next = given
            process.says.send(given)
        elif kind == "warning":
            self._warn(*told)
        else:
            self._ended(process, told)

    def _ended(self, process: Process, reports: Sequence[Any]) -> None:
        hook = self.session.config.hook
        assert process.unit is not None
        process.unit.tests.pop(0)
        for report in reports:
            hook.pytest_runtest_logreport(report=_report(self.session.config, report))
        if not process.unit.tests:
            self.turns.ended(process.unit)
            process.unit, process.next = process.next, None

    def _warn(self, text: str, file: str, line: int, when: Any, nodeid: str) -> None:
        message = warnings.WarningMessage(UserWarning(text), UserWarning, file, line)
        self.session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "when": when,
                "nodeid": nodeid,
                "location": None,
            }
        )

    def _has_ended(self, process: Process) -> None:
        """Where it had tests left it died at the first of them: that is told, and another one runs
        the others.
        """
        self.processes.remove(process)
        process.says.close()
        _, status = os.waitpid(process.pid, 0)
        if process.unit is None:
            return
        item = self.session.items[process.unit.tests.pop(0)]
        code = os.waitstatus_to_exitcode(status)
        text = f"the process that ran this test ended with {code}"
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=text,
            when="call",
        )
        self.session.config.hook.pytest_runtest_logreport(report=report)
        for unit in (process.unit, process.next):
            if unit is not None:
                self.turns.give_back(unit)
        self.fork()


class _Teller:
    """Tells the process that forked this one what comes of its tests."""

    def __init__(self, config: pytest.Config, says: "Connection[Told, Unit | None]") -> None:
        self._config, self._says = config, says
        self._reports: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it until the test has ended. Of what passed nobody reads what it wrote."""
        plain = report.passed and not hasattr(report, "wasxfail") and not report.user_properties
        if plain:
            self._reports.append(
                (report.nodeid, report.location, report.when, report.duration, report.start)
            )
        else:
            hook = self._config.hook
            told = hook.pytest_report_to_serializable(config=self._config, report=report)
            self._reports.append(told)

    def pytest_runtest_logfinish(self) -> None:
        """Tell all reports of a test."""
        self._says.send(("reports", self._reports))
        self._reports = []

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str
    ) -> None:
        """Tell a warning, as text."""
        name = warning_message.category.__name__
        text = f"{name}: {warning_message.message}"
        told = text, warning_message.filename, warning_message.lineno, when, nodeid
        self._says.send(("warning", told))


def _report(config: pytest.Config, told: Any) -> pytest.TestReport:
    if isinstance(told, tuple):
        nodeid, location, when, seconds, start = told
        return pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome="passed",
            longrepr=None,
            when=when,
            duration=seconds,
            start=start,
        )
    made = config.hook.pytest_report_from_serializable(config=config, data=told)
    return cast(pytest.TestReport, made)


def _be_one(session: pytest.Session, says: "Connection[Told, Unit | None]", base: Path) -> None:
    """Be a process that runs tests, to its end."""
    try:
        atexit._clear()  # what the others registered is theirs
        have_own_mounts()
        _be_quiet(session.config, base)
        session.config.pluginmanager.register(_Teller(session.config, says))
        for item, following in _items(session, says):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        atexit._run_exitfuncs()
        util._exit_function()  # type: ignore[attr-defined]
        os._exit(0)
    except EOFError:  # whoever forked this one has ended
        os._exit(1)
    except BaseException:  # noqa: BLE001  # its code tells it
        sys.excepthook(*sys.exc_info())
        os._exit(2)


def _be_quiet(config: pytest.Config, base: Path) -> None:
    """Have a folder and files of what tests write of one's own, and leave the telling to others."""
    config._tmp_path_factory._given_basetemp = base  # type: ignore[attr-defined]
    config._tmp_path_factory._basetemp = None  # type: ignore[attr-defined]
    manager = config.pluginmanager
    capture: Any = manager.getplugin("capturemanager")
    if capture.is_globally_capturing():
        capture.read_global_capture()
        capture.stop_global_capturing()
        capture.start_global_capturing()
    reporter: Any = manager.getplugin("terminalreporter")
    reporter._tw = create_terminal_writer(config, Path(os.devnull).open("w"))  # noqa: SIM115


def _items(
    session: pytest.Session, says: "Connection[Told, Unit | None]"
) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each test with the one after it: so much of what both share stays."""

    def more() -> list[int]:
        says.send(("more", None))
        unit = says.recv()
        return unit.tests if unit is not None else []

    tests = more()
    while tests:
        for at, following in pairwise(tests):
            yield session.items[at], session.items[following]
        last, tests = tests[-1], more()
        yield session.items[last], session.items[tests[0]] if tests else None
