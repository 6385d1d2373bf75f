"""The part of the page of accuracy on sets whose writer had not read the detectors.

python -m benchmarks.truth_held_out [--number 10000] [--seed 1]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests" / "fakes"))

from held_out_clean import CLEAN, held_out_bodies
from held_out_values import held_out_values

from classifiers.engine import Engine, EngineSetup, build_worker
from core.findings import NOT_INSPECTED
from core.organisation import Organisation

type Rows = list[tuple[object, ...]]
NUMBER, VALUES = 10_000, 200


def harmless(engine: Engine, seed: int, number: int = NUMBER) -> tuple[int, Rows]:
    """Return how many bodies about nobody are flagged for somebody, and rows (shape, kind, bodies)
    of what is flagged.
    """
    rows, flagged = Counter[tuple[str, str]](), 0
    for shape, _, request in held_out_bodies(seed, number):
        kinds = {f.kind for f in engine.classify(request).findings}
        flagged += bool(kinds - {NOT_INSPECTED})
        rows.update((shape, kind) for kind in kinds)
    return flagged, [(*key, count) for key, count in rows.most_common()]


def values(engine: Engine, seed: int, number: int = VALUES) -> Rows:
    """Return rows (form, kind or language, values, found, false kinds)."""
    all_, hit, false = (Counter[tuple[str, str]]() for _ in range(3))
    for held in held_out_values(seed, number):
        kinds = {f.kind for f in engine.classify(held.request).findings}
        for kind in held.kinds:
            for key in (held.form, kind), (f"*{held.language}*", ""), ("**all**", ""):
                all_[key] += 1
                hit[key] += kind in kinds
        false["**all**", ""] += len(kinds - held.kinds)
        false[f"*{held.language}*", ""] += len(kinds - held.kinds)
    return [(*key, all_[key], hit[key], false[key]) for key in sorted(all_)]


def section(
    engine: Engine, table: Callable[[tuple[str, ...], Rows], Iterator[str]], seed: int = 41
) -> Iterator[str]:
    """Yield the lines of the page."""
    flagged, rows = harmless(engine, seed)
    yield (
        "*The shapes were written by one who had not read the detectors, and what they showed was"
        " then mended: the seed is new, the shapes are not.*\n"
    )
    yield (
        f"Of {NUMBER} bodies about nobody, of {len(CLEAN)} shapes, {flagged} are flagged: for what,"
        " the table says.\n"
    )
    yield from table(("harmless shape", "told as", "bodies"), rows)
    yield from table(
        ("form, language", "kind", "values", "found", "false kinds"), values(engine, seed)
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    engine = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    flagged, rows = harmless(engine, options.seed, options.number)
    print(f"{flagged} of {options.number} bodies about nobody flagged for personal data")
    for row in [*rows, *values(engine, options.seed)]:
        print(*row, sep=" | ")


if __name__ == "__main__":
    main()
