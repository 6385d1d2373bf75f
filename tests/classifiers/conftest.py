"""Makes the made-up traffic and the made-up samples importable beside the tests."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "personal")]
