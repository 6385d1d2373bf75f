"""Measures recognition, usage tap, destinations and estimates; prints a Markdown table. Processor
time, best of several.
"""

import lzma
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import orjson

from classifiers.destinations import Bindings, destination
from classifiers.llm import UsageTap, complete, encodings, label, recognise, warm
from classifiers.payload import Payload, Segment
from core.classification import TokensBasis
from core.exchange import Answer, Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation

FINGERPRINTER = Fingerprinter(b"k" * 32)
DATA = Path(os.environ.get("OUTGATE_DEV_DATA", Path(__file__).parents[2] / "shared" / "data"))
CONTENT = set(
    ("chat responses embeddings completions invoke images rerank moderations audio_speech").split()
)
Row = tuple[str, str, str]


def micros(function: Callable[[], object], number: int, repeat: int = 7) -> float:
    """Return microseconds of processor time a call, the best of several rounds."""
    best = float("inf")
    for _ in range(repeat):
        start = process_time()
        for _ in range(number):
            function()
        best = min(best, (process_time() - start) / number)
    return best * 1e6


def exchange(host: str, path: str, body: object) -> tuple[Exchange, Payload]:
    raw = orjson.dumps(body)
    headers = [
        ("host", host),
        ("authorization", "Bearer sk-" + "proj-" + "x" * 40),
        ("content-type", "application/json"),
    ]
    headers += [
        (f"x-stainless-{n}", "value")
        for n in ("arch", "async", "lang", "os", "runtime", "package-version")
    ]
    headers += [
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate"),
        ("user-agent", "OpenAI/Python 2.1"),
    ]
    sent = Exchange(
        id="x",
        at=datetime.now(UTC),
        scheme="https",
        host=host,
        port=443,
        method="POST",
        path=path,
        headers=tuple(headers),
        body=raw,
        body_bytes=len(raw),
    )
    return sent, Payload(json=body)


def chat(size: int) -> dict[str, Any]:
    turn = "Please summarise the quarterly report for the board. " * 5
    count = max(2, size // 300)
    roles = ("system", *("user" if n % 2 == 0 else "assistant" for n in range(count - 1)))
    return {
        "model": "gpt-4o",
        "temperature": 0.2,
        "messages": [{"role": r, "content": turn} for r in roles],
    }


def recognition() -> Iterator[Row]:
    for name, size, number in (
        ("1 KB", 800, 5000),
        ("10 KB", 10_000, 3000),
        ("200 KB", 200_000, 300),
    ):
        for kind, host in (("known host", "api.openai.com"), ("unknown host", "10.1.2.3")):
            sent, payload = exchange(host, "/v1/chat/completions", chat(size))
            took = micros(lambda s=sent, p=payload: recognise(s, p, FINGERPRINTER), number)  # type: ignore[misc]
            yield f"recognise, {kind}, {name} chat", f"{took:.1f} µs", "≤ 15 µs at 1 KB"
    sent, payload = exchange("api.example.com", "/v1/orders", {"order": 1})
    yield (
        "recognise, harmless post",
        f"{micros(lambda: recognise(sent, payload, FINGERPRINTER), 5000):.1f} µs",
        "",
    )
    sent, payload = exchange("api.openai.com", "/v1/chat/completions", chat(800))
    memory, nobody = Bindings(FINGERPRINTER), Organisation()
    yield (
        "destination and account",
        f"{micros(lambda: destination(sent, nobody, memory), 5000):.1f} µs",
        "",
    )
    path = ("messages", 1, "content")
    payload.segments = [Segment("x", "content", path)] * 3
    yield (
        "labels of three segments",
        (
            f"{micros(lambda: label(Payload(json=payload.json, segments=list(payload.segments))), 5000):.1f} µs"
        ),
        "",
    )


def events(count: int) -> bytes:
    one = (
        "data:"
        ' {"id":"chatcmpl-AbCdEf","object":"chat.completion.chunk","created":1730000000,"model":"gpt-4o-2024-08-06","system_fingerprint":"fp_x","choices":[{"index":0,"delta":{"content":"'
        ' word"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
    )
    last = (
        'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9}}\n\ndata: [DONE]\n\n'
    )
    return (one * count + last).encode()


def taps() -> Iterator[Row]:
    call = recognise(*exchange("api.openai.com", "/v1/chat/completions", chat(800)))
    assert call is not None
    body = events(20_000)
    head = Answer(status=200, headers=(("content-type", "text/event-stream"),))

    def run(size: int) -> None:
        tap = UsageTap(call, head)
        for at in range(0, len(body), size):
            tap.feed(body[at : at + size])

    for size in (300, 1400, 16_384):
        took = micros(lambda s=size: run(s), 1, 5)  # type: ignore[misc]
        yield (
            f"tap, SSE in pieces of {size} B",
            f"{len(body) / took:.0f} MB/s, {took / 20_000:.2f} µs an event",
            "≥ 50 MB/s, ≤ 3 µs",
        )


def estimates() -> Iterator[Row]:
    start = process_time()
    encodings.load("o200k_base")
    yield "o200k encoding, first load", f"{(process_time() - start) * 1000:.0f} ms", "lazy"
    start = process_time()
    warm()
    yield "price table, first load", f"{(process_time() - start) * 1000:.0f} ms", "lazy"
    text = "Every invoice names its vendor and its amount. " * 2000
    yield (
        "count 94 KB of text",
        f"{micros(lambda: encodings.count('o200k_base', text), 1, 5) / 1000:.1f} ms",
        "",
    )
    spaces = " " * 1_000_000
    yield (
        "count a megabyte of spaces",
        f"{micros(lambda: encodings.count('o200k_base', spaces), 1, 2) / 1000:.1f} ms",
        "no panic",
    )


def recorded() -> Iterator[Row]:
    if not (DATA / "llm-dev.har.xz").exists():
        return
    import base64

    entries = orjson.loads(lzma.decompress((DATA / "llm-dev.har.xz").read_bytes()))["log"][
        "entries"
    ]
    lines = [
        orjson.loads(line)
        for line in lzma.decompress((DATA / "llm-dev.expected.jsonl.xz").read_bytes()).splitlines()
    ]
    seen = Counter[str]()
    for entry, expected in zip(entries, lines, strict=True):
        sent, payload = from_har(entry)
        call = recognise(sent, payload)
        hidden = recognise(*from_har(entry, hide_host=True))
        if not expected["is_llm"]:
            seen["others"] += 1
            seen["false"] += call is not None or hidden is not None
            continue
        seen["calls"] += 1
        seen["found"] += call is not None
        if expected["endpoint"] in CONTENT and sent.method == "POST":
            seen["content"] += 1
            seen["by path"] += hidden is not None
            if expected["endpoint"] in {"chat", "responses"}:
                seen["chats"] += 1
                seen["by body"] += (
                    recognise(*from_har(entry, hide_host=True, path="/x/y")) is not None
                )
        wanted = {
            k: expected[k] for k in ("input_tokens", "output_tokens") if expected[k] is not None
        }
        if call is not None and wanted:
            headers = tuple((h["name"].lower(), h["value"]) for h in entry["response"]["headers"])
            answer = Answer(
                status=entry["response"]["status"],
                headers=headers,
                body=base64.b64decode(entry["response"]["content"].get("text", "")),
            )
            done = complete(call, answer, sent, payload)
            seen["stated"] += 1
            seen["exact"] += done.tokens_basis is TokensBasis.EXACT and all(
                getattr(done, k) == v for k, v in wanted.items()
            )
    yield "recorded calls at known hosts", share(seen["found"], seen["calls"]), "≥ 99.5 %"
    yield "host hidden, by path and body", share(seen["by path"], seen["content"]), "≥ 98.5 %"
    yield "host and path hidden, chats by body", share(seen["by body"], seen["chats"]), "≥ 97 %"
    yield "tokens equal to recorded usage", share(seen["exact"], seen["stated"]), "≥ 99.8 %"
    yield "other traffic taken for a call", f"{seen['false']} of {seen['others']}", "≤ 1 in 1,000"


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.2f} %)"


def from_har(
    entry: dict[str, Any], *, hide_host: bool = False, path: str | None = None
) -> tuple[Exchange, Payload]:
    parts = urlsplit(entry["request"]["url"])
    raw = (entry["request"].get("postData") or {}).get("text", "").encode()
    headers = tuple((h["name"].lower(), h["value"]) for h in entry["request"]["headers"])
    if hide_host:
        headers = tuple(
            h for h in headers if h[0] in {"content-type", "content-length", "authorization"}
        )
    sent = Exchange(
        id="x",
        at=datetime.now(UTC),
        scheme=parts.scheme,
        host="10.1.2.3" if hide_host else parts.hostname or "",
        port=9000 if hide_host else parts.port or 443,
        method=entry["request"]["method"],
        path=path or (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=headers,
        body=raw,
        body_bytes=len(raw),
    )
    try:
        json = orjson.loads(raw)
    except orjson.JSONDecodeError:
        json = None
    return sent, Payload(json=json, plain=raw)


def main() -> None:
    print("| what | measured | bar |\n|---|---|---|")
    for source in (estimates, recognition, taps, recorded):
        for what, measured, bar in source():
            print(f"| {what} | {measured} | {bar} |")


if __name__ == "__main__":
    main()
