"""Measures the secrets detector beside the Kingfisher SDK, offline: recall per carrier, false
alarms, time.

Run: `python -m benchmarks.credentials [--recordings FILE.har.xz]`. Prints a Markdown table. Secrets
are made up at run time.
"""

import argparse
import base64
import json
import lzma
import pathlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from benchmarks.credentials_made import ALNUM, LOWER, carriers, hard_negatives, made_up, run
from classifiers.credentials import CredentialDetector
from classifiers.decoding import decode
from classifiers.payload import Payload, Segment
from core.exchange import Exchange
from core.organisation import Organisation


def exchange(
    content_type: str,
    body: bytes,
    host: str = "api.unknown.example",
    path: str = "/v1/x",
    headers: tuple[tuple[str, str], ...] = (),
) -> Exchange:
    """Return a POST of this body."""
    return Exchange(
        id="-",
        at=datetime.now(UTC),
        scheme="https",
        host=host,
        port=443,
        method="POST",
        path=path,
        headers=(("content-type", content_type), *headers),
        body=body,
        body_bytes=len(body),
    )


def median_us(work: Callable[[], object], rounds: int) -> float:
    """Return the median processor time of one call in microseconds: what others do on the machine
    counts less.
    """
    times = []
    for _ in range(rounds):
        start = time.thread_time_ns()
        work()
        times.append(time.thread_time_ns() - start)
    return statistics.median(times) / 1000


class Ours:
    """Our detector over our decoder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.detector = CredentialDetector(pathlib.Path(self._folder.name), Organisation())
        self.detector.warm(wait_s=180)

    def finds(self, content_type: str, body: bytes) -> bool:
        request = exchange(content_type, body)
        return bool(self.detector.detect(decode(request), request.host))


class Kingfisher:
    """The SDK's own scanner over the raw body, without its validators."""

    def __init__(self) -> None:
        import kingfisher_sdk

        self.scanner = kingfisher_sdk.Scanner(kingfisher_sdk.Rules(cache=False))

    def finds(self, _content_type: str, body: bytes) -> bool:
        return any(f.visible for f in self.scanner.scan(body))


def recall(engines: dict[str, Any], rounds: int) -> dict[str, dict[str, tuple[int, int, set[str]]]]:
    """Return per carrier and engine: found, all, names missed."""
    rng = random.Random(20261121)
    table: dict[str, dict[str, tuple[int, int, set[str]]]] = {}
    for _ in range(rounds):
        for name, value in made_up(rng).items():
            for carrier, (content_type, body) in carriers(name, value).items():
                for label, engine in engines.items():
                    found, every, missed = table.setdefault(carrier, {}).get(label, (0, 0, set()))
                    hit = engine.finds(content_type, body)
                    table[carrier][label] = (
                        found + hit,
                        every + 1,
                        missed if hit else missed | {name},
                    )
    return table


def segments_of(texts: list[tuple[str, str]]) -> Payload:
    """Return a payload of (key, text) pairs."""
    return Payload(
        segments=[Segment(text, key, ("body", i)) for i, (key, text) in enumerate(texts)]
    )


def timings(ours: Ours, theirs: Kingfisher) -> list[tuple[str, float, float]]:
    """Return (what, our microseconds given segments, the SDK's on the same text)."""
    rng = random.Random(7)
    words = (
        "the quarter ledger invoice total was approved by finance and tokens key board report"
        " please write a summary of results for next meeting which numbers changed since March"
    ).split()

    def prose(n: int) -> str:
        return " ".join(rng.choice(words) for _ in range(n // 6))[:n]

    small = [
        ("model", "gpt-4o"),
        ("role", "system"),
        ("content", "You are helpful."),
        ("role", "user"),
        ("content", prose(900)),
    ]
    chat = [("content", prose(2000)) for _ in range(100)]
    column = ["\n".join(f"{run(rng, LOWER, 9)}" for _ in range(100_000)) for _ in range(5)]
    hostile = [
        ("content", 'password="' * 2000),
        ("content", "AKIA" * 5000),
        ("content", "a" * 20_000),
        ("content", "://u:" * 4000),
        ("content", "eyJ" * 6600),
        ("content", "-----BEGIN PRIVATE KEY-----" * 740),
        ("token", "api_key=" + "A1" * 9996),
        ("content", "password = Zx9!" * 1300),
        ("content", "AKIAQ3EGRIZ7XPO2NMKL " * 950),
    ]
    cases = [
        ("1 KB chat, clean", small, 3000),
        (
            "1 KB chat with a key",
            [*small[:4], ("content", prose(800) + " gh" + "p_" + run(rng, ALNUM, 36))],
            2000,
        ),
        ("200 KB chat", chat, 60),
        ("5 MB of columns", [(f"c{i}", text) for i, text in enumerate(column)], 7),
        *((f"hostile 20 KB ({text[:10]}…)", [(key, text)], 15) for key, text in hostile),
    ]
    rows = []
    for what, texts, rounds in cases:
        payload = segments_of(texts)
        raw = "\n".join(text for _, text in texts).encode()
        rows.append(
            (
                what,
                median_us(partial(ours.detector.detect, payload, "api.openai.com"), rounds),
                median_us(partial(theirs.scanner.scan, raw), min(rounds, 15)),
            )
        )
    return rows


def recordings(path: pathlib.Path, engines: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return per engine: request bodies flagged, all, of a HAR file."""
    with lzma.open(path) as file:
        entries = json.load(file)["log"]["entries"]
    result: dict[str, tuple[int, int]] = {}
    for entry in entries:
        posted = entry["request"].get("postData", {})
        text = posted.get("text") or ""
        body = (
            base64.b64decode(text)
            if posted.get("encoding") == "base64"
            else text.encode("utf-8", "replace")
        )
        url = urlsplit(entry["request"]["url"])
        for label, engine in engines.items():
            flagged, every = result.get(label, (0, 0))
            if isinstance(engine, Ours):
                request = exchange(posted.get("mimeType", ""), body, url.hostname or "", url.path)
                hit = bool(engine.detector.detect(decode(request), request.host))
            else:
                hit = engine.finds("", body)
            result[label] = (flagged + hit, every + 1)
    return result


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recordings", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ours, theirs = Ours(), Kingfisher()
    engines: dict[str, Any] = {"Outgate": ours, "Kingfisher SDK": theirs}
    print(
        f"rules: Outgate {ours.detector.rule_count}, Kingfisher SDK {len(theirs.scanner.rules)}\n"
    )
    print(
        "| made-up secrets of well-known kinds found in | "
        + " | ".join(engines)
        + " |\n|---|"
        + "---|" * len(engines)
    )
    for carrier, row in recall(engines, arguments.rounds).items():
        print(
            f"| {carrier} | "
            + " | ".join(f"{100 * found / every:.1f} %" for found, every, _ in row.values())
            + " |"
        )
        if row["Outgate"][2]:
            print(f"  missed in {carrier}: {', '.join(sorted(row['Outgate'][2]))}", file=sys.stderr)
    negatives = hard_negatives(random.Random(3), 2000)
    for label, engine in engines.items():
        flagged = [body for body in negatives if engine.finds("application/json", body)]
        print(f"\nhard negatives flagged, {label}: {len(flagged)} of {len(negatives)}")
        if engine is ours:
            for body in flagged[:5]:
                print(body[:300].decode(), file=sys.stderr)
    if arguments.recordings and arguments.recordings.exists():
        for label, (count, every) in recordings(arguments.recordings, engines).items():
            print(f"recorded request bodies flagged, {label}: {count} of {every}")
    print(
        "\n| processor time, median | Outgate (segments given) | Kingfisher SDK (same text)"
        " |\n|---|---|---|"
    )
    for what, mine, other in timings(ours, theirs):
        print(f"| {what} | {mine:,.1f} µs | {other:,.1f} µs |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
