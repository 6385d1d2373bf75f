"""No text from a payload or a script makes a pattern start over: what stopped the gate is read in milliseconds."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from attribution.identity.inline_metadata import InlineMetadata, read_inline_metadata
from classifiers.credentials import CredentialDetector
from classifiers.decoding import decode
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from core.exchange import Exchange
from core.organisation import Organisation

SOON_S = 0.25
"""CPU time. What is meant is 5 ms; the rest is for a busy machine and for what the first call loads."""


class TooSlow(BaseException):
    """The CPU time was used up; no boundary of ours catches this."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in what takes more CPU time; `re` looks for signals while it matches, so it is ended too."""

    def ring(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def exchange(body: bytes, content_type: str) -> Exchange:
    return Exchange(
        id="1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host="api.example.com",
        port=443,
        method="POST",
        path="/v1",
        headers=(("content-type", content_type),),
        body=body,
        body_bytes=len(body),
        complete=True,
    )


@pytest.fixture(scope="module")
def secrets() -> CredentialDetector:
    detector = CredentialDetector(None, Organisation(), long_tail=False)
    detector.warm()
    return detector


@pytest.fixture(scope="module")
def personal() -> PersonalDetector:
    detector = PersonalDetector()
    detector.detect(
        Payload(
            segments=[Segment("Anna Muster, a@example.com", "customer_name", ("customer_name",))]
        )
    )
    return detector


def soon[T](work: Callable[[], T]) -> T:
    with cpu_limit(SOON_S):
        return work()


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("key", ["api_key", "password", "client_secret"])
@pytest.mark.parametrize(
    "value",
    [
        LETTERS * 2 + "7",
        LETTERS.upper() * 2 + "7",
        "decryptStoredCredentialPasswordFromVault" * 2 + "9",
        "aB" * 60 + "1~",
        "__" + LETTERS * 4 + "!?.7",
        "a." * 60 + "7~",
        "[" * 120 + "a1~",
        "(" * 120 + "aB1~",
    ],
)
def test_a_value_under_a_secret_name_is_judged_at_once(
    secrets: CredentialDetector, key: str, value: str
) -> None:
    """Letters and a digit under the name of a secret stop nobody, in a field of its own or in prose."""
    segments = [Segment(value, key, (key,)), Segment(f"say {key} = {value} and", None, ())]
    soon(lambda: secrets.detect(Payload(segments=segments), "api.example.com", explain=True))


@pytest.mark.parametrize("key", ["customer_name", "patient", "last_name", "name"])
@pytest.mark.parametrize(
    "value", ["a" + " a" * 38 + " 1", "a" + " " * 76 + "1", "a" + " ." * 38 + "_", "é'" * 39 + "1"]
)
def test_a_value_under_a_name_is_judged_at_once(
    personal: PersonalDetector, key: str, value: str
) -> None:
    """Single letters and blanks under the key of a name stop nobody."""
    soon(lambda: personal.detect(Payload(segments=[Segment(value, key, (key,))])))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("close", ["", "# end", "# ///x", "#///"])
def test_a_block_that_is_never_closed_is_read_at_once(end: str, close: str) -> None:
    """A script whose metadata block never ends, with the line ends of any system, has no metadata and stops nobody."""
    source = ("# /// script" + end + ("# a = 1" + end) * 3000 + close + end).encode()
    assert soon(lambda: read_inline_metadata(source)) is None


def test_a_block_with_the_line_ends_of_windows_is_read() -> None:
    """A metadata block means the same with either line end."""
    source = b'# /// script\r\n# requires-python = ">=3.12"\r\n#\r\n# dependencies = ["rich"]\r\n# /// \t\r\nimport rich\r\n'
    assert read_inline_metadata(source) == InlineMetadata(
        dependencies=("rich",), requires_python=">=3.12"
    )


@pytest.mark.parametrize(
    "tag",
    [
        'x b="1" ' + "a" * 60_000,
        "x " + "a:" * 30_000 + " b='1'",
        "x b" + " " * 60_000 + "c='1'",
        "x " + "=" * 60_000,
        "x " + 'a="' * 20_001 + "a" * 60_000,
    ],
)
def test_a_tag_without_attributes_is_read_at_once(tag: str) -> None:
    """Letters where attributes belong are read once."""
    body = f"<r><{tag}>anna@example.com</x></r>".encode()
    payload = soon(lambda: decode(exchange(body, "application/xml")))
    assert any("anna@example.com" in segment.text for segment in payload.segments)


def test_attributes_are_read_with_blanks_and_either_quote() -> None:
    """Attributes count however they are spaced and quoted."""
    body = b"""<r a:mail = "a@example.com"x='1' name="Anna"  Muster=2 city='Bern'/>"""
    found = {(s.key, s.text) for s in decode(exchange(body, "text/xml")).segments}
    assert found >= {("mail", "a@example.com"), ("x", "1"), ("name", "Anna"), ("city", "Bern")}


def test_the_limit_of_these_tests_ends_a_pattern_that_starts_over() -> None:
    """A pattern that backtracks is ended by the limit, so that a fault here fails and does not hang."""
    began = time.process_time()
    with pytest.raises(TooSlow), cpu_limit(0.1):
        re.match(r"(?:a|a)*b", "a" * 40)
    assert time.process_time() - began < 2
