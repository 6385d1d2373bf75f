"""Makes the dictionary that records are compressed with, of made-up records alone: nobody's data
can be in it.

Run: python -m benchmarks.evidence_dictionary NUMBER. A dictionary that was released is never made
anew: take the next number.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import zstandard

from benchmarks.evidence_records import records
from evidence.chain import canonical

SIZE = 32 * 1024
MACHINES, OF_EACH = 40, 200


def main() -> None:
    """Write the dictionary."""
    samples: list[bytes | bytearray | memoryview[int]] = [
        canonical(record.to_json())
        for seed in range(1000, 1000 + MACHINES)
        for record in records(OF_EACH, seed)
    ]
    made = zstandard.train_dictionary(SIZE, samples, level=3)
    folder = Path(__file__).parents[1] / "evidence" / "dictionaries"
    folder.mkdir(exist_ok=True)
    (folder / f"{int(sys.argv[1])}.zdict").write_bytes(made.as_bytes())


if __name__ == "__main__":
    main()
