"""Whether a script is what its repository has committed: told from git's own files, compared with
git itself.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.identity.git_index import read_index
from attribution.identity.repository import repository_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git to compare with")


def git(folder: Path, *words: str) -> None:
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
    named = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", *named, *words], cwd=folder, env=os.environ | who, check=True, capture_output=True
    )


@pytest.fixture(params=["2", "3", "4", "sha256"])
def work(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository with a committed script in a folder, in every format of the index."""
    git(tmp_path, "init", "-q", *(["--object-format=sha256"] if request.param == "sha256" else []))
    if request.param.isdigit():
        git(tmp_path, "config", "index.version", request.param)
    (tmp_path / "jobs").mkdir()
    for n in range(20):
        (tmp_path / "jobs" / f"other{n}.py").write_text(f"{n}\n")
    (tmp_path / "jobs" / "job.py").write_text("print(1)\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    if request.param == "3":
        (tmp_path / "later.py").write_text("")
        git(tmp_path, "add", "-N", "later.py")
    return tmp_path


def state(folder: Path, name: str = "jobs/job.py") -> str | None:
    found = repository_of(str(folder / name))
    assert found is not None
    return found.file


def test_what_is_committed_modified_or_untracked_is_told(work: Path) -> None:
    """The commit is shown with whether the script is what stands in it."""
    if not (work / "later.py").exists():
        assert state(work) == "committed"
    (work / "jobs" / "job.py").write_text("print(2)\n")
    assert state(work) == "modified"
    (work / "jobs" / "new.py").write_text("")
    assert state(work, "jobs/new.py") == "untracked"


def test_what_is_only_staged_is_not_called_committed(work: Path) -> None:
    """A change that was staged and not committed does not pass for what the commit holds."""
    (work / "jobs" / "job.py").write_text("print(2)\n")
    git(work, "add", "jobs/job.py")
    assert state(work) in {None, "modified"}
    git(work, "commit", "-qam", "two")
    assert state(work) == "committed"


def test_a_worktree_has_an_index_of_its_own(work: Path) -> None:
    """In a linked worktree its own index counts."""
    git(work, "worktree", "add", "-q", "side")
    assert state(work / "side") == "committed"
    (work / "side" / "jobs" / "job.py").write_text("x = 1\n")
    assert state(work / "side") == "modified"


def test_line_ends_of_another_system_are_no_change(work: Path) -> None:
    """A file checked out with the line ends of Windows is the one that was committed."""
    (work / "jobs" / "job.py").write_bytes(b"print(1)\r\n")
    assert state(work) != "modified"


def test_a_repository_without_an_index_says_nothing(work: Path) -> None:
    """Without an index, or with a broken one, nothing is said of the file."""
    (work / ".git" / "index").write_bytes(b"DIRC broken")
    assert state(work) is None
    (work / ".git" / "index").unlink()
    assert state(work) is None


@given(st.binary(max_size=200), st.sampled_from([2, 3, 4]), st.integers(0, 5))
def test_any_bytes_can_be_an_index(data: bytes, version: int, count: int) -> None:
    """A hostile index file is read to an end, and says nothing or something, but breaks nothing."""
    head = b"DIRC" + version.to_bytes(4, "big") + count.to_bytes(4, "big")
    for text in (data, head + data):
        read_index(text, b"job.py", 40)
