"""Measures what is found and what is falsely found, by kind, carrier and language, and writes
`docs/accuracy.md`.

Run: `python -m benchmarks.truth [--write]`. Offline; values are made up at run time. Development
sets beside the project (`../shared/data`) are measured where they are there, and not copied.
"""

import argparse
import json
import lzma
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests" / "fakes"))

from made_up_traffic import CARRIERS, exchange
from paired_carriers import LABELS as CALLED
from paired_carriers import PAIRED, called
from personal_samples import clean_payloads
from table_set import LANGUAGES, SHAPES, prompt, sample

from benchmarks.personal import text_of
from benchmarks.truth_carriers import CARRIERS as TELLING
from benchmarks.truth_held_out import section as held_out
from benchmarks.truth_misses import sort_of
from benchmarks.truth_names import measured
from benchmarks.truth_sentences import HARD_NEGATIVES, SECRET_SENTENCES, sentences_with_phones
from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, SECRET, Finding
from core.organisation import Organisation

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("OUTGATE_SETS", ROOT.parent / "shared" / "data"))
PAGE = ROOT / "docs" / "accuracy.md"
SEEDS = 3
PEOPLE = 3
_LONGEST_WAIT_S = 3600
"""For the whole pack of rules, on a machine that is busy."""
LABELS = {
    "CREDIT_CARD": "credit_card",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
    "IP_ADDRESS": "ip_address",
    "PERSON": "person",
    "STREET_ADDRESS": "address",
}
UNREAD = """- Text in pictures, sound and films; drawings in PDF files; text that is only a picture in a PDF.
- Encrypted files and archives (named as such), 7z, RAR, HDF5, MAT, Avro, Smile, UBJSON, Feather of version 1.
- Names and addresses in running text, unless `names` is switched on; even then no names in languages that
  the model does not know, and no addresses without a word for a street, a post box, a unit or a cue such as
  "lives at". It costs a worker several tens of milliseconds of processor time for each KB that may hold a name.
- Texts in a cipher of one's own (letters moved or turned round, as rot13 and rot47 do, the whole text
  or its encoding from behind, a key for every byte), and values whose pieces stand in different fields.
- Bytes written as code words, in Morse code, as letters of flags or other pictures (Ecoji), as scaled, broken
  or signed fractions, or as differences. Letters of many scripts or rare ideographs in one word (base2048,
  base32768, base65536) are told as unread, from 8 such letters on; ideographs of one block (base16384) in
  four of five texts.
- Values in pieces: those with a blank, a comma, a bar or an empty line between the pieces, unless they are
  groups of their kind; card numbers and keys that short lines (under 37 letters) break; a person's name or
  a telephone number with markup in it; links of Markdown with a part of
  a value as their text. Base64 in pieces of uneven length without blanks between.
- Letters of another script that look alike within a value, digits of Chinese, TeX's `^^44`, signs by their
  Unicode names; pieces that a call of a program joins (`CONCAT('a','b')`, `"".join`), that a line of a patch, a
  chunk of HTTP or reStructuredText's `\\ ` parts; rows of pixels.
- Encoded data of 512 bytes and less that have no known form: keys, hashes and signatures look the
  same. Longer ones are told as unread, and so is most of a body that is nothing but one such word of 24 to
  1,024 letters, unless it has the form of an id or the length of a digest.
- Single values of some twenty letters, beside other text or in a field, in base45, Crockford's base32, octal
  digits, groups of four letters or hex, bencode, NeXT's lists; or as base64 or hex of a message whose
  letters touch the value (marshal, DER, MQTT, WebAssembly, Cap'n Proto). Whole sentences so written are read.
- Values in literals of SQL with a prefix or a call (`N'…'`, `CAST(…)`, `DATE '…'`), other than those that tell
  themselves; tables of Markdown all of whose heads are bold; a second label on a line behind two blanks.
- Labels of a host with letters of one's own before what they encode; such labels of 96 letters and
  more are told as unread.
- Dates of birth as a list of numbers, or as seconds since 1970; names of people in the steps of a path, and
  numbers there that no step before them names; names and values in cells of a sheet's formula, in sentences
  of a test's script, and in EDI segments. Illnesses in sentences that no word such as "diagnosis" announces.
- Numbers spelled in words; addresses of mail written with `[at]`.
- LZ4, Snappy, LZO, lzip, old LZMA, `.Z` and CAB files, and TNEF attachments: told as unread.
- Large bodies that pass: tables that begin behind the first 3 KB of a text, and literals of programs,
  are counted in pieces: their numbers are told as "at least". JSON that comes column by column is
  counted exactly by column; records that two columns of one kind share, and people, are "at least".
  Rows that pass before the names of their columns are told as unread. Parquet files are counted
  only where the body is held.
- Large bodies that pass: names beside values are read in every way that is read in a body that is
  held; lines that tell nothing are left out, so that what they would have made rows of with others
  is counted as single values. Dates of birth in three fields and labels such as `D.O.B.:` may be missed.
- Large bodies that pass: forms within a form, forms that do not begin as one, and parts of more than
  64 KB in a transfer encoding are told as unread.
- Secrets split over two requests, or put together by code; words of a dictionary as passwords.
- National numbers of digits alone without a key, a header or a word that says what they are.
- Tables that a limit of size cut: numbers are then told as "at least".
- The second half of a printed table whose rows are cut by the width of a terminal without a sign of it."""


def chat(text: str) -> Exchange:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return exchange(json.dumps(body, ensure_ascii=False))


def found(engine: Engine, request: Exchange) -> list[Finding]:
    return [f for f in engine.classify(request).findings if f.kind != NOT_INSPECTED]


def share(right: int, all_: int) -> str:
    return f"{100 * right / all_:.1f} %" if all_ else "–"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    names = list(head)
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"
    yield ""


def tables(engine: Engine) -> Iterator[str]:
    """Pasted tables: kinds, records and people, by shape and by language."""
    right: dict[str, Counter[str]] = defaultdict(Counter)
    for shape in SHAPES:
        for language in LANGUAGES:
            for seed in range(SEEDS):
                made = sample(language, 10_000 + seed * 100 + list(SHAPES).index(shape))
                findings = found(engine, chat(prompt(shape, made)))
                kinds = {f.kind for f in findings}
                seen = Counter(
                    all=1,
                    kinds=made.kinds <= kinds,
                    records=max((f.records or 0 for f in findings), default=0) == len(made.rows),
                    people=max((f.subjects or 0 for f in findings), default=0) == made.people,
                    false=bool(kinds - made.kinds),
                )
                for key in (shape, f"*{language}*", "**all**"):
                    right[key] += seen
    names = ("kinds", "records", "people", "false")
    yield from table(
        ("pasted as, in", "tables", "all kinds", "records exact", "people exact", "false kinds"),
        (
            (key, c["all"], *(share(c[name], c["all"]) for name in names))
            for key, c in right.items()
        ),
    )


def beside(engine: Engine) -> Iterator[str]:
    """Ten personal values of three people, each beside its name: what is found, by way of
    writing.
    """
    right: dict[str, Counter[str]] = defaultdict(Counter)
    for way, (write, media_type) in PAIRED.items():
        for language, names in CALLED.items():
            text = write(called(language, PEOPLE))
            for request in (exchange(text, media_type), chat(f"Please check:\n\n{text}\n\nThanks")):
                told = {finding.kind: finding for finding in found(engine, request)}
                seen = [told[kind] for kind in names if kind in told]
                counts = Counter(
                    all=len(names),
                    found=len(seen),
                    records=sum(finding.records == PEOPLE for finding in seen),
                    people=sum(finding.subjects == PEOPLE for finding in seen),
                    false=len(told.keys() - names.keys()),
                )
                for key in (way, f"*{language}*", "**all**"):
                    right[key] += counts
    yield from table(
        ("written as, in", "values", "found", "records exact", "people exact", "false kinds"),
        (
            (
                key,
                c["all"],
                *(share(c[n], c["all"]) for n in ("found", "records", "people")),
                c["false"],
            )
            for key, c in right.items()
        ),
    )


def phones(engine: Engine) -> Iterator[str]:
    """National phone numbers in sentences with a faint hint, by country."""
    right: dict[str, Counter[str]] = defaultdict(Counter)
    for country, form, text in sentences_with_phones(random.Random(11)):
        hit = any(f.kind == "phone" for f in found(engine, chat(text)))
        for key in (country, "**all**"):
            right[key][form] += 1
            right[key][f"{form} found"] += hit
    yield from table(
        ("country", "as printed", "digits alone"),
        (
            (key, *(share(c[f"{form} found"], c[form]) for form in ("printed", "digits")))
            for key, c in sorted(right.items())
        ),
    )


def sentences(engine: Engine) -> Iterator[str]:
    """Secrets in sentences, by language and by carrier of the made-up values."""
    rows = []
    for language, texts in SECRET_SENTENCES.items():
        hits = sum(any(f.kind == SECRET for f in found(engine, chat(text))) for text in texts)
        rows.append((language, len(texts), share(hits, len(texts))))
    yield from table(("secret told in", "sentences", "found"), rows)


_VALUES = (
    ("e-mail", "email", "jane.roe@contoso.org", "email"),
    ("IBAN", "iban", "DE75 5121 0800 1245 1261 99", "iban"),
    ("card", "card_number", "4539 5787 6362 1486", "credit_card"),
    ("phone", "phone", "+44 20 7946 0958", "phone"),
    ("ssn", "ssn", "536-90-4399", "us_ssn"),
)


def carriers(engine: Engine) -> Iterator[str]:
    """Five values in every carrier."""
    rows = []
    for name, build in CARRIERS.items():
        hits = [
            kind in {f.kind for f in found(engine, build(label, key, value))}
            for label, key, value, kind in _VALUES
        ]
        rows.append((name, f"{sum(hits)} of {len(hits)}"))
    yield from table(("carrier", "values found"), rows)


def clean(engine: Engine) -> Iterator[str]:
    """Harmless payloads, and sentences that only look personal."""
    flagged = Counter[str]()
    made = clean_payloads(seed=23, each=84)
    for name, payload in made:
        body = payload.json if payload.json is not None else {"text": text_of(payload)}
        flagged[name] += bool(found(engine, exchange(json.dumps(body))))
    yield from table(
        ("harmless payloads", "number", "flagged"),
        [
            *((name, 84, number) for name, number in flagged.items()),
            ("**all**", len(made), flagged.total()),
        ],
    )
    wrong = sum(bool(found(engine, chat(text))) for text in HARD_NEGATIVES)
    yield f"Of {len(HARD_NEGATIVES)} sentences that only look personal or secret, {wrong} are flagged.\n"


def lines_of(name: str) -> list[dict[str, Any]]:
    path = SHARED / name
    return [json.loads(line) for line in lzma.open(path, "rt")] if path.exists() else []


def labelled(engine: Engine) -> Iterator[str]:
    """Personal data in the labelled texts of presidio-research, without the model for names."""
    rows = lines_of("personal-dev.jsonl.xz")
    all_, hit = Counter[str](), Counter[str]()
    for row in rows:
        kinds = {f.kind for f in found(engine, chat(row["text"]))}
        for label in {LABELS[s["label"]] for s in row["spans"] if s["label"] in LABELS}:
            all_[label] += 1
            hit[label] += label in kinds
    yield from table(
        ("labelled texts (presidio-research, a third)", "texts", "found"),
        ((kind, all_[kind], share(hit[kind], all_[kind])) for kind in sorted(all_)),
    )
    yield from table(
        ("the same with `names` switched on", "expected", "found", "false", "F2"), measured(rows)
    )


def secrets(engine: Engine) -> Iterator[str]:
    """Third-party secrets of the development set, and why the misses are missed."""
    rows = lines_of("secrets-dev.jsonl.xz")
    all_, hit, missed = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for row in rows:
        if row["label"] != 1:
            continue
        all_[row["source"]] += 1
        if any(f.kind == SECRET for f in found(engine, chat(row["text"]))):
            hit[row["source"]] += 1
        else:
            missed[row["rule"], sort_of(row["rule"])] += 1
    yield from table(
        ("secrets of other projects' tests", "texts", "found"),
        [
            *((source, all_[source], share(hit[source], all_[source])) for source in sorted(all_)),
            ("**all**", all_.total(), share(hit.total(), all_.total())),
        ],
    )
    texts = [row["text"] for row in rows if row["label"] == 1]
    yield from table(
        ("the same, told in a", "texts", "found"),
        (
            (
                carrier,
                len(texts),
                share(sum(holds_secret(engine, make(t)) for t in texts), len(texts)),
            )
            for carrier, make in TELLING.items()
        ),
    )
    sorts = Counter[str]()
    for (_, sort), number in missed.items():
        sorts[sort] += number
    yield "Misses by what they are:\n"
    yield from table(("sort", "texts"), sorts.most_common())
    yield "Misses by the rule of their source (the texts themselves are not kept here):\n"
    yield from table(
        ("rule", "missed", "sort"),
        ((rule, number, sort) for (rule, sort), number in sorted(missed.items())),
    )


def holds_secret(engine: Engine, request: Exchange) -> bool:
    return any(finding.kind == SECRET for finding in found(engine, request))


def page(long_tail: bool) -> str:
    """Return the page."""
    setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=long_tail)
    engine = build_worker(setup)
    engine.warm(_LONGEST_WAIT_S)
    if long_tail and (missing := engine.credentials.health()["failure"]) is not None:
        raise SystemExit(f"No page without the whole pack of rules: {missing}.")
    parts = [
        "# What is found, and what is not\n",
        "*Made by `python -m benchmarks.truth --write`; all figures are of one run, "
        f"{datetime.now(UTC):%d %B %Y}.*\n",
        "Sets that are made up here were written by those who wrote the detectors: expect less on yours. "
        "The sets of others are named.\n",
        "## Tables in prompts\n",
        *tables(engine),
        "## Names beside values\n",
        "As bodies and in prompts, in eight languages; where the number of records or people is not exact, "
        "values are counted, or counted more often than they stand there.\n",
        *beside(engine),
        "## Phone numbers in sentences\n",
        *phones(engine),
        "## Secrets in sentences\n",
        *sentences(engine),
        "## In every carrier\n",
        *carriers(engine),
        "## Harmless things\n",
        *clean(engine),
        "## Held-out sets\n",
        *held_out(engine, table),
        "## Sets of others\n",
        *labelled(engine),
        *secrets(engine),
        "## What we do not read\n",
        UNREAD,
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--own-rules", action="store_true", help="leave out the long tail")
    arguments = parser.parse_args()
    if arguments.write and arguments.own_rules:
        parser.error("docs/accuracy.md tells of the whole pack of rules only")
    text = page(not arguments.own_rules)
    if arguments.write:
        PAGE.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
