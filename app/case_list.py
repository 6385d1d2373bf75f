"""Whether the list of cases that a review shows is that of the records."""

from contextlib import closing
from pathlib import Path

from evidence import open_store
from evidence.cases_check import NOT_COMPARED, case_list_problem

_MOST = 20_000
"""So many records of no closed lot are read for it: a second or two."""


def list_problem(path: Path) -> str | None:
    """Return what is wrong with the list of cases of this file, if anything; None, too, where more
    records than can be read beside a screen would have to be compared. For any thread; raises
    EvidenceError.
    """
    with closing(open_store(path)) as own:
        found = case_list_problem(own, _MOST)
    return None if found == NOT_COMPARED else found
