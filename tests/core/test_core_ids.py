"""Identifiers: sorted by time, never twice, and made without asking the system for each."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from core import ids


def test_identifiers_are_of_version_7_and_sort_by_their_time() -> None:
    """The form of RFC 9562, with the time in front."""
    early = ids.uuid7(datetime(2026, 1, 1, tzinfo=UTC))
    late = ids.uuid7(datetime(2026, 1, 2, tzinfo=UTC))
    assert early < late
    assert [len(part) for part in early.split("-")] == [8, 4, 4, 4, 12]
    assert early[14] == "7"
    assert early[19] in "89ab"


def test_a_thousand_identifiers_ask_the_system_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None is made twice."""
    asked, real = [], os.urandom

    def counted(size: int) -> bytes:
        asked.append(size)
        return real(size)

    monkeypatch.setattr(os, "urandom", counted)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({ids.uuid7(at) for _ in range(1000)}) == 1000
    assert len(asked) < 100


_FORKS = """
import os
from core import ids
ids.uuid7()
assert ids._AHEAD
if os.fork() == 0:
    os._exit(len(ids._AHEAD))
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_a_process_that_is_forked_off_makes_its_own() -> None:
    """It does not go on with what its parent had ready, which the parent uses as well."""
    done = subprocess.run([sys.executable, "-c", _FORKS], check=True, capture_output=True)
    assert done.stdout.strip() == b"0"
