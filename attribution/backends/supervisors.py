"""Who answers system calls of others in the kernel's place (seccomp, `SECCOMP_RET_USER_NOTIF`): by
an open file that he or she holds as long as that goes on.
"""

from attribution.backends import procfs
from attribution.facts import ProcessFacts

OF_A_SEAL = 1
"""Filters that `capture.seal` installs; it answers no call itself."""
_LISTENER = "anon_inode:seccomp notify"


def filters_but_the_seals(facts: ProcessFacts) -> int:
    """Return how many more filters than the gate's and its seal's a process of a sealed run is
    behind. Whoever imitates a seal has as many as one, so it counts while somebody of its user
    answers calls. In the helper process: reads what that user's processes hold.
    """
    more = facts.filters - OF_A_SEAL
    if more == 0 and facts.uid is not None and answers_calls(facts.uid):
        return OF_A_SEAL
    return more


def answers_calls(uid: int) -> bool:
    """Return whether a process of this user holds what calls are answered by; of one that may not
    be read, no.
    """
    return any(_holds_listener(pid) for pid in procfs.living() if procfs.owner_uid(pid) == uid)


def _holds_listener(pid: int) -> bool:
    return bool(procfs.linked(pid, _LISTENER))
