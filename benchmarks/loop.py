"""What the gate's event loop is kept for by hostile texts: all that is said to be quick is timed.

    python benchmarks/loop.py [--combined 100] [--bar-ms 2]

Repeats short texts that readers and detectors look at, alone and in chance combinations, in every
carrier, 0.4 to 62 KB, and prints those that take more CPU time than the bar, the dearest first.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "fakes")]

from hostile_units import HOSTILE_CARRIERS, UNITS, repeated  # noqa: E402

from classifiers.engine import Engine, EngineSetup  # noqa: E402
from core.exchange import Exchange  # noqa: E402
from core.organisation import Organisation  # noqa: E402

SIZES = (400, 950, 2_000, 4_000, 8_000, 16_000, 32_000, 62_000)


def cpu_ms(engine: Engine, sent: Exchange) -> float:
    """Return the least CPU time of two readings."""
    least = float("inf")
    for _ in range(2):
        begun = time.thread_time()
        engine.classify(sent)
        least = min(least, time.thread_time() - begun)
    return least * 1000


def timed(engine: Engine, units: Iterable[str]) -> list[tuple[float, int, str, str]]:
    """Return (ms, size, carrier, unit) for all that would be read on the loop."""
    found: list[tuple[float, int, str, str]] = []
    for unit in units:
        for carrier, make in HOSTILE_CARRIERS.items():
            for size in SIZES:
                sent = make(repeated(unit, size))
                if not engine.is_quick(sent):
                    break
                found.append((cpu_ms(engine, sent), size, carrier, unit))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--combined", type=int, default=100)
    parser.add_argument("--bar-ms", type=float, default=2.0)
    options = parser.parse_args()
    engine = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    engine.warm(1)
    rng = random.Random(17)
    pairs = ("".join(rng.choices(UNITS, k=rng.randint(2, 3))) for _ in range(options.combined))
    found = timed(engine, [*UNITS, *pairs])
    dear = sorted((one for one in found if one[0] > options.bar_ms), reverse=True)
    print(f"{len(found)} texts read on the loop, {len(dear)} over {options.bar_ms} ms")
    for ms, size, carrier, unit in dear[:40]:
        print(f"{ms:6.1f} ms  {size:6} B  {carrier:12} {unit!r}")


if __name__ == "__main__":
    main()
