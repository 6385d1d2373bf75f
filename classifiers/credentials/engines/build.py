"""Makes the rule pack in a process of its own: `python -m classifiers.credentials.engines.build
CACHE_DIR`.
"""

import os
import pathlib
import sys

from classifiers.credentials.engines.pack import build, save

_BEHIND = 10
"""Niceness: nobody waits for the pack, and the gate answers while it is made."""


CPU_LIMIT_S = 300
"""Processor time after which the system ends it: some thirty times what it needs."""


def main(cache_dir: str) -> int:
    """Build and save the pack."""
    _limit()
    if hasattr(os, "nice"):
        os.nice(_BEHIND)
    save(build(), pathlib.Path(cache_dir))
    return 0


def _limit() -> None:
    """Have the system end this process when it has used too much processor time."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has none
        return
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    least = CPU_LIMIT_S if hard == resource.RLIM_INFINITY else min(CPU_LIMIT_S, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (least, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
