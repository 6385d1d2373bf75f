"""Tests that run in forks of the process that collected them: all of them, each once, told as if
they had run there; what dies is told, and the rest of its file runs elsewhere.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    forked_run.run(session, session.config.option.forks, {{}})
    return True
"""


def run(folder: Path, files: dict[str, str], *options: str) -> tuple[int, str]:
    """Run these files of tests in three processes; return the code and what is printed."""
    (folder / "conftest.py").write_text(CONFTEST.format(fakes=str(FAKES)))
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    alone = ["-p", "no:cacheprovider", "-p", "no:randomly", "-rA", *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--forks", "3", *alone, f"--basetemp={folder / 't'}"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(out: str) -> list[str]:
    """Return what is told of each test, sorted: its outcome and name."""
    return sorted(re.findall(r"^(?:PASSED|FAILED|ERROR|XFAIL|SKIPPED) \S+", out, re.MULTILINE))


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
