"""Puts the made-up tables, and the made-up people in them, on the path."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "personal")]
