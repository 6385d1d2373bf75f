"""Relative file names of a process made absolute, in the helper process: it looks at what a sender
names.
"""

from collections.abc import Sequence

from attribution.facts import ProcessFacts
from attribution.filesystem import files_of
from attribution.resolution import search_paths


def absolute(facts: ProcessFacts, names: Sequence[str]) -> dict[str, str]:
    """Return the absolute paths of these relative file names of a process, where there is one
    answer.
    """
    files = files_of(facts)
    found = {name: search_paths.locate(facts, name, files).path for name in names}
    return {name: p for name, p in found.items() if p is not None and files.exists(p)}
