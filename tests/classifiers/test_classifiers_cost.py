"""What is dear is told before it is begun, and what was found before an end is known."""

import json
from dataclasses import replace
from functools import partial

import pytest
from cpu_time import cpu_seconds, pace
from hostile_units import HOSTILE_CARRIERS, UNITS, repeated
from made_up_traffic import exchange, upload

from classifiers.cost import estimate_us
from classifiers.decoding import INLINE, decode
from classifiers.engine import Engine, EngineSetup, build_worker
from core.budgets import ON_THE_LOOP_US
from core.classification import Classification
from core.exchange import Exchange
from core.organisation import Organisation

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
ENGINE = Engine(SETUP)
PROSE = "Please draft a letter about the change in the contract terms, short and friendly. "
DEAR = {
    "mail addresses": "jane.roe1@contoso.com, ",
    "signs": "a@a.",
    "addresses": "https://a:b@",
    "passwords": "password=",
    "labels": "pw: hunter2, password: hunter2abcD9 ",
    "bank numbers": "DE02120300000000202051 ",
    "digits": "4111 1111 1111 1112 ",
    "forms": "name=Jane Roe; iban=DE02120300000000202051; ",
    "encoded": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo= ",
    "tokens": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijkl ",
    "escapes": "%41%42%43 ",
}


@pytest.mark.parametrize("shape", DEAR)
@pytest.mark.parametrize("as_json", [True, False])
def test_dear_text_is_not_read_on_the_loop(shape: str, as_json: bool) -> None:
    """A body of 60 KB made of nothing but candidates waits for a worker, whatever they are."""
    text = DEAR[shape] * (60_000 // len(DEAR[shape]))
    sent = exchange(json.dumps({"a": text})) if as_json else exchange(text, "text/plain")
    assert not ENGINE.is_quick(sent)


@pytest.mark.parametrize("shape", DEAR)
def test_the_estimate_grows_with_the_text(shape: str) -> None:
    """Twice as much is never told to be cheaper."""
    sizes = [estimate_us((DEAR[shape] * n).encode()) for n in (100, 200, 400, 800)]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 4 * sizes[0]


def test_ordinary_requests_are_read_on_the_loop() -> None:
    """A prompt of a page, a short form, a request without a body need no worker."""
    page = json.dumps({"messages": [{"role": "user", "content": PROSE * 80}], "model": "gpt-4o"})
    german = json.dumps({"messages": [{"role": "user", "content": "Größe für Ärzte " * 80}]})
    for sent in (exchange(), exchange(page), exchange(german), exchange('{"id": 17, "ok": true}')):
        assert ENGINE.is_cheap(sent)


def test_what_stands_around_a_body_counts() -> None:
    """Headers and an address full of candidates are as dear as a body."""
    dear = "jane.roe1@contoso.com," * 1500
    assert not ENGINE.is_quick(exchange(headers={"x-list": dear}))
    assert not ENGINE.is_quick(exchange(path="/?q=" + dear))


def test_packed_bodies_and_files_are_read_in_a_worker() -> None:
    """Nobody knows what a packed body holds before it is unpacked."""
    packed = replace(exchange(b"x" * 900), headers=(("content-encoding", "gzip"),))
    assert not ENGINE.is_quick(packed)
    assert not ENGINE.is_quick(upload(b"a,b\n1,2\n", "a.csv", "text/csv"))
    assert estimate_us(b"") < ON_THE_LOOP_US


def test_what_is_known_before_the_slow_part_is_told() -> None:
    """Values beside a file are told before the file is opened, which may take for ever."""
    told: list[Classification] = []
    worker = build_worker(SETUP)
    body = '--b\r\nContent-Disposition: form-data; name="iban"\r\n\r\nDE02120300000000202051\r\n'
    body += '--b\r\nContent-Disposition: form-data; name="f"; filename="a.zip"\r\n\r\n'
    sent = exchange(body.encode() + b"PK\x03\x04" + bytes(60) + b"\r\n--b--\r\n", MULTIPART)
    whole = worker.classify(sent, progress=told.append)
    assert [kinds(one) for one in told] == [{"iban"}]
    assert kinds(whole) == {"iban", "not_inspected"}


MULTIPART = "multipart/form-data; boundary=b"


def kinds(seen: Classification) -> set[str]:
    return {finding.kind for finding in seen.findings}


def test_nothing_is_told_twice_of_a_plain_request() -> None:
    """What has no slow part is classified once."""
    told: list[Classification] = []
    sent: Exchange = exchange(json.dumps({"iban": "DE02120300000000202051"}))
    build_worker(SETUP).classify(sent, progress=told.append)
    assert told == []


@pytest.mark.parametrize("unit", ["\x1b[0m", "\u200b\u200c", "\u202eab\u202c", "a\u0301", "\u2844"])
@pytest.mark.parametrize("escaped", [False, True])
def test_characters_that_are_read_as_others_are_dear(unit: str, escaped: bool) -> None:
    """Colours, invisible characters, accents set apart and signs of other blocks keep no loop
    busy; ordinary prose of any language is read at once.
    """
    text = unit * (12_000 // len(unit.encode()))
    assert not ENGINE.is_quick(exchange(json.dumps({"v": text}, ensure_ascii=escaped)))
    for prose in (
        "Größe und Länge – „gut“ … ",
        "这是一段普通的中文，没有什么特别。",
        "Это обычный текст. ",
    ):
        assert ENGINE.is_quick(exchange(json.dumps({"v": prose * 40}, ensure_ascii=escaped)))


@pytest.mark.no_cover  # what is timed is not watched
@pytest.mark.parametrize("carrier", HOSTILE_CARRIERS)
def test_what_is_read_on_the_loop_keeps_it_for_moments(carrier: str) -> None:
    """Whatever short text is repeated, and in whatever carrier: what is said to be quick is. The
    bar is five times what is meant, of a calm machine.
    """
    late: list[tuple[str, int, float]] = []
    most = 5 * ON_THE_LOOP_US / 1_000_000
    for unit in UNITS:
        quick = [
            sent
            for size in (60_000, 16_000, 4_000, 950)
            if ENGINE.is_quick(sent := HOSTILE_CARRIERS[carrier](repeated(unit, size)))
        ]
        for sent in quick[:1]:
            seconds = cpu_seconds(partial(ENGINE.classify, sent), rounds=2)
            if seconds > most and seconds > most * pace():
                late.append((unit, len(sent.body), seconds))
    assert late == []


@pytest.mark.parametrize("carrier", HOSTILE_CARRIERS)
def test_no_text_is_read_again_and_again(carrier: str) -> None:
    """A text that reads as itself in some encoding is not unpacked from itself: what is read stays
    a small multiple of what was sent.
    """
    for unit in UNITS:
        sent = HOSTILE_CARRIERS[carrier](repeated(unit, 2_000))
        around = len(sent.path) + sum(len(name) + len(value) for name, value in sent.headers)
        read = sum(len(segment.text) for segment in decode(sent, INLINE).segments)
        assert read < 8 * (len(sent.body) + around), unit
