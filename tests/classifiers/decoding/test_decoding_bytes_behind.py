"""Lists of bytes say what they say behind zeros and other bytes, and in arrays of any shape."""

import base64
import json
from functools import cache
from typing import Any

import pytest
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup, build_worker
from core.organisation import Organisation

TEXT = b"Kontakt: anna.mueller@firma-beispiel.de, IBAN DE02120300000000202051 bitte"


@cache
def worker() -> Engine:
    """Made where a test first needs it."""
    setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    return build_worker(setup)


def shaped(values: list[Any], *sizes: int) -> list[Any]:
    """Return the values as an array of so many dimensions."""
    for size in reversed(sizes):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


BEGUN = {
    "zeros before": [0] * 100 + list(TEXT),
    "zeros on both sides": [0] * 20 + list(TEXT) + [0] * 90,
    "a length before": [0, 0, 0, 95, *TEXT],
    "other bytes before": [127, 255, 3, 95, *TEXT],
    "fractions": [0.0] * 5 + [float(byte) for byte in TEXT],
    "texts of three digits": [f"{byte:03d}" for byte in TEXT],
    "words of three digits": " ".join(f"{byte:03d}" for byte in bytes(20) + TEXT),
    "words": " ".join(str(byte) for byte in bytes(20) + TEXT),
    "texts of a base": [f"0x{byte:02x}" for byte in bytes(20) + TEXT],
    "base64": base64.b64encode(bytes(300) + TEXT).decode(),
    "three dimensions": shaped(list(TEXT), 3, 4),
    "four dimensions": shaped([0] * 20 + list(TEXT), 5, 2, 2),
    "letters in three dimensions": shaped([chr(byte) for byte in TEXT], 5, 4),
}


@pytest.mark.parametrize("how", BEGUN)
def test_bytes_behind_zeros_and_in_dimensions_are_read(how: str) -> None:
    """What stands before a text in a list of bytes, and how its array is shaped, hides nothing."""
    found = worker().classify(exchange(json.dumps({"d": BEGUN[how]}))).findings
    assert "iban" in {finding.kind for finding in found}
