"""Whether a command line is still the one that a process was started with, and whether it is a fork
(pure).
"""

from attribution.facts import ProcessFacts
from attribution.interpreters import base_name, is_interpreter_name

OVERWRITTEN = "its command line was written over, so it does not say what was started"

BY_MODULE = (
    "it is a worker by the name of its module alone, and runs what it is told by whoever may be "
    "its client"
)
UNREAD = "its command line could not be read as it began, and it may have written over it since"
ENVIRONMENT_OVERWRITTEN = (
    "its environment was written over, so it does not say what Python was told to import"
)


def of_memory(facts: ProcessFacts) -> str | None:
    """Return why what a process tells of its start in its own memory may not be what that was."""
    if facts.unheard is not None:
        return facts.unheard
    if facts.line_unread:
        return UNREAD
    return None if facts.env_intact else ENVIRONMENT_OVERWRITTEN


def is_titled(facts: ProcessFacts) -> bool:
    """True when the command line is not what the process was started with: a title was written over
    it (setproctitle).

    A single word that names no interpreter is as bad: a title may fill the room to its last byte.
    """
    if not facts.argv or facts.windows:
        return False
    return not facts.line_intact or (not any(facts.argv[1:]) and is_called_oddly(facts))


def is_called_oddly(facts: ProcessFacts) -> bool:
    """True when the first word of the command line is no name of its interpreter."""
    word = facts.argv[0] if facts.argv else ""
    return not is_interpreter_name(word) and base_name(word) != base_name(facts.exe or "")


def is_fork_of(facts: ProcessFacts, parent: ProcessFacts) -> bool:
    """True when the process still is the very program, in memory, that its parent is: loaded at the
    same moment, too, for a program may put its marks where those of another one are (`prctl`).
    """
    same = facts.image != 0 and facts.image == parent.image and facts.exe == parent.exe
    return same and facts.image_from == parent.image_from
