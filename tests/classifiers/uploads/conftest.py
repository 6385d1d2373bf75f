"""Makes the tables of positive examples of the other classifier tests importable here."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("credentials", "personal")]
