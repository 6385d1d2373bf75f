"""What is built on linear engines stays linear in its use: each rule, the one pass, the sieve, and
the gate's whole engine.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

import pytest
from cpu_time import cpu_seconds, too_dear
from pattern_units import COMMON, Hostile, of

from classifiers.credentials import CredentialDetector
from classifiers.credentials.engines.engine import Engine as Rules
from classifiers.engine import Engine, EngineSetup
from classifiers.personal.tables import candidates
from classifiers.uploads.prefilter import regions
from core.exchange import Exchange
from core.organisation import Organisation

pytestmark = pytest.mark.no_cover  # what is timed is not watched

LARGEST, ON_THE_LOOP = 256 * 1024, 64 * 1024
GROWTH = 9.0
NOISE_S = 0.02
PER_BYTE_S = 4e-6
"""Four milliseconds a kilobyte, of a calm machine: twice what a text full of findings costs there.
How fast it is stands in `benchmarks`; here is asked whether it stays in proportion.
"""
PIECES = (
    *COMMON,
    "a@b.co ",
    "https://a:b@",
    "Herr Müller ",
    "contraseña ",
    "password=",
    "api_key: a1B2",
    "phone ",
    "phone a@a ",
    "call 030 1234567 ",
    "+49 30 1",
    "DE89 3704 0044 ",
    "4111 ",
    "4111-",
    "1.1.1.1 ",
    "1:2:3:4:",
    "born 1.1.1980 ",
    "passport: ",
    "passport: C01X00T47 ",
    "name,ssn\nx,y\n\n",
    "dob: 1\n",
    "a,b\n",
    "\n",
    '"a": "b", ',
    "{'a': 'b'}, ",
    "<a b='",
    "&#65;",
    "%41",
    "\\u0061",
    "\u200b1",
    "１",
    "eyJhbGciOi",
    "-----BEGIN PRIVATE KEY-----",
    "cookie: ",
    "server=a;",
    "QUFBQUFBQUFBQUFBQUFBQUFB",
    "00000000-",
    "2024-01-01T00:00",
    "$2a$",
    "data:,",
    "[",
    '{"a":',
    "| a | b |\n",
    "Bearer ",
    "file.csv ",
    "a b c d e f g ",
)


def mixtures(count: int, seed: int) -> list[str]:
    """Pieces, and pieces after one another: what one pattern leaves open another may close."""
    choose = random.Random(seed)
    mixed = ("".join(choose.choices(PIECES, k=choose.choice((2, 2, 3)))) for _ in range(count))
    return [*PIECES, *mixed]


def repeated(unit: str, size: int) -> str:
    """Return the unit again and again, about so many bytes."""
    return unit * (size // len(unit.encode()) + 1)


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    engine.warm()
    return engine


@pytest.fixture(scope="module")
def rules() -> Rules:
    detector = CredentialDetector(None, Organisation(), long_tail=False)
    detector.warm()
    return detector._engines.current


type Work = Callable[[int], object]
"""Does something with a text of this many characters."""


def slow(
    works: list[tuple[str, Work]], first: int, worst: int, largest: int = LARGEST
) -> list[str]:
    """Return those of which four times the size takes far more than four times as long, or any size
    too long.

    The worst at size `first` are tried at a quarter of the largest size, and at that.
    """
    costs = [
        (cpu_seconds(partial(work, first), limit=2.0), at) for at, (_, work) in enumerate(works)
    ]
    tried = [works[at] for _, at in sorted(costs, reverse=True)[:worst]]
    most_s = NOISE_S + PER_BYTE_S * largest
    return [
        f"{what}: {fault}"
        for what, work in tried
        if (fault := too_dear(work, largest, growth=GROWTH, most_s=most_s)) is not None
    ]


def test_no_rule_for_secrets_starts_over(rules: Rules) -> None:
    """Each rule, fed its own near misses, reads on and never back."""
    works: list[tuple[str, Work]] = [
        (f"{rule.name} {hostile}", partial(_matched, rules, index, hostile))
        for index, rule in enumerate(rules.rules)
        for hostile in of(re.compile(rule.confirm or rule.pattern))[::3]
    ]
    assert slow(works, 1024, 60) == []


def _matched(rules: Rules, index: int, hostile: Hostile, size: int) -> int:
    return sum(1 for _ in rules.matches(index, hostile.text(size).encode()))


def test_the_one_pass_and_the_sieve_read_once() -> None:
    """Candidates and hints of a long upload are found in one pass, whatever stands beside what on a
    line without end.
    """

    works: list[tuple[str, Work]] = [
        (repr(mixed), partial(_passed, mixed)) for mixed in mixtures(60, 7)
    ]
    assert slow(works, 2048, 10) == []


def _passed(mixed: str, size: int) -> None:
    text = repeated(mixed, size).encode()
    sum(1 for _ in candidates.spans(text))
    regions(text, [])


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


def _json(value: object) -> Exchange:
    return exchange(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def _table(text: str, unit: str) -> Exchange:
    cell = text[: len(text) // 2].replace('"', "'").replace("\n", " ")
    return exchange(
        f'id,password,name,note\n1,a,b,c\n2,"{cell}","{cell}",x\n3,d,e,f\n'.encode(), "text/csv"
    )


CARRIERS: dict[str, Callable[[str, str], Exchange]] = {
    "a value": lambda text, unit: _json({"text": text}),
    "a value under a secret's name": lambda text, unit: _json(
        {"password": text[: len(text) // 2], "customer_name": text[: len(text) // 2]}
    ),
    "many values": lambda text, unit: _json([unit] * (len(text) // (len(unit) + 4))),
    "many keys": lambda text, unit: _json(
        {f"{unit}{n}": n for n in range(len(text) // (len(unit) + 10))}
    ),
    "one key": lambda text, unit: _json({text: "a@b.co"}),
    "plain text": lambda text, unit: exchange(text.encode(), "text/plain"),
    "a form": lambda text, unit: exchange(
        f"a={quote(text[: len(text) // 2])}".encode(), "application/x-www-form-urlencoded"
    ),
    "a cell": _table,
    "a tag": lambda text, unit: exchange(
        f"<a><b {text.replace('>', ' ')}>c</b></a>".encode(), "text/xml"
    ),
    "XML text": lambda text, unit: exchange(f"<a>{text}</a>".encode(), "text/xml"),
    "a part's name": lambda text, unit: exchange(
        f'--f\r\ncontent-disposition: form-data; name="{text}"\r\n\r\na\r\n--f--'.encode(),
        "multipart/form-data; boundary=f",
    ),
    "the path": lambda text, unit: replace(_json({}), path="/" + quote(text)),
    "the query": lambda text, unit: replace(_json({}), path="/?q=" + quote(text)),
    "a header": lambda text, unit: replace(
        _json({}), headers=(("x-note", text.replace("\n", " ")),)
    ),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_no_text_in_any_carrier_keeps_the_gate_busy(engine: Engine, carrier: str) -> None:
    """Whatever is repeated in a value, a key, a cell, a tag, a path or a header, the engine's work
    grows as the text does.
    """
    works: list[tuple[str, Work]] = [
        (f"{mixed!r} as {carrier}", partial(_classified, engine, CARRIERS[carrier], mixed))
        for mixed in mixtures(30, 11)
    ]
    assert slow(works, 2048, 4, ON_THE_LOOP) == []


def _classified(
    engine: Engine, build: Callable[[str, str], Exchange], mixed: str, size: int
) -> object:
    return engine.classify(build(repeated(mixed, size), mixed))


def test_no_window_of_an_upload_keeps_the_gate_busy(engine: Engine) -> None:
    """The windows of a large upload are read in linear time as well."""
    works: list[tuple[str, Work]] = [
        (repr(mixed), partial(_windowed, engine, mixed)) for mixed in mixtures(40, 13)
    ]
    assert slow(works, 2048, 4) == []


def _windowed(engine: Engine, mixed: str, size: int) -> object:
    return engine.classify_window(exchange(repeated(mixed, size).encode(), "text/plain"))
