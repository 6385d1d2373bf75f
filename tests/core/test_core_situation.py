"""What is known of a script's approval when a rule asks."""

import pytest

from core.attribution import WRITTEN_BEFORE_START, LaunchedAs, Script
from core.situation import ScriptHistory


def _script(written_before_start_s: int | None) -> Script:
    young = written_before_start_s is not None
    version: dict[str, object] = {WRITTEN_BEFORE_START: written_before_start_s} if young else {}
    return Script(
        path="/w/job.py",
        sha256="ab" * 32,
        launched_as=LaunchedAs.FILE,
        name="job.py",
        version=version or None,
    )


@pytest.mark.parametrize(
    ("approved", "written_before_start_s", "settles_s", "counts", "unsettled"),
    [
        (True, None, 40, True, False),
        (True, 40, 40, True, False),
        (True, 39, 40, False, True),
        (True, 0, 40, False, True),
        (True, 0, 0, True, False),
        (False, 0, 40, False, False),
        (None, 0, 40, None, False),
    ],
)
def test_an_approval_counts_for_files_that_were_left_alone_before_the_start(
    approved: bool | None,
    written_before_start_s: int | None,
    settles_s: int,
    counts: bool | None,
    unsettled: bool,
) -> None:
    """Where the organisation asks for it, an approved file that was changed just before the start
    counts as approved by nobody, and it is known why.
    """
    script = _script(written_before_start_s)
    told = ScriptHistory().with_approval(approved, script, settles_s)
    assert (told.approved, told.unsettled) == (counts, unsettled)


def test_a_change_since_an_approval_is_no_more_once_this_version_is_approved() -> None:
    """A version that somebody approved has not changed since it was."""
    changed = ScriptHistory(changed_since_approval=True)
    assert changed.with_approval(None, _script(None), 0).changed_since_approval
    assert not changed.with_approval(True, _script(None), 0).changed_since_approval
