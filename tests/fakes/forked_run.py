"""Runs collected tests in several processes that are forked when all is collected: `pytest --forks
5`. What is imported and collected once need not be so again in each of them.

A process runs the tests of a file, in their order, and then asks for the next file; which one that
is, `turns` tells. One that dies or says nothing for too long is ended with all that it started, and
told as a failure of its test; the rest of its file runs elsewhere.
"""

import atexit
import ctypes
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, util
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from _pytest.config import create_terminal_writer
from own_mounts import have_own_mounts
from pytest_timeout import _get_item_settings
from turns import Turns, Unit

STILL_S = 300.0
"""So long beyond the limit of its test a process may say nothing: that limit is an exception, which
a loop of C never sees and a callback may swallow.
"""
LAST_S = 30.0
"""So long a process that is ended has to let go of what its tests made."""
_LOOK_S = 1.0
_PR_SET_PDEATHSIG = 1
type Told = tuple[str, Any]
"""What a process says: `reports` of a test that ended, what is `late` as it was the end of all, a
`warning`, or that it wants `more`.
"""


@dataclass(slots=True, kw_only=True)
class Process:
    """One that runs tests, as the process that forked it knows it."""

    pid: int
    says: "Connection[Unit | None, Told]"
    unit: Unit | None = None
    """The file it runs, with the tests that have not ended."""
    has_run: bool = False
    """It ran a test."""
    heard: float = field(default_factory=time.monotonic)
    """When it last said something, or began."""
    code: int | None = None
    """What it ended with."""

    def has_ended(self, within: float = 0.0) -> bool:
        """Return whether it has ended, waiting for that so many seconds."""
        end = time.monotonic() + within
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= end:
                return False
            else:
                time.sleep(0.01)
        return True

    def kill(self) -> None:
        """End it with all that it started, and have it write where it stood."""
        started: list[psutil.Process] = []
        with suppress(psutil.Error):
            started = psutil.Process(self.pid).children(recursive=True)
        for number in (signal.SIGABRT, signal.SIGKILL):  # the first writes where its threads stand
            if not self.has_ended():
                os.kill(self.pid, number)
                self.has_ended(within=5.0)
        for one in started:
            with suppress(psutil.Error):
                one.kill()
        with suppress(ProcessLookupError):  # what lost its parent before
            os.killpg(self.pid, signal.SIGKILL)


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
    before = signal.signal(signal.SIGTERM, _as_a_key)
    try:
        while len(runs.processes) < min(count, len(files)):
            runs.fork()
        while runs.processes:
            said = wait([one.says for one in runs.processes], _LOOK_S)
            for process in [one for one in runs.processes if one.says in said]:
                runs.hear(process)
            runs.look()
    finally:  # all have ended, or nobody waits for them
        runs.end()
        signal.signal(signal.SIGTERM, before)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    if not session.shouldfail and (left := runs.turns.left):
        session.shouldfail = f"not run, as each process for it ended: {', '.join(left)}"
    if session.shouldfail:
        raise session.Failed(session.shouldfail)


def _as_a_key(*_: object) -> None:
    """End the run as a key does. In the background nobody hears of a key."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a group and who runs it send it twice
    raise KeyboardInterrupt


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

    def end(self) -> None:
        """End all, as a key does: each lets go of what its tests made, the gates too. A second key
        kills them.
        """
        try:
            for process in self.processes:
                process.says.close()
                os.kill(process.pid, signal.SIGINT)
            end = time.monotonic() + LAST_S
            for process in self.processes:
                process.has_ended(within=end - time.monotonic())
        finally:
            for process in self.processes:
                process.kill()
            self.processes.clear()

    def look(self) -> None:
        """End who stands still, and see who has ended while what it started holds its end of the
        pipe.
        """
        for process in list(self.processes):
            if process.has_ended():
                while process in self.processes and process.says.poll():
                    self.hear(process)
                if process in self.processes:
                    self._has_ended(process)
            elif time.monotonic() - process.heard > (limit := self._limit_s(process)):
                self._has_ended(process, f"did not end within {limit:.0f} s and was killed")

    def _limit_s(self, process: Process) -> float:
        own: float | None = None
        if process.unit is not None:
            own = _get_item_settings(self.session.items[process.unit.tests[0]]).timeout
        return STILL_S + (own or 0.0)

    def hear(self, process: Process) -> None:
        """Take what one process says, or that it has ended."""
        try:
            kind, told = process.says.recv()
        except (EOFError, OSError):
            self._has_ended(process)
            return
        process.heard = time.monotonic()
        if kind == "more":
            self._give(process)
        elif kind == "warning":
            self._warn(*told)
        elif kind == "late":
            self._log(told)
        else:
            self._ended(process, told)

    def _give(self, process: Process) -> None:
        stops = self.session.shouldfail or self.session.shouldstop
        given = None if stops else self.turns.take()
        try:
            process.says.send(given)
        except OSError:  # it has ended, which is heard next
            if given is not None:
                self.turns.give_back(given)
            return
        process.unit = given

    def _ended(self, process: Process, reports: Sequence[Any]) -> None:
        assert process.unit is not None
        process.unit.tests.pop(0)
        process.has_run = True
        self._log(reports)
        if not process.unit.tests:
            self.turns.ended(process.unit)
            process.unit = None

    def _log(self, reports: Sequence[Any]) -> None:
        hook = self.session.config.hook
        for report in reports:
            hook.pytest_runtest_logreport(report=_report(self.session.config, report))

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

    def _has_ended(self, process: Process, why: str = "") -> None:
        """Where it had tests left it died at the first of them: that is told, and another one runs
        the others. `why`: it was not its own will.
        """
        self.processes.remove(process)
        process.says.close()
        if why or not process.has_ended(within=LAST_S) or process.code:
            process.kill()
        why = why or f"ended with {process.code}"
        if process.unit is None:
            if process.code:
                self._warn(
                    f"a process that had run all its tests {why}", __file__, 0, "runtest", ""
                )
            if process.has_run and self.turns.left:
                self.fork()
            return
        item = self.session.items[process.unit.tests.pop(0)]
        text = f"the process that ran this test {why}"
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=text,
            when="call",
        )
        self.session.config.hook.pytest_runtest_logreport(report=report)
        self.turns.give_back(process.unit)
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
        self.tell("reports")

    def tell(self, kind: str) -> None:
        """Tell all reports that were kept."""
        self._says.send((kind, self._reports))
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
        _end_as_told()
        have_own_mounts()
        _be_quiet(session.config, base)
        teller = _Teller(session.config, says)
        session.config.pluginmanager.register(teller)
        last = None
        for last, following in _items(session, says):
            last.config.hook.pytest_runtest_protocol(item=last, nextitem=following)
        if last is not None and (broken := _end_of_all(session, last)):
            teller.pytest_runtest_logreport(broken)
            teller.tell("late")
        atexit._run_exitfuncs()
        util._exit_function()  # type: ignore[attr-defined]
        os._exit(0)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):  # nobody waits for this one any more
        _let_go(session)
        os._exit(1)
    except BaseException:  # noqa: BLE001  # its code tells it
        sys.excepthook(*sys.exc_info())
        os._exit(2)


def _end_as_told() -> None:
    """Be ended by whoever forked this one or with it, not by a key that ends all at once: then each
    lets go once.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _let_go(session: pytest.Session) -> None:
    """End what tests made, gates too. No second key stops that, a while does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(round(LAST_S))
    with suppress(Exception):
        session._setupstate.teardown_exact(None)
    atexit._run_exitfuncs()


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


class _Onward:
    """A test of another file follows, and it is not known which: only what is the whole session's
    stays.
    """

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def listchain(self) -> list[pytest.Collector]:
        """Return what that test has in common with the one before."""
        return [self._session]


def _items(
    session: pytest.Session, says: "Connection[Told, Unit | None]"
) -> Iterator[tuple[pytest.Item, pytest.Item]]:
    """Yield each test with the one after it: so much of what both share stays."""
    onward = cast(pytest.Item, _Onward(session))
    while True:
        says.send(("more", None))
        if (unit := says.recv()) is None:
            return
        items = [session.items[at] for at in unit.tests]
        yield from zip(items, [*items[1:], onward], strict=True)


def _end_of_all(session: pytest.Session, last: pytest.Item) -> pytest.TestReport | None:
    """End what is the whole session's. Where that fails it is the end of the last test."""
    end = session._setupstate.teardown_exact
    call = pytest.CallInfo.from_call(lambda: end(None), "teardown", reraise=KeyboardInterrupt)
    return None if call.excinfo is None else pytest.TestReport.from_item_and_call(last, call)
