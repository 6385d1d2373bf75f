"""Makes the rule pack in a process of its own: `python -m classifiers.credentials.engines.build
CACHE_DIR`.
"""

import os
import pathlib
import sys

from classifiers.credentials.engines.pack import build, save

_BEHIND = 10
"""Niceness: nobody waits for the pack, and the gate answers while it is made."""


def main(cache_dir: str) -> int:
    """Build and save the pack."""
    if hasattr(os, "nice"):
        os.nice(_BEHIND)
    save(build(), pathlib.Path(cache_dir))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
