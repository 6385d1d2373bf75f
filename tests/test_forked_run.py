"""Tests that run in forks of the process that collected them: all of them, each once, told as if
they had run there; what dies is told, and the rest of its file runs elsewhere.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from patience import eventually

FAKES = Path(__file__).parent / "fakes"
CONFTEST = """
import sys
import pytest
sys.path.append({fakes!r})

def pytest_addoption(parser):
    parser.addoption("--forks", type=int, default=0)

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if not session.config.option.forks:
        return None
    import forked_run
    forked_run.STILL_S, forked_run.LAST_S = {still}, {last}
    forked_run.run(session, session.config.option.forks, {{}})
    return True
"""


def run(
    folder: Path, files: dict[str, str], *options: str, still: float = 300, last: float = 30
) -> tuple[int, str]:
    """Run these files of tests in three processes; return the code and what is printed. `still` and
    `last`: seconds that a process may say nothing, and has to end.
    """
    conftest = CONFTEST.format(fakes=str(FAKES), still=still, last=last)
    (folder / "conftest.py").write_text(conftest)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    alone = ["-p", "no:cacheprovider", "-p", "no:randomly", "-rA", *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--forks", "3", *alone, f"--basetemp={folder / 't'}"],
        cwd=folder,
        env=os.environ | {"PYTEST_ADDOPTS": ""},  # what was asked of the run around this one
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(out: str) -> list[str]:
    """Return what is told of each test, sorted: its outcome and name."""
    return sorted(re.findall(r"^(?:PASSED|FAILED|ERROR|XFAIL|SKIPPED) \S+", out, re.MULTILINE))


def of_the_process_that_read_it(module: Path) -> list[int]:
    """Return the lines on which a module asks, as it is read, which process it is in."""
    tree = ast.parse(module.read_text("utf-8"))
    later = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for part in (node.body if isinstance(node.body, list) else [node.body])
        for below in ast.walk(part)
    }
    asked = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in later
    )
    return sorted(node.lineno for node in asked if ast.unparse(node) in OWN)


OWN = {"os.getpid()", "os.getppid()", "psutil.Process()", "threading.get_ident()"}


def test_no_module_of_tests_keeps_the_process_that_read_it(tmp_path: Path) -> None:
    """Its tests run in a fork of that one, which has another number."""
    modules = Path(__file__).parent.rglob("*.py")
    told = {path.name: lines for path in modules if (lines := of_the_process_that_read_it(path))}
    assert told == {}
    probe = tmp_path / "probe.py"
    text = "import os\nA = f'{os.getpid()}'\ndef b(x=os.getppid()): return os.getpid()\n"
    probe.write_text(text)
    assert of_the_process_that_read_it(probe) == [2, 3]


def test_all_run_once_and_are_told(tmp_path: Path) -> None:
    """What passes, fails, is skipped, expected to fail, or breaks at its end."""
    marks = (
        "import pytest\n"
        "@pytest.fixture\n"
        "def broken():\n    yield\n    raise OSError('at its end')\n"
        "def test_passes(): pass\n"
        "def test_fails():\n    print('what it wrote')\n    assert 1 == 2\n"
        "def test_is_skipped(): pytest.skip('for a reason')\n"
        "@pytest.mark.xfail\ndef test_is_expected(): assert False\n"
        "def test_breaks(broken): pass\n"
    )
    code, out = run(tmp_path, {"a": marks, "b": marks, "c": marks, "d": marks})
    assert code == 1
    told = re.search(r"^=+ (\d.*) in [\d.]+s", out, re.MULTILINE)
    assert told, out
    assert told[1] == "4 failed, 8 passed, 4 skipped, 4 xfailed, 4 errors"
    assert out.splitlines().count("what it wrote") == 4
    assert out.count("OSError: at its end") >= 4
    assert "for a reason" in out
    assert set(outcomes(out)) >= {f"PASSED test_{name}.py::test_passes" for name in "abcd"}


def test_a_file_is_run_by_one_process_and_what_is_shared_is_made_once_in_it(
    tmp_path: Path,
) -> None:
    """Modules have their fixtures once, processes those of the session; each has its own folder."""
    shared = (
        "import os, pytest, pathlib\n"
        "LOG = pathlib.Path(__file__).with_name('made.txt')\n"
        "def tell(what):\n"
        "    with LOG.open('a') as file: file.write(f'{what} {os.getpid()}\\n')\n"
        "@pytest.fixture(scope='module')\n"
        "def module(): tell('module'); yield; tell('module-end')\n"
        "@pytest.fixture(scope='session')\n"
        "def session(): tell('session'); yield; tell('session-end')\n"
    )
    (tmp_path / "shared.py").write_text(shared)
    text = (
        "import pytest, os\n"
        "from shared import *\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test_it(n, module, session, tmp_path_factory):\n"
        "    tell(tmp_path_factory.getbasetemp().name)\n"
    )
    code, out = run(tmp_path, dict.fromkeys("abcdefg", text), "-p", "no:terminalprogress")
    assert code == 0, out
    lines = [line.split() for line in (tmp_path / "made.txt").read_text().splitlines()]
    pids = {pid for _, pid in lines}
    made = [what for what, _ in lines]
    assert 1 <= len(pids) <= 3
    assert made.count("module") == made.count("module-end") == 7
    assert made.count("session") == made.count("session-end")
    folders = {(what, pid) for what, pid in lines if what.startswith("part")}
    assert len(folders) == len({what for what, _ in folders}) == len(pids)


def test_a_process_that_dies_is_told_and_the_rest_runs(tmp_path: Path) -> None:
    """At the test at which it died; no other is lost."""
    text = (
        "import os, signal\n"
        "def test_before(): pass\n"
        "def test_kills(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "def test_after(): pass\n"
    )
    fine = "def test_fine(): pass\n"
    code, out = run(tmp_path, {"a": text, "b": text, "c": fine, "d": fine, "e": fine})
    assert code == 1
    assert "ended with -9" in out
    expected = [
        *(f"FAILED test_{name}.py::test_kills" for name in "ab"),
        *(f"PASSED test_{name}.py::test_{at}" for name in "ab" for at in ("before", "after")),
        *(f"PASSED test_{name}.py::test_fine" for name in "cde"),
    ]
    assert outcomes(out) == sorted(expected), out


def test_the_first_failure_ends_it_where_that_is_asked_for(tmp_path: Path) -> None:
    """`-x`: what has begun ends, no other file is begun."""
    files = {f"f{n:02}": "def test_it(): assert False\n" for n in range(20)}
    code, out = run(tmp_path, files, "-x")
    assert code in {1, 2}, out
    assert re.search(r"stopping after \d+ failures", out), out
    assert len(outcomes(out)) < 20


def test_what_warns_is_told(tmp_path: Path) -> None:
    """As text, with its kind."""
    text = "import warnings\ndef test_it(): warnings.warn('look here', DeprecationWarning)\n"
    code, out = run(tmp_path, {"a": text})
    assert code == 0, out
    assert "DeprecationWarning: look here" in out


def test_where_no_process_lives_nothing_is_green(tmp_path: Path) -> None:
    """Files that nobody ran are told, and the run fails."""
    (tmp_path / "own_mounts.py").write_text("def have_own_mounts(): raise OSError('no')\n")
    code, out = run(tmp_path, {"a": "def test_it(): pass\n"})
    assert code != 0
    assert "not run, as each process for it ended: test_a.py" in out


@pytest.mark.parametrize("written", ["print('early')", "import sys; sys.stderr.write('early')"])
def test_what_is_written_as_modules_are_read_is_not_told_by_each(
    tmp_path: Path, written: str
) -> None:
    """What was captured before the fork is dropped in it."""
    code, out = run(tmp_path, {"a": f"{written}\ndef test_it(): pass\n"})
    assert code == 0, out
    assert out.count("early") <= 1


STANDS = """
import atexit, os, pathlib, signal, subprocess, time
HERE = pathlib.Path(__file__)

def stand():
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    HERE.with_suffix(".sleeps").write_text(str(child.pid))
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
"""
"""`stand` starts a program of its own, and no exception ends it: not that of a test's limit."""


def sleeper_has_ended(folder: Path, name: str) -> bool:
    """Return whether the program that `stand` started runs no more."""
    pid = int((folder / f"test_{name}.sleeps").read_text())
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_who_stands_still_is_ended_and_named(tmp_path: Path) -> None:
    """With all that it started, where its threads stood is written, and the rest of its file runs.
    A test has its own limit first.
    """
    text = f"{STANDS}\ndef test_stands(): stand()\ndef test_after(): pass\n"
    slow = "import time\ndef test_slow(): time.sleep(2)\n"
    slow = slow.replace("def", "import pytest\n@pytest.mark.timeout(60)\ndef")
    files = {"a": text, "b": slow, "c": "def test_fine(): pass\n"}
    code, out = run(tmp_path, files, still=1)
    assert code == 1
    assert "test_stands" in out and "did not end within 1 s and was killed" in out
    assert "in stand" in out, out
    expected = ["FAILED test_a.py::test_stands", "PASSED test_a.py::test_after"]
    assert outcomes(out) == [
        *expected,
        "PASSED test_b.py::test_slow",
        "PASSED test_c.py::test_fine",
    ]
    eventually(lambda: sleeper_has_ended(tmp_path, "a"))


def test_who_does_not_end_after_its_tests_is_told(tmp_path: Path) -> None:
    """Its tests are told already; that it was killed is a warning."""
    text = f"{STANDS}\ndef test_it(): atexit.register(stand)\n"
    code, out = run(tmp_path, {"a": text}, still=1)
    assert code == 0, out
    assert "a process that had run all its tests did not end within 1 s and was killed" in out
    eventually(lambda: sleeper_has_ended(tmp_path, "a"))


def test_who_dies_is_seen_where_a_fork_of_it_lives(tmp_path: Path) -> None:
    """The fork holds an end of its pipe: nothing is read from that, for ever."""
    text = (
        "import os, signal, time\n"
        "def test_it():\n"
        "    if not os.fork(): os.setsid(); time.sleep(600)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "def test_after(): pass\n"
    ).replace("os.setsid()", "open(__file__ + '.pid', 'w').write(str(os.getpid()))")
    code, out = run(tmp_path, {"a": text})
    assert code == 1
    assert "ended with -9" in out
    assert "PASSED test_a.py::test_after" in outcomes(out)


LETS_GO = """
import pytest
@pytest.fixture(scope="module")
def gate():
    HERE.with_suffix(".begun").touch()
    yield
    HERE.with_suffix(".ended").touch()
"""
KEY = """
def test_it(gate):
    while len(list(HERE.parent.glob("*.begun"))) < 3: time.sleep(0.01)
    if HERE.stem == "test_a": os.kill(os.getppid(), signal.SIGINT)
"""


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_ended_lets_go_of_what_its_tests_made(tmp_path: Path, sent: str) -> None:
    """A key ends all processes, each with the ends of its fixtures: no gate is left behind."""
    text = f"{STANDS}{LETS_GO}{KEY.replace('SIGINT', sent)}    time.sleep(200)\n"
    code, out = run(tmp_path, dict.fromkeys("abc", text))
    assert code == pytest.ExitCode.INTERRUPTED, out
    assert len(list(tmp_path.glob("*.ended"))) == 3, out


def test_what_does_not_let_go_is_killed(tmp_path: Path) -> None:
    """With all that it started."""
    stands = "\ndef test_it():\n    if HERE.stem != 'test_a': stand()\n"
    waits = "    while len(list(HERE.parent.glob('*.sleeps'))) < 2: time.sleep(0.01)\n"
    text = f"{STANDS}{stands}{waits}    os.kill(os.getppid(), signal.SIGINT)\n    time.sleep(200)\n"
    code, out = run(tmp_path, dict.fromkeys("abc", text), last=2)
    assert code == pytest.ExitCode.INTERRUPTED, out
    eventually(lambda: all(sleeper_has_ended(tmp_path, name) for name in "bc"))


def test_where_whoever_forked_is_killed_the_others_let_go(tmp_path: Path) -> None:
    """Nobody hears what they find."""
    text = f"{STANDS}{LETS_GO}{KEY.replace('SIGINT', 'SIGKILL')}    time.sleep(200)\n"
    code, _ = run(tmp_path, dict.fromkeys("abc", text))
    assert code == -9
    eventually(lambda: len(list(tmp_path.glob("*.ended"))) == 3)


def test_what_the_whole_session_made_fails_at_its_end(tmp_path: Path) -> None:
    """In each process, of its last test."""
    text = (
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def broken():\n    yield\n    raise OSError('at the end of all')\n"
        "def test_first(broken): pass\ndef test_it(broken): pass\n"
    )
    code, out = run(tmp_path, {"a": text})
    assert code == 1
    expected = [
        "ERROR test_a.py::test_it",
        "PASSED test_a.py::test_first",
        "PASSED test_a.py::test_it",
    ]
    assert outcomes(out) == expected, out
    assert "at the end of all" in out


def test_a_file_waits_for_no_process_that_has_another(tmp_path: Path) -> None:
    """Each of three has one, and no second before that has ended."""
    text = (
        "import pathlib, time\n"
        "def test_it():\n"
        "    pathlib.Path(__file__).with_suffix('.begun').touch()\n"
        "    end = time.monotonic() + 30\n"
        "    while len(list(pathlib.Path(__file__).parent.glob('*.begun'))) < 3:\n"
        "        assert time.monotonic() < end\n"
        "        time.sleep(0.01)\n"
    )
    code, out = run(tmp_path, dict.fromkeys("abc", text))
    assert code == 0, out
