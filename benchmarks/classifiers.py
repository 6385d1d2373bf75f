"""Measures the whole classification beside stock Presidio and the Kingfisher SDK, and prints the
table that README quotes.

Run: `python -m benchmarks.classifiers [--quick]`. Offline; all values are made up at run time.
Outgate gets the exchange as it travels, decodes it and runs every detector; the others get the same
body as text. Times are processor time, medians.
"""

import argparse
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.credentials import Kingfisher
from benchmarks.credentials_made import hard_negatives, made_up
from benchmarks.personal import HOSTILE, stock_presidio

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests" / "fakes"))

from made_up_traffic import CARRIERS, chat, csv_of, exchange, rng_of, upload, user, xlsx_of
from personal_samples import clean_payloads, iban, valid

from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, SECRET
from core.organisation import Organisation

SYSTEM = {
    "role": "system",
    "content": "You are a helpful assistant for the finance team. Answer briefly, name the page.",
}
ASK = (
    "Please draft a letter about the change in the contract terms. Keep it short and friendly, name"
    " the deadline for objection, and compare the gross margin of 4.7 % with the third quarter of"
    " 2025. "
)
FIVE = (
    "Customer: jane.roe@contoso.com, phone +44 20 7946 0958, card 4539 5787 6362 1486, "
    "IBAN DE75 5121 0800 1245 1261 99, ssn 536-90-4399. "
)
PRESIDIO_KINDS = {
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "credit_card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "us_ssn": "US_SSN",
    "uk_nhs": "UK_NHS",
    "es_dni": "ES_NIF",
    "it_codice_fiscale": "IT_FISCAL_CODE",
    "pl_pesel": "PL_PESEL",
    "in_aadhaar": "IN_AADHAAR",
    "in_pan": "IN_PAN",
    "au_tfn": "AU_TFN",
}
KINDS = {
    "email": ("e-mail address", "email"),
    "phone": ("phone number", "phone"),
    "credit_card": ("card", "card_number"),
    "iban": ("IBAN", "iban"),
    "us_ssn": ("SSN", "ssn"),
    "uk_nhs": ("NHS number", "nhs_number"),
    "es_dni": ("DNI", "dni"),
    "it_codice_fiscale": ("codice fiscale", "codice_fiscale"),
    "pl_pesel": ("PESEL", "pesel"),
    "in_aadhaar": ("Aadhaar", "aadhaar"),
    "in_pan": ("PAN", "pan"),
    "au_tfn": ("tax file number", "tfn"),
}
"""Kinds that Presidio ships a recogniser for, so that the comparison is fair to it."""
UNREADABLE = {"multipart xlsx", "zipped csv", "gzip json"}
"""Carriers whose bytes are no text: the others are not asked to read them."""


def made(kind: str, rng: random.Random) -> str:
    """Return one made-up value."""
    if kind == "email":
        return f"jana.{rng.choice('abcdefgh')}{rng.randrange(9)}@contoso.com"
    if kind == "phone":
        return f"+49 30 {rng.randrange(200, 900)} {rng.randrange(10_000, 99_999)}"
    return iban(rng) if kind == "iban" else valid(kind, rng)


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median processor time of one call in milliseconds."""
    work()
    times = []
    gc.disable()
    for _ in range(rounds):
        start = time.thread_time_ns()
        work()
        times.append(time.thread_time_ns() - start)
    gc.enable()
    return statistics.median(times) / 1e6


def shown(ms: float) -> str:
    """Return a time in the unit that fits."""
    return (
        f"{ms * 1000:,.0f} µs"
        if ms < 1
        else f"{ms:,.1f} ms"
        if ms < 1000
        else f"{ms / 1000:,.1f} s"
    )


def rows(count: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of made-up customers."""
    rng = rng_of("rows")
    columns = tuple(("customer_id full_name email phone iban ssn balance created_at note").split())
    ids = [valid("us_ssn", rng) for _ in range(500)]
    made_rows: list[tuple[str, ...]] = [
        (
            str(10_000 + i),
            f"Maria Beispiel{chr(97 + i % 26)}",
            f"p{i}@contoso.com",
            f"+4930{2_000_000 + i}",
            iban(rng),
            ids[i % 500],
            f"{rng.uniform(0, 9999):.2f}",
            "2026-01-02",
            "called twice",
        )
        for i in range(count)
    ]
    return columns, made_rows


def speed(gate: Engine, worker: Engine, presidio: Any, kingfisher: Kingfisher, quick: bool) -> None:
    """Print the times."""
    key = made_up(rng_of("speed"))["OPENAI_API_KEY"]
    small: dict[str, Exchange] = {
        "1 KB chat, clean": chat(SYSTEM, user((ASK * 6)[:780]), temperature=0.2),
        "1 KB chat with five personal values": chat(
            SYSTEM, user((FIVE + ASK * 6)[:780]), temperature=0.2
        ),
        "1 KB chat with a provider's key": chat(
            SYSTEM, user((f"Use {key} for it. " + ASK * 6)[:780]), temperature=0.2
        ),
    }
    print(
        "\n| processor time, median | Outgate, everything | Presidio, patterns only | Kingfisher"
        " SDK, secrets only |"
    )
    print("|---|---|---|---|")
    for name, sent in small.items():
        text = sent.body.decode()
        ours = cpu_ms(partial(gate.classify, sent), 300 if quick else 3000)
        stock = cpu_ms(partial(presidio, text), 5 if quick else 20)
        other = cpu_ms(partial(kingfisher.scanner.scan, sent.body), 100 if quick else 1000)
        print(f"| {name} | {shown(ours)} | {shown(stock)} | {shown(other)} |")
    piece = small["1 KB chat with five personal values"].body.decode()
    rate = cpu_ms(lambda: presidio(piece), 5) / len(piece)
    columns, data = rows(42_000)
    table = csv_of(columns, data)
    big: dict[str, tuple[Exchange, bytes | None]] = {
        "200 KB chat": (chat(*[user(ASK * 8) for _ in range(140)]), None),
        f"{len(table) / 1e6:.1f} MB CSV upload, 42,000 records": (
            upload(table, "c.csv", "text/csv"),
            table,
        ),
        "XLSX upload, 15,000 records": (
            upload(
                xlsx_of(columns, data[:15_000]),
                "c.xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            b"",
        ),
    }
    for name, (sent, plain) in big.items():
        body = sent.body if plain is None else plain
        ours = cpu_ms(partial(worker.classify, sent), 3 if quick else 7)
        stock_words = f"{shown(rate * len(body))} (in 1 KB pieces, scaled)" if body else "not read"
        other_words = (
            shown(cpu_ms(partial(kingfisher.scanner.scan, body), 3)) if body else "not read"
        )
        print(f"| {name} | {shown(ours)} | {stock_words} | {other_words} |")
    hostile = [(chat(user(make(20_000))), make(1_000)) for make in HOSTILE.values()]
    worst = max(cpu_ms(partial(gate.classify, sent), 5) for sent, _ in hostile)
    stock_worst = max(cpu_ms(partial(presidio, text), 1) for _, text in hostile)
    print(
        f"| worst of {len(HOSTILE)} hostile texts, 20 KB | {shown(worst)} | {shown(stock_worst)}"
        " for 1 KB | – |"
    )


def recall(worker: Engine, presidio: Any, kingfisher: Kingfisher, rounds: int) -> None:
    """Print the share found in each carrier."""
    print("\n| found, in | personal: Outgate | Presidio | secrets: Outgate | Kingfisher SDK |")
    print("|---|---|---|---|---|")
    totals = [0] * 6
    for carrier, build in CARRIERS.items():
        readable = carrier not in UNREADABLE
        rng = rng_of("bench", carrier)
        ours = stock = people = mine = other = secrets = 0
        for _ in range(rounds):
            for kind, (label, key) in KINDS.items():
                sent = build(label, key, made(kind, rng))
                people += 1
                ours += any(f.kind == kind for f in worker.classify(sent).findings)
                if readable:
                    text = sent.body.decode("utf-8", "replace") + " " + sent.path
                    stock += any(
                        result.entity_type == PRESIDIO_KINDS[kind] for result in presidio(text)
                    )
            for name, value in made_up(rng).items():
                sent = build(name, name, value)
                secrets += 1
                mine += any(f.kind == SECRET for f in worker.classify(sent).findings)
                other += readable and kingfisher.finds("", sent.body + b" " + sent.path.encode())
        totals = [
            a + b for a, b in zip(totals, (ours, stock, people, mine, other, secrets), strict=True)
        ]
        _print_recall(carrier, (ours, stock, people, mine, other, secrets), readable=readable)
    _print_recall("**all carriers**", totals, readable=True)


def _print_recall(name: str, counts: Any, *, readable: bool) -> None:
    ours, stock, people, mine, other, secrets = counts
    cells = [
        f"{100 * ours / people:.1f} %",
        f"{100 * stock / people:.1f} %" if readable else "not read",
        f"{100 * mine / secrets:.1f} %",
        f"{100 * other / secrets:.1f} %" if readable else "not read",
    ]
    print(f"| {name} | " + " | ".join(cells) + " |")


def alarms(worker: Engine, presidio: Any, kingfisher: Kingfisher, each: int) -> None:
    """Print how many harmless documents are flagged."""
    bodies = [json.dumps(payload.json).encode() for _, payload in clean_payloads(41, each)]
    odd = hard_negatives(random.Random(3), 20 * each)
    noise = {"DATE_TIME", "URL", "NRP"}
    print(
        "\n| harmless documents flagged | Outgate | Presidio | Kingfisher SDK |\n|---|---|---|---|"
    )
    for name, documents, stock in (
        ("telemetry, logs, code, ids, embeddings, orders", bodies, True),
        ("look-alikes of secrets", odd, False),
    ):
        ours = sum(
            any(f.kind != NOT_INSPECTED for f in worker.classify(exchange(b)).findings)
            for b in documents
        )
        other = sum(kingfisher.finds("", body) for body in documents)
        theirs = (
            sum(any(r.entity_type not in noise for r in presidio(b.decode())) for b in documents)
            if stock
            else None
        )
        cells = [ours, theirs, other]
        print(
            f"| {name} ({len(documents):,}) | "
            + " | ".join("–" if c is None else f"{c:,}" for c in cells)
            + " |"
        )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), cache=Path(folder))
        gate, worker = Engine(setup), build_worker(setup)
        gate.warm(180)
        worker.warm(180)
        presidio, kingfisher = stock_presidio(), Kingfisher()
        presidio("warm up jane@contoso.com 415-555-2671")
        print(
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f} on"
            f" {os.cpu_count()} cores"
        )
        speed(gate, worker, presidio, kingfisher, quick)
        recall(worker, presidio, kingfisher, 1 if quick else 5)
        alarms(worker, presidio, kingfisher, 5 if quick else 20)


if __name__ == "__main__":
    main()
