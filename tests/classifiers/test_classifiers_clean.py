"""Thousands of harmless requests: nothing is flagged, and nothing told as unread but what is known
by its kind. `python -m benchmarks.clean` reads as many more as one likes.
"""

import pytest
from clean_traffic import CARRIED, KINDS, clean_requests
from made_up_traffic import exchange

from classifiers.engine import EngineSetup, build_worker
from core.classification import Classification
from core.findings import Finding
from core.organisation import Organisation
from core.vocabulary.unread import UnreadKind

ENGINE = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
KNOWN = {UnreadKind.PICTURE, UnreadKind.WEIGHTS}


def told(seen: Classification) -> list[Finding]:
    """Return what an officer would be told of."""
    return [finding for finding in seen.findings if finding.unread not in KNOWN]


@pytest.mark.parametrize("seed", [*range(10)])
def test_harmless_requests_raise_nothing(seed: int) -> None:
    """Every kind in every carrier, once for each seed and more."""
    number = len(KINDS) * len(CARRIED)
    wrong = {
        (kind, carrier, finding.kind, finding.note): finding.where
        for kind, carrier, sent in clean_requests(seed, number)
        for finding in told(ENGINE.classify(sent))
    }
    assert wrong == {}


FRAME = "\tat org.acme.{}.{}Service$Impl.run({}.java:{})"
ACIDS = "MKVLITGAGSGIGRELALELARRGARVVLADRDEEALAAAAELEAAGHRVLPVRVDVTDPASV" * 13
HARMLESS = {
    "a digest that unpacks to one letter": "d219051f423e6f7ececf3ae3be54d68e",
    "a commit that unpacks to one letter": "d31f052e1c74e85e2eddb6ee83bc5e3497554dea",
    "a digest that begins as msgpack": (
        "9ba7d4f75a66d7511ad73b67e7f87e826ed943e2ce1a553ea724e5371a57f700"
    ),
    "a digest, and a name with two signs of equality below": (
        "x==1 --hash=sha256:5e4be7a586193d4449795b07021503afca032fa64ab8f3544046166259da6d65\n"
        "lease==5.11.0"
    ),
    "frames of a stack": "\n".join(
        FRAME.format(*names)
        for names in (
            ("shard", "Merge", "Retry", 326),
            ("table", "Node", "Index", 98),
            ("worker", "Build", "Item", 500),
        )
    ),
    "a protein": "\n".join(ACIDS[at : at + 60] for at in range(0, len(ACIDS), 60)),
    "rows of four numbers": "139 109 250 239\n50 149 178 211\n184 143 121 191",
    "a row with one number before": "61 5 137 210 58\n174 43 195 150 122\n25 148 231 244 50",
    "hexadecimal that adds up as a bank number": "\n".join(
        f"ts=17646742{n} span={span} dur=4s"
        for n, span in enumerate(("df86b36a44d12a4f", "be656e6764c25b0c", "2b1e7c9a0f4d5e66"))
    ),
    "a password's name inside of a longer id": (
        'Explain: {"order_3": "UPqh3hirpwDwi99E8QjifVI00yf", "stage_4": "955e6bde153262b5488a9233"}'
    ),
    "a row of a matrix": "16 132 65 21 216 219 229\n90  216  166  176  240\n",
    "a password's name inside of an id": (
        'Explain: {"route_2": "B5JlcwrRTO794HansdxlCYUNGZLe/hZpEQoPWdIjJ6Li", "merge_3":'
        ' "1ed4b1005614252a93ccbb58"}'
    ),
    "whole numbers of two digits": (
        "vector: " + ", ".join("53 42 64 51 -72 54 36 -31 74 12 18 -15 16 17 -19 11".split() * 3)
    ),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_looks_like_something_by_chance_is_nothing(what: str) -> None:
    """Smallest members of each kind that was flagged once."""
    assert told(ENGINE.classify(exchange(HARMLESS[what], "text/plain"))) == []
