"""What native readers opened in folders of data, by the kernel's word."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attribution.backends import procfs
from attribution.backends.opened_files import OpenedFiles

linux = pytest.mark.skipif(sys.platform != "linux", reason="fanotify is Linux's")

READERS = {
    "open": "open(p).read()",
    "polars": "import polars; polars.read_csv(p)",
    "cat": "import subprocess; c = subprocess.Popen(['cat', p, '-'], stdin=-1, stdout=-1); c.stdout.read(1)",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    for name in ("below", "below/deeper"):
        (place / name).mkdir()
    for name in READERS:
        (place / "below" / f"{name}.csv").write_text("a,b\n1,2\n")
    return place


@pytest.fixture(scope="module")
def opened(place: Path) -> Iterator[OpenedFiles]:
    made = OpenedFiles([str(place)], frozenset({os.getppid()}))
    if made.obstacle is not None:
        pytest.skip(f"nothing can be heard here: {made.obstacle}")
    yield made
    made.close()


def files_of(opened: OpenedFiles, code: str, path: Path) -> list[str]:
    """Return what a process of this code, that still lives, is known to have opened."""
    child = subprocess.Popen(
        [sys.executable, "-c", f"import sys; p = sys.argv[1]; {code}; print(1, flush=True); input()",
         str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdout.readline()
        start = procfs.start_of(child.pid)
        assert start is not None
        return list(opened.of(child.pid, start))
    finally:
        child.stdin.close()
        child.wait()


@linux
@pytest.mark.parametrize("reader", READERS)
def test_what_any_reader_has_read_and_closed_is_known(
    opened: OpenedFiles, place: Path, reader: str
) -> None:
    """Readers written in other languages, and programs that the script starts, are seen like
    `open`.
    """
    path = place / "below" / f"{reader}.csv"
    assert files_of(opened, READERS[reader], path) == [str(path)]
    assert opened.is_whole


@linux
def test_what_lies_elsewhere_or_is_code_is_none(
    opened: OpenedFiles, place: Path, tmp_path: Path
) -> None:
    """Only data in the folders that were named is noted; not this gate's own looks, either."""
    (tmp_path / "other.csv").write_text("a")
    (place / "module.py").write_text("")
    assert files_of(opened, "open(p).read()", tmp_path / "other.csv") == []
    assert files_of(opened, "open(p).read()", place / "module.py") == []
    (place / "below" / "open.csv").read_bytes()
    start = procfs.start_of(os.getpid())
    assert start is not None and opened.of(os.getpid(), start) == ()


@linux
def test_another_process_with_the_same_number_has_opened_nothing(
    opened: OpenedFiles, place: Path
) -> None:
    """A number is given out again: only with its beginning it is a process."""
    assert files_of(opened, "open(p).read()", place / "below" / "open.csv")
    assert opened.of(1, 1) == ()


@linux
def test_the_end_of_who_listens_is_no_silence(place: Path) -> None:
    """Once nobody listens, what was opened is not known to be all."""
    made = OpenedFiles([str(place)])
    if made.obstacle is not None:
        pytest.skip(f"nothing can be heard here: {made.obstacle}")
    assert made._helper is not None
    made._helper.kill()
    made._helper.wait()
    assert made.of(1, 1) == () and not made.is_whole
    made.close()


@linux
def test_who_cannot_listen_says_why_in_a_sentence(place: Path) -> None:
    """Without the folder, or without rights, one clear word; and nothing is taken for whole."""
    made = OpenedFiles([str(place / "nowhere")])
    assert made.obstacle is not None
    assert made.obstacle.startswith(("there is no folder", "this takes root"))
    assert not made.is_whole and made.of(1, 1) == ()
    made.close()


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="shows what root sees without its rights")
def test_without_rights_it_says_that_it_takes_root() -> None:
    """Asked by another user, the kernel refuses, and the words say what to do."""
    code = "import os; from attribution.backends.opened_files import main; os.setuid(65534);"
    code += "main('[[\"/tmp\"], []]')"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    said = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert said.stdout == '"this takes root (CAP_SYS_ADMIN)"\n', said.stderr
