"""Measures personal data detection side by side with stock Presidio patterns (no language model) in
one run.

Usage: `python benchmarks/personal.py [--names] [--quick]`. Prints Markdown tables; nothing touches
the network. Times are this process's CPU time, so that a busy machine distorts them less.
"""

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path[0] = str(
    Path(__file__).resolve().parents[1]
)  # this file has the name of a package it measures
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests" / "fakes"))

from personal_samples import birth, clean_payloads, digits, iban, payload_of, valid  # noqa: E402

from classifiers.payload import Payload, Segment, Table  # noqa: E402
from classifiers.personal import PersonalDetector, table_findings  # noqa: E402
from core.fingerprint import Fingerprinter  # noqa: E402

Analyze = Callable[[str], list[Any]]
_PRESIDIO = {
    "credit_card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "email": "EMAIL_ADDRESS",
    "us_ssn": "US_SSN",
    "phone": "PHONE_NUMBER",
    "uk_nhs": "UK_NHS",
    "es_dni": "ES_NIF",
    "it_codice_fiscale": "IT_FISCAL_CODE",
    "pl_pesel": "PL_PESEL",
    "in_aadhaar": "IN_AADHAAR",
    "in_pan": "IN_PAN",
    "uk_nino": "UK_NINO",
}
_IGNORED = {"DATE_TIME", "URL", "NRP"}
_SYSTEM = (
    "You are a helpful assistant for the finance team. Answer briefly and name the page that you"
    " used."
)
_ASK = (
    "Please draft a letter about the change in the contract terms. Keep it short and friendly, name"
    " the deadline for objection, and compare the gross margin of 4.7 % with the third quarter of"
    " 2025. "
)
_FIVE = (
    "Customer: jane.roe@contoso.com, phone +44 20 7946 0958, card 4539 5787 6362 1486, "
    "IBAN DE75 5121 0800 1245 1261 99, ssn 536-90-4399. "
)
HOSTILE: dict[str, Callable[[int], str]] = {
    "`a.a.a.…@`": lambda n: "a." * (n // 2) + "@",
    "`0.0.0…`": lambda n: "0.0" * (n // 3),
    "`a-a-a…`": lambda n: "a-a" * (n // 3),
    "`4111 4111 …`": lambda n: "4111 " * (n // 5),
    "`1 1 1 …`": lambda n: "1 " * (n // 2),
    "`@ @ @ …`": lambda n: "a@a." * (n // 4),
}


def stock_presidio() -> Analyze:
    """Return Presidio's own predefined recognisers for English on a no-op language engine, kept off
    the network.
    """
    import tldextract

    offline: Any = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = offline
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, pattern_recognizer
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    pattern_recognizer.REGEX_TIMEOUT_SECONDS = 5
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [r for r in registry.recognizers if "Spacy" not in r.name]
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])

    def analyze(text: str) -> list[Any]:
        found = analyzer.analyze(text, language="en", score_threshold=0.0)
        return [result for result in found if result.entity_type not in _IGNORED]

    return analyze


def cpu_us(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the CPU time of one call, in microseconds."""
    gc.collect()
    gc.disable()
    times = []
    for _ in range(repeat):
        start = time.thread_time_ns()
        work()
        times.append(time.thread_time_ns() - start)
    gc.enable()
    times.sort()
    return times[len(times) // 2] / 1000, times[int(len(times) * 0.99)] / 1000


def chat(content: str) -> Payload:
    messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": content}]
    return payload_of(
        {"model": "gpt-4o", "messages": messages, "temperature": 0.7, "max_tokens": 512}
    )


def text_of(payload: Payload) -> str:
    return "\n".join(segment.text for segment in payload.segments)


def ledger(rows: int) -> Table:
    """Return a table of customers: nine personal columns of thirteen."""
    rng = random.Random(1)
    columns = {
        "customer_id": [str(100_000 + i) for i in range(rows)],
        "first_name": [rng.choice(["Jane", "Bob", "Eva"]) for _ in range(rows)],
        "last_name": [rng.choice(["Roe", "Poe", "Loe"]) for _ in range(rows)],
        "email": [f"user{i}@contoso{i % 7}.com" for i in range(rows)],
        "phone": [f"+49151{rng.randrange(10**7, 10**8)}" for _ in range(rows)],
        "iban": [iban(rng) for _ in range(rows)],
        "ssn": [valid("us_ssn", rng) for _ in range(rows)],
        "dob": [birth(rng).isoformat() for _ in range(rows)],
        "street": [f"{rng.randrange(1, 200)} High Street" for _ in range(rows)],
        "uuid": [f"{rng.getrandbits(128):032x}" for _ in range(rows)],
        "created_at": ["2026-01-01T10:00:00Z"] * rows,
        "balance": [f"{rng.uniform(0, 10**5):.4f}" for _ in range(rows)],
        "note": [
            rng.choice(["called about the invoice", "ok", "wants a call back next week please"])
            for _ in range(rows)
        ],
    }
    return Table(tuple(columns), rows, columns)


def speed(detector: PersonalDetector, presidio: Analyze, quick: bool) -> None:
    print("| payload | Outgate median / p99 | hits | Presidio patterns median | results |")
    print("|---|---|---|---|---|")
    rng = random.Random(2)
    people = [
        {
            "full_name": "Jane Roe",
            "email": f"u{i}@contoso.com",
            "ssn": valid("us_ssn", rng),
            "iban": iban(rng),
            "n": i,
        }
        for i in range(350)
    ]
    payloads = {
        "1 KB chat, clean": (chat(_ASK * 4), 2000, 20),
        "1 KB chat, 5 values": (chat(_FIVE + _ASK * 4), 2000, 20),
        "1 KB chat, 20 values": (chat(_FIVE * 4 + _ASK * 2), 500, 20),
        "50 KB JSON, 350 people": (payload_of(people), 10, 1),
    }
    for name, (payload, ours, theirs) in payloads.items():
        text = text_of(payload)
        median, p99 = cpu_us(partial(detector.detect, payload), ours)
        stock, _ = cpu_us(partial(presidio, text), 1 if quick else theirs)
        hits, results = len(detector.detect(payload)), len(presidio(text))
        print(f"| {name} | {median:.0f} / {p99:.0f} µs | {hits} | {stock:,.0f} µs | {results} |")
    table = ledger(2000 if quick else 26_000)
    size = sum(len(value) + 1 for column in table.values.values() for value in column) / 1e6
    key = Fingerprinter(b"k" * 32)
    median, _ = cpu_us(lambda: table_findings(table, key), 5)
    lines = "\n".join(
        ",".join(row) for row in zip(*(v[:14] for v in table.values.values()), strict=True)
    )
    stock, _ = cpu_us(lambda: presidio(lines), 2)
    whole = stock / 1e6 * size * 1e6 / len(lines)
    found = len(table_findings(table, key))
    print(
        f"| {size:.1f} MB table, by column | {median / 1000:.0f} ms | {found} kinds | {whole:.0f} s"
        " (2 KB pieces, scaled) | |"
    )


def hostile(detector: PersonalDetector, presidio: Analyze, quick: bool) -> None:
    print("\n| hostile text, 20 KB | Outgate | Presidio patterns, 1 KB only |\n|---|---|---|")
    for name, make in HOSTILE.items():
        payload = Payload(segments=[Segment(make(20_000), "content")])
        ours, _ = cpu_us(partial(detector.detect, payload), 5)
        theirs, _ = cpu_us(partial(presidio, make(1000)), 1)
        print(f"| {name} | {ours / 1000:.1f} ms | {theirs / 1000:.0f} ms |")


def accuracy(detector: PersonalDetector, presidio: Analyze, quick: bool) -> None:
    print(
        "\n| made-up values in JSON under their key | Outgate P / R | Presidio patterns ≥ 0.5 P / R"
        " |\n|---|---|---|"
    )
    keys = {
        "credit_card": "card_number",
        "us_ssn": "ssn",
        "uk_nhs": "nhs_number",
        "es_dni": "dni",
        "uk_nino": "nino",
        "it_codice_fiscale": "codice_fiscale",
        "pl_pesel": "pesel",
        "in_aadhaar": "aadhaar",
        "in_pan": "pan",
    }
    for kind, key in keys.items():
        rng = random.Random(kind)
        ours: list[tuple[int, int]] = []
        theirs: list[tuple[int, int]] = []
        for _ in range(20 if quick else 100):
            value = valid(kind, rng)
            found = {
                hit.kind for hit in detector.detect(payload_of({key: value, "id": digits(rng, 10)}))
            }
            ours.append((kind in found, len(found)))
            stock = {r.entity_type for r in presidio(f'{{"{key}": "{value}"}}') if r.score >= 0.5}
            theirs.append((_PRESIDIO[kind] in stock, len(stock)))
        print(f"| {kind} | {_score(ours)} | {_score(theirs)} |")
    clean = clean_payloads(5, 5 if quick else 25)
    flagged = sum(bool(detector.detect(payload)) for _, payload in clean)
    stock_flagged = sum(
        any(r.score >= 0.5 for r in presidio(text_of(payload)[:4000])) for _, payload in clean
    )
    share = 100 / len(clean)
    print(
        f"| **{len(clean)} harmless payloads flagged** | {flagged * share:.1f} % |"
        f" {stock_flagged * share:.1f} % |"
    )


def _score(results: list[tuple[int, int]]) -> str:
    true, reported = sum(right for right, _ in results), sum(number for _, number in results)
    precision = f"{100 * true / reported:.0f}" if reported else "–"
    return f"{precision} / {100 * true / len(results):.0f} %"


def names() -> None:
    """Print what the names model costs here."""
    from classifiers.personal.prose.names import NameRecogniser

    start = time.thread_time()
    recogniser = NameRecogniser()
    loaded = time.thread_time() - start
    payload = chat(
        "Please write to Jane Roe at 12 High Street, Leeds about her visit to Dr. Peter Okafor. "
        * 11
    )
    median, _ = cpu_us(lambda: recogniser.detect(payload), 5)
    hits = len(recogniser.detect(payload))
    print(
        f"\nNames model: loads in {loaded:.2f} s CPU; 1 KB of prose {median / 1000:.0f} ms, {hits}"
        " hits."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", action="store_true", help="measure the names model, too")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    detector = PersonalDetector()
    detector.warm()
    presidio = stock_presidio()
    presidio("warm up jane@contoso.com 415-555-2671")
    speed(detector, presidio, options.quick)
    hostile(detector, presidio, options.quick)
    accuracy(detector, presidio, options.quick)
    if options.names:
        names()


if __name__ == "__main__":
    main()
