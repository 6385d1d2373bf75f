"""Reads any number of harmless requests and prints what is flagged in them.

    python -m benchmarks.clean [--number 25000] [--seed 1]

The generator is that of the tests (`tests/fakes/clean_traffic.py`); pictures and vectors, which are
known by their kind, are no alarm.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests" / "fakes"))

from clean_traffic import clean_requests

from classifiers.engine import EngineSetup, build_worker
from core.organisation import Organisation
from core.vocabulary.unread import UnreadKind

KNOWN = {UnreadKind.PICTURE, UnreadKind.WEIGHTS}


def main() -> None:
    """Print a line for each kind of thing that was flagged, and how many were."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    engine = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    begun = time.process_time()
    flagged = Counter[tuple[str, ...]]()
    wrong = 0
    for kind, carrier, sent in clean_requests(options.seed, options.number):
        found = [f for f in engine.classify(sent).findings if f.unread not in KNOWN]
        wrong += bool(found)
        flagged.update((kind, carrier, f.kind, f.note or f.detector) for f in found)
    for what, times in flagged.most_common():
        print(times, *what, sep=" | ")
    took = time.process_time() - begun
    print(f"{wrong} of {options.number} flagged, {took:.0f} s of processor time")


if __name__ == "__main__":
    main()
