"""What a program is by the command that it was started with: for a run that had ended before
anybody could look at its process.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.ids import utc_now

if TYPE_CHECKING:
    from attribution.attributor import SocketAttributor
    from attribution.facts import ProcessFacts
    from core.attribution import Attribution

BY_COMMAND = "it had ended before anybody could look at it: told by the command that started it"


def sender_by_command(
    attributor: "SocketAttributor", command: Sequence[str], pid: int
) -> "Attribution | None":
    """Return who a process of ours was that has ended; None where its command names no script."""
    from attribution.ambiguity import of_process
    from attribution.resolution.resolve import may_run_a_script

    facts = _facts(command, pid)
    if facts is None or facts.exe is None or not may_run_a_script(facts.exe):
        return None  # so that nobody waits for a helper that has nothing to read
    found = of_process(attributor.gallery.imagined(facts, BY_COMMAND))
    if found is None or found.script is None or found.script_process is not None:
        return None
    return found


def _facts(command: Sequence[str], pid: int) -> "ProcessFacts | None":
    from attribution.facts import KEPT_ENVIRONMENT, ProcessFacts

    program = shutil.which(command[0])
    if program is None:
        return None
    words = _through_first_line(program, command)
    exe = shutil.which(words[0]) or words[0]
    return ProcessFacts(
        pid=pid,
        start=sys.maxsize,  # younger than all that it can descend from
        started_at=utc_now(),
        parent=os.getpid(),
        name=os.path.basename(exe),  # noqa: PTH119 - of any system
        exe=os.path.realpath(exe),
        argv=tuple(words),
        cwd=(folder := os.getcwd()),  # noqa: PTH109 - as the process had it
        start_folder=folder,
        env={name: os.environ[name] for name in KEPT_ENVIRONMENT & os.environ.keys()},
        uid=os.getuid() if hasattr(os, "getuid") else None,
    )


def _through_first_line(program: str, command: Sequence[str]) -> list[str]:
    """Return the command as the kernel starts it: with the interpreter of a script's first line."""
    from inventory.file_kinds import HEAD, shebang

    try:
        with open(program, "rb") as file:  # noqa: PTH123 - a path as it was given
            interpreter = shebang(file.read(HEAD))
    except OSError:
        return list(command)
    return list(command) if interpreter is None else [interpreter, program, *command[1:]]
