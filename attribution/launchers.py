"""Whether a tool of Python's own, which runs one script in its process, ran that script and nothing
else: it is the tool of the installation, and finds there what it imports.

In the helper process; nothing of what is found is run.
"""

import posixpath

from attribution import compiled, startup
from attribution.facts import ProcessFacts, Witness
from attribution.filesystem import HostFiles
from attribution.installation import is_own
from attribution.resolution import Resolution, search_paths
from attribution.resolution.command_line import parse
from attribution.resolution.plain_tools import plain_tool
from core.attribution import LaunchedAs

FINDS_ANOTHER = (
    "a tool runs it that looks for modules in the folder of its start first, and something by the "
    "name of one of Python's own, or of an installed one, stands there: start it from another "
    "folder, or with -P"
)
BY_LINK = (
    "a tool runs it that looks for modules beside the link by which it was called: call it by its "
    "own path"
)


def doubt(
    owner: ProcessFacts, run: Resolution, witness: Witness | None, files: HostFiles
) -> str | None:
    """Return why something else than the script may be what ran below one of these tools; None when
    nothing speaks for that, and for what runs below none.
    """
    named = plain_tool(owner.argv[1:]) if run.by_tool else None
    if named is None or witness is None:
        return None
    tool, word = named
    imported = Resolution(
        launched_as=LaunchedAs.MODULE,
        name=tool,
        path=files.realpath(witness.main),
        spelled=witness.main,
        word=tool,
    )
    start = startup.start_of(owner, files)
    if not is_own(start, posixpath.dirname(imported.path or "")):
        return compiled.BEFORE_IT
    places = startup.folders_of(start)
    found = compiled.doubt(owner, imported, witness, files, places)
    return (
        found or startup.doubt(owner, files) or _of_link(start, run, word) or _of_folder(start, run)
    )


def _of_link(start: startup.Start, run: Resolution, word: str) -> str | None:
    """Python itself follows links to the folder of a script, and these tools do not."""
    here = next(iter(search_paths.bases(start.owner)), "/")
    called = posixpath.dirname(posixpath.join(here, word))
    is_own = run.path is not None and start.files.realpath(called) == posixpath.dirname(run.path)
    return None if is_own else BY_LINK


def _of_folder(start: startup.Start, run: Resolution) -> str | None:
    """Look into the folder of the start for what the tool imports before the script, and behind it.
    Whoever may write into the script's own can write what that imports.
    """
    here = next(iter(search_paths.bases(start.owner)), None)
    if parse(start.owner.argv[1:]).safe_path or here is None:
        return None
    if run.path is not None and start.files.realpath(here) == posixpath.dirname(run.path):
        return None
    return FINDS_ANOTHER if startup.named(start, here, startup.importable(start)) else None
