"""The list of processes, as it is looked at where nobody hears of those that come and go."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attribution.backends import process_ends
from attribution.backends.process_ends import Listing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Kernel:
    """Processes and the kernel's counts, as a test has them; counts how often they are listed."""

    def __init__(self) -> None:
        self.there: list[int] = []
        self.counted: bytes | None = b"1 1"
        self.listed = 0

    def pids(self) -> Iterator[int]:
        self.listed += 1
        return iter(self.there)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(process_ends, "pids", made.pids)
    monkeypatch.setattr(process_ends, "_counted", lambda: made.counted)
    monkeypatch.setattr(process_ends, "_program_of", lambda pid: f"/bin/{pid}")
    return made


def seen(listing: Listing) -> set[tuple[int, bool]]:
    return {(one.pid, one.began) for one in listing.take() if one is not None}


def test_the_list_is_read_where_somebody_can_have_come_or_gone(kernel: Kernel) -> None:
    """A machine at rest is not listed each second; whoever comes and goes is told at once."""
    listing = Listing()
    kernel.there = [7, 8]
    assert seen(listing) == {(7, True), (8, True)}
    assert not seen(listing) and kernel.listed == 1
    kernel.there, kernel.counted = [8, 9], b"1 9"
    assert seen(listing) == {(7, False), (9, True)} and kernel.listed == 2


def test_the_list_is_read_after_a_while_whatever_is_counted(kernel: Kernel) -> None:
    """A count that is another machine's hides nobody for long."""
    listing = Listing()
    seen(listing)
    kernel.there = [7]
    looks = [seen(listing) for _ in range(process_ends._SURELY + 1)]
    assert looks[-1] == {(7, True)} and not any(looks[:-1])


def test_where_the_kernel_counts_nothing_the_list_is_read_each_time(kernel: Kernel) -> None:
    """As where a container has a table of its own."""
    kernel.counted = None
    listing = Listing()
    for number in range(3):
        kernel.there = [number + 7]
        assert (number + 7, True) in seen(listing)


def test_what_an_old_process_becomes_is_seen_without_the_list(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell that becomes a program gives out no number."""
    listing = Listing()
    kernel.there = [7]
    for _ in range(process_ends._YOUNG):
        seen(listing)
    monkeypatch.setattr(process_ends, "_program_of", lambda pid: "/usr/bin/python3")
    assert (7, True) in set().union(*(seen(listing) for _ in range(process_ends._SELDOM)))


def test_the_kernel_counts_each_process_that_begins() -> None:
    """Whether it has ended meanwhile or not."""
    before = process_ends._counted()
    if before is None:
        pytest.skip("a table that is not the kernel's own")
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert process_ends._counted() != before


def test_a_count_that_is_not_the_kernels_own_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some containers lay a file of their own over it."""
    file = tmp_path / "loadavg"
    file.write_text("0.00 0.01 0.05 1/80 1234\n")
    monkeypatch.setattr(process_ends, "_LOAD", str(file))
    assert process_ends._counted() is None
