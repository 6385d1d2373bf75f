"""Whether a process still is the very program that its parent is."""

from dataclasses import replace

import pytest

from attribution.facts import ProcessFacts
from attribution.resolution.titles import is_fork_of

PARENT = ProcessFacts(pid=8, start=1, exe="/usr/bin/python3", image=77, image_from=100.0)
CHILD = replace(PARENT, pid=9, start=5, parent=8)


@pytest.mark.parametrize(
    ("child", "parent", "fork"),
    [
        (CHILD, PARENT, True),
        (replace(CHILD, image=78), PARENT, False),
        (replace(CHILD, exe="/usr/bin/other"), PARENT, False),
        (replace(CHILD, image=0), replace(PARENT, image=0), False),
        (replace(CHILD, image_from=101.0), PARENT, False),
        (replace(CHILD, image_from=None), replace(PARENT, image_from=None), True),
    ],
)
def test_a_fork_is_the_program_of_its_parent_loaded_at_the_same_moment(
    child: ProcessFacts, parent: ProcessFacts, fork: bool
) -> None:
    """A program may put the marks of its memory where those of its parent are."""
    assert is_fork_of(child, parent) is fork
