"""Hostile text: strings that stop other engines for minutes are read in one linear pass."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.tables import candidates

HOSTILE: dict[str, Callable[[int], str]] = {
    "e-mail backtracking": lambda n: "a." * (n // 2) + "@",
    "many at signs": lambda n: "a@a." * (n // 4),
    "zeros and points": lambda n: "0.0" * (n // 3),
    "dashes": lambda n: "a-a" * (n // 3),
    "groups": lambda n: "1 " * (n // 2),
    "groups of four": lambda n: "4111 " * (n // 5),
    "groups of three": lambda n: "333 333 333 " * (n // 12),
    "one long number": lambda n: "1" * n,
    "brackets": lambda n: "(" * n,
    "labels": lambda n: "born " * (n // 5),
    "invisible": lambda n: "1\u200b" * (n // 2),
    "little tables": lambda n: "name,ssn\nx,y\n\n" * (n // 14),
    "labelled lines": lambda n: "dob: 1\n" * (n // 7),
    "stars": lambda n: ("name: " + "* " * 70 + "\n") * (n // 147),
    "half an IBAN": lambda n: "DE89 3704 0044 " * (n // 15),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_work_grows_with_the_length_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the text gives at most about eight times the candidates and never a reading that
    starts over.
    """
    counts = []
    for size in (2_000, 16_000):
        seen = list(candidates.spans(HOSTILE[name](size).encode("latin-1", "replace")))
        assert all(a[1] <= b[0] for a, b in pairwise(seen))
        counts.append(len(seen))
    assert counts[1] <= 8 * counts[0] + 8


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.timeout(20)
def test_hidden_value_is_found_behind_hostile_text(name: str) -> None:
    """Hostile text is read to its end: what hides behind it is found."""
    text = HOSTILE[name](20_000) + " , IBAN DE75 5121 0800 1245 1261 99"
    hits = PersonalDetector().detect(Payload(segments=[Segment(text, "content")]))
    assert "iban" in {hit.kind for hit in hits}
