"""Large JSON answers without their long lists of numbers."""

import json
import random

import orjson
import pytest

from classifiers.llm.answer.vectors import without_vectors

RNG = random.Random(5)
VECTOR = [round(RNG.uniform(-1, 1), 8) for _ in range(1536)]
USAGE = {"prompt_tokens": 4242, "total_tokens": 4242}


def answer(vectors: int) -> dict[str, object]:
    rows = [{"object": "embedding", "index": at, "embedding": VECTOR} for at in range(vectors)]
    return {"object": "list", "data": rows, "model": "text-embedding-3-small", "usage": USAGE}


@pytest.mark.parametrize("indent", [None, 1])
def test_what_an_answer_states_is_all_that_is_left(indent: int | None) -> None:
    """Names, texts and usage stay; vectors are empty, and the text is small."""
    data = json.dumps(answer(40), indent=indent).encode()
    left = without_vectors(data)
    bare = answer(40)
    bare["data"] = [{**row, "embedding": []} for row in bare["data"]]  # type: ignore[attr-defined]
    assert orjson.loads(left) == bare
    assert len(left) * 20 < len(data)


def test_lists_of_anything_else_stay() -> None:
    """Texts, short lists, lists of lists and brackets within texts are as they were."""
    said = {
        "texts": ["a long text [1, 2, 3] " * 400, "]" * 3000, "[" * 3000],
        "short": [[1, 2], [3.5], []],
        "mixed": [*VECTOR, None],
        "usage": USAGE,
        "filling": "x" * 300_000,
    }
    data = json.dumps(said).encode()
    assert without_vectors(data) == data


@pytest.mark.parametrize("vectors", [0, 1, 3])
def test_small_answers_are_as_they_came(vectors: int) -> None:
    data = json.dumps(answer(vectors)).encode()
    assert without_vectors(data) is data


@pytest.mark.parametrize("unit", [b"[", b"]", b"[]", b"[1,", b"[1],", b"]["])
def test_what_is_no_json_is_looked_at_in_bounded_steps(unit: bytes) -> None:
    """Nothing but brackets is given back as it is."""
    data = unit * (600_000 // len(unit))
    assert without_vectors(data) == data
