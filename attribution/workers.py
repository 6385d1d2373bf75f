"""Whether a worker that was loaded anew, and not merely forked, runs what its parent has it do:
what it finds in the folder of its start, before it has its parent's search path, may be another's.

In the helper process; nothing of what is found is run.
"""

import posixpath

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.resolution import search_paths
from attribution.resolution.command_line import Kind, parse
from attribution.startup import STANDARD, Start, module_names_in, named

WORKS_ELSEWHERE = (
    "it is a worker, which looks for Python's own modules in the folder of its start first, and "
    "something of their names stands there"
)
WORKS_ELSEWHERE_SINCE = (
    "it is a worker, which looks for Python's own modules in the folder of its start first, and "
    "that was changed since, so what stood there may be gone"
)
_OF_WORKERS = STANDARD - frozenset(
    "test this antigravity venv idlelib lib2to3 turtle turtledemo tkinter ensurepip code".split()
)
"""What a worker may import before it runs its parent's script."""


def doubt(worker: ProcessFacts, files: HostFiles, script: str | None) -> str | None:
    """Return why a worker that was loaded anew may run something else than its
    parent's `script` has it do; None when nothing speaks for that. Whoever may write into the
    script's own folder can write what it imports.
    """
    here = next(iter(search_paths.bases(worker)), None)
    if worker.windows or here is None or parse(worker.argv[1:]).safe_path:
        return None
    if script is not None and files.realpath(here) == posixpath.dirname(files.realpath(script)):
        return None
    start = Start(owner=worker, files=files, told={})
    # What a server of forks is told to import first stands before the path that it is given.
    names = _OF_WORKERS | module_names_in(_before_its_path(worker))
    if named(start, here, names):
        return WORKS_ELSEWHERE
    turned = files.way(here).turned_at > (worker.image_from or 0.0)
    changed = start.is_since(here) and not start.is_out_of_reach(here)
    return WORKS_ELSEWHERE_SINCE if turned or changed else None


def _before_its_path(worker: ProcessFacts) -> str:
    command = parse(worker.argv[1:])
    return command.target.partition("sys_path")[0] if command.kind is Kind.COMMAND else ""
