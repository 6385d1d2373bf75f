"""Makes the rule pack in a process of its own: `python -m classifiers.credentials.engines.build
CACHE_DIR`.
"""

import pathlib
import sys

from classifiers.credentials.engines.pack import build, save


def main(cache_dir: str) -> int:
    """Build and save the pack."""
    save(build(), pathlib.Path(cache_dir))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
