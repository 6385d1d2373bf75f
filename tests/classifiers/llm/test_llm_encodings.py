"""Token estimates are counted offline, from verified ranks, and survive hostile text."""

import socket

import pytest

from classifiers.llm import encodings
from core.errors import DegradedError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("no estimate may touch the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("o200k_base", "hello world", 2),
        ("o200k_base", "", 0),
        ("o200k_base", "The quick brown fox jumps over the lazy dog.", 10),
        ("cl100k_base", "hello world", 2),
        ("cl100k_base", "tiktoken is great!", 6),
        ("o200k_base", "<|endoftext|>", 7),
    ],
)
def test_counts(name: str, text: str, tokens: int) -> None:
    """Counts agree with the published encodings; special tokens in a text are text."""
    assert encodings.count(name, text) == tokens


@pytest.mark.parametrize("character", [" ", "\n", "a", "é", "漢", "\ud800", "😀", "="])
def test_one_character_a_million_times(character: str) -> None:
    """A megabyte of one character neither ends the gate nor holds it up."""
    assert encodings.count("o200k_base", character * 1_000_000) > 0


def test_long_texts_are_extrapolated() -> None:
    """Beyond the counted part the number is extrapolated, close to the full count."""
    text = "Every invoice names its vendor, its amount and its date. " * 8000
    encoding = encodings.load("o200k_base")
    full = sum(
        len(encoding.encode_ordinary(text[at : at + 65536])) for at in range(0, len(text), 65536)
    )
    assert abs(encodings.count("o200k_base", text) - full) < 0.01 * full


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("openai/gpt-3.5-turbo", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("o3", "o200k_base"),
        ("claude-sonnet-4-5", "o200k_base"),
        (None, "o200k_base"),
    ],
)
def test_encoding_by_model(model: str | None, encoding: str) -> None:
    """Each model is counted with its own encoding, others with the one that estimates best."""
    assert encodings.encoding_for(model) == encoding


def test_ranks_that_are_not_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tampered package of ranks degrades the estimate instead of being believed."""
    monkeypatch.setitem(encodings._SHA256, "cl100k_base", "0" * 64)
    with pytest.raises(DegradedError):
        encodings.build("cl100k_base")
